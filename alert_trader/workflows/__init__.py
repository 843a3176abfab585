"""The workflows: one for each trade, one for each account, and one for housekeeping.

Lives here: workflow code, which is deterministic, and `interface.py`, the types and names that callers share
with it. Never here: I/O, clocks, randomness, settings. A workflow decides through `domain/` and acts through
`activities/`.
"""
