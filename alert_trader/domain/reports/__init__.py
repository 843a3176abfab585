"""Performance reports: their figures, and how they are calculated from the records of trades."""
