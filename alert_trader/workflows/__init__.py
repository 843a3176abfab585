"""The durable stories: one trade per alert, and one order stream per account.

Lives here: workflow code, which is deterministic, and `interface.py`, the types and names that callers share
with it. Never here: I/O, clocks, randomness, settings. A workflow decides through `domain/` and acts through
`activities/`.
"""
