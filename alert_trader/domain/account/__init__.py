"""An account: limits, reservations, buying power, trading state, preflight checks, and reconciliation with the broker."""
