"""What an alert, an order, a fill and a trade are.

Lives here: values, tables and decisions, all pure. Functions take `now` and return what should happen.
Never here: a clock, randomness, async, I/O, or an import from outside the standard library.
"""
