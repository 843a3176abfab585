"""2. How a message is read, and why it is denied.

The parser is a pure function of the message. It returns an entry only when every part is certain; otherwise
it denies with a code, and never guesses. A message without the shape of an alert is chatter and starts
nothing.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.denial import MEANINGS, Code
from alert_trader.domain.ids import message_id
from alert_trader.domain.trade.lifecycle import Outcome
from tests.support.harness import Harness

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def posted(text: str) -> AlertMessage:
    """Return a message with this text, posted on Monday, 2026-11-23."""
    return AlertMessage(
        message_id=message_id("m1"),
        text=text,
        author_id="11",
        channel_id="22",
        guild_id="33",
        posted_at=MONDAY,
    )


def test_an_entry_has_a_contract_and_a_price() -> None:
    """Parse a plain alert: underlying, strike, right, expiration, price."""
    alert = parse(posted("BTO SPY 602c 12/18 @ 2.00"))
    assert alert.kind is AlertKind.ENTRY
    assert (alert.symbol, alert.strike, str(alert.right)) == ("SPY", Decimal(602), "C")
    assert (alert.expiry, alert.price) == (date(2026, 12, 18), Decimal("2.00"))

    # The order of the parts does not matter, and dates may be relative: 1DTE is the next trading day.
    assert parse(posted("BTO SPY 1DTE 602c @ 2")).expiry == date(2026, 11, 24)

    # Each field has its span: the characters that it was read from.
    assert all(span.end > span.start for span in alert.spans)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("BTO SPY 602 12/18 @ 2.00", Code.PARSE_NO_RIGHT),  # call or put?
        ("BTO SPY 602c @ 2.00", Code.PARSE_NO_EXPIRY),  # which expiration?
        ("BTO SPY 602c 12/18 or 605c 12/18 @ 2.00", Code.PARSE_TWO_CONTRACTS),  # which of the two?
    ],
)
def test_what_is_not_certain_is_refused(text: str, code: Code) -> None:
    """Deny an incomplete or ambiguous alert with its code; each code has a meaning and says what to do."""
    alert = parse(posted(text))
    assert (alert.kind, alert.code) == (AlertKind.REFUSED, code)
    assert MEANINGS[code].to_do


def test_chatter_starts_nothing() -> None:
    """Ignore a message that is no alert."""
    assert parse(posted("good morning, SPY looks strong today")).kind is AlertKind.CHATTER


async def test_a_refused_alert_is_recorded(harness: Harness) -> None:
    """Post such an alert: the trade ends as denied, the code is in its reason, and no order was sent."""
    trade = await harness.alert(f"BTO SPY {harness.expiry:%m/%d/%Y} 450 @ 1.20")
    view = await trade.result()
    assert view.outcome is Outcome.DENIED
    assert (view.reason or "").startswith("PARSE_NO_RIGHT")
    assert harness.posts() == []
