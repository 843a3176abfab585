"""The Discord bot: receive alerts and commands, and keep one card per trade up to date.

Lives here: reading from and posting to Discord. Never here: a trading decision or an order. `control/` does
that.
"""
