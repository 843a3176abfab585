"""The audit trail: events, and the hash chain that shows any change to them. No I/O."""
