"""A trade's state is one plain value.

It survives the payload converter, and each part of it has one writer.
"""

import ast
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from alert_trader.activities.messages import (
    SUBMIT_EXIT,
    CardPlace,
    Receipt,
    SizedEntry,
    SubmitAnswer,
    SubmitRequest,
    SubmitResult,
)
from alert_trader.control.payload_converter import DATA_CONVERTER
from alert_trader.domain.alerts.alert import AlertKind, ParsedAlert
from alert_trader.domain.alerts.portion import Portion
from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.execution.expiration import ExpirationOutcome, RemovalKind, Settled
from alert_trader.domain.execution.policy import ExitPolicy, Mode
from alert_trader.domain.execution.protective_ladder import ProtectiveLadder
from alert_trader.domain.execution.sizing import Cap, Sizing
from alert_trader.domain.exits.plan import TimeExit
from alert_trader.domain.exits.precedence import ExitRule
from alert_trader.domain.exits.stop_levels import StopFacts, StopLevel
from alert_trader.domain.exits.watch import WatchState
from alert_trader.domain.ids import ClientOrderId, FillId, Leg, OrderId, client_order_id, message_id
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.market.quotes import PENNY, Listing, Quote
from alert_trader.domain.money import Price, Usd
from alert_trader.domain.orders.ledger import OrderLedger, OrderState
from alert_trader.domain.orders.order import (
    FeeEstimate,
    Fill,
    OrderIntent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Side,
    TimeInForce,
)
from alert_trader.domain.trade.lifecycle import Outcome, Phase, TradeLifecycle
from alert_trader.domain.trade.view import Offer, OfferKind
from alert_trader.workflows import trade
from alert_trader.workflows.trade_state import (
    AccountReports,
    Approval,
    AuthorExit,
    CardProgress,
    EntryState,
    ExitPause,
    ExitState,
    Exposure,
    LostOrder,
    OrdersState,
    PartialExit,
    PartialExitRequest,
    RetryProgress,
    SaleProgress,
    Sending,
    TradeState,
    carried_state,
    carry,
)

NOW = datetime(2026, 11, 27, 15, 30, tzinfo=UTC)
TODAY = date(2026, 11, 27)
MESSAGE = message_id("m1")
CONTRACT = OptionContract(root="SPY", expiry=date(2026, 12, 18), right=Right.CALL, strike=Decimal(602))
ENTRY, EXIT = client_order_id(MESSAGE, Leg.ENTRY, 1), client_order_id(MESSAGE, Leg.EXIT, 1)
FOLDER = Path(str(trade.__file__)).parent


def dollars(text: str) -> Price:
    """Return a price."""
    return Price(Decimal(text))


FILL = Fill(fill_id=FillId("f1"), quantity=2, price=dollars("1.20"), at=NOW)
REPORT = OrderReport(
    order_id=OrderId("101"),
    client_order_id=ENTRY,
    status=OrderStatus.LIVE,
    symbol=CONTRACT.occ_symbol,
    side=Side.BUY_TO_OPEN,
    quantity=4,
    remaining=2,
    limit=dollars("1.20"),
    fills=(FILL,),
)
SIZED = SizedEntry(
    listing=Listing(contract=CONTRACT, ticks=PENNY),
    sizing=Sizing(
        quantity=4,
        cap=Cap.ALLOCATION,
        ceiling=dollars("1.32"),
        limits={"allocation": 4},
        notional=Usd(Decimal(528)),
        cost=Usd(Decimal(533)),
    ),
    first_limit=dollars("1.20"),
    ceiling=dollars("1.32"),
    quote=Quote(bid=dollars("1.19"), ask=dollars("1.20"), at=NOW, bid_size=10, ask_size=10),
    buying_power=Usd(Decimal(5000)),
    read_at=NOW,
    reference=Usd(Decimal(6000)),
    check=FeeEstimate(total=Decimal(5), commission=Decimal(4), buying_power_effect=Decimal(485)),
    market_opens_at=None,
    market_closes_at=NOW + timedelta(hours=5),
    session_ends=NOW + timedelta(hours=5),
    alert_price=dollars("1.20"),
    fees_each=Usd(Decimal("1.25")),
)


def ledger() -> OrderLedger:
    """Return a ledger with an entry that is partly filled and an exit of unknown outcome."""
    made = OrderLedger(MESSAGE, CONTRACT.occ_symbol)
    made.intend(intent(ENTRY, Side.BUY_TO_OPEN))
    made.apply(REPORT)
    made.intend(intent(EXIT, Side.SELL_TO_CLOSE))
    made.settle(EXIT, OrderState.UNKNOWN)
    return made


def intent(name: ClientOrderId, side: Side) -> OrderIntent:
    """Return what was to be sent as an order."""
    return OrderIntent(
        client_order_id=name,
        contract=CONTRACT,
        side=side,
        quantity=4,
        kind=OrderKind.LIMIT,
        limit=dollars("1.20"),
        time_in_force=TimeInForce.DAY,
    )


SENDING = Sending(
    activity=SUBMIT_EXIT,
    request=SubmitRequest(intent=intent(EXIT, Side.SELL_TO_CLOSE), mode=Mode.DEMO, search_from=TODAY),
    intended_at=NOW,
)
FULL = TradeState(
    received_at=NOW,
    lifecycle=TradeLifecycle(phase=Phase.DONE, outcome=Outcome.FLAT),
    reason="closed by gateway",
    over=True,
    parsed=ParsedAlert(kind=AlertKind.ENTRY, symbol="SPY", strike=Decimal(602), right=Right.CALL),
    sized=SIZED,
    offer=Offer(id="m1", kind=OfferKind.ENTRY, text="buy 4", quantity=4, until=NOW),
    approval=Approval(by="gateway", quantity=4, ceiling=dollars("1.32")),
    approved_at=NOW,
    dry_run_recorded=True,
    buying_stopped=Denied(
        code=Code.OPERATOR_CANCELLED, reason="gateway cancelled it", facts={"by": "gateway"}
    ),
    close_requested_by="gateway",
    orders=OrdersState(
        ledger=ledger(),
        search_from=TODAY,
        lost={EXIT: LostOrder(intent=intent(EXIT, Side.SELL_TO_CLOSE), intended_at=NOW, lost_at=NOW)},
        ambiguous=[EXIT],
        cancelling=[ENTRY],
        sending={EXIT: SENDING},
        retries={"X is not at the broker": RetryProgress(attempts=2, step=3, paged_on=TODAY, page_from=NOW)},
    ),
    entry=EntryState(
        started_at=NOW,
        fresh_from=NOW,
        quantity=4,
        limit=dollars("1.21"),
        bumps=1,
        step="bump 1",
        order=ENTRY,
        last_answer=SubmitAnswer(result=SubmitResult.ACCEPTED, report=REPORT, reserved=True),
        admitted=True,
        reserved=True,
        unreachable=1,
        conversion_requested=True,
        immediate_refused=True,
        end_reason="the window is over",
    ),
    exits=ExitState(
        policy=ExitPolicy(times=(TimeExit(at=time(15, 45)),)),
        plan_set_at=NOW,
        watch=WatchState(
            facts=StopFacts(average_entry=Decimal("1.20"), targets_filled=1, highest_bid=dollars("1.50")),
            level=StopLevel(price=dollars("1.30"), rule=ExitRule.TRAIL),
            crossed=True,
            no_price_since=NOW,
            called=True,
        ),
        priced=[FILL.fill_id],
        pricing={EXIT: (FILL.fill_id,)},
        stopped=True,
        pause=ExitPause(failures=2, until=NOW),
        closed_elsewhere=1,
        partial=PartialExit(quantity=1, keep=1, first_order=1, until=NOW),
        requests=[
            PartialExitRequest(portion=Portion(count=1), by="gateway", done=True, text="Sold 1", sold=1),
            PartialExitRequest(portion=Portion(fraction=Decimal("0.5")), by="gateway"),
        ],
        sale_from=1,
        sale=SaleProgress(
            ladder=ProtectiveLadder(
                began_on=TODAY,
                reference=Decimal("1.20"),
                floor=dollars("0.60"),
                decrement=Decimal("0.03"),
                limit=dollars("1.17"),
            ),
            lower=True,
            paged=True,
        ),
    ),
    late_fills_from=NOW,
    late_fill_looks=1,
    next_check=NOW,
    late_exits=[AuthorExit(message=MESSAGE, quoted="out", portion=Portion(count=1), facts={"author": "11"})],
    early_reports=[REPORT],
    at_expiration=ExpirationOutcome.HAD_BID,
    settled=Settled(kind=RemovalKind.CASH, value=Usd(Decimal(120))),
    settlement_until=NOW,
    unrecognised_removals=["Cash Settlement"],
    events=[TradeEvent(sequence=1, at=NOW, kind=EventKind.RECEIVED, text="Alert", facts={"a": "b"})],
    notified=1,
    card=CardProgress(
        place=CardPlace(channel_id="7", message_id="8", events_shown=1), sent=1, shown=1, in_doubt=True
    ),
    account=AccountReports(sequence=3, last=Exposure(entering=True, bought=2, sold=0, held=2)),
    receipts={"c1": Receipt(refused="Nothing to sell."), "c2": None},
)
PARTS: list[Any] = [
    FULL,
    FULL.orders,
    FULL.entry,
    FULL.exits,
    FULL.card,
    FULL.account,
    FULL.exits and FULL.exits.requests[0],
]


def carried(state: TradeState) -> TradeState:
    """Send a state through the payload converter, as continue-as-new does."""
    converter = DATA_CONVERTER.payload_converter
    (back,) = converter.from_payloads(converter.to_payloads([state]), [TradeState])
    assert isinstance(back, TradeState)
    return back


def test_a_state_survives_the_payload_converter() -> None:
    """DUR-30: what continue-as-new carries comes back equal, and would be written the same again."""
    back = carried(FULL)
    assert back == FULL
    converter = DATA_CONVERTER.payload_converter
    assert converter.to_payloads([back]) == converter.to_payloads([FULL])
    new = TradeState(received_at=NOW)
    assert carried(new) == new


def test_a_large_state_is_carried_compressed() -> None:
    """DUR-40: the state of a trade with thousands of events fits into the input of a run, and comes back."""
    events = [replace(FULL.events[0], sequence=number, chain="0f" * 32) for number in range(1, 3000)]
    large = replace(FULL, events=events)
    small, compressed = carry(FULL), carry(large)
    assert (small.state, small.compressed) == (FULL, "")
    assert (compressed.state, len(compressed.compressed) < 60_000) == (None, True)
    assert (carried_state(small), carried_state(compressed)) == (FULL, carried(large))


@pytest.mark.parametrize("part", PARTS, ids=lambda part: type(part).__name__)
def test_the_state_of_these_tests_sets_every_field(part: Any) -> None:
    """DUR-30: every field has a value here that is not its default, so that a lost one is noticed."""
    for each in fields(part):
        default = each.default_factory() if each.default_factory is not MISSING else each.default
        assert getattr(part, each.name) != default, each.name


def test_a_ledger_that_was_carried_answers_as_before() -> None:
    """DUR-30: it continues from the same orders and fills, and a report it knows tells it nothing new."""
    assert FULL.orders is not None
    back = carried(FULL).orders
    assert back is not None
    before, after = FULL.orders.ledger, back.ledger
    for name in (
        "bought",
        "sold",
        "position",
        "planned",
        "exits_open",
        "open_entries",
        "open_exits",
        "entry_fills",
    ):
        assert getattr(after, name) == getattr(before, name)
    update = after.apply(REPORT)
    assert update is not None
    assert (update.fills, update.first, update.ended) == ((), False, False)


def test_every_value_in_a_state_is_plain() -> None:
    """DUR-30: values, lists and dictionaries of dataclasses; no task, callback or collaborator."""
    plain = (str, int, bool, Decimal, date, datetime, time, timedelta, type(None))

    def walk(value: Any, at: str) -> None:
        if is_dataclass(value):
            for each in fields(value):
                walk(getattr(value, each.name), f"{at}.{each.name}")
        elif isinstance(value, list | tuple):
            for each in value:
                walk(each, at)
        elif isinstance(value, dict):
            for name, each in value.items():
                walk(name, at)
                walk(each, at)
        else:
            assert isinstance(value, plain), at

    walk(FULL, "state")


def names(*parts: type) -> set[str]:
    """Return the fields of parts of the state."""
    return {each.name for part in parts for each in fields(part)}


WRITERS = {
    "account_reporter.py": names(AccountReports),
    "card_publisher.py": names(CardProgress),
    "entry.py": names(EntryState),
    "exits.py": names(ExitState),
    "notifier.py": {"notified"},
    "partial_exits.py": names(PartialExitRequest),
    "protective_sales.py": {"sale"} | names(SaleProgress),
    "price_watch.py": {"watch"},
    "retries.py": names(RetryProgress),
    "before_entry.py": {"parsed", "sized", "approved_at", "dry_run_recorded", "reason"},
    "workflow.py": {
        *("reason", "at_expiration", "over", "late_fills_from", "late_fill_looks", "next_check"),
        *("settled", "settlement_until", "unrecognised_removals"),
    },
}
"""What each file assigns of the state; the rest changes in the methods of `TradeState`."""


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_each_part_of_the_state_has_one_writer(path: Path) -> None:
    """A collaborator assigns its own attributes and its own part of the state, and nothing of another's."""
    if path.name == "state.py":
        return
    targets = [
        target
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign)
        for whole in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for target in (whole.elts if isinstance(whole, ast.Tuple) else [whole])
    ]
    foreign = {
        target.attr
        for target in targets
        if isinstance(target, ast.Attribute) and ast.unparse(target.value) != "self"
    }
    allowed = WRITERS.get(path.name, set())
    assert foreign <= allowed, (
        f"expected {path.name} to change only its own part, found {sorted(foreign - allowed)}"
    )
