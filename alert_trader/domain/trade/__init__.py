"""A trade as a whole: its life cycle, and the view of it that people are shown."""
