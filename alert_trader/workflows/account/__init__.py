"""The account workflow: one per account, running for ever."""
