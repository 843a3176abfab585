"""Text on Discord: what came from a message, a venue or a name is shown as it is, and formats nothing, links nothing, pings nobody."""

import re
import unicodedata

import aiohttp
import discord

from alert_trader.domain.alerts.alert import ParsedAlert
from alert_trader.domain.money import plain

DISCORD_ERRORS = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What a call to Discord fails with, a timeout among them: it refused, or it was not reached."""

LONGEST_MESSAGE = 1900
"""Characters; Discord takes 2000."""
LONGEST_FIELD = 1000
"""Characters of one field of a card; Discord takes 1024."""

_MARKUP = re.compile(r"([\\*_`~|>#\-\[\]()<:@.&+=!])")
_SPACES = re.compile(r"\s+")


def safe(text: str, limit: int = LONGEST_FIELD) -> str:
    """Escape text for a line of prose: no markup, no mention, no link, no line end, nothing invisible."""
    short = one_line(text, limit // 2)
    # a sign between @ and what follows would not hold in every client: the mention itself is switched off as well
    return _MARKUP.sub(r"\\\1", short)


def one_line(text: str, limit: int) -> str:
    """Give text for a place where nothing is markup, such as a thread's name: on one line, and cut."""
    seen = _SPACES.sub(" ", _visible(text)).strip()
    return seen if len(seen) <= limit else seen[: limit - 1] + "…"


def quoted(text: str, limit: int = 400) -> str:
    """Show text in a block of its own, in which nothing is markup."""
    seen = _visible(text).replace("`", "'").strip()
    short = seen if len(seen) <= limit else seen[: limit - 1] + "…"
    return f"```\n{short or ' '}\n```"


def _visible(text: str) -> str:
    """Drop control characters and those that turn text round; a line end stays one."""
    return "".join(
        each
        for each in text
        if each == "\n" or unicodedata.category(each) not in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
    )


def parsed_summary(parsed: ParsedAlert) -> str:
    """Say in a few words what a message was read as."""
    contract = " ".join(
        str(each)
        for each in (parsed.symbol, f"{parsed.strike or ''}{parsed.right or ''}", parsed.expiry)
        if each not in {None, ""}
    )
    price = f" at {plain(parsed.price)}" if parsed.price is not None else ""
    return f"{parsed.kind} {contract}{price}".strip()


def count(number: int, what: str = "contract") -> str:
    """Say a number with its noun."""
    return f"{number} {what}{'' if number == 1 else 's'}"
