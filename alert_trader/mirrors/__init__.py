"""Read models of the audit trail: Redis for now, Parquet and DuckDB for ever.

Lives here: how events are written, kept, read and compared. Never here: anything that a workflow decides by; each mirror can be deleted
at any time and is rebuilt from Temporal alone.
"""
