"""The check of the expiration after the reading, and the explanation of a reading."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, Nature
from alert_trader.domain.alerts.parser import check_expiry, explain_reading, parse
from alert_trader.domain.denial import Code
from alert_trader.domain.market.trading_hours import Closures, TradingHours

Posted = Callable[..., AlertMessage]

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 28, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "expiry", "code"),
    [
        (MONDAY, "12/18", None),
        (MONDAY, "0DTE", None),
        (MONDAY, "12/19", Code.EXPIRY_NOT_TRADING_DAY),
        (MONDAY, "11/26", Code.EXPIRY_NOT_TRADING_DAY),
        (SATURDAY, "0DTE", Code.EXPIRY_NOT_TRADING_DAY),
    ],
)
def test_an_expiration_that_is_no_trading_day_is_denied(
    *, posted: Posted, at: datetime, expiry: str, code: Code | None
) -> None:
    """WHO-40: a weekend or holiday is read as written, and never traded."""
    parsed = parse(posted(f"BTO KO 70c {expiry} @ 1.25", at))
    assert parsed.kind is AlertKind.ENTRY
    denied = check_expiry(parsed, at)
    assert (None if denied is None else denied.code) == code


def test_a_past_expiration_is_denied(posted: Posted) -> None:
    """An alert of an earlier day has an expiration in the past."""
    parsed = parse(posted("BTO KO 70c 0DTE @ 1.25", MONDAY))
    denied = check_expiry(parsed, SATURDAY)
    assert denied is not None
    assert denied.code is Code.EXPIRY_PAST
    assert denied.facts == {"expiry": "2026-11-23", "posted": "2026-11-28"}


@pytest.mark.parametrize(("symbol", "code"), [("VIX", Code.CONTRACT_EXPIRED), ("KO", None), ("SPX", None)])
def test_an_am_settled_series_stops_trading_the_day_before(
    posted: Posted, symbol: str, code: Code | None
) -> None:
    """WHO-40: 0DTE of VIX is denied; for SPX the chain decides between AM and PM settlement."""
    at = datetime(2026, 12, 16, 15, 0, tzinfo=UTC)
    parsed = parse(posted(f"BTO {symbol} 70c 0DTE @ 1.25", at))
    assert parsed.kind is AlertKind.ENTRY
    denied = check_expiry(parsed, at)
    assert (None if denied is None else denied.code) == code


def test_an_announced_closure_is_not_an_expiration(posted: Posted) -> None:
    """WHO-40: an expiration on a day that was announced as closed is denied."""
    parsed = parse(posted("BTO KO 70c 11/25 @ 1.25", MONDAY))
    denied = check_expiry(parsed, MONDAY, TradingHours(closures=Closures(days=(date(2026, 11, 25),))))
    assert denied is not None
    assert denied.code is Code.EXPIRY_NOT_TRADING_DAY


def test_a_reading_without_an_expiration_passes(posted: Posted) -> None:
    """Chatter has no expiration to check."""
    assert check_expiry(parse(posted("good morning")), MONDAY) is None


def test_an_entry_is_explained_by_its_rules_and_checks(posted: Posted) -> None:
    """Each token has its shape and its field, and every check has passed."""
    message = posted("BTO KO 70c 12/18 @ 1.25 SL .80")
    explanation = explain_reading(message)
    rules = {rule.field: (rule.shape, rule.text) for rule in explanation.rules if rule.field}
    assert rules["strike and right"] == ("STRIKE", "70c")
    assert rules["expiry"] == ("DATE", "12/18")
    assert rules["price"] == ("NUMBER", "1.25")
    assert all(message.shown[rule.start : rule.end] == rule.text for rule in explanation.rules)
    assert len(explanation.checks) > 5
    assert all(check.passed for check in explanation.checks)


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        ("BTO KO 70c 12/18 @ 1.25 if it holds", "no word contradicts it"),
        ("BTO KO 70c 12/18 @ 1.25 STC DIS 112c", "one action, in front"),
        ("BTO KO 70/72c 12/18 @ 1.25", "one contract"),
        ("BTO KO 70c @ 1.25", "the contract is complete"),
        ("BTO KO 70c 11/20/2026 @ 1.25", "one valid expiration"),
        ("BTO KO 70c 12/18 @ 1.25 7", "every number is explained"),
        ("trim 150%", "certain"),
        ("nice day", "looks like an alert"),
    ],
)
def test_a_refusal_names_the_check_that_failed(posted: Posted, text: str, failed: str) -> None:
    """The checks run in their order; the failed one is the last, with the reason of the refusal."""
    parsed, explanation = parse(posted(text)), explain_reading(posted(text))
    assert [check.name for check in explanation.checks if not check.passed] == [failed]
    assert explanation.checks[-1].name == failed
    assert parsed.reason is None or parsed.reason in explanation.checks[-1].says


@pytest.mark.parametrize("nature", [Nature.FORWARD, Nature.EDIT, Nature.QUOTE, Nature.REPLY])
def test_a_certain_entry_of_second_hand_names_why_it_is_refused(posted: Posted, nature: Nature) -> None:
    """WHO-20: every check of the reading passes, and the last one says that it is no first message."""
    explanation = explain_reading(replace(posted("BTO KO 70c 12/18 @ 1.25"), nature=nature))
    assert [check.name for check in explanation.checks if not check.passed] == ["a first message"]
    assert "PARSE_NOT_FIRST_HAND" in explanation.checks[-1].says


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("KO 70c 12/18 2.50 what a day", "BTO KO 70C 12/18/2026 @ 2.50"),
        ("watching KO 70c 12/18 @ 1.25", "BTO KO 70C 12/18/2026 @ 1.25"),
        ("BTO KO 70c @ 1.25", "BTO KO 70C MM/DD @ 1.25"),
        ("KO 70c 12/18 trim if it hits 2", "STC KO 70C 12/18/2026"),
        ("BTO 70c 12/18 @ 1.25", "BTO TICKER 70C 12/18/2026 @ 1.25"),
        ("Buy ko 70s 12/18 @ 1.25", "BTO KO STRIKE 12/18/2026 @ 1.25"),
        ("BTO KO 70c 12/18 @ 1,25", "BTO KO 70C 12/18/2026 @ PRICE"),
        ("nice day", ""),
    ],
)
def test_a_refusal_shows_the_nearest_text_that_would_be_read(posted: Posted, text: str, nearest: str) -> None:
    """WHO-40: what was considered is listed with why not, and how it could have been written."""
    explanation = explain_reading(posted(text))
    assert explanation.nearest == nearest
    assert all(each.why_not for each in explanation.considered)
    parsed = parse(posted(text))
    assert (parsed.nearest or "") == (nearest if parsed.kind is AlertKind.REFUSED else "")
    assert parsed.considered == (explanation.considered if parsed.kind is AlertKind.REFUSED else ())
    if nearest and not any(word in nearest for word in ("MM/DD", "TICKER", "STRIKE", "PRICE")):
        assert parse(posted(nearest)).kind in {AlertKind.ENTRY, AlertKind.EXIT}
