"""The audit trail: events, and the hash chain that makes a changed trail detectable."""
