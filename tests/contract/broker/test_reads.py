"""Chain, quote, account, session and positions: what is missing is said to be missing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import httpx2
import pytest

from alert_trader import clock
from alert_trader.broker.port import ChainGap, RejectedError, UnavailableError
from alert_trader.domain.account.clocks import Offset
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.market.quotes import Listing
from alert_trader.domain.orders.order import OrderIntent

CHAIN = "/option-chains/SPX/nested"
QUOTES = "/market-data/by-type"
ACCOUNT = "/accounts/5WT00042"
DAY = date(2026, 12, 18)


def ok(data: Any) -> httpx2.Response:
    """Answer with data in the envelope."""
    return httpx2.Response(200, json={"data": data})


def chain_item(root: str, days: dict[str, list[str]], **changes: Any) -> dict[str, Any]:
    """Write what one root of SPX lists: strikes by day."""

    def strike(day: str, at: str) -> dict[str, Any]:
        symbol = f"{root:<6}{day[2:].replace('-', '')}{{}}{int(Decimal(at) * 1000):08d}"
        return {"strike-price": at, "call": symbol.format("C"), "put": symbol.format("P")}

    item = {
        "underlying-symbol": "SPX",
        "root-symbol": root,
        "option-chain-type": "Standard",
        "shares-per-contract": 100,
        "tick-sizes": [{"value": "0.05", "threshold": "3.0"}, {"value": "0.1"}],
        "expirations": [
            {
                "expiration-date": day,
                "settlement-type": "AM" if root == "SPX" else "PM",
                "strikes": [strike(day, at) for at in strikes],
            }
            for day, strikes in days.items()
        ],
    }
    return item | {name.replace("_", "-"): value for name, value in changes.items()}


@pytest.fixture
def spx() -> OptionContract:
    """Return the contract as an alert names it: by its underlying."""
    return OptionContract(root="SPX", expiry=DAY, right=Right.CALL, strike=Decimal(6500))


async def test_the_only_root_that_lists_a_contract_is_used(
    gateway: Any, script: Any, spx: OptionContract
) -> None:
    """WHO-50: a weekly requested by its index is confirmed under its own root, with that root's ticks."""
    script.on(
        "GET",
        CHAIN,
        ok(
            {
                "items": [
                    chain_item("SPX", {"2026-11-20": ["6500"]}),
                    chain_item("SPXW", {"2026-12-18": ["6500"]}),
                ]
            }
        ),
    )
    found = await gateway.listing(spx)
    assert isinstance(found, Listing)
    assert found.contract.occ_symbol == "SPXW  261218C06500000"
    assert (found.ticks.step(Decimal("2.95")), found.ticks.step(Decimal(3))) == (
        Decimal("0.05"),
        Decimal("0.1"),
    )


async def test_two_roots_on_one_day_are_ambiguous(gateway: Any, script: Any, spx: OptionContract) -> None:
    """WHO-50: morning and afternoon settlement are two contracts, and the alert does not say which."""
    script.on(
        "GET",
        CHAIN,
        ok(
            {
                "items": [
                    chain_item("SPX", {"2026-12-18": ["6500"]}),
                    chain_item("SPXW", {"2026-12-18": ["6500"]}),
                ]
            }
        ),
    )
    found = await gateway.listing(spx)
    assert isinstance(found, ChainGap)
    assert [contract.root for contract in found.nearest] == ["SPX", "SPXW"]
    assert "AM" in found.reason
    assert "PM" in found.reason


async def test_a_root_given_by_name_is_used(gateway: Any, script: Any, spx: OptionContract) -> None:
    """WHO-50: who says SPXW means SPXW."""
    script.on(
        "GET",
        CHAIN,
        ok(
            {
                "items": [
                    chain_item("SPX", {"2026-12-18": ["6500"]}),
                    chain_item("SPXW", {"2026-12-18": ["6500"]}),
                ]
            }
        ),
    )
    weekly = replace(spx, root="SPXW")
    found = await gateway.listing(weekly)
    assert isinstance(found, Listing)
    assert found.contract == weekly


@pytest.mark.parametrize(
    "changes",
    [
        {"shares_per_contract": 10},
        {"option_chain_type": "Non-standard"},
        {"deliverables": [{"amount": "150.0"}]},
        {"deliverables": [{"amount": "100.0"}, {"amount": "12.5", "deliverable-type": "Cash"}]},
    ],
)
async def test_a_contract_with_another_deliverable_is_not_listed(
    changes: dict[str, Any], gateway: Any, script: Any, spx: OptionContract
) -> None:
    """WHO-50: a contract that does not stand for a hundred shares is not the one alerted."""
    script.on("GET", CHAIN, ok({"items": [chain_item("SPX", {"2026-12-18": ["6500"]}, **changes)]}))
    found = await gateway.listing(spx)
    assert isinstance(found, ChainGap)
    assert found.adjusted
    assert "100 shares" in found.reason


async def test_a_contract_that_only_an_adjusted_root_lists_is_named(
    gateway: Any, script: Any, spx: OptionContract
) -> None:
    """WHO-50: after an adjustment the old strikes are listed under SPX1: the reason says so."""
    adjusted = chain_item("SPX1", {"2026-12-18": ["6500"]}, option_chain_type="Non-standard")
    standard = chain_item("SPX", {"2026-12-18": ["6000"]}, deliverables=[{"amount": "100.0"}])
    script.on("GET", CHAIN, ok({"items": [standard, adjusted]}))
    found = await gateway.listing(spx)
    assert isinstance(found, ChainGap)
    assert (found.adjusted, found.nearest) == (True, ())
    assert "SPX1" in found.reason


async def test_an_adjusted_root_is_not_the_standard_one(
    gateway: Any, script: Any, spx: OptionContract
) -> None:
    """WHO-50: an adjusted series under the same underlying is another contract."""
    script.on("GET", CHAIN, ok({"items": [chain_item("SPX1", {"2026-12-18": ["6500"]})]}))
    assert await gateway.listing(spx) == ChainGap(reason="no standard options are listed on SPX")


async def test_a_missing_strike_names_the_nearest_ones(
    gateway: Any, script: Any, spx: OptionContract
) -> None:
    """Whoever mistyped a strike sees what is listed around it, of the same right and day."""
    script.on(
        "GET",
        CHAIN,
        ok({"items": [chain_item("SPX", {"2026-12-18": ["6000", "6400", "6450", "6550", "6600", "7000"]})]}),
    )
    found = await gateway.listing(spx)
    assert isinstance(found, ChainGap)
    assert [contract.strike for contract in found.nearest] == [6400, 6450, 6550, 6600]
    assert {contract.right for contract in found.nearest} == {Right.CALL}


async def test_a_missing_expiration_names_the_nearest_ones(
    gateway: Any, script: Any, spx: OptionContract
) -> None:
    """Whoever mistyped a date sees when that strike does expire."""
    days = {day: ["6500"] for day in ("2026-11-20", "2026-12-17", "2026-12-19")} | {"2026-12-21": ["6600"]}
    script.on("GET", CHAIN, ok({"items": [chain_item("SPXW", days)]}))
    found = await gateway.listing(spx)
    assert isinstance(found, ChainGap)
    assert [contract.expiry.isoformat() for contract in found.nearest] == [
        "2026-11-20",
        "2026-12-17",
        "2026-12-19",
    ]


async def test_a_chain_is_cached_and_a_miss_is_looked_up_again(
    gateway: Any, script: Any, spx: OptionContract
) -> None:
    """A hit is answered from memory; a strike listed since then is still found."""
    before, after = (
        chain_item("SPX", {"2026-12-18": ["6500"]}),
        chain_item("SPX", {"2026-12-18": ["6500", "6505"]}),
    )
    script.on("GET", CHAIN, ok({"items": [before]}), ok({"items": [after]}))
    for strike in (6500, 6500, 6505, 6500):
        assert isinstance(await gateway.listing(replace(spx, strike=Decimal(strike))), Listing)
    assert len(script.sent("GET", CHAIN)) == 2


async def test_a_symbol_without_options_is_a_gap(gateway: Any, script: Any, spx: OptionContract) -> None:
    """The application's own 404 means that there is no such chain."""
    script.on("GET", CHAIN, httpx2.Response(404, json={"error": {"code": "record_not_found", "message": ""}}))
    assert isinstance(await gateway.listing(spx), ChainGap)


async def test_a_share_class_is_found_however_it_is_written(gateway: Any, script: Any) -> None:
    """BRK.B is asked as BRK/B and may be listed as BRKB."""
    script.on(
        "GET", "/option-chains/BRK/B/nested", ok({"items": [chain_item("BRKB", {"2026-12-18": ["500"]})]})
    )
    found = await gateway.listing(
        OptionContract(root="BRK.B", expiry=DAY, right=Right.PUT, strike=Decimal(500))
    )
    assert isinstance(found, Listing)
    assert found.contract.root == "BRKB"
    assert b"BRK%2FB" in script.asked[-1].url.raw_path


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(404, html="<html>"),
        httpx2.Response(502, html="<html>"),
        ok({"items": [chain_item("SPX", {"2026-12-18": ["6500"]}, tick_sizes=[])]}),
        ok({"items": [{"root-symbol": "SPX"}]}),
        ok(None),
    ],
)
async def test_an_unreadable_chain_is_unavailable(
    answer: httpx2.Response, gateway: Any, script: Any, spx: OptionContract
) -> None:
    """A failed read is not a contract that is not listed."""
    script.on("GET", CHAIN, answer)
    with pytest.raises(UnavailableError):
        await gateway.listing(spx)


def quote_item(**changes: Any) -> dict[str, Any]:
    """Write a quote as the broker does."""
    item = {
        "symbol": "AAPL  261218C00200000",
        "updated-at": "2026-09-17T18:32:25.535Z",
        "bid": "2.00",
        "bid-size": "12.0",
        "ask": "2.05",
        "ask-size": "9.0",
        "is-trading-halted": False,
    } | {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in item.items() if value is not None}


async def test_a_quote_has_sides_sizes_time_and_halt(
    gateway: Any, script: Any, contract: OptionContract
) -> None:
    """The halt is read from the key the broker uses, which the SDK drops."""
    script.on("GET", QUOTES, ok({"items": [quote_item(is_trading_halted=True)]}))
    found = await gateway.quote(contract)
    assert (found.bid, found.ask, found.bid_size, found.ask_size) == (Decimal("2.00"), Decimal("2.05"), 12, 9)
    assert found.at == datetime(2026, 9, 17, 18, 32, 25, 535000, tzinfo=UTC)
    assert found.halted
    assert not found.usable


async def test_quotes_of_many_contracts_are_one_request(
    gateway: Any, script: Any, contract: OptionContract
) -> None:
    """Each is found by its symbol.

    One that the broker leaves out is left out, and is not taken for another.
    """
    script.on("GET", QUOTES, ok({"items": [quote_item()]}))
    found = await gateway.quotes([replace(contract, strike=contract.strike + 5), contract])
    assert list(found) == [contract.occ_symbol]
    asked = [
        request.url.params.get_list("equity-option") for request in script.asked if request.url.path == QUOTES
    ]
    assert asked == [["AAPL  261218C00205000", "AAPL  261218C00200000"]]


@pytest.mark.parametrize("item", [{"bid": None}, {"ask": None}, {"ask": "NaN"}, {"bid": "-1"}])
async def test_a_quote_without_both_sides_is_none(
    item: dict[str, Any], gateway: Any, script: Any, contract: OptionContract
) -> None:
    """One side is no quote."""
    script.on("GET", QUOTES, ok({"items": [quote_item(**item)]}))
    assert await gateway.quote(contract) is None


@pytest.mark.parametrize(
    "data", [None, {}, {"items": [quote_item(updated_at=None)]}, {"items": [quote_item(bid="cheap")]}]
)
async def test_an_unreadable_quote_is_unavailable(
    data: Any, gateway: Any, script: Any, contract: OptionContract
) -> None:
    """A quote without a time cannot be judged fresh, and a broken answer is not an empty one."""
    script.on("GET", QUOTES, ok(data))
    with pytest.raises(UnavailableError):
        await gateway.quote(contract)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            httpx2.Response(422, json={"error": {"code": "margin_check_failed", "message": "No."}}),
            RejectedError,
        ),
        (
            httpx2.Response(
                201, json={"data": {"errors": [{"code": "margin_check_failed", "message": "No."}]}}
            ),
            RejectedError,
        ),
        (httpx2.Response(201, json={"data": {"order": {}}}), UnavailableError),
        (
            httpx2.Response(
                201, json={"data": {"fee-calculation": {"total-fees": "NaN"}, "buying-power-effect": {}}}
            ),
            UnavailableError,
        ),
        (
            httpx2.Response(201, json={"data": {"fee-calculation": {}, "buying-power-effect": {}}}),
            UnavailableError,
        ),
        (
            httpx2.Response(429, json={"error": {"code": "too_many_requests", "message": ""}}),
            UnavailableError,
        ),
        (httpx2.Response(502, html="<html>"), UnavailableError),
    ],
)
async def test_a_check_is_refused_only_by_the_broker(
    answer: Any, expected: type[Exception], gateway: Any, script: Any, buy: OrderIntent
) -> None:
    """A dry-run that was not answered, or shows no fees, is not a no and not a yes."""
    script.on("POST", f"{ACCOUNT}/orders/dry-run", answer)
    with pytest.raises(expected):
        await gateway.check(buy)


async def test_an_account_is_restricted_by_either_of_its_records(gateway: Any, script: Any) -> None:
    """An account that may only reduce risk may not open."""
    trading = {
        "account-number": "5WT00042",
        "options-level": "No Restrictions",
        "is-closed": False,
        "is-frozen": False,
        "is-closing-only": False,
        "is-risk-reducing-only": True,
        "is-pattern-day-trader": True,
        "day-trade-count": 4,
    }
    script.on("GET", "/customers/me/accounts/5WT00042", ok({"margin-or-cash": "Margin", "is-closed": False}))
    script.on("GET", f"{ACCOUNT}/trading-status", ok(trading))
    found = await gateway.status()
    assert (found.margin, found.closing_only, found.may_open, found.day_trade_count) == (True, True, False, 4)


async def test_balances_are_decimals_and_a_missing_one_is_not_zero(gateway: Any, script: Any) -> None:
    """A balance that is not there is not zero."""
    data = {
        "cash-balance": "25000.0",
        "net-liquidating-value": "25100.5",
        "derivative-buying-power": "24000.0",
    }
    script.on("GET", f"{ACCOUNT}/balances/USD", ok(data), ok({"cash-balance": "25000.0"}))
    assert (await gateway.balances()).derivative_buying_power == Decimal(24000)
    with pytest.raises(UnavailableError, match="net-liquidating-value"):
        await gateway.balances()


@pytest.mark.parametrize(
    "today", [{}, {"open-at": "2020-09-17T13:30:00.000+00:00", "close-at": "2020-09-17T20:00:00.000+00:00"}]
)
async def test_without_a_session_today_the_next_one_is_given(
    today: dict[str, str], gateway: Any, script: Any
) -> None:
    """Closed says so, and says when it opens."""
    later = {"open-at": "2026-09-18T13:30:00.000+00:00", "close-at": "2026-09-18T20:00:00.000+00:00"}
    script.on(
        "GET",
        "/market-time/sessions/current",
        ok({"items": [{"state": "Closed", "next-session": later} | today]}),
    )
    found = await gateway.session()
    assert (found.open_now, found.opens_at) == (False, datetime(2026, 9, 18, 13, 30, tzinfo=UTC))


async def test_positions_are_signed_and_options_only(gateway: Any, script: Any) -> None:
    """Short is negative, closed is left out, shares are not options."""

    def item(symbol: str, quantity: int, direction: str, kind: str = "Equity Option") -> dict[str, Any]:
        return {
            "symbol": symbol,
            "quantity": quantity,
            "quantity-direction": direction,
            "instrument-type": kind,
            "average-open-price": "2.04",
        }

    items = [
        item("A", 3, "Long"),
        item("B", 2, "Short"),
        item("C", 0, "Zero"),
        item("D", 100, "Long", "Equity"),
    ]
    script.on("GET", f"{ACCOUNT}/positions", ok({"items": items}))
    assert [(position.symbol, position.quantity) for position in await gateway.positions()] == [
        ("A", 3),
        ("B", -2),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {
            "data": {
                "items": [
                    {
                        "instrument-type": "Equity Option",
                        "symbol": "A",
                        "quantity": 1,
                        "quantity-direction": "Sideways",
                    }
                ]
            }
        },
        {"data": {"items": [{"instrument-type": "Equity Option", "symbol": "A"}]}},
        {"data": {"items": []}, "pagination": {"page-offset": 0, "total-items": 2, "total-pages": 1}},
        {"data": {}},
    ],
)
async def test_incomplete_positions_are_unavailable(body: dict[str, Any], gateway: Any, script: Any) -> None:
    """UNK-30: a position that cannot be read is not a position that is not held."""
    script.on("GET", f"{ACCOUNT}/positions", httpx2.Response(200, json=body))
    with pytest.raises(UnavailableError):
        await gateway.positions()


BALANCES = f"{ACCOUNT}/balances/USD"


@pytest.mark.parametrize(
    ("ahead", "headers"),
    [(0, {}), (-90, {}), (90, {}), (None, {"date": "yesterday"}), (None, {"age": "7"}), (None, {"date": ""})],
)
async def test_every_answer_with_a_date_compares_the_clocks(
    gateway: Any, script: Any, ahead: int | None, headers: dict[str, str]
) -> None:
    """The status does not matter. A date that is from a cache, or cannot be read, does not count."""
    date_header = format_datetime(clock.now() - timedelta(seconds=ahead or 0), usegmt=True)
    script.on("GET", BALANCES, httpx2.Response(500, headers={"date": date_header, **headers}))
    with pytest.raises(UnavailableError):
        await gateway.balances()
    found: Offset | None = gateway.clock_offset
    assert (found is None) == (ahead is None)
    if found is None or ahead is None:
        return
    assert found.lowest <= timedelta(seconds=ahead) <= found.highest
    assert found.error < timedelta(seconds=1)
