"""The broker behind one port.

`port.py` is the protocol that activities use, `tastytrade/` the adapter and only importer of the SDK,
`dry_run.py` a broker that cannot send. No decision about a trade is made here: an adapter sends, reads and
classifies answers.
"""
