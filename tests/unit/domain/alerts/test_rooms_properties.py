"""Properties over the rooms' messages: no doubt in front leaves an entry, and every reading is bounded."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, Embed
from alert_trader.domain.alerts.parser import explain_reading, parse
from alert_trader.domain.alerts.parsing.vocabulary.doubtful_words import DOUBTFUL_WORDS
from alert_trader.domain.alerts.parsing.vocabulary.entry_words import ACTS, GET_READY
from alert_trader.domain.alerts.profile import RoomRule
from tests.unit.domain.alerts.test_rooms_entries import ENTRIES
from tests.unit.domain.alerts.test_rooms_exits import EXITS

Posted = Callable[..., AlertMessage]

GETTING_READY = [
    *(
        "loading",
        "loaded",
        "watching",
        "watch",
        "eyeing",
        "eyes on",
        "stalking",
        "prepping",
        "getting ready for",
    ),
    *("ready for", "looking at", "looking to", "looking for", "setting up", "setup:", "on deck:", "on watch"),
    *("about to", "almost", "gonna", "going to", "plan to", "planning", "want to", "wanna", "hoping to"),
    *("trying to", "order in", "bid on", "bidding", "working", "limit set", "alert set", "next:", "next up"),
    *("potential", "candidate", "idea:", "on my radar", "keeping an eye on", "Monday", "tomorrow", "later"),
]
NEGATIONS = [
    *(
        "not",
        "don't",
        "dont",
        "never",
        "no",
        "won't",
        "didn't",
        "isn't",
        "can't",
        "cannot",
        "without",
        "avoid",
    ),
    *("skip", "passing on", "not in", "not yet", "did not", "cancel", "cancelled", "missed", "unfilled"),
]
CONDITIONS = [
    *(
        "if",
        "when",
        "once",
        "unless",
        "until",
        "only if",
        "maybe",
        "perhaps",
        "might",
        "may",
        "could",
        "would",
    ),
    *("should", "assuming", "provided", "as soon as", "in case", "above 71", "over 71", "break of 71"),
]
DOUBTFUL = sorted(frozenset(DOUBTFUL_WORDS) | GET_READY)
IN_FRONT = [*GETTING_READY, *NEGATIONS, *CONDITIONS, *(word for word in DOUBTFUL if (word,) not in ACTS)]
CPU_SECONDS = 0.25
"""For the longest message; it takes some milliseconds, and a super-linear rule would take seconds."""
PIECES = (
    *(
        "\n",
        "1/2 ",
        "3/5 70c ",
        "if lose ",
        "earnings ",
        "you risk ",
        "out of ",
        "all but ",
        "sold half ",
        "took ",
    ),
    *(
        "Entry: 1\n",
        "Option: KO 70c\n",
        "BTO\n",
        "KO (",
        "Coca ",
        "STC KO 70c\n",
        "fill 1.",
        "spread ",
        "0 or hero ",
    ),
    *(
        "KO261218C70 ",
        "/ES ",
        "<t:1797638400> ",
        "18 dec ",
        "calls $41 $.5 ",
        "\x1b[1;",
        "[x](https://",
        "hold the 2 ",
    ),
)


@pytest.mark.parametrize("front", IN_FRONT, ids=ascii)
def test_no_word_of_doubt_in_front_leaves_an_entry(posted: Posted, front: str) -> None:
    """WHO-40: a get-ready word, a negation or a condition before any certain entry refuses it."""
    for text, _, _ in ENTRIES:
        for written in (front, front.capitalize(), front.upper()):
            kind = parse(posted(f"{written} {text}")).kind
            assert kind is not AlertKind.ENTRY, f"{written} {text}"


@pytest.mark.parametrize("front", [*NEGATIONS, *CONDITIONS], ids=ascii)
def test_no_negation_or_condition_in_front_of_stc_leaves_an_exit(posted: Posted, front: str) -> None:
    """WHO-40: nothing is sold on a condition."""
    assert parse(posted(f"{front} STC KO 70c 12/18 @ 2")).kind is not AlertKind.EXIT


@given(
    text=st.sampled_from([row[0] for row in (*ENTRIES, *EXITS)]),
    cut=st.integers(0, 80),
    tail=st.text(max_size=30),
)
def test_a_message_cut_anywhere_is_answered(posted: Posted, text: str, cut: int, tail: str) -> None:
    """WHO-60: half a message, with anything behind it, never raises, under any profile or in any embed."""
    message = posted(text[:cut] + tail)
    boxed = replace(message, text="", embeds=(Embed(title=text[:cut], author=tail, footer=text),))
    for each in (message, boxed):
        for room in (RoomRule(), RoomRule(average_is_price=True, entry_words=("hero",), get_ready=("warm",))):
            parsed = parse(each, room)
            assert all(each.shown[span.start : span.end] == span.text for span in parsed.spans)
        assert explain_reading(each).checks


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_the_longest_message_is_answered_at_once(posted: Posted, piece: str) -> None:
    """A message of 4000 characters of one repeated piece takes linear time, in every kind of message."""
    for front in ("", "STC KO 70c ", "took KO 70c 12/18 1.25 ", "BTO KO 70c 12/18 @ 1.25 ", "Ticker: KO\n"):
        message = posted(front + (piece * 4000)[: 4000 - len(front)])
        began = time.thread_time()
        parse(message)
        assert time.thread_time() - began < CPU_SECONDS
