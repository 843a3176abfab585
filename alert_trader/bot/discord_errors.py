"""The errors of a call to Discord."""

import aiohttp
import discord

DISCORD_ERRORS = (discord.HTTPException, aiohttp.ClientError, OSError)
"""Errors of a call to Discord: it refused, was not reached, or timed out."""
