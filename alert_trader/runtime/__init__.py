"""What every process needs to run.

Lives here: start-up and shutdown, the Temporal connection of the settings, the namespace, notification
channels, and `local`: the whole product on one machine. Never here: a decision about a trade.
"""
