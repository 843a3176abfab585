"""The Discord bot: alerts in, commands, and one living card per trade out.

Lives here: what Discord says and shows. Never here: a decision about a trade, or a way to an order: the bot asks `control/` as every face.
"""
