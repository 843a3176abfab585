"""An account: limits, reservations, buying power, trading state, preflight and reconciliation. No I/O."""
