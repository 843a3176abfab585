"""Exits as rooms write them: reversed order, losses, fractions, what is kept, several in one message."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, Share
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.alerts.parsing.vocabulary.exit_words import CLOSING, TRIMMING

Posted = Callable[..., AlertMessage]

THIRD = Decimal(1) / 3
EXITS = [
    # text, ticker and strike, portion, fraction, count
    ("sold all my KO 70c", "KO 70C", Share.ALL, None, None),
    ("all out KO 70c @ 2.5", "KO 70C", Share.ALL, None, None),
    ("KO 70c all out @ 2.10", "KO 70C", Share.ALL, None, None),
    ("KO ALL OUT", "KO ", Share.ALL, None, None),
    ("$KO calls sold for 80%", "KO C", None, None, None),
    ("KO puts closed for a small loss", "KO P", None, None, None),
    ("TSLA 420c stopped out -30%", "TSLA 420C", Share.ALL, None, None),
    ("stopped on KO 70c", "KO 70C", None, None, None),
    ("Got stopped out of DIS 112c", "DIS 112C", Share.ALL, None, None),
    ("SL hit on KO 70c", "KO 70C", None, None, None),
    ("KO stop hit", "KO ", None, None, None),
    ("took the L on KO 70c", "KO 70C", None, None, None),
    ("taking the loss on DIS 112p here", "DIS 112P", None, None, None),
    ("cutting KO 70c for a loss", "KO 70C", None, None, None),
    ("dumped KO 70c 1.1", "KO 70C", None, None, None),
    ("closed out KO 70c at 2", "KO 70C", None, None, None),
    ("closing KO 70c, done for the day", "KO 70C", None, None, None),
    ("exited KO 70c 12/18 at 2.4, that's plenty left on the table", "KO 70C", None, None, None),
    ("full exit KO 70c 2.2", "KO 70C", Share.ALL, None, None),
    ("fully out of KO 70c", "KO 70C", Share.ALL, None, None),
    ("out KO 70c at 2.2, leaving early today", "KO 70C", None, None, None),
    ("out of my KO position", "KO ", None, None, None),
    ("out of KO calls", "KO C", None, None, None),
    ("Out of everything", " ", Share.ALL, None, None),
    ("flat KO 70c", "KO 70C", None, None, None),
    ("sold 1/2 KO 70c at 2", "KO 70C", Share.HALF, Decimal("0.5"), None),
    ("trimmed 1/3 of KO 70c @ 2.2", "KO 70C", Share.FRACTION, THIRD, None),
    ("trim 1/3 KO 70c here", "KO 70C", Share.FRACTION, THIRD, None),
    ("took off 1/4 KO 70c at 2", "KO 70C", Share.FRACTION, Decimal("0.25"), None),
    ("KO 70c 12/18 sold 2/3 @ 2.5", "KO 70C", Share.FRACTION, 2 * THIRD, None),
    ("STC 1/2 KO 70c @ 2", "KO 70C", Share.HALF, Decimal("0.5"), None),
    ("STC KO 70c 12/18 @ 2.5 (2/3)", "KO 70C", Share.FRACTION, 2 * THIRD, None),
    ("STC KO 3/5 70c @ 2.5", "KO 70C", Share.FRACTION, Decimal("0.6"), None),
    ("3/5 KO 70c sold at 2.5", "KO 70C", Share.FRACTION, Decimal("0.6"), None),
    ("sold 2 of 5 KO 70c at 2.1", "KO 70C", Share.FRACTION, Decimal("0.4"), None),
    ("STC 3 of 4 KO 70c 12/18 @2.4", "KO 70C", Share.FRACTION, Decimal("0.75"), None),
    ("sold 3 cons KO 70c @ 2.1, 2 left", "KO 70C", Share.COUNT, None, 3),
    ("sold 3 KO 70c 2.1", "KO 70C", None, None, None),
    ("half out of KO 70c", "KO 70C", Share.HALF, Decimal("0.5"), None),
    ("sold half my KO 70c at 2", "KO 70C", Share.HALF, Decimal("0.5"), None),
    ("KO 70c half out 2.0", "KO 70C", Share.HALF, Decimal("0.5"), None),
    ("taking half off DIS 112c at 2", "DIS 112C", Share.HALF, Decimal("0.5"), None),
    ("took half off KO here", "KO ", Share.HALF, Decimal("0.5"), None),
    ("took 50% off KO 70c", "KO 70C", Share.HALF, Decimal("0.5"), None),
    ("50% off KO 70c at 2", "KO 70C", Share.HALF, Decimal("0.5"), None),
    ("sold 75% of KO 70c 2.1", "KO 70C", Share.FRACTION, Decimal("0.75"), None),
    ("trimmed 20% of my KO 70c", "KO 70C", Share.FRACTION, Decimal("0.2"), None),
    ("KO 70c trim 30% here", "KO 70C", Share.FRACTION, Decimal("0.3"), None),
    ("DIS: took some off at 2.1", "DIS ", Share.PARTIAL, None, None),
    ("took profits on KO 70c", "KO 70C", Share.PARTIAL, None, None),
    ("taking some profit on KO 70c 12/18", "KO 70C", Share.PARTIAL, None, None),
    ("KO 70c locking in profits here", "KO 70C", Share.PARTIAL, None, None),
    ("STC KO 70c 12/18 @ 2.5 leaving 1 runner", "KO 70C", Share.PARTIAL, None, None),
    ("STC most KO 70c @ 2.5", "KO 70C", Share.PARTIAL, None, None),
    ("sold most of KO 70c, runner on", "KO 70C", Share.PARTIAL, None, None),
    ("STC KO 70c @ 2.2 keeping 2 runners", "KO 70C", Share.PARTIAL, None, None),
    ("STC all but 1 KO 70c @ 2.5", "KO 70C", Share.PARTIAL, None, None),
    ("out of all but 2 KO 70c", "KO 70C", Share.PARTIAL, None, None),
    ("sold all but one KO 70c", "KO 70C", Share.PARTIAL, None, None),
    ("STC KO 70c if you are still in", "KO 70C", None, None, None),
    ("Closed half KO 70c 2.2, rest to 3", "KO 70C", Share.HALF, Decimal("0.5"), None),
    ("Leaving KO, all out", "KO ", Share.ALL, None, None),
    ("Done with KO. All out", "KO ", Share.ALL, None, None),
    ("WOW, all out", " ", Share.ALL, None, None),
    ("1/3 POS KO sold 3.10", "KO ", Share.FRACTION, THIRD, None),
    ("1/2 KO out", "KO ", Share.HALF, Decimal("0.5"), None),
    ("2/5 KO 70c sold at 2.5", "KO 70C", Share.FRACTION, Decimal("0.4"), None),
    ("half DIS out @ 2.4", "DIS ", Share.HALF, Decimal("0.5"), None),
    ("All but one KO out @ 3.2", "KO ", Share.PARTIAL, None, None),
    ("Took the rest off KO", "KO ", Share.ALL, None, None),
    ("Cut KO 1.4", "KO ", None, None, None),
    ("closing half of my KO", "KO ", Share.HALF, Decimal("0.5"), None),
    ("Sold a third of KO", "KO ", Share.FRACTION, THIRD, None),
    ("KO 70c @ 3.2 sold another 1/3", "KO 70C", Share.FRACTION, THIRD, None),
    ("KO 70c: out at breakeven", "KO 70C", None, None, None),
    ("closing KO hedge 70p here 1.6", "KO 70P", None, None, None),
    ("KO 70c all done 2.5", "KO 70C", Share.ALL, None, None),
    ("sold 1/2 KO puts", "KO P", Share.HALF, Decimal("0.5"), None),
    ("just dumped the KO calls", "KO C", None, None, None),
    ("scaling out of KO 70c, 25% here", "KO 70C", Share.FRACTION, Decimal("0.25"), None),
    ("SOLD -5 KO 100 18 DEC 26 70 CALL @2.40", "KO 70C", Share.COUNT, None, 5),
    ("I'm flat KO", "KO ", None, None, None),
    ("KO 70c sold 2, 3 left", "KO 70C", Share.COUNT, None, 2),
    ("KO 70c TP1 \u2705 sold 50% at 2.60", "KO 70C", Share.HALF, Decimal("0.5"), None),
    ("Took my loss on KO 70c, .80", "KO 70C", None, None, None),
    ("KO 70c +80% trimming most here, leaving 1", "KO 70C", Share.PARTIAL, None, None),
    ("KO runner closed 6.00", "KO ", None, None, None),
    ("TRIM\nContract: KO 70C 12/18\nSold: 50%\nPrice: $2.00", "KO 70C", Share.HALF, Decimal("0.5"), None),
    ("Trade Closed\nKO closed at $2.90 for +44%", "KO ", None, None, None),
    ("KO scaled 50% @ 2.20", "KO ", Share.HALF, Decimal("0.5"), None),
    ("Fully closed KO 70c @ 2.10", "KO 70C", Share.ALL, None, None),
    ("dumping the KO lottos", "KO ", None, None, None),
    ("That's it for KO 70c, sold at 2.40", "KO 70C", None, None, None),
    ("sold one more KO 70c at 2.6", "KO 70C", Share.COUNT, None, 1),
    ("sold a couple KO 70c at 2.6", "KO 70C", Share.PARTIAL, None, None),
    ("KO stop triggered, out", "KO ", None, None, None),
    ("-2 $KO $70c 18DEC2026 @ lim1.2", "KO 70C", Share.COUNT, None, 2),
]


@pytest.mark.parametrize(
    ("text", "position", "portion", "fraction", "count"), EXITS, ids=[ascii(row[0][:40]) for row in EXITS]
)
def test_an_exit_in_a_rooms_own_words_is_read(
    *,
    posted: Posted,
    text: str,
    position: str,
    portion: Share | None,
    fraction: Decimal | None,
    count: int | None,
) -> None:
    """Never more is closed than was meant: an amount outweighs words, and what is kept makes it a part."""
    parsed = parse(posted(text))
    assert parsed.kind is AlertKind.EXIT, parsed.reason
    assert f"{parsed.symbol or ''} {parsed.strike or ''}{parsed.right or ''}" == position
    assert (parsed.portion, parsed.quantity) == (portion, count)
    assert (parsed.fraction is None) == (fraction is None)
    assert fraction is None or parsed.fraction is None or abs(parsed.fraction - fraction) < Decimal("1e-9")
    assert all(text[span.start : span.end] == span.text for span in parsed.spans)


@pytest.mark.parametrize("act", sorted((CLOSING | TRIMMING) - {"exit", "close"}))
def test_an_amount_behind_any_act_is_never_all(posted: Posted, act: str) -> None:
    """No act of closing reads a quarter as everything."""
    parsed = parse(posted(f"{act} 25% of KO 70c"))
    assert (parsed.kind, parsed.fraction) == (AlertKind.EXIT, Decimal("0.25"))


NO_EXIT = [
    ("cut KO here", AlertKind.CHATTER),
    ("KO 70c down to runners", AlertKind.CHATTER),
    ("closed everything but KO 70c", AlertKind.REFUSED),
    ("out of everything except KO", AlertKind.REFUSED),
    ("Sold everything apart from KO 70c", AlertKind.REFUSED),
    ("sell KO 70c if it loses 69", AlertKind.REFUSED),
    ("out if KO loses 69", AlertKind.CHATTER),
    ("will trim KO 70c at 2.5", AlertKind.REFUSED),
    ("plan to trim half KO 70c at 2", AlertKind.REFUSED),
    ("looking to sell KO 70c at 2.5", AlertKind.REFUSED),
    ("stop on KO 70c at 1", AlertKind.REFUSED),
    ("Stop moved to breakeven on KO 70c", AlertKind.CHATTER),
    ("raise stops on KO 70c to 1.5", AlertKind.REFUSED),
    ("when KO hits 72 sell half", AlertKind.REFUSED),
    ("trim KO 70c into strength when you can", AlertKind.REFUSED),
    ("KO 70c up 50%, trim some if you want", AlertKind.REFUSED),
    ("those KO 70c calls paid", AlertKind.CHATTER),
    ("KO 70c +100% who took it", AlertKind.CHATTER),
    ("KO closed at 71.2", AlertKind.CHATTER),
    ("SPY closed green", AlertKind.CHATTER),
    ("NKE closed red today", AlertKind.CHATTER),
    ("STC KO 70c @ 2.2 and DIS 112c @ 3", AlertKind.REFUSED),
    ("STC KO 70c @ 2.2 BTO KO 72c 12/18 @ 1", AlertKind.REFUSED),
    ("rolled KO 70c to 72c 12/18", AlertKind.REFUSED),
    ("rolling KO 70c 12/18 into 1/15", AlertKind.REFUSED),
    ("trimming KO 70c, adding DIS 112c 12/18 1.2", AlertKind.REFUSED),
    ("closed KO 70c 2.1, DIS 112c 3.0", AlertKind.REFUSED),
    ("Sold a cash secured put KO 65p 12/18 .8", AlertKind.REFUSED),
    ("sold CSP KO 65p", AlertKind.CHATTER),
    ("sold some puts on KO 65p 12/18 1.1", AlertKind.REFUSED),
    ("5/3 KO sold", AlertKind.REFUSED),
    ("Leaving KO and DIS, all out", AlertKind.REFUSED),
    ("All but KO out", AlertKind.REFUSED),
    ("Sold everything except KO", AlertKind.REFUSED),
    ("selling KO 68p 12/18 for 1.10 premium", AlertKind.REFUSED),
    ("trimmed DIS into the KO 70c", AlertKind.REFUSED),
    ("DIS earnings: sold 30% more units", AlertKind.CHATTER),
    ("KO half off the highs", AlertKind.CHATTER),
    ("KO sold off 2% today", AlertKind.CHATTER),
    ("sold some KO puts", AlertKind.CHATTER),
    ("KO sold 70.4", AlertKind.CHATTER),
    ("KO closed 7.4", AlertKind.CHATTER),
    ("sold half KO shares", AlertKind.CHATTER),
    ("Took the rest of the day off", AlertKind.CHATTER),
    ("STC everything except KO", AlertKind.REFUSED),
    ("sold KO 70c 12/18 CSP for 1.20", AlertKind.REFUSED),
    ("sold the KO 65p 12/18 cash secured, 1.20", AlertKind.REFUSED),
    ("sold KO and DIS calls", AlertKind.REFUSED),
    ("covered call idea: sell KO 70c 12/18 @ 1.20", AlertKind.REFUSED),
    ("example: sold KO 70c 12/18", AlertKind.REFUSED),
    ("out KO and V, back monday", AlertKind.REFUSED),
    ("-0 $KO $70c", AlertKind.REFUSED),
    ("-0 $KO $70c 18DEC2026 @ 1.2", AlertKind.REFUSED),
]
"""Plans, stops, results, short sales, and what names two positions that cannot be distinguished."""


@pytest.mark.parametrize(("text", "kind"), NO_EXIT, ids=[ascii(row[0][:40]) for row in NO_EXIT])
def test_what_closes_nothing_now_is_no_exit(posted: Posted, text: str, kind: AlertKind) -> None:
    """WHO-40: a condition, a plan, a result or two positions in one sentence sell nothing."""
    assert parse(posted(text)).kind is kind


def test_several_exits_in_one_message_are_each_read(posted: Posted) -> None:
    """No exit of a message is dropped without a word: each has its own contract and portion."""
    parsed = parse(posted("STC KO 70c 12/18 @ 2.1 half\nSTC DIS 112c 12/04 @ 3.3 all out"))
    (other,) = parsed.also
    assert (parsed.symbol, parsed.portion, str(parsed.price)) == ("KO", Share.HALF, "2.1")
    assert (other.symbol, other.portion, str(other.price)) == ("DIS", Share.ALL, "3.3")


def test_an_exit_and_an_entry_in_one_message_are_both_read(posted: Posted) -> None:
    """The entry comes first, as a trade is opened for it; the exit beside it is passed on."""
    parsed = parse(posted("closed DIS 112p for 2.3. BTO KO 70c 12/18 @ 1.40"))
    assert (parsed.kind, parsed.symbol, str(parsed.price)) == (AlertKind.ENTRY, "KO", "1.40")
    assert [(each.kind, each.symbol) for each in parsed.also] == [(AlertKind.EXIT, "DIS")]


@pytest.mark.parametrize(
    "text",
    [
        "BTO KO 70c 12/18 @ 1.25\nBTO DIS 112c 12/18 @ 2",
        "STC KO 70c @ 2\nmaybe STC DIS 112c @ 3",
        "STC KO 70c @ 2\nBTO DIS 112c @ 3",
        "out of KO 70c, rolling into 12/18 72C @ 1.2",
        "OUT @everyone, it goes into the 72C KO 12/18",
    ],
)
def test_a_message_with_an_uncertain_part_is_refused_whole(posted: Posted, text: str) -> None:
    """WHO-40: two entries, or one part that is not certain: a person reads all of it."""
    assert parse(posted(text)).kind is AlertKind.REFUSED
