"""The preflight: every question that an order rests on is asked, each on its own."""

from dataclasses import replace
from decimal import Decimal

from activities.preflight import preflight
from broker.port import Refused, Unavailable
from domain.ids import Leg
from domain.order import Position
from domain.preflight import Check
from tests.support.paper_desk import PaperDesk, reported
from tests.support.paper_exchange import SYMBOL, intent


async def found(desk: PaperDesk) -> dict[str, Check]:
    """Run the preflight; checks by name."""
    return {check.name: check for check in await preflight(desk, None)}


async def test_an_account_that_may_trade_passes() -> None:
    """Everything in order: every check says what it found, and what to do about it is empty."""
    desk = PaperDesk()
    desk.known, desk.held = [reported(intent(Leg.ENTRY, 1, 1))], [Position(symbol=SYMBOL, quantity=1)]
    checks = await found(desk)
    assert {name: (check.ok, check.fix) for name, check in checks.items()} == dict.fromkeys(
        ("account", "balances", "session", "orders", "positions"), (True, "")
    )
    assert (checks["orders"].found, checks["positions"].found) == ("1 since yesterday", "1 in options")
    assert (desk.placed, desk.cancelled) == ([], [])


async def test_one_failure_does_not_hide_the_next() -> None:
    """Orders that cannot be read and an empty account are both told, each with what to do."""
    desk = PaperDesk()
    desk.known, desk.held = Unavailable("no answer"), Refused("unauthorized", "scope missing")
    desk.limits = replace(desk.limits, derivative_buying_power=Decimal(0))
    checks = await found(desk)
    assert [name for name, check in checks.items() if not check.ok] == ["balances", "orders", "positions"]
    assert all(check.fix for check in checks.values() if not check.ok)
    assert "scope missing" in checks["positions"].found


async def test_a_restricted_account_is_told_with_its_restriction() -> None:
    """An account that may not open positions fails by the name of what holds it."""
    desk = PaperDesk()
    desk.restricted = True
    account = (await found(desk))["account"]
    assert (account.ok, "frozen" in account.found) == (False, True)


async def test_a_closed_market_is_no_failure() -> None:
    """Outside the session nothing needs to be done."""
    desk = PaperDesk()
    desk.open_now = False
    assert (await found(desk))["session"].ok
