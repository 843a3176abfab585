"""Stage 1: the text as a reader sees it, with plain letters for look-alikes and no invisible characters.

`NormalizedText.original` leads back to the message, so that spans point into the text that was posted.
"""

# ruff: noqa: RUF001 - look-alikes are the subject
from typing import NamedTuple

REORDERING = frozenset(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))
"""Characters that change the order in which others are shown."""

_INVISIBLE = [
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
_LOOK_ALIKE = {
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
    table: dict[int, str | None] = dict.fromkeys(_INVISIBLE)
    for odd, plain in _LOOK_ALIKE.items():
        table.update({ord(char): like for char, like in zip(odd, plain, strict=True)})
    table.update({0xFF01 + offset: chr(0x21 + offset) for offset in range(94)})  # full width
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    # mathematical alphabets: thirteen of letters, five of digits
    table.update({0x1D400 + place: letters[place % 52] for place in range(13 * 52)})
    table.update({0x1D7CE + place: str(place % 10) for place in range(50)})
    return table


_PLAIN = _table()


class NormalizedText(NamedTuple):
    """A text as a reader sees it, in its own case and in lower case."""

    text: str
    lower: str
    offsets: list[int] | None
    """For each character its offset in the message; None where all offsets are the same."""

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the message of the characters from `start` to `end`."""
        if self.offsets is None or start >= end:
            return start, end
        return self.offsets[start], self.offsets[end - 1] + 1


def normalize(text: str) -> NormalizedText:
    """Return a text as a reader sees it."""
    if text.isascii():
        return NormalizedText(text, text.lower(), None)
    plain = text.translate(_PLAIN)
    if plain == text:
        # an emoji alone changes nothing: spans need no way back
        plain = text
    offsets = (
        None
        if len(plain) == len(text)
        else [offset for offset, char in enumerate(text) if _PLAIN.get(ord(char), "") is not None]
    )
    lower = plain.lower()
    if len(lower) != len(plain):
        # a few letters become two in lower case; no word of the vocabulary has one, so they stay as they are
        lower = "".join(small if len(small := char.lower()) == 1 else char for char in plain)
    return NormalizedText(plain, lower, offsets)
