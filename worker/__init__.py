"""The composition root: the only room that knows everyone.

Lives here: wiring a worker from the settings, the processes of a local stack, the namespace's set-up, the channels people are told by.
Never here: a decision about a trade.
"""
