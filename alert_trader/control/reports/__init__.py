"""Performance reports, gathered from Temporal and the archive, as text, picture and page."""
