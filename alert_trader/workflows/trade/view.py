"""The view of a trade for people, and its page in the Web UI."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from alert_trader.activities.messages import SizedEntry
from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.domain.execution.exits import exit_target
from alert_trader.domain.execution.expiration import RemovalKind, Settled, is_valued
from alert_trader.domain.exits.wording import plan_text
from alert_trader.domain.market.calendar import eastern
from alert_trader.domain.money import CONTRACT_MULTIPLIER, Usd, plain
from alert_trader.domain.orders.ledger import LedgerOrder, OrderLedger
from alert_trader.domain.orders.order import average_price
from alert_trader.domain.trade.lifecycle import Outcome, Phase, TradeLifecycle
from alert_trader.domain.trade.view import OrderView, TradeView
from alert_trader.workflows.interface import TradeRequest
from alert_trader.workflows.trade.protection import has_stop, protection
from alert_trader.workflows.trade_state import ExitState, TradeState

PAGE_EVENTS = 12
"""Last events shown on a trade's page."""


def build_view(
    request: TradeRequest,
    workflow_id: str,
    state: TradeState,
    *,
    retrying: str = "",
    most_orders: int | None = None,
) -> TradeView:
    """Build the view of a trade as it is now; `retrying` says what is being retried at the broker.

    With `most_orders` it shows that many of the last orders, and of the older ones those that may still fill.
    """
    life, parsed, sized, events = state.lifecycle, state.parsed, state.sized, state.events
    ledger = None if state.orders is None else state.orders.ledger
    position = state.held
    unvalued = (
        position
        if life.outcome is Outcome.EXPIRED and not is_valued(state.at_expiration, state.settled)
        else 0
    )
    bought, sold = ((), ()) if ledger is None else (ledger.entry_fills, ledger.exit_fills)
    return TradeView(
        workflow_id=workflow_id,
        message=request.alert,
        account=request.account,
        mode=request.policy.mode,
        phase=life.phase,
        outcome=life.outcome,
        reason="; ".join(text for text in (state.reason, retrying) if text) or None,
        parsed=parsed,
        symbol=None if sized is None else sized.listing.contract.occ_symbol,
        contract=None if sized is None else str(sized.listing.contract),
        expiry=None if sized is None else sized.listing.contract.expiry,
        quantity=0 if sized is None else sized.sizing.quantity,
        alert_price=None if parsed is None else parsed.price,
        quote_bid=None if sized is None else sized.quote.bid,
        quote_ask=None if sized is None else sized.quote.ask,
        first_limit=None if sized is None else sized.first_limit,
        ceiling=None if sized is None else sized.ceiling,
        step="" if state.entry is None else state.entry.step,
        bought=sum(fill.quantity for fill in bought),
        average_entry=average_price(bought) if bought else None,
        sold=sum(fill.quantity for fill in sold),
        average_exit=average_price(sold) if sold else None,
        position=position,
        exits_working=0 if ledger is None else ledger.exits_working,
        unprotected=_unprotected(state.exits, ledger, life, position),
        unknown_orders=0 if ledger is None else ledger.unknown_orders,
        fees=_fees(sized, ledger),
        pnl=_pnl(ledger, life, position - unvalued, state.settled),
        unvalued=unvalued,
        settlement=(
            state.settled.value
            if state.settled is not None and state.settled.kind is RemovalKind.CASH
            else None
        ),
        without_exit=_without_exit(state),
        protection=protection(request, state),
        exit_plan="" if state.exits is None else plan_text(state.exits.policy.plan),
        orders=()
        if ledger is None
        else _orders(ledger.orders if most_orders is None else ledger.recent(most_orders)),
        received_at=state.received_at,
        first_filled_at=bought[0].at if bought else None,
        closed_at=_closed_at(events) if life.phase is Phase.DONE else None,
        last_event=events[-1].text if events else "",
        offer=state.offer,
        events=len(events),
        chain=events[-1].chain if events else "",
    )


def _closed_at(events: Sequence[TradeEvent]) -> datetime | None:
    return next((event.at for event in reversed(events) if event.kind is EventKind.CLOSED), None)


def _orders(orders: Sequence[LedgerOrder]) -> tuple[OrderView, ...]:
    return tuple(
        OrderView(
            client_order_id=order.client_order_id,
            order_id=order.order_id,
            leg=order.leg.name.lower(),
            kind=order.kind,
            quantity=order.quantity,
            limit=order.limit,
            status=order.status or order.state,
            filled=order.filled,
            average_price=order.average_price,
        )
        for order in orders
    )


def _fees(sized: SizedEntry | None, ledger: OrderLedger | None) -> Usd | None:
    """Estimate the fees of what was traded from the broker's dry-run of the entry.

    A close has no commission.
    """
    if sized is None or ledger is None:
        return None
    each = sized.check.total / sized.sizing.quantity
    closing = (sized.check.total - sized.check.commission) / sized.sizing.quantity
    return Usd((each * ledger.bought + closing * ledger.sold).quantize(Decimal("0.01")))


def _unprotected(
    exits: ExitState | None, ledger: OrderLedger | None, life: TradeLifecycle, position: int
) -> int:
    """Count the contracts that lack their profit-take; none do while everything is being sold."""
    if ledger is None or exits is None or life.phase not in {Phase.ENTERING, Phase.HOLDING}:
        return 0
    in_plan = max(ledger.bought - ledger.sold_outside_plan, 0)
    due = exit_target(in_plan, exits.policy) - ledger.protected
    return 0 if due < exits.policy.min_quantity else min(due, position)


def _without_exit(state: TradeState) -> int:
    """Count the contracts held of which nothing will sell any, such as one contract of which half is none."""
    life, orders, exits = state.lifecycle, state.orders, state.exits
    expired = state.settlement_until is not None
    if orders is None or exits is None or expired or life.phase is not Phase.HOLDING:
        return 0
    planned = orders.ledger.open_exits or _unprotected(exits, orders.ledger, life, state.held)
    sold_later = has_stop(state) or exits.policy.times
    return 0 if planned or sold_later or exits.partial is not None else max(state.held, 0)


def _pnl(
    ledger: OrderLedger | None, life: TradeLifecycle, position: int, settled: Settled | None
) -> Usd | None:
    """Return the realised P&L in dollars, without fees.

    Once it has expired, the contracts of `position` count for what they were settled at, else as worthless.
    """
    if ledger is None or ledger.bought == 0:
        return None
    expired = position if life.outcome is Outcome.EXPIRED else 0
    if ledger.sold == 0 and expired == 0:
        return None
    proceeds = sum((fill.price * fill.quantity for fill in ledger.exit_fills), Decimal(0))
    cost = average_price(ledger.entry_fills) * (ledger.sold + expired)
    received = settled.value if settled is not None and expired else Decimal(0)
    return Usd(((proceeds - cost) * CONTRACT_MULTIPLIER + received).quantize(Decimal("0.01")))


def details(view: TradeView, events: Sequence[TradeEvent]) -> str:
    """Write the trade's page in Markdown: state, orders, last events.

    Times are New York time. The alert's text is shown as code.
    """
    rows = [
        f"**{view.contract or 'No contract yet'}** · {view.outcome or view.phase} · {view.mode}",
        "",
        f"`{view.message.text.replace('`', chr(39)).replace(chr(10), ' ')[:200]}`",
        "",
    ]
    if view.first_limit is not None:
        traded = f"bought {view.bought}{_at(view.average_entry)}, sold {view.sold}{_at(view.average_exit)}"
        rows.append(
            f"- intended {view.quantity}, {traded}, held {view.position}, in working exits "
            f"{view.exits_working}"
        )
        prices = (
            f"alert {_price(view.alert_price)}, first limit {_price(view.first_limit)}, ceiling "
            f"{_price(view.ceiling)}"
        )
        rows.append(f"- {prices}, at step: {view.step or '-'}")
    if view.protection:
        rows.append(f"- sold by: {view.protection}")
    if view.unprotected > 0:
        rows.append(f"- **{view.unprotected} contract(s) without a working exit**")
    if view.without_exit > 0:
        rows.append(
            f"- **nothing will sell {view.without_exit} contract(s)**: the exit plan has no exit for it"
        )
    if view.unknown_orders > 0:
        rows.append(f"- **{view.unknown_orders} order(s) of unknown outcome**, counted as working")
    if view.pnl is not None:
        rows.append(f"- P&L {plain(view.pnl)} dollars, fees about {plain(view.fees or Decimal(0))}")
    if view.unvalued > 0:
        rows.append(
            f"- **{view.unvalued} contract(s) held to expiration**: may be exercised; value unknown, "
            "not in the P&L"
        )
    if view.offer is not None:
        rows.append(f"- **waiting for a decision** until {eastern(view.offer.until)}: {view.offer.text}")
    if view.reason:
        rows.append(f"- {view.reason}")
    rows += [
        f"- `{order.client_order_id}` {order.kind.lower()}{_at(order.limit)}: {order.status}, "
        f"{order.filled} of {order.quantity} filled"
        f"{_at(order.average_price)}"
        for order in view.orders
    ]
    rows += [
        "",
        *(f"{event.sequence}. {eastern(event.at)} {event.text}  " for event in events[-PAGE_EVENTS:]),
    ]
    return "\n".join(rows)


def _price(value: Decimal | None) -> str:
    return "-" if value is None else plain(value)


def _at(value: Decimal | None) -> str:
    return "" if value is None else f" at {plain(round(value, 4))}"
