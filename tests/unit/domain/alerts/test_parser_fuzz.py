"""The fuzz target: any Unicode text of any length has an answer, in linear time."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alert_trader.domain.alerts.alert import AlertMessage, Embed, EmbedField
from alert_trader.domain.alerts.parser import LONGEST_ALERT, check_expiry, explain_reading, parse

Posted = Callable[..., AlertMessage]

PIECES = [
    *(
        "BTO",
        "buy",
        "STC",
        "out",
        "trim",
        "closed",
        "AVG",
        "added",
        "KO",
        "$DIS",
        "70c",
        "70",
        "calls",
        "P",
        "12/18",
        "0DTE",
        "weekly",
    ),
    *(
        "next week",
        "+2w",
        "+1",
        "@",
        "@1.25",
        "1.25",
        ".80",
        "70/72c",
        "SL",
        "PT1",
        "not",
        "if",
        "will add if",
        "don't",
        "x2",
        "125%",
    ),
    *(
        "half",
        "1/2",
        "Ticker:",
        "Expiry:",
        "Strike:",
        "Entry:",
        "P/L:",
        ">",
        "->",
        "?",
        "(",
        ")",
        ",",
        ".",
        ":",
        "**",
        "~~",
        "||",
        "`",
    ),
    *("\n", "\u200b", "\u202e", "\u0336", "\U0001d401", "\u0412"),
]
ANY = (
    st.text()
    | st.text(alphabet=st.characters(min_codepoint=0x80))
    | st.lists(st.sampled_from(PIECES), max_size=60).map(" ".join)
)
PARTS = (
    *PIECES,
    "1",
    "1,",
    "1/",
    "-",
    "a'",
    "<@",
    ":a",
    "jan ",
    "$",
    "x1",
    "not a ",
    "will you ",
    "stop if ",
    "\u0410",
    "\u200b1",
    "10 %",
    "Entry: 1\n",
    "Ticker: a\n",
)
CPU_SECONDS = 2
"""Far more than the longest message needs (milliseconds), far less than a super-linear rule would need."""


@settings(max_examples=300)
@given(text=ANY, title=ANY, name=ANY, value=ANY)
def test_any_unicode_text_is_answered(
    posted: Posted, *, text: str, title: str, name: str, value: str
) -> None:
    """WHO-40, WHO-60: no text makes the parser, its explanation or `check_expiry` raise."""
    message = replace(
        posted(text),
        embeds=(Embed(title=title, description=value, fields=(EmbedField(name=name, value=value),)),),
    )
    for each in (posted(text), message):
        parsed = parse(each)
        assert all(each.shown[span.start : span.end] == span.text for span in parsed.spans)
        assert explain_reading(each).checks
        assert check_expiry(parsed, each.posted_at) is None or parsed.expiry is not None


@pytest.mark.parametrize("length", [LONGEST_ALERT - 8, 50 * LONGEST_ALERT])
@pytest.mark.parametrize("piece", PARTS, ids=ascii)
def test_no_piece_repeated_takes_more_than_linear_time(posted: Posted, piece: str, length: int) -> None:
    """A message of one repeated piece, of the longest length or far longer, is answered at once."""
    for front in ("BTO 1c ", "", "BTO KO 70c 12/18 @ 1.25 ", "Ticker: "):
        message = posted(front + (piece * length)[: length - len(front)])
        began = time.thread_time()
        parse(message)
        assert time.thread_time() - began < CPU_SECONDS
