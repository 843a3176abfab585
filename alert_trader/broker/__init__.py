"""The venue behind one port.

Lives here: `port.py`, the Protocol that activities use; `tastytrade.py` and what it needs, the only importer of the SDK; `dry_run.py`,
which cannot send.
Never here: a decision about a trade. An adapter sends, reads and classifies what came back.
"""
