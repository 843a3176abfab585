"""The use-cases that every face shares: send, list, show, watch, cancel, close, convert, history, replay, report.

Lives here: what a command, a bot or an API asks of trades, answered through Temporal alone. Never here: settings, the broker, how an
answer is printed.
"""
