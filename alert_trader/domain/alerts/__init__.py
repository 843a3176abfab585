"""Alerts: who may post one, what an author's profile allows, and how a message is parsed."""
