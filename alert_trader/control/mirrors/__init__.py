"""The mirrors (Redis and the archive), rebuilt from Temporal and repaired."""
