"""A Discord-compatible chat: gateway, REST API, interactions, rate limits, faults, a transcript, a page.

Lives here: enough of Discord's API for an unmodified discord.py client, so that the bot can be tried and
tested without Discord. Never here: anything of the trader. So a wrong assumption of the bot cannot be in
both.
"""
