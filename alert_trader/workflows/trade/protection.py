"""What sells the contracts of a trade now, for its view."""

from datetime import datetime

from alert_trader.domain.exits.cover import stop_applies
from alert_trader.domain.exits.sale_times import sell_by
from alert_trader.domain.exits.wording import protection_text
from alert_trader.domain.market.trading_hours import TradingHours
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.workflows.interface import TradeRequest
from alert_trader.workflows.trade.timed_sale import time_facts
from alert_trader.workflows.trade_state import TradeState


def protection(request: TradeRequest, state: TradeState) -> str:
    """Return on one line what sells what is held; empty while nothing is."""
    exits, orders = state.exits, state.orders
    if exits is None or orders is None or state.held <= 0 or state.lifecycle.phase is Phase.DONE:
        return ""
    if state.close_requested_by is not None:
        return f"everything is being sold, requested by {state.close_requested_by}"
    at_target = sum(order.open for order in orders.ledger.open_exits if not order.protective)
    watched = exits.watch is not None and has_stop(state)
    level = exits.watch.level if watched and exits.watch is not None else None
    return protection_text(
        held=state.held, at_target=min(at_target, state.held), level=level, by=_by(request, state)
    )


def has_stop(state: TradeState) -> bool:
    """Whether a stop is watched for what is held, or may be later."""
    exits, orders = state.exits, state.orders
    if exits is None or orders is None:
        return False
    plan = exits.policy.plan
    return plan.has_stop and stop_applies(plan, orders.ledger.bought)


def _by(request: TradeRequest, state: TradeState) -> datetime | None:
    exits, orders, sized = state.exits, state.orders, state.sized
    if exits is None or orders is None or sized is None or exits.plan_set_at is None:
        return None
    fills = orders.ledger.entry_fills
    facts = time_facts(sized, exits.plan_set_at, fills[0].at if fills else None)
    hours = TradingHours(closures=request.policy.closures, session=sized.session)
    return sell_by(exits.policy.plan, facts, hours)
