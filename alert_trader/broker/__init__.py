"""The broker behind one port.

Lives here: `port.py`, the protocol that activities use; `tastytrade/`, the adapter and only importer of the
SDK; `dry_run.py`, a broker that cannot send. Never here: a decision about a trade. An adapter sends, reads
and classifies answers.
"""
