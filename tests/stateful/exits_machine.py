"""A trade's exits against a small exchange: fills, quotes, changes of the plan, lost answers, late reports.

It decides from what it knows, by `next_actions` and `Watch`, as a workflow would; every check compares that
with what is true at the exchange. The modules are attributes, so that a broken one can be put in their place.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alert_trader.domain.exits import cover, watch
from alert_trader.domain.exits.changes import PlanChange, changed_level, changed_plan
from alert_trader.domain.exits.cover import Cancel, CoverFacts, GroupKind, Place, Sale
from alert_trader.domain.exits.plan import BreakEven, ExitPlan, Single, StopLoss, Target, Trail
from alert_trader.domain.exits.precedence import ExitRule
from alert_trader.domain.exits.stop_levels import StopFacts
from alert_trader.domain.exits.watch import Crossed, SessionHours, WatchState
from alert_trader.domain.market.quotes import PENNY, Quote
from alert_trader.domain.money import Price
from tests.stateful.paper_pairs import PaperPairs, PartialFill, Sent

OPENS = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
SESSION = SessionHours(opens_at=OPENS, closes_at=OPENS + timedelta(hours=6.5))
ENTRY = Decimal(2)

CHOICE = st.integers(0, 1_000)
FATES = st.sampled_from([*["answered"] * 5, "lost", "never arrived", "rejected"])
ENDS = st.sampled_from(["done", "done", "lost", "ignored"])
TARGETS = st.sampled_from(
    [
        (),
        (Target(share=Decimal("0.5"), gain=Decimal(1)),),
        (Target(share=Decimal(1), gain=Decimal("0.5")),),
        (
            Target(share=Decimal("0.5"), gain=Decimal("0.5")),
            Target(share=Decimal("0.25"), gain=Decimal(1)),
        ),
        (
            Target(share=Decimal("0.3"), gain=Decimal("0.25")),
            Target(share=Decimal("0.3"), gain=Decimal("0.5")),
            Target(share=Decimal("0.4"), gain=Decimal(2)),
        ),
    ]
)
STOPS = st.sampled_from([StopLoss(loss=Decimal("0.3")), StopLoss(price=Price(Decimal("0.90"))), None])
BREAK_EVENS = st.sampled_from([None, BreakEven(after_targets=1), BreakEven(gain=Decimal("0.4"))])
TRAILS = st.sampled_from([None, Trail(share=Decimal("0.2")), Trail(amount=Decimal("0.50"))])
SINGLES = st.sampled_from([None, Single.FIRST_TARGET, Single.STOP, Single.NOTHING])
BIDS = st.sampled_from(["NaN", "0", "0.85", "1.30", "1.41", "1.90", "2.50", "2.85", "3.50", "4.20"])


class ExitsMachine(RuleBasedStateMachine):
    """One trade, driven through everything that can happen to its exits."""

    cover_module: Any = cover
    watch_module: Any = watch

    def __init__(self) -> None:
        """Begin with nothing bought."""
        super().__init__()
        self.now = OPENS + timedelta(hours=1)
        self.known_bought = 0
        self.sales: tuple[Sale, ...] = ()

    @initialize(
        aims=TARGETS,
        stop=STOPS,
        break_even=BREAK_EVENS,
        trail=TRAILS,
        single=SINGLES,
        partial=st.sampled_from(PartialFill),
        pair_size=st.sampled_from([1, 1, None]),
        overfill=st.sampled_from([False, False, True]),
        resting=st.sampled_from([True, True, False]),
    )
    def begin(  # noqa: PLR0913 - each is drawn
        self,
        *,
        aims: tuple[Target, ...],
        stop: StopLoss | None,
        break_even: BreakEven | None,
        trail: Trail | None,
        single: Single | None,
        partial: PartialFill,
        pair_size: int | None,
        overfill: bool,
        resting: bool,
    ) -> None:
        """Fix the plan, the variant of the venue, and whether stops rest there."""
        if break_even is not None and not aims:
            break_even = BreakEven(gain=Decimal("0.4"))
        has_stop = stop is not None or break_even is not None or trail is not None
        if (single is Single.FIRST_TARGET and not aims) or (single is Single.STOP and not has_stop):
            single = None
        self.plan = ExitPlan(targets=aims, stop=stop, break_even=break_even, trail=trail, single=single)
        self.exchange = PaperPairs(partial=partial, overfill=overfill)
        self.pair_size, self.resting = pair_size, resting
        self.watched = WatchState(facts=StopFacts(average_entry=ENTRY), level=None)
        self.sold_before = [0] * len(aims)
        self.counted: dict[str, int] = {}

    # What the trader knows and does

    def _facts(self) -> CoverFacts:
        groups = tuple(sent.as_known() for sent in self.exchange.sent)
        at_targets = list(self.sold_before)
        for sent in self.exchange.sent:
            number = sent.what.target
            if number is not None and number < len(at_targets):
                at_targets[number] += sent.known_limit.filled - self.counted.get(sent.name, 0)
        return CoverFacts(
            bought=self.known_bought,
            held=self.known_bought - sum(group.filled for group in groups),
            sold_at_targets=tuple(at_targets),
            stop=None if self.watched.level is None else self.watched.level.price,
            resting=self.resting,
            sales=self.sales,
            groups=groups,
        )

    def _due(self) -> tuple[Place | Cancel, ...]:
        due: tuple[Place | Cancel, ...] = self.cover_module.next_actions(
            self.plan, self._facts(), pair_size=self.pair_size
        )
        return due

    @rule(fate=FATES, end=ENDS, count=st.integers(1, 4))
    def act(self, fate: str, end: str, count: int) -> None:
        """Do the first actions that are due; what was sent may be lost, rejected, or never arrive."""
        for action in self._due()[:count]:
            if isinstance(action, Cancel):
                self._cancel(action, end)
            else:
                self._place(action, fate)

    def _place(self, what: Place, fate: str) -> None:
        free = self.exchange.held - self.exchange.can_sell
        allowed = free + self.exchange.excess if self._venue_may_oversell else free
        assert 0 < what.quantity <= allowed, f"expected at most {allowed} contracts to be sent, found {what}"
        assert self.pair_size is None or what.kind is not GroupKind.PAIR or what.quantity <= self.pair_size
        if fate == "rejected":
            return
        sent = self.exchange.send(what, arrives=fate != "never arrived")
        if fate == "answered":
            sent.report()

    def _cancel(self, action: Cancel, end: str) -> None:
        sent = next(each for each in self.exchange.sent if each.name == action.name)
        sent.cancelling = end != "ignored"
        if end in {"done", "lost"}:
            self.exchange.end(sent)
        if end == "done":
            sent.report()

    @property
    def _venue_may_oversell(self) -> bool:
        """Whether the venue itself may sell more of a pair than its quantity."""
        untouched = self.exchange.partial is PartialFill.UNTOUCHED and self.pair_size is None
        return self.exchange.overfill or untouched

    @rule(rule=st.sampled_from([ExitRule.PERSON, ExitRule.TIME, ExitRule.AUTHOR]), keep=st.integers(0, 5))
    @precondition(lambda self: len(self.sales) < 3)
    def request_sale(self, rule: ExitRule, keep: int) -> None:
        """Sell down to so many contracts."""
        self.sales = (*self.sales, Sale(rule=rule, keep=keep))

    @rule()
    @precondition(lambda self: self.sales and not self._crossed)
    def end_sales(self) -> None:
        """End what was requested, at the end of its day."""
        self.sales = ()

    @rule(aims=st.one_of(st.none(), TARGETS), stop=STOPS, trail=TRAILS)
    def change_plan(
        self, *, aims: tuple[Target, ...] | None, stop: StopLoss | None, trail: Trail | None
    ) -> None:
        """Let a person change the plan; a change that cannot be leaves it as it was."""
        before, facts = self.plan, self._facts()
        try:
            change = PlanChange(by="ann", at=self.now, targets=aims, stop=stop, trail=trail)
            self.plan = changed_plan(self.plan, change, average_entry=ENTRY)
        except ValueError:
            assert self.plan == before
            return
        known = self.watched
        level = changed_level(self.plan, change, known.facts, before=known.level, ticks=PENNY)
        self.watched = WatchState(facts=known.facts, level=level, crossed=known.crossed)
        if aims is not None:
            self.counted = {sent.name: sent.known_limit.filled for sent in self.exchange.sent}
            sold = sum(facts.sold_at_targets)
            spread = cover.spread_over_targets(self.plan, bought=facts.bought, sold=sold)
            self.sold_before = list(spread)

    # What happens at the exchange

    @rule(quantity=st.integers(1, 3), known=st.booleans())
    @precondition(lambda self: self.exchange.bought < 9)
    def buy(self, quantity: int, *, known: bool) -> None:
        """Fill a part of the entry, and report it at once or later."""
        self.exchange.bought += quantity
        if known:
            self.known_bought = self.exchange.bought

    @rule()
    def report_entry(self) -> None:
        """Report everything that was bought."""
        self.known_bought = self.exchange.bought

    @rule(number=CHOICE, stop_side=st.booleans(), most=st.integers(1, 3), reported=st.booleans())
    @precondition(lambda self: any(sent.can_sell for sent in self.exchange.sent))
    def fill(self, number: int, *, stop_side: bool, most: int, reported: bool) -> None:
        """Fill a part of one side of something that works."""
        working = [sent for sent in self.exchange.sent if sent.can_sell]
        sent = working[number % len(working)]
        if sent.limit.open == 0 or sent.stop.open == 0:
            stop_side = sent.limit.open == 0
        self.exchange.fill(sent, stop_side=stop_side, most=most)
        if reported:
            sent.report()

    @rule(number=CHOICE, reported=st.booleans())
    @precondition(lambda self: any(sent.can_sell for sent in self.exchange.sent))
    def end_by_venue(self, number: int, *, reported: bool) -> None:
        """End something that works: expired, rejected by the exchange, or cancelled by a person there."""
        working = [sent for sent in self.exchange.sent if sent.can_sell]
        sent = working[number % len(working)]
        self.exchange.end(sent)
        if reported:
            sent.report()

    @rule(number=CHOICE, which=CHOICE)
    @precondition(lambda self: any(sent.reports for sent in self.exchange.sent))
    def deliver(self, number: int, which: int) -> None:
        """Deliver one report, in any order."""
        waiting = [sent for sent in self.exchange.sent if sent.reports]
        waiting[number % len(waiting)].deliver(which)

    @rule(number=CHOICE)
    @precondition(lambda self: bool(self.exchange.sent))
    def look_up(self, number: int) -> None:
        """Read one order, or find that it is not there."""
        self._read(self.exchange.sent[number % len(self.exchange.sent)])

    def _read(self, sent: Sent) -> None:
        if sent.at_once:
            self.exchange.end(sent)
        sent.report()
        while sent.reports:
            sent.deliver(0)

    @rule(bid=BIDS, pause=st.integers(100, 3_000), wide=st.booleans(), age=st.integers(0, 8_000))
    def quote(self, bid: str, pause: int, age: int, *, wide: bool) -> None:
        """Let a quote arrive. A crossing sells everything."""
        self.now += timedelta(milliseconds=pause)
        low = Decimal(bid)
        seen = Quote(
            bid=Price(low),
            ask=Price(low + (Decimal(4) if wide else Decimal("0.02"))),
            at=self.now - timedelta(milliseconds=max(age - 4_000, 0)),
            bid_size=1,
            ask_size=1,
        )
        filled = cover.targets_filled(self.plan, self._facts())
        facts = StopFacts(
            average_entry=ENTRY,
            targets_filled=filled,
            highest_bid=self.watched.facts.highest_bid,
        )
        watcher = self.watch_module.Watch(plan=self.plan, ticks=PENNY)
        before = self.watched
        state = WatchState(facts=facts, level=before.level, pending=before.pending, crossed=before.crossed)
        self.watched, found = watcher.observe(state, seen, now=self.now, session=SESSION)
        if before.level is not None:
            assert self.watched.level is not None
            assert self.watched.level.price >= before.level.price, "the stop fell without a person"
        for each in found:
            if isinstance(each, Crossed):
                self._sell_everything(each, seen)

    def _sell_everything(self, crossed: Crossed, seen: Quote) -> None:
        assert seen.bid.is_finite()
        assert 0 < seen.bid <= seen.ask
        assert seen.ask - seen.bid < 4, "a wide quote triggered a sale"
        assert self.now - seen.at <= timedelta(seconds=5), "an old quote triggered a sale"
        assert seen.bid <= crossed.level.price, "a bid above the stop triggered a sale"
        self.sales = (*self.sales, Sale(rule=ExitRule.STOP))

    @rule()
    def restart_watcher(self) -> None:
        """Let the watcher begin again, from what the trade knows."""
        self.watched = WatchState(
            facts=self.watched.facts, level=self.watched.level, crossed=self.watched.crossed
        )

    @property
    def _crossed(self) -> bool:
        return any(sale.rule is ExitRule.STOP for sale in self.sales)

    # What must hold

    @invariant()
    def never_sells_more_than_is_held(self) -> None:
        """Check that no more was sold than bought, but for what the venue lets a pair sell over its size."""
        over = self.exchange.excess if self._venue_may_oversell else 0
        assert self.exchange.sold <= self.exchange.bought + over

    @invariant()
    def what_works_is_held(self) -> None:
        """Check that what works at the venue can sell at most what is held, with the same exception."""
        over = self.exchange.excess if self._venue_may_oversell else 0
        assert self.exchange.can_sell <= self.exchange.held + over

    @rule()
    def settle(self) -> None:
        """Read everything, and do what is due until nothing is: then everything held is covered."""
        self.known_bought = self.exchange.bought
        for _ in range(4 * len(self.exchange.sent) + 60):
            for sent in self.exchange.sent:
                self._read(sent)
                sent.cancelling = False
            due = self._due()
            if not due:
                break
            for action in due:
                if isinstance(action, Cancel):
                    self._cancel(action, "done")
                else:
                    self._place(action, "answered")
        else:
            raise AssertionError("expected an end of the actions, found more each time")
        self._check_covered()

    def _check_covered(self) -> None:
        facts = self._facts()
        held = max(facts.held, 0)
        groups = [group for group in facts.groups if group.can_sell]
        selling = sum(group.can_sell for group in groups if group.kind is GroupKind.SALE)
        to_sell = max(held - min(sale.keep for sale in self.sales), 0) if self.sales else 0
        assert selling == to_sell, f"expected {to_sell} contracts in sales, found {selling}"
        stopped = [group for group in groups if group.kind in {GroupKind.STOP, GroupKind.PAIR}]
        protected = sum(group.can_sell for group in stopped)
        if self.resting and facts.stop is not None and cover.stop_applies(self.plan, facts.bought):
            assert protected == held - to_sell, f"expected a stop for each contract, found {groups}"
            assert {group.stop for group in stopped} <= {facts.stop}
        else:
            assert protected == 0
        for number, wanted in enumerate(cover.target_quantities(self.plan, facts.bought)):
            working = sum(group.can_sell for group in groups if group.target == number)
            assert working <= max(wanted - facts.sold_at_targets[number], 0)
