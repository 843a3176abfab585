"""A trade as a whole: its lifecycle, what may be requested of it in each phase, and the view of it for people."""
