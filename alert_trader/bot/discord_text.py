"""Escape text for Discord, so that text from others cannot format, link or ping."""

import re
import unicodedata
from collections.abc import Iterable

from alert_trader.domain.alerts.alert import ParsedAlert
from alert_trader.domain.money import plain

LONGEST_MESSAGE = 1900
"""Characters; Discord allows 2000."""
LONGEST_FIELD = 1000
"""Characters of one field of a card; Discord allows 1024."""

_MARKUP = re.compile(r"([\\*_`~|>#\-\[\]()<:@.&+=!])")
_SPACES = re.compile(r"\s+")


def safe(text: str, limit: int = LONGEST_FIELD) -> str:
    """Return text for a line of prose: no markup, mention, link, line break or invisible character."""
    # not every client respects an escaped @, so allowed_mentions is off for every message as well
    return _MARKUP.sub(r"\\\1", one_line(text, limit // 2))


def discord_ids(ids: Iterable[str]) -> list[int]:
    """Return the ids that are Discord's, which are numbers; others are of alerts from elsewhere."""
    return [int(each) for each in ids if each.isascii() and each.isdigit()]


def one_line(text: str, limit: int) -> str:
    """Return text on one line, shortened, for places without markup such as a thread's name."""
    line = _SPACES.sub(" ", _visible(text)).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def quoted(text: str, limit: int = 400) -> str:
    """Return text in a code block, in which nothing is markup."""
    visible = _visible(text).replace("`", "'").strip()
    short = visible if len(visible) <= limit else visible[: limit - 1] + "…"
    return f"```\n{short or ' '}\n```"


def _visible(text: str) -> str:
    """Remove control and text-direction characters, but keep line breaks."""
    return "".join(
        each
        for each in text
        if each == "\n" or unicodedata.category(each) not in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
    )


def parsed_summary(parsed: ParsedAlert) -> str:
    """Return a short summary of a parsed message."""
    contract = " ".join(
        str(each)
        for each in (parsed.symbol, f"{parsed.strike or ''}{parsed.right or ''}", parsed.expiry)
        if each not in {None, ""}
    )
    price = f" at {plain(parsed.price)}" if parsed.price is not None else ""
    return f"{parsed.kind} {contract}{price}".strip()


def count(number: int, what: str = "contract") -> str:
    """Return a number with its noun."""
    return f"{number} {what}{'' if number == 1 else 's'}"
