"""Read models of the audit trail: Redis for the last days, Parquet read by DuckDB for all time.

Lives here: how events are written, stored, read and compared. Never here: anything that a workflow decides
by; each mirror can be deleted at any time and is rebuilt from Temporal alone.
"""
