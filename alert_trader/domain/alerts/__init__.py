"""Alerts: who may post one, what an author's profile says, and how a message is read."""
