"""Questions about trades: views, histories, the audit trail, and why a trade went as it did."""
