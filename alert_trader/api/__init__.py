"""The admin API over HTTP: alerts in, trades and the account out, health and metrics.

Lives here: routes, keys, limits, and errors as documents. Never here: a decision about a trade, or a way to an order: it asks `control/`.
"""
