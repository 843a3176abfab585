"""The broker's JSON about an account: what it may do, its balance, positions and books."""

from datetime import datetime
from decimal import Decimal

from alert_trader.simulators.venue.account import Account, Position, Transaction
from alert_trader.simulators.venue.bodies import Body, money, plain, stamp
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.expiration import Removal, Removed
from alert_trader.simulators.venue.fees import dollars
from alert_trader.simulators.venue.holidays import NEW_YORK
from alert_trader.simulators.venue.instruments import SHARES_PER_CONTRACT, parse, stops_trading_at

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
        **money("realized-day-gain", -position.realized),
        "realized-day-gain-date": today,
        **money("realized-today", -position.realized),
        "realized-today-date": today,
        "created-at": stamp(position.created_at),
        "updated-at": stamp(position.updated_at),
    }
    if listed is not None and row is not None:
        body["expires-at"] = stamp(stops_trading_at(listed[1], row))
    return body


def removal_body(account: Account, row: Removed) -> Body:
    """Write what became of a position at expiration as the books show it."""
    return {
        "id": row.transaction_id,
        "account-number": account.number,
        "transaction-type": "Receive Deliver",
        "transaction-sub-type": row.removal,
        "description": f"Removal of {row.quantity} {row.symbol} due to {row.removal.lower()}",
        "symbol": row.symbol,
        "instrument-type": "Equity Option",
        "underlying-symbol": row.underlying,
        "quantity": plain(Decimal(row.quantity)),
        "executed-at": stamp(row.at),
        "transaction-date": row.at.astimezone(NEW_YORK).date().isoformat(),
        # shares that were exercised for are entries of their own, which no option trade reads
        **money("value", -row.value if row.removal is Removal.CASH else Decimal(0)),
        **money("net-value", -row.value if row.removal is Removal.CASH else Decimal(0)),
        "is-estimated-fee": True,
    }


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
        **money("value", value),
        **money("regulatory-fees", row.fees.regulatory),
        **money("clearing-fees", row.fees.clearing),
        **money("commission", row.fees.commission),
        **money("proprietary-index-option-fees", row.fees.proprietary),
        **money("net-value", value + row.fees.total),
        "is-estimated-fee": True,
        "order-id": row.order_id,
        "leg-count": 1,
        "exec-id": row.exec_id,
        "ext-exec-id": row.exec_id,
        "destination-venue": "SIM_A",
    }
