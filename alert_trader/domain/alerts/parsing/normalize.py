"""Shows a text as a person sees it: look-alike characters as the plain ones they stand for, and characters nobody sees left out.

Spans still point into the message as it came: `Seen.place` leads back.
"""

# ruff: noqa: RUF001 - look-alikes are the subject
from typing import NamedTuple

REORDERING = frozenset(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))
"""Characters that change the order in which others are shown: what they touch is not what it seems."""

_NOT_SHOWN = [
    0xAD,
    0x34F,
    0x61C,
    0x115F,
    0x1160,
    0x180E,
    *range(0x200B, 0x2010),
    *range(0x2060, 0x2065),
    *range(0x206A, 0x2070),
    0xFEFF,
]
_LIKE = {
    # Cyrillic and Greek letters of the same shape
    "АВСЕНІЈКМОРЅТХУЗ": "ABCEHIJKMOPSTXY3",
    "аеорсухіјѕһ": "aeopcyxijsh",
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ": "ABEZHIKMNOPTYX",
    "ο": "o",
    # signs
    "‘’‚‛′ʼ“”„″": "''''''\"\"\"\"",
    "‐‑‒–—―−﹣": "--------",
    "∕⁄×﹩﹫": "//x$@",
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000": " "
    * 16,
    "\u0085\u2028\u2029": "\n\n\n",
}


def _table() -> dict[int, str | None]:
    table: dict[int, str | None] = dict.fromkeys(_NOT_SHOWN)
    for odd, plain in _LIKE.items():
        table.update({ord(one): other for one, other in zip(odd, plain, strict=True)})
    table.update({0xFF01 + offset: chr(0x21 + offset) for offset in range(94)})  # full width
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    # mathematical alphabets: thirteen of letters, five of digits; those with a hole have it elsewhere in Unicode
    table.update({0x1D400 + place: letters[place % 52] for place in range(13 * 52)})
    table.update({0x1D7CE + place: str(place % 10) for place in range(50)})
    return table


_AS_SEEN = _table()


class Seen(NamedTuple):
    """A text as it is seen, in its own case and in lower case, and where each of its characters came from."""

    text: str
    lower: str
    places: list[int] | None
    """By character, its place in the message; None where both are the same."""

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Give where the characters from `start` to `end` stand in the message."""
        if self.places is None or start >= end:
            return start, end
        return self.places[start], self.places[end - 1] + 1


def seen(text: str) -> Seen:
    """Show a text as a person sees it."""
    if text.isascii():
        return Seen(text, text.lower(), None)
    plain = text.translate(_AS_SEEN)
    if plain == text:
        # an emoji alone is seen as it is: nothing has to be placed back
        plain = text
    places = (
        None
        if len(plain) == len(text)
        else [place for place, char in enumerate(text) if _AS_SEEN.get(ord(char), "") is not None]
    )
    lower = plain.lower()
    if len(lower) != len(plain):
        # a few letters become two in lower case; they name nothing here, and stay
        lower = "".join(small if len(small := char.lower()) == 1 else char for char in plain)
    return Seen(plain, lower, places)
