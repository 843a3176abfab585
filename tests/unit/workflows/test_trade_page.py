"""A trade's page in Temporal's Web UI."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alert_trader.domain.trade.view import Offer, OfferKind
from alert_trader.workflows.trade.view import details
from tests.support import trail


@pytest.mark.parametrize(
    ("at", "shown", "until"),
    [
        (datetime(2026, 1, 5, 19, 57, 3, tzinfo=UTC), "14:57:03 ET", "14:59:03 ET"),
        (datetime(2026, 7, 6, 18, 57, 3, tzinfo=UTC), "14:57:03 ET", "14:59:03 ET"),
    ],
    ids=["winter", "summer"],
)
def test_times_are_new_york_times_with_their_zone(at: datetime, shown: str, until: str) -> None:
    """Events and the end of an offer: a trader's clock, never UTC."""
    offer = Offer(id="m1", kind=OfferKind.ENTRY, text="buy 4", quantity=4, until=at + timedelta(minutes=2))
    event = replace(trail.trail("trade-m1", 1)[0], at=at, text="Alert: BTO SPY")
    page = details(replace(trail.view("m1", [event]), offer=offer), [event])
    assert f"1. {shown} Alert: BTO SPY" in page
    assert f"until {until}: buy 4" in page
    assert "UTC" not in page
