"""The stop of a trade: set with the first fill, raised to break-even or by a trail, and watched (STP-10).

An activity reads the quotes in the session (`activities/price_watch.py`) and answers with a crossing, a level
that rose, or that there is no price. The quotes themselves are not in the history. A crossing sells
everything by the protective ladder.
"""

import asyncio
from dataclasses import replace
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import READ_SESSION, SessionAnswer, SizedEntry
    from alert_trader.activities.price_messages import WATCH_PRICE, PriceWatchAnswer, PriceWatchRequest
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.execution.exits import exit_target
    from alert_trader.domain.execution.policy import ExitPolicy
    from alert_trader.domain.exits.cover import stop_applies
    from alert_trader.domain.exits.precedence import ExitRule
    from alert_trader.domain.exits.stop_levels import StopFacts, StopLevel, stop_level
    from alert_trader.domain.exits.watch import Crossed, NoPrice, SessionHours, WatchState
    from alert_trader.domain.ids import Leg
    from alert_trader.domain.market.calendar import eastern, new_york_date
    from alert_trader.domain.money import plain
    from alert_trader.domain.orders.order import average_price
    from alert_trader.workflows import activity_options, timing
    from alert_trader.workflows.activity_options import run_activity
    from alert_trader.workflows.trade.journal import Journal
    from alert_trader.workflows.trade.order_manager import OrderManager
    from alert_trader.workflows.trade.timed_sale import SellEverything
    from alert_trader.workflows.trade_state import ExitState
    from alert_trader.workflows.waiting import wait


class PriceWatch:
    """Keeps the stop of what is held, and has its price watched in the session."""

    def __init__(
        self,
        state: ExitState,
        sized: SizedEntry,
        orders: OrderManager,
        journal: Journal,
        sell_everything: SellEverything,
    ) -> None:
        """Follow the plan of `state`, which may change. Of `state` it writes the watch alone."""
        self._state = state
        self._ticks = sized.listing.ticks
        self._orders = orders
        self._journal = journal
        self._sell_everything = sell_everything

    async def run(self) -> None:
        """Watch until everything is being sold, or the trade is over."""
        while not self._state.stopped:
            known = self._follows_from
            if not self._applies or workflow.now() >= self._orders.last_trade.latest:
                await self._until_changed(known)
                continue
            self._update(known)
            session = self._session() or await self._session_of_broker()
            if isinstance(session, SessionHours):
                await self._watch(session, known)
            else:
                await wait(
                    lambda: self._state.stopped or self._follows_from != known,  # noqa: B023 - awaited here
                    session,
                    "for the session, to watch the price",
                )

    async def _until_changed(self, known: "tuple[ExitPolicy, StopFacts | None]") -> None:
        await wait(lambda: self._state.stopped or self._follows_from != known, None, "")

    @property
    def _applies(self) -> bool:
        """Whether a stop is to be watched for what is held."""
        plan, ledger = self._state.policy.plan, self._orders.ledger
        return plan.has_stop and ledger.position > 0 and stop_applies(plan, ledger.bought)

    @property
    def _follows_from(self) -> "tuple[ExitPolicy, StopFacts | None]":
        """What the level follows from that may change: the plan, and the fills of entry and target."""
        policy = self._state.policy
        return policy, self._facts() if policy.plan.has_stop else None

    def _facts(self) -> StopFacts | None:
        """Return what the level follows from; None while nothing is held."""
        ledger, policy = self._orders.ledger, self._state.policy
        if ledger.position <= 0:
            return None
        wanted = exit_target(ledger.bought, policy)
        sold = sum(order.filled for order in ledger.leg(Leg.EXIT) if not order.protective)
        return StopFacts(
            average_entry=average_price(ledger.entry_fills),
            targets_filled=1 if 0 < wanted <= sold else 0,
        )

    def _update(self, known: "tuple[ExitPolicy, StopFacts | None]") -> None:
        """Work out the level from the fills and the plan as they are now, and record one that is new."""
        policy, facts = known
        assert facts is not None
        before = self._state.watch
        if before is not None:
            facts = replace(facts, highest_bid=before.facts.highest_bid)
        level_before = None if before is None else before.level
        level = stop_level(policy.plan, facts, before=level_before, ticks=self._ticks)
        self._state.watch = (
            WatchState(facts=facts, level=level)
            if before is None
            else replace(before, facts=facts, level=level)
        )
        if level is not None and level != level_before:
            self._record_level(level, level_before)

    def _record_level(self, level: StopLevel, before: StopLevel | None) -> None:
        how = "Stop set to" if before is None else f"Stop raised from {plain(before.price)} to"
        by = "by the trail" if level.rule is ExitRule.TRAIL else f"for {self._orders.ledger.position} held"
        text = f"{how} {plain(level.price)} {by}: a bid at or under it sells everything"
        self._record(EventKind.STOP_MOVED, text, stop=level.price, rule=level.rule)

    def _session(self) -> SessionHours | None:
        """Return the contract's session that is open now; None outside it."""
        now, orders = workflow.now(), self._orders
        opens = orders.hours.opens_at(new_york_date(now))
        if opens is None or not orders.hours.trades_at(orders.contract, now):
            return None
        return SessionHours(opens_at=opens, closes_at=orders.hours.next_close(orders.contract, now))

    async def _session_of_broker(self) -> SessionHours | datetime:
        """Ask the broker, where the calendar says that the market is closed: it may be open all the same.

        Return the session, or when to ask again.
        """
        opens = self._orders.hours.next_open(workflow.now())
        try:
            session = await run_activity(
                READ_SESSION,
                answer=SessionAnswer,
                options=activity_options.READ,
                summary="read whether the market is open",
            )
        except ActivityError:
            return min(opens, workflow.now() + timing.PAUSE_WHILE_CLOSED)
        now = workflow.now()
        if session.open_now:
            return SessionHours(opens_at=now, closes_at=now + timing.PAUSE_WHILE_CLOSED)
        return opens if session.opens_at is None or session.opens_at <= now else session.opens_at

    async def _watch(self, session: SessionHours, known: "tuple[ExitPolicy, StopFacts | None]") -> None:
        """Have the price watched until something follows from it, or the plan or the fills have changed."""
        watching = asyncio.create_task(self._ask(session))
        await workflow.wait_condition(
            lambda: watching.done() or self._state.stopped or self._follows_from != known
        )
        if not watching.done():
            watching.cancel()
            await workflow.wait_condition(watching.done)
        answer = None if watching.cancelled() else watching.result()
        if answer is None or self._state.stopped or self._state.policy != known[0]:
            return  # what was seen under another plan is seen again under this one
        before = None if self._state.watch is None else self._state.watch.level
        # fills that came meanwhile are taken in at the next turn
        self._state.watch = answer.state
        if answer.raised is not None:
            self._record_level(answer.raised.level, before)
        if answer.no_price is not None:
            self._page_without_price(answer.no_price)
        if answer.crossed is not None:
            self._sell(answer.crossed)

    async def _ask(self, session: SessionHours) -> PriceWatchAnswer | None:
        """Run the activity once; None when it was cancelled, or ended without an answer."""
        state = self._state.watch
        assert state is not None
        request = PriceWatchRequest(
            contract=self._orders.contract,
            ticks=self._ticks,
            plan=self._state.policy.plan,
            state=state,
            session=session,
        )
        level = "no stop yet" if state.level is None else f"stop {plain(state.level.price)}"
        try:
            return await run_activity(
                WATCH_PRICE,
                request,
                answer=PriceWatchAnswer,
                options=activity_options.WATCH_PRICE,
                summary=f"watch the bid of {self._orders.contract}: {level}",
            )
        except ActivityError:
            return None

    def _sell(self, crossed: Crossed) -> None:
        level = crossed.level
        name = "Trailing stop" if level.rule is ExitRule.TRAIL else "Stop"
        hit = f"{name} of {plain(level.price)} hit: bid {plain(crossed.bid)}"
        text = f"{hit}. Selling everything from the bid down"
        facts: dict[str, object] = {
            "stop": level.price,
            "bid": crossed.bid,
            "seen_at": crossed.seen_at.isoformat(timespec="milliseconds"),
        }
        self._sell_everything(level.rule, text, facts)

    def _page_without_price(self, missing: NoPrice) -> None:
        level = None if self._state.watch is None else self._state.watch.level
        stop = "The stop" if level is None else f"The stop of {plain(level.price)}"
        text = (
            f"No usable price of {self._orders.contract} since {eastern(missing.since)} "
            f"(quote {missing.fault}). {stop} cannot be checked. Check the position at the broker"
        )
        self._record(EventKind.WARNING, text, fault=missing.fault, since=missing.since.isoformat())

    def _record(self, kind: EventKind, text: str, /, **facts: object) -> None:
        self._journal.record(workflow.now(), kind, text, **facts)
