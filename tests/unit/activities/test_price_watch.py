"""The watch of a price: it continues from the last heartbeat, and ends with the session or its worker."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from alert_trader import clock
from alert_trader.activities.price_messages import PriceWatchAnswer, PriceWatchRequest
from alert_trader.activities.price_watch import PriceWatch
from alert_trader.domain.exits.plan import ExitPlan, Trail
from alert_trader.domain.exits.precedence import ExitRule
from alert_trader.domain.exits.stop_levels import StopFacts, StopLevel
from alert_trader.domain.exits.watch import SessionHours, WatchState
from alert_trader.domain.market.contract import OptionContract
from alert_trader.domain.market.quotes import PENNY, Quote
from alert_trader.domain.money import Price
from tests.support.harness import CONTRACT
from tests.support.paper_gateway import PaperGateway
from tests.support.waiting import eventually

FAST = timedelta(milliseconds=5)
OPEN = timedelta(hours=1)


class Quoted(PaperGateway):
    """A broker that quotes one bid, and counts how often it was read."""

    def __init__(self, bid: str) -> None:
        """Quote this bid, and an ask of 4 cents more."""
        super().__init__()
        self.bid = Price(Decimal(bid))
        self.reads = 0

    async def quote(self, contract: OptionContract) -> Quote | None:
        """Return the quote."""
        del contract
        self.reads += 1
        ask = Price(self.bid + Decimal("0.04"))
        return Quote(bid=self.bid, ask=ask, at=clock.now(), bid_size=10, ask_size=10)


def known(highest: str, level: str) -> WatchState:
    """Return what is known after a highest bid, with the trail at this level."""
    facts = StopFacts(average_entry=Decimal("1.00"), highest_bid=Price(Decimal(highest)))
    return WatchState(facts=facts, level=StopLevel(price=Price(Decimal(level)), rule=ExitRule.TRAIL))


def request(state: WatchState, closes_in: timedelta = OPEN) -> PriceWatchRequest:
    """Watch the contract by a trail of 20 %, in a session that closes in so long."""
    now = clock.now()
    return PriceWatchRequest(
        contract=CONTRACT,
        ticks=PENNY,
        plan=ExitPlan(trail=Trail(share=Decimal("0.2"))),
        state=state,
        session=SessionHours(opens_at=now - OPEN, closes_at=now + closes_in),
    )


async def run(environment: ActivityEnvironment, broker: Quoted, asked: PriceWatchRequest) -> PriceWatchAnswer:
    """Run the activity until it answers."""
    answer: PriceWatchAnswer = await environment.run(PriceWatch(broker, every=FAST).watch_price, asked)
    return answer


async def test_a_later_attempt_continues_from_the_last_heartbeat(environment: ActivityEnvironment) -> None:
    """STP-10, STP-30: another worker had seen 2.00. The bid is under that trail, and above the older one."""
    environment.info = replace(environment.info, heartbeat_details=[known("2.00", "1.60")])
    answer = await run(environment, Quoted("1.50"), request(known("1.20", "0.96")))
    assert answer.crossed is not None
    assert (answer.crossed.level.price, answer.crossed.bid) == (Decimal("1.60"), Decimal("1.50"))


async def test_a_level_that_rose_is_answered_at_once(environment: ActivityEnvironment) -> None:
    """STP-30: with the highest bid, and no crossing."""
    answer = await run(environment, Quoted("1.80"), request(known("1.20", "0.96")))
    assert answer.raised is not None
    assert (answer.raised.level.price, answer.crossed) == (Decimal("1.44"), None)


async def test_it_ends_with_the_session(environment: ActivityEnvironment) -> None:
    """STP-40: after the close nothing follows from a quote."""
    broker = Quoted("0.10")
    answer = await run(environment, broker, request(known("1.20", "0.96"), timedelta(0)))
    assert (answer.crossed, answer.raised, answer.no_price) == (None, None, None)


async def test_it_leaves_with_its_worker(environment: ActivityEnvironment) -> None:
    """STP-10: the attempt ends so that another worker watches at once."""
    broker = Quoted("1.20")
    watching = asyncio.create_task(run(environment, broker, request(known("1.20", "0.96"))))
    await eventually(lambda: broker.reads > 1, "two reads")
    environment.worker_shutdown()
    with pytest.raises(ApplicationError, match="another worker watches the price"):
        await watching
