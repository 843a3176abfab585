"""What every interface can do with trades and accounts: commands, queries, intake, reports.

Lives here: what a command, a bot or an API asks of trades, answered through Temporal alone. Never here:
settings, the broker, how an answer is printed.
"""
