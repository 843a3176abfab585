"""Sizing against what the broker says of the session and of the series."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from temporalio.testing import ActivityEnvironment

from alert_trader import clock
from alert_trader.activities.messages import SizeAnswer, SizeRequest
from alert_trader.activities.sizing import SizeActivity
from alert_trader.broker.port import ChainGap, MarketSession
from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, ParsedAlert
from alert_trader.domain.denial import Code
from alert_trader.domain.execution.policy import Mode, Policy, SizingPolicy
from alert_trader.domain.ids import message_id
from alert_trader.domain.market.calendar import NEW_YORK, new_york_date
from alert_trader.domain.market.contract import Right, Settlement
from alert_trader.domain.market.trading_hours import StatedSession
from alert_trader.domain.money import Price
from tests.support.paper_account import PaperAccount
from tests.support.paper_gateway import PaperGateway

WHOLE = Policy(mode=Mode.DEMO, sizing=SizingPolicy(allocation=Decimal(1)))


async def sized(gateway: PaperGateway, days: int) -> SizeAnswer:
    """Size an alert on NDX that expires in so many days."""
    message = AlertMessage(
        message_id=message_id("s1"),
        text="",
        author_id="11",
        channel_id="2",
        guild_id="3",
        posted_at=clock.now(),
    )
    parsed = ParsedAlert(
        kind=AlertKind.ENTRY,
        symbol="NDX",
        strike=Decimal(600),
        right=Right.CALL,
        expiry=new_york_date(clock.now()) + timedelta(days=days),
        price=Price(Decimal("1.19")),
    )
    activity = SizeActivity(gateway, PaperAccount()).size_entry
    answer: SizeAnswer = await ActivityEnvironment().run(
        activity, SizeRequest(alert=message, parsed=parsed, policy=WHOLE)
    )
    return answer


def moment(day: int, at: time) -> datetime:
    """Return a New York time of a day from today."""
    return datetime.combine(new_york_date(clock.now()) + timedelta(days=day), at, NEW_YORK).astimezone(UTC)


@pytest.mark.at("2035-05-08 10:00")
async def test_an_am_settled_series_is_denied_on_its_expiration_day(gateway: PaperGateway) -> None:
    """WHO-50: the chain says AM: its trading was over the day before, and the reason names that day."""
    gateway.settlement = Settlement.AM
    answer = await sized(gateway, 0)
    assert answer.denied is not None
    assert answer.denied.code is Code.CONTRACT_EXPIRED
    assert "last trading day" in answer.denied.reason
    gateway.settlement = Settlement.PM
    assert (await sized(gateway, 0)).entry is not None


@pytest.mark.at("2035-05-08 15:58:30")
@pytest.mark.parametrize("stated", [True, False])
async def test_an_entry_that_does_not_fit_into_the_session_is_denied(
    gateway: PaperGateway, *, stated: bool
) -> None:
    """ENT-70: by the broker's close, and by the calendar's where the broker states none."""
    if stated:
        gateway.hours = MarketSession(
            open_now=True, opens_at=moment(0, time(9, 30)), closes_at=moment(0, time(16))
        )
    answer = await sized(gateway, 40)
    assert answer.denied is not None
    assert answer.denied.code is Code.SESSION_ENDS_SOON


@pytest.mark.at("2035-05-12 12:00")
async def test_an_open_market_without_a_close_is_not_traded(gateway: PaperGateway) -> None:
    """ENT-70: on a Saturday the calendar has no close either: when the session ends is not known."""
    answer = await sized(gateway, 40)
    assert answer.denied is not None
    assert answer.denied.code is Code.MARKET_CLOSED


@pytest.mark.at("2035-05-08 10:00")
async def test_the_answer_has_session_and_settlement(gateway: PaperGateway) -> None:
    """What a trade goes by today is in its history.

    An early close that nobody announced, and how the series settles.
    """
    opens, closes = moment(0, time(9, 5)), moment(0, time(12))
    gateway.hours, gateway.settlement = (
        MarketSession(open_now=True, opens_at=opens, closes_at=closes),
        Settlement.PM,
    )
    answer = await sized(gateway, 40)
    assert answer.entry is not None, answer.denied
    assert answer.entry.listing.settlement is Settlement.PM
    assert answer.entry.session == StatedSession(
        asked_at=answer.entry.read_at, opens_at=opens, closes_at=closes
    )
    assert answer.entry.session_ends == closes


async def test_an_adjusted_contract_is_denied_with_a_code_of_its_own(gateway: PaperGateway) -> None:
    """WHO-50: it is listed, and not what an alert means: nothing is compared with the nearest strikes."""
    gateway.gap = ChainGap(
        reason="NDX 600C is listed as NDX1, which does not deliver 100 shares", adjusted=True
    )
    answer = await sized(gateway, 7)
    assert answer.denied is not None
    assert answer.denied.code is Code.CONTRACT_ADJUSTED
    assert "NDX1" in answer.denied.reason
