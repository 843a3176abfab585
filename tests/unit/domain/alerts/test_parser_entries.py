"""Plain forms of an alert, one example a shape, and the fields and spans of each answer."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, ParsedAlert
from alert_trader.domain.alerts.parser import parse

Posted = Callable[..., AlertMessage]


def fields(parsed: ParsedAlert) -> tuple[object, ...]:
    """Return the fields of an entry, as text where that is shorter."""
    contract = f"{parsed.symbol} {parsed.strike}{parsed.right} {parsed.expiry}"
    return (parsed.kind.value, contract, None if parsed.price is None else str(parsed.price), parsed.quantity)


SHAPES = [
    # label, strike, date, price
    ("Alert: BTO KO 71p 12/04 @ 0.75", "KO 71P 2026-12-04", "0.75", None),
    ("Super Lotto: BTO DIS 112.5c 1DTE @ 0.93", "DIS 112.5C 2026-11-24", "0.93", None),
    ("Alert:BTO KO 71p 12/04 @0.75", "KO 71P 2026-12-04", "0.75", None),
    # date and strike in any order
    ("BTO DIS 12/04 112c @ 2.18", "DIS 112C 2026-12-04", "2.18", None),
    ("BTO DIS 03/19/2027 112c @3.45, size on...", "DIS 112C 2027-03-19", "3.45", None),
    ("BTO 12/18 KO 70p @ 0.70", "KO 70P 2026-12-18", "0.70", None),
    ("BTO 12/18 112C DIS @.99", "DIS 112C 2026-12-18", ".99", None),
    ("BTO 12/18 @1.25 112c DIS", "DIS 112C 2026-12-18", "1.25", None),
    # glued
    ("BTO DIS 112c@1.77 12/18", "DIS 112C 2026-12-18", "1.77", None),
    ("BTO DIS 112c 12/18@1.77", "DIS 112C 2026-12-18", "1.77", None),
    # the price without @
    ("BTO KO 12/18 70c .40 (risky)", "KO 70C 2026-12-18", ".40", None),
    ("**$DIS 12/18 112c 8.1**", "DIS 112C 2026-12-18", "8.1", None),
    ("BTO KO 70c 12/18 $0.40", "KO 70C 2026-12-18", "0.40", None),
    # words
    ("buy DIS Calls Dec 18 112 calls for 4.70 @everyone", "DIS 112C 2026-12-18", "4.70", None),
    ("DIS - $112 CALLS EXPIRATION 12/18 $1.29 STOP LOSS AT $1.00", "DIS 112C 2026-12-18", "1.29", None),
    ("buy KO 70$ puts Dec 18th at 1.75", "KO 70P 2026-12-18", "1.75", None),
    ("Buy To Open\nDIS 112C 0DTE $0.71\n@gateway", "DIS 112C 2026-11-23", "0.71", None),
    ("I'm buying DIS 112c 12/18 @ 1.25", "DIS 112C 2026-12-18", "1.25", None),
    # without an action word, and the action in other words
    ("Took KO 70c 12/18 @ 1.2", "KO 70C 2026-12-18", "1.2", None),
    ("Picked up $KO 70c 12/18 @ 1.2", "KO 70C 2026-12-18", "1.2", None),
    ("OPEN: KO 70c 12/18 @ 1.2", "KO 70C 2026-12-18", "1.2", None),
    ("KO 70C 12/18", "KO 70C 2026-12-18", None, None),
    ("BTO KO 70c 12/18 @ 1.2 x 5", "KO 70C 2026-12-18", "1.2", 5),
    ("BTO KO 70c 12/18 @ 1.25ish", "KO 70C 2026-12-18", "1.25", None),
    # the date in other words
    ("BTO KO 70c 12-18 @ 1.2", "KO 70C 2026-12-18", "1.2", None),
    ("BTO KO Jan 2027 70c @ 1.2", "KO 70C 2027-01-15", "1.2", None),
    ("BTO KO 70c 2026-12-18 @ 1.2", "KO 70C 2026-12-18", "1.2", None),
    ("BTO KO 70c 16APR2027 @ 1.2", "KO 70C 2027-04-16", "1.2", None),
    ("BTO KO 70c 18 Dec @ 1.2", "KO 70C 2026-12-18", "1.2", None),
    ("BTO KO Dec. 18th, 2026 70c @ 1.2", "KO 70C 2026-12-18", "1.2", None),
    ("BTO KO 70c 12/18/26 @ 1.2", "KO 70C 2026-12-18", "1.2", None),
    ("BTO KO 70c 12-18-2026 @ 1.2", "KO 70C 2026-12-18", "1.2", None),
    # quantity, stops and targets
    ("BTO 10 DIS 112.5C 12/18 @ 0.84 PT: 110%TS25% SL: 60%", "DIS 112.5C 2026-12-18", "0.84", 10),
    ("**$DIS 12/18 112c 1.85x10**", "DIS 112C 2026-12-18", "1.85", 10),
    ("BTO DIS 112c 12/18 x2 @ 1.85", "DIS 112C 2026-12-18", "1.85", 2),
    ("BTO DIS 112c 12/18 @ 1.85 3 contracts", "DIS 112C 2026-12-18", "1.85", 3),
    ("BTO DIS 112c 12/18 @ 1.85 qty: 4", "DIS 112C 2026-12-18", "1.85", 4),
    ("BTO DIS 112c 12/18 .80 stop .50 target 2", "DIS 112C 2026-12-18", ".80", None),
    ("**$DIS 12/18 112c 4.15**\nPT: 113, 114, 115.5\nSL: 109", "DIS 112C 2026-12-18", "4.15", None),
    # no price, or the market's
    ("BTO KO 70c 12/18", "KO 70C 2026-12-18", None, None),
    ("BTO KO 70c 12/18 SL .80", "KO 70C 2026-12-18", None, None),
    ("BUY KO 70P 12/18 MARKET", "KO 70P 2026-12-18", None, None),
    ("BTO KO 70P 12/18 @ market", "KO 70P 2026-12-18", None, None),
    # tickers
    ("BTO F 12.5P 12/18 @.05", "F 12.5P 2026-12-18", ".05", None),
    ("BTO C 70c 12/18 @ 2", "C 70C 2026-12-18", "2", None),
    ("BTO TGT 112p 12/18 @ .14", "TGT 112P 2026-12-18", ".14", None),
    ("bto dis 0dte 112p .85", "DIS 112P 2026-11-23", ".85", None),
    ("BTO $NOW 900c 12/18 @ 5", "NOW 900C 2026-12-18", "5", None),
    ("BTO BRK/B 500c 12/18 @ 3.2", "BRK.B 500C 2026-12-18", "3.2", None),
    ("BTO SPX 6,500c 12/18 @ 12.50", "SPX 6500C 2026-12-18", "12.50", None),
    # expirations in words, from a Monday
    ("BTO KO 70c weekly @ 1.2", "KO 70C 2026-11-27", "1.2", None),
    ("KO - $70 CALLS EXPIRATION THIS WEEK $1.29", "KO 70C 2026-11-27", "1.29", None),
    ("BTO KO 70c next week @ 1.2", "KO 70C 2026-12-04", "1.2", None),
    ("BTO KO 70c this Friday @ 1.2", "KO 70C 2026-11-27", "1.2", None),
    ("BTO SPY P 653 daily @ 1.2", "SPY 653P 2026-11-23", "1.2", None),
    ("BTO KO 70c exp tomorrow @ 1.2", "KO 70C 2026-11-24", "1.2", None),
    ("BTO KO 70c Dec18 @ 1.2", "KO 70C 2026-12-18", "1.2", None),
    ("BTO KO 70c Dec 18 '26 @ 1.2", "KO 70C 2026-12-18", "1.2", None),
    ("BTO KO 70c 2026/12/18 @ 1.2", "KO 70C 2026-12-18", "1.2", None),
    # a day without trading is read as written: `check_expiry` denies it
    ("BTO KO 70c 12/19 @ 1.25", "KO 70C 2026-12-19", "1.25", None),
    # signs, words and fields in place of BTO and @
    ("+1 $KO $7c 16APR2027 @ lim0.65", "KO 7C 2027-04-16", "0.65", 1),
    ("Bought 2 KO 12/18 70c @ 1.25", "KO 70C 2026-12-18", "1.25", 2),
    ("Buy KO 0DTE 70c paid 1.25", "KO 70C 2026-11-23", "1.25", None),
    ("BTO KO 70c 12/18 around 1.25", "KO 70C 2026-12-18", "1.25", None),
    ("BTO KO 70c 12/18 at 2", "KO 70C 2026-12-18", "2", None),
    ("BTO KO 70P 12/18 HIGH RISK\nEntry= 9", "KO 70P 2026-12-18", "9", None),
    ("BTO $KO 70 Call exp: 12/18 entry: 1.25", "KO 70C 2026-12-18", "1.25", None),
    ("BTO KO call strike 70 exp 12/18 @ 1.25", "KO 70C 2026-12-18", "1.25", None),
    ("buy to open 3 contracts of KO 12/18 70 calls at 1.25", "KO 70C 2026-12-18", "1.25", 3),
    ("Buy KO 70 CE 12/18 premium 1.40", "KO 70C 2026-12-18", "1.40", None),
    ("BTO KO70c 12/18@1.25SL.80", "KO 70C 2026-12-18", "1.25", None),
    ("buy KO 70 calls Dec 18 at 1.70, sell at 3.00", "KO 70C 2026-12-18", "1.70", None),
    # decoration
    ("**BTO** __KO__ `70c` 12/18 @ 1.25 \U0001f680", "KO 70C 2026-12-18", "1.25", None),
    ("<@&123> BTO KO 70c 12/18 @ 1.25 <:go:55>", "KO 70C 2026-12-18", "1.25", None),
    # said twice, and the same
    ("BTO KO 70c 12/18 70C @ 1.25", "KO 70C 2026-12-18", "1.25", None),
]


@pytest.mark.parametrize(
    ("text", "contract", "price", "quantity"), SHAPES, ids=[shape[0][:40] for shape in SHAPES]
)
def test_plain_forms_are_parsed(
    *, posted: Posted, text: str, contract: str, price: str | None, quantity: int | None
) -> None:
    """WHO-50: each shape is read as its one contract, with its price exactly as written."""
    expected = None if price is None else str(Decimal(price))
    assert fields(parse(posted(text))) == ("entry", contract, expected, quantity)


@pytest.mark.parametrize(
    ("text", "contract", "price", "quantity"), SHAPES, ids=[shape[0][:40] for shape in SHAPES]
)
def test_every_field_has_its_span(
    *, posted: Posted, text: str, contract: str, price: str | None, quantity: int | None
) -> None:
    """Each field has a span, and the span's text is the message's own at that place."""
    parsed = parse(posted(text))
    assert all(text[span.start : span.end] == span.text for span in parsed.spans)
    named = {span.field for span in parsed.spans}
    assert {"symbol", "strike", "right", "expiry"} <= named
    assert ("price" in named) == (price is not None)
    assert ("quantity" in named) == (quantity is not None)
    assert contract


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Lotto: BTO KO 70c 12/18 @ .2", "Lotto"),
        ("SUPER LOTTO: BTO KO 70c 12/18 @ .2", "Super Lotto"),
        ("**Alert:** KO 70c 12/18 @ .2", "Alert"),
        ("BTO KO 70c 12/18 @ .2 lotto", "Lotto"),
    ],
)
def test_a_label_is_kept(posted: Posted, text: str, label: str | None) -> None:
    """A label opens the message and ends with a colon; the word elsewhere is a remark."""
    parsed = parse(posted(text))
    assert parsed.kind is AlertKind.ENTRY
    assert parsed.label == label


@pytest.mark.parametrize(
    ("text", "kind", "contract", "price"),
    [
        ("STC KO 12/18 70c @ 2.85 good enough, half off", "exit", "KO 70C 2026-12-18", "2.85"),
        ("STC 70C 12/18 KO @$2.00", "exit", "KO 70C 2026-12-18", "2.00"),
        ("Sell to close KO 70c 12/18 at 2.00", "exit", "KO 70C 2026-12-18", "2.00"),
        ("STC all", "exit", "None NoneNone None", None),
        ("AVG KO 12/18 70c @ 1.40, added @ .98", "add", "KO 70C 2026-12-18", "0.98"),
    ],
)
def test_exits_and_additions_are_no_entries(
    *, posted: Posted, text: str, kind: str, contract: str, price: str | None
) -> None:
    """STC is an exit and AVG an addition; neither is an entry."""
    assert fields(parse(posted(text)))[:3] == (kind, contract, price)


@pytest.mark.parametrize(
    ("at", "text", "expiry"),
    [
        # 22:00 on the 23rd in New York is the 24th in UTC
        (datetime(2026, 11, 24, 3, 0, tzinfo=UTC), "0DTE", date(2026, 11, 23)),
        (datetime(2026, 11, 25, 15, 0, tzinfo=UTC), "1DTE", date(2026, 11, 27)),
        (datetime(2026, 11, 23, 15, 0, tzinfo=UTC), "1/15", date(2027, 1, 15)),
        (datetime(2019, 11, 25, 15, 0, tzinfo=UTC), "1/17", date(2020, 1, 17)),
        (datetime(2026, 1, 5, 15, 0, tzinfo=UTC), "12/18", date(2026, 12, 18)),
        (datetime(2024, 2, 1, 15, 0, tzinfo=UTC), "2/29", date(2024, 2, 29)),
        (datetime(2026, 11, 27, 15, 0, tzinfo=UTC), "1DTE", date(2026, 11, 30)),
        # nDTE counts trading days: over a weekend, and over Thanksgiving
        (datetime(2026, 11, 20, 15, 0, tzinfo=UTC), "2DTE", date(2026, 11, 24)),
        (datetime(2026, 11, 23, 15, 0, tzinfo=UTC), "5DTE", date(2026, 12, 1)),
        # 0DTE on a Saturday is that day: `check_expiry` denies it
        (datetime(2026, 11, 28, 15, 0, tzinfo=UTC), "0DTE", date(2026, 11, 28)),
        (datetime(2026, 11, 27, 15, 0, tzinfo=UTC), "this week", date(2026, 11, 27)),
        (datetime(2026, 11, 27, 15, 0, tzinfo=UTC), "+2w", date(2026, 12, 11)),
    ],
)
def test_the_messages_own_day_resolves_the_date(
    posted: Posted, at: datetime, text: str, expiry: date
) -> None:
    """Years and DTE count from the message's New York date, also for an old message."""
    assert parse(posted(f"BTO KO 70c {text} @ 1.25", at)).expiry == expiry
