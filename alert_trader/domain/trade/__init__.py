"""A trade as a whole: its lifecycle, the commands allowed in each phase, and the view for people."""
