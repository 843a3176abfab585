"""alert-trader: a durable trader for Discord option alerts.

Lives here: one package per subject, `start.py` (how every process starts) and `clock.py` (the one clock).
Never here: anything else. Read `specs/` for how the packages work together.
"""
