"""The worker: runs workflows and activities for one account.

Lives here: the two programs `worker` and `housekeeper`, and how a worker is put together from the settings.
Never here: anything that an interface imports, or a decision about a trade.
"""
