"""Decoration changes no reading: case, spacing, markup, look-alikes, emoji, mentions, links."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.alerts.alert import AlertMessage, ParsedAlert
from alert_trader.domain.alerts.parser import parse

Posted = Callable[..., AlertMessage]

ALERTS = (
    "BTO KO 70c 12/18 @ 1.25",
    "BTO DIS 12/18 112.5c @ .99 SL .50 PT 2.00",
    "buy DIS Calls Dec 18 112 calls for 4.70",
    "Lotto: BTO KO 70p 0DTE @ 0.75 x10",
    "STC KO 70c 12/18 @ 2.85 half out",
    "BTO KO 70c 12/18 @ 1.25-1.40",
    "BTO KO 70/75c 12/18 @ 1.25",
    "BTO KO 70c @ 1.25",
    "not buying KO 70c 12/18 @ 1.25",
    "AVG KO 70c 12/18 @ 1.40, added @ .98",
    "KO looks strong today",
)
TEXTS = st.sampled_from(ALERTS)
INVISIBLE = st.sampled_from("\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e")
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
BOLD = (
    {ord("A") + n: 0x1D400 + n for n in range(26)}
    | {ord("a") + n: 0x1D41A + n for n in range(26)}
    | {ord("0") + n: 0x1D7CE + n for n in range(10)}
)
CYRILLIC = str.maketrans("ABCEHKMOPTXaceopxy", "АВСЕНКМОРТХасеорху")  # noqa: RUF001 - look-alikes are the subject


def fields(parsed: ParsedAlert) -> ParsedAlert:
    """Return a reading without its spans and reason."""
    return replace(parsed, spans=(), reason=None, considered=())


@given(text=TEXTS, hidden=INVISIBLE, at=st.integers(0, 60), times=st.integers(1, 3))
def test_an_invisible_character_changes_nothing(
    posted: Posted, *, text: str, hidden: str, at: int, times: int
) -> None:
    """WHO-40: an invisible character, also inside a number, changes nothing; spans are in the message."""
    place = at % (len(text) + 1)
    message = posted(text[:place] + hidden * times + text[place:])
    parsed = parse(message)
    assert fields(parsed) == fields(parse(posted(text)))
    assert all(message.text[span.start : span.end] == span.text for span in parsed.spans)


@given(
    text=TEXTS,
    alphabet=st.sampled_from([FULL_WIDTH, BOLD, CYRILLIC]),
    at=st.integers(0, 60),
    length=st.integers(0, 60),
)
def test_look_alike_characters_are_parsed_as_they_look(
    posted: Posted, *, text: str, alphabet: dict[int, int], at: int, length: int
) -> None:
    """Letters of the same shape are read as the plain ones, anywhere in the text."""
    place = at % len(text)
    odd = text[:place] + text[place : place + length].translate(alphabet) + text[place + length :]
    assert fields(parse(posted(odd))) == fields(parse(posted(text)))


@given(text=TEXTS, blanks=st.sampled_from(["  ", "   ", "\t", " \u00a0", "\u2009 "]))
def test_spacing_changes_nothing(posted: Posted, *, text: str, blanks: str) -> None:
    """Several blanks, tabs and other spaces between the words are one blank."""
    assert fields(parse(posted(blanks + text.replace(" @ ", f"{blanks}@{blanks}") + blanks))) == fields(
        parse(posted(text))
    )


@given(text=TEXTS, case=st.sampled_from([str.upper, str.lower]))
def test_case_changes_nothing_after_an_action(
    posted: Posted, *, text: str, case: Callable[[str], str]
) -> None:
    """An alert in capitals or in small letters is the same alert."""
    assert fields(parse(posted(case(text)))) == fields(parse(posted(text)))


@pytest.mark.parametrize("text", ALERTS)
@pytest.mark.parametrize(
    "frame",
    [
        "**{}**",
        "__{}__",
        "*{}*",
        "`{}`",
        "```\n{}\n```",
        "||{}||",
        "{} @everyone",
        "<@&123456> {}",
        "<@!99> {} <#5>",
        "{} \U0001f680\U0001f525",
        "\U0001f6a8 {}",
        "{} <:moon:123> <a:go:5>",
        "{}\nhttps://example.com/a/b?c=1.5&d=2",
        "{} <https://example.com/12/18>",
        "\n\n{}\n",
        "@here\n{}",
    ],
)
def test_a_surrounding_frame_changes_nothing(posted: Posted, text: str, frame: str) -> None:
    """Markdown, code blocks, mentions, emoji and links around an alert are not part of it."""
    assert fields(parse(posted(frame.format(text)))) == fields(parse(posted(text)))


@pytest.mark.parametrize("word", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("mark", ["**{}**", "*{}*", "__{}__", "`{}`"])
def test_markup_around_one_word_changes_nothing(posted: Posted, word: int, mark: str) -> None:
    """A single part in bold, italics or code is the same part."""
    parts = ["BTO", "KO", "70c", "12/18", "@1.25"]
    parts[word] = mark.format(parts[word])
    assert fields(parse(posted(" ".join(parts)))) == fields(parse(posted("BTO KO 70c 12/18 @1.25")))
