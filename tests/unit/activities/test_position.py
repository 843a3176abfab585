"""What an account holds of a contract, and what already works to close it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from temporalio.testing import ActivityEnvironment

from alert_trader import clock
from alert_trader.activities.messages import FindRequest, PositionAnswer, PositionRequest
from alert_trader.activities.order_reads import OrderLookups
from alert_trader.domain.ids import Leg, OrderId, message_id
from alert_trader.domain.market.calendar import new_york_date
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.orders.ledger import OrderLedger
from alert_trader.domain.orders.matching import match_order
from alert_trader.domain.orders.order import OrderReport, OrderStatus, Position
from tests.support.paper_exchange import intent
from tests.support.paper_gateway import PaperGateway, reported

BERKSHIRE = OptionContract(root="BRK/B", expiry=date(2027, 1, 15), right=Right.CALL, strike=Decimal(450))
"""As the broker's chain lists it; elsewhere the same class is written BRK.B."""
WRITTEN_OTHERWISE = BERKSHIRE.occ_symbol.replace("/", ".")


class Dated(PaperGateway):
    """A gateway that lists the known orders received on or after a day."""

    async def orders_since(self, day: date, about: OptionContract | None = None) -> list[OrderReport]:
        """Find those received since then."""
        known = await super().orders_since(day, about)
        return [each for each in known if each.received_at and new_york_date(each.received_at) >= day]


@pytest.mark.parametrize(("sent_days_ago", "lists"), [(0, 1), (12, 2)])
async def test_a_lost_order_is_looked_for_since_its_own_day_first(
    environment: ActivityEnvironment, sent_days_ago: int, lists: int
) -> None:
    """UNK-40: an exit of an old trade is found in a short list; one sent before a reset in the long one."""
    now = clock.now()
    ended = reported(intent(Leg.ENTRY, 1, 4), status=OrderStatus.CANCELLED)
    sent = replace(ended, received_at=now - timedelta(days=sent_days_ago))
    gateway = Dated()
    gateway.known = [sent]
    request = FindRequest(
        intent=intent(Leg.ENTRY, 1, 4),
        search_from=new_york_date(now) - timedelta(days=30),
        intended_at=now,
        lost_at=now,
        known_ids=(),
    )
    found = await environment.run(OrderLookups(gateway).find_order, request)
    assert (found.report, found.by_attributes) == (sent, False)
    assert len(gateway.looks) == lists
    assert gateway.looks[0] == new_york_date(now) - timedelta(days=1)
    assert gateway.looks[lists:] == []


class OldOrders(PaperGateway):
    """A gateway whose orders were all received weeks ago."""

    async def orders_since(self, day: date, about: OptionContract | None = None) -> list[OrderReport]:
        """Find nothing that is recent."""
        del day, about
        return []


async def test_both_spellings_of_a_share_class_are_one_contract(
    environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """WHO-50, FIL-30: BRK/B and BRK.B are one.

    A position under the other name is not gone, and its fills are ours.
    """
    gateway.held = [Position(symbol=WRITTEN_OTHERWISE, quantity=4)]
    request = PositionRequest(contract=BERKSHIRE, search_from=date(2026, 11, 20))
    assert await environment.run(OrderLookups(gateway).read_position, request) == PositionAnswer(
        held=4, closing=0
    )

    meant = replace(intent(Leg.ENTRY, 1, 4), contract=BERKSHIRE)
    shown = replace(reported(meant), symbol=WRITTEN_OTHERWISE)
    ledger = OrderLedger(message_id("m1"), BERKSHIRE.occ_symbol)
    ledger.intend(meant)
    update = ledger.apply(shown)
    assert update is not None
    assert not update.wrong_contract

    now = clock.now()
    nameless = replace(shown, client_order_id=None, source="", received_at=now)
    assert (
        match_order([nameless], meant, intended_at=now - timedelta(seconds=1), lost_at=now).report == nameless
    )


async def test_a_working_exit_of_weeks_ago_counts_as_closing(environment: ActivityEnvironment) -> None:
    """EXT-10: the good-till-cancelled exit of another trade holds its contracts, whenever it was received."""
    gateway, exit_order = OldOrders(), reported(intent(Leg.EXIT, 1, 3, "2.40"))
    gateway.known = [exit_order, replace(exit_order, order_id=OrderId("77"))]
    gateway.held = [Position(symbol=exit_order.symbol, quantity=8)]
    request = PositionRequest(
        contract=intent(Leg.EXIT, 1, 3, "2.40").contract, search_from=date(2026, 11, 20)
    )
    assert await environment.run(OrderLookups(gateway).read_position, request) == PositionAnswer(
        held=8, closing=6
    )
