"""The account workflow: one for each account, without an end."""
