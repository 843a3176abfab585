"""Exits and additions: their contract and portion, and talk that is neither."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, Share
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.denial import Code

Posted = Callable[..., AlertMessage]

EXITS = [
    # text, contract, price, portion, fraction, contracts
    ("STC KO 12/18 70c @ 2.85", "KO 70C 2026-12-18", "2.85", None, None, None),
    (
        "STC KO 12/18 70c @ 2.85 good enough. Partial half out",
        "KO 70C 2026-12-18",
        "2.85",
        Share.HALF,
        "0.5",
        None,
    ),
    ("STC KO 12/18 70c @2.00PARTIAL", "KO 70C 2026-12-18", "2.00", Share.PARTIAL, None, None),
    ("STC KO 70c 12/18 @ 2 partial a few left", "KO 70C 2026-12-18", "2", Share.PARTIAL, None, None),
    ("STC KO 70c 12/18 @ 2 (close most here)", "KO 70C 2026-12-18", "2", Share.PARTIAL, None, None),
    ("STC KO 70c 12/18 @ 2 all out", "KO 70C 2026-12-18", "2", Share.ALL, None, None),
    ("STC KO 70c 12/18 @ 2 on the rest", "KO 70C 2026-12-18", "2", Share.ALL, None, None),
    ("STC KO 70c 12/18 @ 2 all out, leaving runners", "KO 70C 2026-12-18", "2", Share.PARTIAL, None, None),
    ("STC 2 KO 70c 12/18 @ .7 @here", "KO 70C 2026-12-18", "0.7", Share.COUNT, None, 2),
    ("-1 $KO $70c 18DEC2026 @ lim0.65", "KO 70C 2026-12-18", "0.65", Share.COUNT, None, 1),
    ("STC KO 70c 12/18 @ 2 sold 1/3", "KO 70C 2026-12-18", "2", Share.FRACTION, str(Decimal(1) / 3), None),
    ("STC KO 1/8 70c @ 2", "KO 70C 2027-01-08", "2", None, None, None),
    ("closed KO 12/18 70 calls at 2.50", "KO 70C 2026-12-18", "2.50", None, None, None),
    ("sold half KO 70c 12/18 @ 2.10", "KO 70C 2026-12-18", "2.10", Share.HALF, "0.5", None),
    ("Closing the remaining 5 $KO 12/18 70c for 300%", "KO 70C 2026-12-18", None, Share.ALL, None, None),
    ("$KO 70c 150%\n**5 ITM**\nI'm all OUT.", "KO 70C None", None, Share.ALL, None, None),
    (
        "@gateway\nClose or Trim\nTRIM\n\nKO 70C 2026-12-18\n1.59 \u2192 1.75",
        "KO 70C 2026-12-18",
        None,
        Share.PARTIAL,
        None,
        None,
    ),
    (
        "STC KO 70c 12/18\nTrim at 2.40, set SL to breakeven",
        "KO 70C 2026-12-18",
        None,
        Share.PARTIAL,
        None,
        None,
    ),
    ("KO 70c 12/18 @ 1.25 (all out)", "KO 70C 2026-12-18", "1.25", Share.ALL, None, None),
    ("out of KO", "KO NoneNone None", None, None, None, None),
    ("Im out", "None NoneNone None", None, Share.ALL, None, None),
    ("all out", "None NoneNone None", None, Share.ALL, None, None),
    ("stopped out", "None NoneNone None", None, Share.ALL, None, None),
    ("taking half", "None NoneNone None", None, Share.HALF, "0.5", None),
    ("trim 25% of KO here", "KO NoneNone None", None, Share.FRACTION, "0.25", None),
    ("TP1 hit trim 50%, stop goes to our cost now", "None NoneNone None", None, Share.HALF, "0.5", None),
    ("first target done, trim 40%, stops to entry", "None NoneNone None", None, Share.FRACTION, "0.4", None),
]


@pytest.mark.parametrize(
    ("text", "contract", "price", "portion", "fraction", "contracts"),
    EXITS,
    ids=[row[0][:40] for row in EXITS],
)
def test_an_exit_is_parsed_with_its_quantity(
    *,
    posted: Posted,
    text: str,
    contract: str,
    price: str | None,
    portion: Share | None,
    fraction: str | None,
    contracts: int | None,
) -> None:
    """Each portion is read as written; "all" together with a part is a part; a date is no fraction."""
    parsed = parse(posted(text))
    assert parsed.kind is AlertKind.EXIT
    assert f"{parsed.symbol} {parsed.strike}{parsed.right} {parsed.expiry}" == contract
    assert parsed.price == (None if price is None else Decimal(price))
    assert (parsed.portion, parsed.quantity) == (portion, contracts)
    assert parsed.fraction == (None if fraction is None else Decimal(fraction))
    assert all(text[span.start : span.end] == span.text for span in parsed.spans)


@pytest.mark.parametrize(
    "text",
    [
        "nearly all gone here, a few remain",
        "2.50 now still holding half",
        "move stops to .75",
        "That was a close call",
        "I should cut down on snacks",
        "Cut down on sugar",
        "out for lunch, back later",
        "logged out until Monday, enjoy",
        "Take some trims here",
        "take profits however you see fit",
        "selling my car",
        "sell half KO",
        "trim?",
        "+100% gains from earlier",
        "KO 70c 12/18 .12 to .84, what a run today",
        "I added a chart to the morning notes",
        "taking the W on this one",
        "> ↪️ replying to **X**: STC nothing\nnice",
    ],
)
def test_chatter_is_not_an_exit(posted: Posted, text: str) -> None:
    """A word of closing in a sentence about something else is no exit."""
    assert parse(posted(text)).kind in {AlertKind.CHATTER, AlertKind.REFUSED}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("if TP1 hits trim 50%", Code.PARSE_CONDITIONAL),
        ("trim 150%", Code.PARSE_BAD_QUANTITY),
        ("trim 0%", Code.PARSE_BAD_QUANTITY),
        ("closed KO 70c, cancel", Code.PARSE_NEGATED),
        ("STC KO 70c 12/18 @ 2 jk", Code.PARSE_NEGATED),
        ("don't STC KO 70c 12/18", Code.PARSE_NEGATED),
        ("maybe STC KO 70c 12/18", Code.PARSE_CONDITIONAL),
        ("> STC KO 70c 12/18 @ 2", Code.PARSE_NOT_FIRST_HAND),
    ],
)
def test_an_uncertain_exit_is_refused(posted: Posted, text: str, code: Code) -> None:
    """WHO-40: a condition, a negation, a quote or an impossible part is refused with its code."""
    parsed = parse(posted(text))
    assert (parsed.kind, parsed.code) == (AlertKind.REFUSED, code)


@pytest.mark.parametrize(
    ("text", "contract", "price"),
    [
        ("AVG KO 12/18 70c @ 1.40, added @ .98", "KO 70C 2026-12-18", "0.98"),
        ("AVG KO 12/18 70c @ 1.40", "KO 70C 2026-12-18", None),
        ("Adding to KO 70c 12/18 @ 2.80", "KO 70C 2026-12-18", "2.80"),
        ("added KO at 1.20", "KO NoneNone None", "1.20"),
        ("Averaging down $KO 70c 12/18", "KO 70C 2026-12-18", None),
    ],
)
def test_an_addition_is_not_an_entry(posted: Posted, text: str, contract: str, price: str | None) -> None:
    """AVG and similar words are an addition, never an entry."""
    parsed = parse(posted(text))
    assert parsed.kind is AlertKind.ADD
    assert f"{parsed.symbol} {parsed.strike}{parsed.right} {parsed.expiry}" == contract
    assert parsed.price == (None if price is None else Decimal(price))


@pytest.mark.parametrize(
    "text",
    [
        "Adding to KO 70c 12/18 @ 2.80 if it dips",
        "AVG KO 12/18 70c @ 1.40, added @ .98? not sure yet",
        "> AVG KO 12/18 70c @ 1.40, added @ .98",
        "added to the KO 70c 12/18 spread @ 1.20",
    ],
)
def test_an_uncertain_addition_is_refused(posted: Posted, text: str) -> None:
    """WHO-40: where a profile has adds bought, a plan or a quote is refused."""
    assert parse(posted(text)).kind is AlertKind.REFUSED
