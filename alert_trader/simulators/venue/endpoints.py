"""The answers of the broker's REST calls. Synchronous: a call is decided at once.

Codes that no capture shows are noted at `refusal.py`.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from alert_trader.simulators.venue.account_bodies import (
    account_body,
    balance_body,
    position_body,
    status_body,
    transaction_body,
)
from alert_trader.simulators.venue.bodies import Body, order_body, placed_body, quote_body, stamp
from alert_trader.simulators.venue.chains import (
    equity_body,
    flat_body,
    holidays_body,
    nested_body,
    option_body,
    session_body,
    today,
)
from alert_trader.simulators.venue.config import UnderlyingConfig
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.holidays import NEW_YORK
from alert_trader.simulators.venue.orders import Order
from alert_trader.simulators.venue.preflight import OrderRequest, TermsRequest, read
from alert_trader.simulators.venue.refusal import VenueRefusalError, invalid, not_found

_MOST_SYMBOLS = 100
_MOST_PER_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One broker call, read: `names` are the parts of its path."""

    number: int
    method: str
    path: str
    names: dict[str, str]
    query: dict[str, list[str]]
    body: Any

    def one(self, key: str) -> str | None:
        """Return the last value of a query key."""
        values = self.query.get(key)
        return values[-1] if values else None

    def many(self, key: str) -> list[str]:
        """Return every value of a query key: repeated, with [], or in a comma list."""
        values = [*self.query.get(key, ()), *self.query.get(f"{key}[]", ())]
        return [each for value in values for each in value.split(",") if each]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call is answered, and whether it changed anything. `raw` stands for a body already written."""

    status: int = 200
    body: Body | None = None
    raw: bytes | None = None
    accepted: bool = False
    order: Order | None = None
    error: str | None = None


def envelope(
    call: Call, data: Body, *, status: int = 200, accepted: bool = False, order: Order | None = None
) -> Answer:
    """Answer in the broker's envelope."""
    return Answer(status=status, body={"data": data, "context": call.path}, accepted=accepted, order=order)


def page(
    call: Call, items: list[Any], write: Callable[[Any], Body], *, default: int, most: int = _MOST_PER_PAGE
) -> Answer:
    """Answer one page of a list."""
    try:
        per_page = min(int(call.one("per-page") or default), most)
        offset = int(call.one("page-offset") or 0)
    except ValueError:
        raise invalid("per-page", "does not have a valid value") from None
    if per_page < 1 or offset < 0:
        raise invalid("per-page", "does not have a valid value")
    shown = items[offset * per_page : (offset + 1) * per_page]
    pagination = {
        "per-page": per_page,
        "page-offset": offset,
        "item-offset": offset * per_page,
        "total-items": len(items),
        "total-pages": max(-(-len(items) // per_page), 1),
        "current-item-count": len(shown),
        "previous-link": None,
        "next-link": None,
        "paging-link-template": None,
    }
    return Answer(
        body={
            "data": {"items": [write(each) for each in shown]},
            "context": call.path,
            "pagination": pagination,
        }
    )


class Endpoints:
    """Every call but the token's, over one exchange."""

    def __init__(self, exchange: Exchange, *, dxlink_url: Callable[[], str], quote_token: str) -> None:
        """Store the parts that answers are read from."""
        self._exchange = exchange
        self._dxlink_url = dxlink_url
        self._quote_token = quote_token
        self._chains: dict[str, tuple[object, bytes]] = {}

    def _echo(self, order: Order) -> Body:
        return order_body(order, echo=self._exchange.config.echo_external_identifier)

    def unknown(self, call: Call) -> Answer:
        """Answer a call that the venue does not have."""
        raise not_found(f"{call.method} {call.path}")

    def customer(self, call: Call) -> Answer:
        """Answer /customers/me."""
        address = {
            "city": "Chicago",
            "country": "USA",
            "is-domestic": True,
            "is-foreign": False,
            "postal-code": "60607",
            "state-region": "IL",
            "street-one": "1 Exchange Row",
        }
        return envelope(
            call,
            {
                "id": "me",
                "first-name": "Venue",
                "last-name": "Customer",
                "address": address,
                "mailing-address": address,
                "is-foreign": False,
                "usa-citizenship-type": "Citizen",
                "mobile-phone-number": "+13125550100",
                "birth-date": "1990-01-01",
                "email": "customer@example.com",
                "tax-number-type": "SSN",
                "subject-to-tax-withholding": False,
                "has-industry-affiliation": False,
                "has-listed-affiliation": False,
                "has-political-affiliation": False,
                "has-delayed-quotes": False,
                "has-pending-or-approved-application": True,
                "is-professional": False,
                "permitted-account-types": [],
                "created-at": stamp(self._exchange.clock()),
            },
        )

    def accounts(self, call: Call) -> Answer:
        """Answer the list of accounts, with what the customer may do on each."""
        rows = self._exchange.accounts.values()
        return envelope(
            call,
            {
                "items": [
                    {"account": account_body(each), "authority-level": each.config.authority} for each in rows
                ]
            },
        )

    def account(self, call: Call) -> Answer:
        """Answer one account."""
        return envelope(call, account_body(self._exchange.account(call.names["account"])))

    def trading_status(self, call: Call) -> Answer:
        """Answer what an account may do."""
        return envelope(
            call, status_body(self._exchange.account(call.names["account"]), self._exchange.clock())
        )

    def balances(self, call: Call) -> Answer:
        """Answer an account's balances: a list with one item."""
        account = self._exchange.account(call.names["account"])
        return envelope(call, {"items": [balance_body(self._exchange, account)]})

    def balance(self, call: Call) -> Answer:
        """Answer an account's balance in one currency."""
        if call.names["currency"] != "USD":
            raise not_found("Balance")
        return envelope(call, balance_body(self._exchange, self._exchange.account(call.names["account"])))

    def positions(self, call: Call) -> Answer:
        """Answer what the position ledger shows."""
        account = self._exchange.account(call.names["account"])
        closed = (call.one("include-closed-positions") or "").lower() == "true"
        wanted, underlyings = call.one("symbol"), call.many("underlying-symbol")
        rows = [
            position_body(self._exchange, account, each)
            for each in account.positions.values()
            if each.symbol in account.ledger
        ]
        return envelope(
            call,
            {
                "items": [
                    row
                    for row in rows
                    if (closed or row["quantity"] != 0)
                    and wanted in {None, row["symbol"]}
                    and (not underlyings or row["underlying-symbol"] in underlyings)
                ]
            },
        )

    def transactions(self, call: Call) -> Answer:
        """Answer the executions of the account's books, newest first."""
        account = self._exchange.account(call.names["account"])
        rows = [
            each
            for each in account.books
            if _within(call, each.at) and call.one("symbol") in {None, each.symbol}
        ]
        if call.one("sort") != "Asc":
            rows.reverse()
        return page(call, rows, lambda row: transaction_body(account, row), default=250, most=2000)

    def dry_run(self, call: Call) -> Answer:
        """Answer what an order would cost."""
        priced = self._exchange.price(call.names["account"], read(OrderRequest, call.body))
        body = placed_body(priced, echo=self._exchange.config.echo_external_identifier, dry_run=True)
        return envelope(call, body, status=201)

    def place(self, call: Call) -> Answer:
        """Accept an order."""
        priced = self._exchange.submit(call.names["account"], read(OrderRequest, call.body))
        body = placed_body(priced, echo=self._exchange.config.echo_external_identifier, dry_run=False)
        return envelope(call, body, status=201, accepted=True, order=priced.order)

    def order(self, call: Call) -> Answer:
        """Answer one order."""
        return envelope(call, self._echo(self._exchange.find(call.names["account"], _id(call))))

    def cancel(self, call: Call) -> Answer:
        """Ask for a cancellation."""
        order = self._exchange.cancel(call.names["account"], _id(call))
        return envelope(call, self._echo(order), accepted=True, order=order)

    def replace(self, call: Call) -> Answer:
        """Replace an order; the new one is answered."""
        order = self._exchange.replace(call.names["account"], _id(call), read(TermsRequest, call.body))
        return envelope(call, self._echo(order), accepted=True, order=order)

    def live_orders(self, call: Call) -> Answer:
        """Answer what works or changed today: a page of 100 unless asked."""
        day = today(self._exchange)
        rows = [
            each
            for each in self._orders(call)
            if not each.status.terminal or each.updated_at.astimezone(NEW_YORK).date() == day
        ]
        return page(call, rows, self._echo, default=100)

    def order_history(self, call: Call) -> Answer:
        """Answer orders by the New York day they were received, newest first unless asked."""
        statuses, underlying = call.many("status"), call.one("underlying-symbol")
        rows = [
            each
            for each in self._orders(call)
            if _within(call, each.received_at)
            and (not statuses or each.status in statuses)
            and underlying in {None, each.underlying}
        ]
        if call.one("sort") == "Asc":
            rows.reverse()
        return page(call, rows, self._echo, default=50)

    def _orders(self, call: Call) -> Iterable[Order]:
        account = self._exchange.account(call.names["account"])
        return (
            each
            for each in reversed(self._exchange.orders.values())
            if each.account == account.number and self._exchange.visible(each)
        )

    def nested_chain(self, call: Call) -> Answer:
        """Answer a chain by expiration; it is long, so the written form is kept until the listings change."""
        row = self._underlying(call.names["symbol"])
        key = (self._exchange.listings.version, today(self._exchange))
        kept = self._chains.get(row.symbol)
        if kept is None or kept[0] != key:
            body = {"data": {"items": nested_body(self._exchange, row)}, "context": call.path}
            kept = self._chains[row.symbol] = (key, json.dumps(body).encode())
        return Answer(raw=kept[1])

    def flat_chain(self, call: Call) -> Answer:
        """Answer every option of an underlying."""
        return envelope(call, {"items": flat_body(self._exchange, self._underlying(call.names["symbol"]))})

    def equity(self, call: Call) -> Answer:
        """Answer one underlying."""
        return envelope(call, equity_body(self._exchange, self._underlying(call.names["symbol"])))

    def option(self, call: Call) -> Answer:
        """Answer one option."""
        found = self._option(call.names["symbol"])
        if found is None:
            raise not_found("EquityOption")
        return envelope(call, found)

    def options(self, call: Call) -> Answer:
        """Answer the requested options that are listed."""
        found = (self._option(symbol) for symbol in call.many("symbol"))
        return envelope(call, {"items": [each for each in found if each is not None]})

    def _option(self, symbol: str) -> Body | None:
        listed = self._exchange.listings.find(symbol, today(self._exchange))
        row = self._exchange.listings.underlying(listed[0].root) if listed is not None else None
        return option_body(self._exchange, row, *listed) if listed is not None and row is not None else None

    def _underlying(self, symbol: str) -> UnderlyingConfig:
        row = self._exchange.listings.underlyings.get(symbol)
        if row is None:
            raise not_found("Symbol")
        return row

    def market_data(self, call: Call) -> Answer:
        """Answer quotes; symbols without one are left out."""
        kinds = {"index": "Index", "equity": "Equity", "equity-option": "Equity Option"}
        asked = [(kind, symbol) for key, kind in kinds.items() for symbol in call.many(key)]
        if len(asked) > _MOST_SYMBOLS:
            raise invalid("symbols", f"must be at most {_MOST_SYMBOLS}")
        session = self._exchange.session
        items = []
        for kind, symbol in asked:
            quote = self._exchange.market.quote(symbol)
            if quote is not None and not quote.missing:
                items.append(quote_body(quote, kind, session))
        return Answer(body={"data": {"items": items}, "pagination": None})

    def sessions(self, call: Call) -> Answer:
        """Answer the market's hours for each requested collection."""
        collections = call.many("instrument-collections") or ["Equity"]
        return envelope(call, {"items": [session_body(self._exchange, each) for each in collections]})

    def holidays(self, call: Call) -> Answer:
        """Answer holidays and half days."""
        return envelope(call, holidays_body(today(self._exchange)))

    def quote_token(self, call: Call) -> Answer:
        """Answer where quotes stream, and the token for it."""
        return envelope(call, {"token": self._quote_token, "dxlink-url": self._dxlink_url(), "level": "api"})


def _id(call: Call) -> int:
    try:
        return int(call.names["order"])
    except ValueError:
        raise not_found("Order") from None


def _within(call: Call, at: datetime) -> bool:
    day = at.astimezone(NEW_YORK).date()
    try:
        start_day, end_day = call.one("start-date"), call.one("end-date")
        start, end = call.one("start-at"), call.one("end-at")
        return (
            (start_day is None or date.fromisoformat(start_day) <= day)
            and (end_day is None or day <= date.fromisoformat(end_day))
            and (start is None or datetime.fromisoformat(start) <= at)
            and (end is None or at <= datetime.fromisoformat(end))
        )
    except (ValueError, TypeError):
        raise invalid("start-date", "does not have a valid value") from None


def refused(refusal: VenueRefusalError) -> Answer:
    """Answer a refusal."""
    return Answer(status=refusal.status, body=refusal.body(), error=refusal.reason)
