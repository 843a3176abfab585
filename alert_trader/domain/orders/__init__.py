"""Orders and fills: what was sent, what the broker reported, and the ledger that adds the reports up."""
