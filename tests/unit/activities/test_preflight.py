"""The preflight: every question that an order rests on is asked, each on its own."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from alert_trader.activities.preflight import preflight
from alert_trader.broker.port import RejectedError, UnavailableError
from alert_trader.domain.account.preflight import Check, day_trading
from alert_trader.domain.ids import AccountNumber, Leg
from alert_trader.domain.orders.order import Position
from tests.support.paper_exchange import SYMBOL, intent
from tests.support.paper_gateway import ACCOUNT, PaperGateway, reported


async def found(gateway: PaperGateway) -> dict[str, Check]:
    """Run the preflight; checks by name."""
    return {check.name: check for check in await preflight(gateway, None)}


async def test_an_account_that_may_trade_passes() -> None:
    """Everything in order: every check says what it found, and what to do about it is empty."""
    gateway = PaperGateway()
    gateway.known, gateway.held = [reported(intent(Leg.ENTRY, 1, 1))], [Position(symbol=SYMBOL, quantity=1)]
    checks = await found(gateway)
    assert {name: (check.ok, check.fix) for name, check in checks.items()} == dict.fromkeys(
        (
            "token",
            "scopes",
            "whitelist",
            "account",
            "day trading",
            "balances",
            "clock",
            "session",
            "orders",
            "positions",
        ),
        (True, ""),
    )
    assert (checks["orders"].found, checks["positions"].found) == ("1 since yesterday", "1 in options")
    assert (gateway.placed, gateway.cancelled) == ([], [])


async def test_one_failure_does_not_hide_the_next() -> None:
    """Orders that cannot be read and an empty account are both reported, each with what to do."""
    gateway = PaperGateway()
    gateway.known, gateway.held = (
        UnavailableError("no answer"),
        RejectedError("unauthorized", "scope missing"),
    )
    gateway.limits = replace(gateway.limits, derivative_buying_power=Decimal(0))
    checks = await found(gateway)
    assert [name for name, check in checks.items() if not check.ok] == ["balances", "orders", "positions"]
    assert all(check.fix for check in checks.values() if not check.ok)
    assert "scope missing" in checks["positions"].found


async def test_a_restriction_is_reported() -> None:
    """An account that may not open positions fails by the name of what holds it."""
    gateway = PaperGateway()
    gateway.restricted = True
    account = (await found(gateway))["account"]
    assert (account.ok, "frozen" in account.found) == (False, True)


async def test_a_closed_market_is_no_failure() -> None:
    """Outside the session nothing needs to be done."""
    gateway = PaperGateway()
    gateway.open_now = False
    assert (await found(gateway))["session"].ok


@pytest.mark.parametrize(
    ("change", "failing"),
    [
        ({"may": "read-only"}, "scopes"),
        ({"may": ""}, "scopes"),
        ({"ahead": timedelta(seconds=9)}, "clock"),
        ({"ahead": timedelta(seconds=-9)}, "clock"),
        ({"level": "No Options"}, "account"),
        ({"level": ""}, "account"),
    ],
)
async def test_each_fault_fails_its_own_check(change: dict[str, Any], failing: str) -> None:
    """Credentials that may only read, a clock that is off, and a level without options each fail alone.

    Say what to do.
    """
    gateway = PaperGateway()
    for name, value in change.items():
        setattr(gateway, name, value)
    wrong = [check for check in (await found(gateway)).values() if not check.ok]
    assert [check.name for check in wrong] == [failing]
    assert wrong[0].fix


async def test_an_account_off_the_whitelist_fails() -> None:
    """Where the mode can do harm the account must be on the list; elsewhere no list is needed."""
    by_list = {True: (ACCOUNT,), False: (AccountNumber("5WT99999"),)}
    for ok, whitelist in by_list.items():
        assert [
            check.ok for check in await preflight(PaperGateway(), whitelist) if check.name == "whitelist"
        ] == [ok]


@pytest.mark.parametrize(
    ("margin", "flagged", "equity", "ok"),
    [
        (True, True, 24_999, False),
        (True, True, 25_000, True),
        (True, False, 500, True),
        (False, True, 500, True),
    ],
)
def test_a_flagged_day_trader_needs_equity(*, margin: bool, flagged: bool, equity: int, ok: bool) -> None:
    """An exit at once is a day trade.

    A margin account that is flagged needs 25,000 dollars for it, a cash account does not.
    """
    check = day_trading(margin=margin, flagged=flagged, equity=Decimal(equity), count=0)
    assert (check.ok, bool(check.fix)) == (ok, not ok)


def test_one_more_day_trade_would_flag_the_account() -> None:
    """The check passes, and its text says that one more day trade flags the account."""
    check = day_trading(margin=True, flagged=False, equity=Decimal(500), count=3)
    assert (check.ok, "one more flags the account" in check.found) == (True, True)
