"""The admin API over HTTP: receive alerts, show trades and the account, halt and resume, health and metrics.

Lives here: routes, keys, rate limits, error documents. Never here: a trading decision or an order. `control/`
does that.
"""
