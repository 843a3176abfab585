"""The broker's JSON: every body the venue answers or streams, in the shapes of its captures and documents.

Prices and amounts are strings, quantities integers, `updated-at` of an order milliseconds, other times ISO with an offset.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from venue.account import Account, Position, Transaction
from venue.config import UnderlyingConfig
from venue.exchange import Exchange, Priced
from venue.fees import Fees, dollars
from venue.holidays import NEW_YORK
from venue.instruments import SHARES_PER_CONTRACT, TICKS, parse, stops_trading_at
from venue.market import Quote
from venue.orders import Leg, Order, Status
from venue.session import SessionNow

Body = dict[str, Any]

_ZERO = Decimal(0)
_FOUR_PLACES = Decimal("0.0001")
_ALWAYS_ZERO = [
    "long-equity-value",
    "short-equity-value",
    "long-futures-value",
    "short-futures-value",
    "long-futures-derivative-value",
    "short-futures-derivative-value",
    "long-margineable-value",
    "short-margineable-value",
    "day-trading-buying-power",
    "futures-margin-requirement",
    "maintenance-call-value",
    "reg-t-call-value",
    "day-trading-call-value",
    "day-equity-call-value",
    "day-trade-excess",
    "pending-cash",
    "long-cryptocurrency-value",
    "short-cryptocurrency-value",
    "cryptocurrency-margin-requirement",
    "unsettled-cryptocurrency-fiat-amount",
    "closed-loop-available-balance",
    "equity-offering-margin-requirement",
    "long-bond-value",
    "bond-margin-requirement",
    "futures-overnight-margin-requirement",
    "futures-intraday-margin-requirement",
    "pending-margin-interest",
    "effective-cryptocurrency-buying-power",
    "buying-power-adjustment",
]


def plain(amount: Decimal) -> str:
    """Write a number as the broker does: no exponent, no needless zeros, at least one decimal."""
    text = f"{amount.normalize():f}"
    return text if "." in text else f"{text}.0"


def stamp(at: datetime) -> str:
    """Write a time as the broker does."""
    return at.isoformat(timespec="milliseconds")


def _effect(amount: Decimal) -> str:
    return "None" if amount == 0 else "Debit" if amount > 0 else "Credit"


def _money(name: str, amount: Decimal) -> Body:
    """Write an amount, positive for a cost, with the effect beside it."""
    return {name: plain(abs(amount)), f"{name}-effect": _effect(amount)}


def order_body(order: Order, *, echo: bool) -> Body:
    """Write an order; `echo` says whether the client's own identifier is sent back."""
    body: Body = {
        "id": order.order_id,
        "account-number": order.account,
        "cancellable": order.changeable,
        "editable": order.changeable,
        "edited": order.replaced_by is not None,
        "global-request-id": order.global_request_id,
        "leg-count": len(order.legs),
        "order-type": order.order_type,
        "received-at": stamp(order.received_at),
        "size": order.size,
        "status": order.status,
        "time-in-force": order.time_in_force,
        "underlying-instrument-type": "Equity",
        "underlying-symbol": order.underlying,
        "updated-at": int(order.updated_at.timestamp() * 1000),
        "legs": [_leg(leg, withheld=order.withheld_fill) for leg in order.legs],
    }
    if order.limit is not None:
        body["price"] = plain(order.limit)
        if order.effect is not None:
            body["price-effect"] = order.effect
    if order.source is not None:
        body["source"] = order.source
    if echo and order.external_identifier is not None:
        body["external-identifier"] = order.external_identifier
    if order.live_at is not None:
        body["ext-client-order-id"] = f"JAAAC{order.order_id:X}"
    return body | _ending(order)


def _ending(order: Order) -> Body:
    body: Body = {}
    if order.status is Status.CONTINGENT:
        body["contingent-status"] = "Pending Order"
    if order.replaces is not None:
        body["replaces-order-id"] = order.replaces
    if order.replaced_by is not None:
        body["replacing-order-id"] = order.replaced_by
    if order.cancelled_at is not None:
        body["cancelled-at"] = stamp(order.cancelled_at)
        body["cancelled-size"] = plain(Decimal(order.cancelled_size if order.cancelled_size is not None else 0))
    if order.terminal_at is not None:
        body["terminal-at"] = stamp(order.terminal_at)
    if order.reject_reason is not None:
        body["reject-reason"] = order.reject_reason
    return body


def _leg(leg: Leg, *, withheld: bool) -> Body:
    return {
        "action": leg.action,
        "instrument-type": "Equity Option",
        "quantity": leg.quantity,
        "remaining-quantity": leg.remaining,
        "symbol": leg.symbol,
        "fills": [
            {
                "destination-venue": "SIM_A",
                "ext-exec-id": fill.exec_id,
                "ext-group-fill-id": "0",
                "fill-id": fill.fill_id,
                "fill-price": plain(fill.price),
                "filled-at": stamp(fill.at),
                "quantity": fill.quantity,
            }
            for fill in (leg.fills[:-1] if withheld else leg.fills)
        ],
    }


def fee_body(fees: Fees) -> Body:
    """Write a fee calculation with its breakdowns."""

    def row(name: str, amount: Decimal) -> Body:
        return {"name": name, "value": plain(amount), "effect": _effect(amount)}

    return {
        **_money("regulatory-fees", fees.regulatory),
        "regulatory-fees-breakdown": [
            row("exchange", _ZERO),
            row("nfa", _ZERO),
            row("orf", fees.orf),
            row("sec", fees.sec),
            row("taf", fees.taf),
        ],
        **_money("clearing-fees", fees.clearing),
        "clearing-fees-breakdown": [row("clearing", fees.clearing)],
        **_money("commission", fees.commission),
        "commission-breakdown": [row("brokerage", fees.commission)],
        **_money("proprietary-index-option-fees", fees.proprietary),
        "proprietary-fees-breakdown": [row("proprietary", fees.proprietary)],
        **_money("total-fees", fees.total),
        **_money("rebates", _ZERO),
        "rebates-breakdown": [row("rebate", _ZERO)],
        "per-quantity": False,
    }


def placed_body(priced: Priced, *, echo: bool, dry_run: bool) -> Body:
    """Write the answer to a new order, or to its dry-run."""
    order = order_body(priced.order, echo=echo)
    if dry_run:
        del order["id"], order["global-request-id"]
        order["updated-at"] = 0
    change = priced.cost.total if priced.order.opening else priced.cost.paid + priced.cost.fees.total
    after = priced.buying_power - change
    warnings = []
    if not priced.session.open:
        warnings.append({"code": "tif_next_valid_sesssion", "message": "Your order will begin working during next valid session."})
    return {
        "buying-power-effect": {
            **_money("change-in-margin-requirement", priced.cost.margin),
            **_money("change-in-buying-power", change),
            **_money("current-buying-power", -priced.buying_power),
            **_money("new-buying-power", -after),
            **_money("isolated-order-margin-requirement", priced.cost.margin),
            "is-spread": len(priced.order.legs) > 1,
            "impact": plain(abs(change)),
            "effect": _effect(change),
        },
        "fee-calculation": fee_body(priced.cost.fees),
        "order": order,
        "warnings": warnings,
    }


def account_body(account: Account) -> Body:
    """Write an account."""
    return {
        "account-number": account.number,
        "external-id": f"A{account.number}",
        "opened-at": stamp(account.opened_at),
        "nickname": account.config.nickname,
        "account-type-name": "Individual",
        "day-trader-status": account.config.pattern_day_trader,
        "is-closed": account.config.closed,
        "is-firm-error": False,
        "is-firm-proprietary": False,
        "is-futures-approved": False,
        "margin-or-cash": "Margin" if account.config.margin else "Cash",
        "is-foreign": False,
        "investment-objective": "SPECULATION",
        "suitable-options-level": account.config.options_level,
        "created-at": stamp(account.opened_at),
    }


def status_body(account: Account, at: datetime) -> Body:
    """Write what an account may do."""
    flags = account.config
    no = dict.fromkeys(
        [
            "has-intraday-equities-margin",
            "is-aggregated-at-clearing",
            "is-cryptocurrency-closing-only",
            "is-cryptocurrency-enabled",
            "is-full-equity-margin-required",
            "is-futures-closing-only",
            "is-futures-intra-day-enabled",
            "is-futures-enabled",
            "is-in-day-trade-equity-maintenance-call",
            "is-in-margin-call",
            "is-risk-reducing-only",
            "is-small-notional-futures-intra-day-enabled",
            "is-equity-offering-enabled",
            "is-equity-offering-closing-only",
        ],
        False,
    )
    return {
        **no,
        "account-number": account.number,
        "day-trade-count": flags.day_trade_count,
        "equities-margin-calculation-type": "Reg T" if flags.margin else "Cash",
        "fee-schedule-name": "default",
        "futures-margin-rate-multiplier": "0.0",
        "id": 15,
        "is-closed": flags.closed,
        "is-closing-only": flags.closing_only,
        "is-frozen": flags.frozen,
        "is-pattern-day-trader": flags.pattern_day_trader,
        "is-roll-the-day-forward-enabled": True,
        "are-far-otm-net-options-restricted": True,
        "options-level": flags.options_level,
        "short-calls-enabled": flags.margin,
        "small-notional-futures-margin-rate-multiplier": "0.0",
        "updated-at": stamp(at),
    }


def balance_body(exchange: Exchange, account: Account) -> Body:
    """Write an account's balance in dollars."""
    long_value = short_value = _ZERO
    for position in account.positions.values():
        quote = exchange.market.quote(position.symbol)
        value = dollars(quote.mid if quote is not None else position.average, abs(position.quantity))
        if position.quantity > 0:
            long_value += value
        else:
            short_value += value
    net = account.cash + long_value - short_value
    buying_power = exchange.buying_power(account)
    now = exchange.clock()
    return {
        **dict.fromkeys(_ALWAYS_ZERO, "0.0"),
        "account-number": account.number,
        "currency": "USD",
        "cash-balance": plain(account.cash),
        "long-derivative-value": plain(long_value),
        "short-derivative-value": plain(short_value),
        "margin-equity": plain(net),
        "equity-buying-power": plain(buying_power * 2 if account.config.margin else buying_power),
        "derivative-buying-power": plain(buying_power),
        "used-derivative-buying-power": plain(account.cash - buying_power),
        "available-trading-funds": plain(buying_power),
        "cash-available-to-withdraw": plain(account.cash - account.unsettled),
        "maintenance-requirement": "0.0",
        "reg-t-margin-requirement": "0.0",
        "maintenance-excess": plain(net),
        "net-liquidating-value": plain(net),
        "pending-cash-effect": "None",
        "unsettled-cryptocurrency-fiat-effect": "None",
        "buying-power-adjustment-effect": "None",
        "snapshot-date": now.astimezone(NEW_YORK).date().isoformat(),
        "updated-at": stamp(now),
    }


def position_body(exchange: Exchange, account: Account, position: Position) -> Body:
    """Write a position as the ledger shows it; a long one's cost effect is Credit, as captured."""
    held = account.ledger.get(position.symbol, 0)
    listed = exchange.listings.find(position.symbol, position.created_at.astimezone(NEW_YORK).date())
    quote = exchange.market.quote(position.symbol)
    series = parse(position.symbol)
    row = exchange.listings.underlying(series.root) if series is not None else None
    average = plain(position.average.quantize(_FOUR_PLACES))
    today = exchange.clock().astimezone(NEW_YORK).date().isoformat()
    body: Body = {
        "account-number": account.number,
        "symbol": position.symbol,
        "instrument-type": "Equity Option",
        "underlying-symbol": row.symbol if row is not None else "",
        "quantity": abs(held),
        "quantity-direction": "Long" if held > 0 else "Short" if held < 0 else "Zero",
        "close-price": plain(quote.mid) if quote is not None else average,
        "average-open-price": average,
        "average-yearly-market-close-price": average,
        "average-daily-market-close-price": average,
        "multiplier": SHARES_PER_CONTRACT,
        "cost-effect": "Credit" if held > 0 else "Debit" if held < 0 else "None",
        "is-suppressed": False,
        "is-frozen": False,
        "restricted-quantity": 0,
        **_money("realized-day-gain", -position.realized),
        "realized-day-gain-date": today,
        **_money("realized-today", -position.realized),
        "realized-today-date": today,
        "created-at": stamp(position.created_at),
        "updated-at": stamp(position.updated_at),
    }
    if listed is not None:
        body["expires-at"] = stamp(stops_trading_at(listed[1]))
    return body


def transaction_body(account: Account, row: Transaction) -> Body:
    """Write an execution as the books show it."""
    value = row.value if row.action.buying else -row.value
    verb = "Bought" if row.action.buying else "Sold"
    return {
        "id": row.transaction_id,
        "account-number": account.number,
        "transaction-type": "Trade",
        "transaction-sub-type": row.action,
        "description": f"{verb} {row.quantity} {row.symbol} @ {row.price}",
        "action": row.action,
        "symbol": row.symbol,
        "instrument-type": "Equity Option",
        "underlying-symbol": row.underlying,
        "quantity": plain(Decimal(row.quantity)),
        "price": plain(row.price),
        "executed-at": stamp(row.at),
        "transaction-date": row.at.astimezone(NEW_YORK).date().isoformat(),
        **_money("value", value),
        **_money("regulatory-fees", row.fees.regulatory),
        **_money("clearing-fees", row.fees.clearing),
        **_money("commission", row.fees.commission),
        **_money("proprietary-index-option-fees", row.fees.proprietary),
        **_money("net-value", value + row.fees.total),
        "is-estimated-fee": True,
        "order-id": row.order_id,
        "leg-count": 1,
        "exec-id": row.exec_id,
        "ext-exec-id": row.exec_id,
        "destination-venue": "SIM_A",
    }


def quote_body(quote: Quote, instrument_type: str, session: SessionNow) -> Body:
    """Write market data of one symbol; the day's figures are the mid, as the venue keeps no history.

    The halt flag's key is the broker's own, which the SDK does not map.
    """
    mid = plain(quote.mid)
    day = session.open_at.astimezone(NEW_YORK).date()
    return {
        "symbol": quote.symbol,
        "instrument-type": instrument_type,
        "updated-at": stamp(quote.at).replace("+00:00", "Z"),
        "bid": plain(quote.bid),
        "bid-size": plain(Decimal(quote.bid_size)),
        "ask": plain(quote.ask),
        "ask-size": plain(Decimal(quote.ask_size)),
        "mid": mid,
        "mark": mid,
        "last": mid,
        "last-mkt": mid,
        "open": mid,
        "day-high-price": mid,
        "day-low-price": mid,
        "close-price-type": "Regular",
        "prev-close": mid,
        "prev-close-price-type": "Final",
        "summary-date": day.isoformat(),
        "prev-close-date": day.isoformat(),
        "is-trading-halted": quote.halted,
        "halt-start-time": -1,
        "halt-end-time": -1,
        "volume": "0.0",
    }


def ticks_body(row: UnderlyingConfig) -> list[dict[str, str]]:
    """Write the price steps of an underlying's options."""
    return [{"value": plain(step)} | ({"threshold": plain(below)} if below is not None else {}) for step, below in TICKS[row.ticks]]
