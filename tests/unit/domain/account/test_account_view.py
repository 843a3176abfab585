"""Whether an account may trade now, as every interface says it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from alert_trader.activities.account_client import KillSwitch
from alert_trader.bot import reply_text
from alert_trader.cli.account_display import show_account
from alert_trader.cli.context import SafeConsole
from alert_trader.control.queries.worth import Worths
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.trading_state import AccountState
from alert_trader.domain.account.view import AccountView
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.money import Usd

AT = datetime(2026, 11, 27, 19, 57, tzinfo=UTC)

ACTIVE = AccountView(
    account=AccountNumber("5WX00001"),
    mode="demo",
    state=AccountState.ACTIVE,
    epoch=0,
    halted_at=None,
    halted_by=None,
    halt_reason=None,
    day=date(2026, 11, 27),
    reference=Usd(Decimal(100_000)),
    committed=Usd(Decimal(0)),
    trades_today=0,
    trades_by_author={},
    notional_today=Usd(Decimal(0)),
    realised_today=Usd(Decimal(0)),
    orders_last_minute=0,
    open_trades=(),
    limits=Limits(),
    differences=(),
    foreign_orders=(),
    preflight=(),
    preflight_at=AT,
    stream_since=AT,
    events=(),
)


def texts(view: AccountView) -> list[str]:
    """Return what the terminal and Discord say of an account."""
    console = SafeConsole(width=200)
    with console.capture() as shown:
        show_account(console, view, Worths(by_trade={}, total=None, missing=None))
    return [shown.get(), reply_text.account(view), reply_text.may_trade(view)]


def test_an_active_account_within_its_limits_may_trade() -> None:
    """Entries are allowed when nothing stops them."""
    assert ACTIVE.may_trade
    assert all("entries allowed" in each for each in texts(ACTIVE))


def test_a_stop_file_blocks_entries_in_every_interface_with_its_time(tmp_path: Path) -> None:
    """The stop file blocks entries in the terminal and in Discord."""
    stop = tmp_path / "STOP"
    switch = KillSwitch(file=stop)
    assert switch.stopping is None
    stop.touch()
    view = replace(ACTIVE, kill_switch=switch.stopping)
    assert not view.may_trade
    for text in texts(view):
        assert "entries blocked" in text
        assert "since" in text
        assert "entries allowed" not in text
    assert f"the stop file {stop} exists since" in (view.kill_switch or "")


def test_the_setting_that_stops_entries_is_named() -> None:
    """TRADER_STOP is named."""
    assert "TRADER_STOP is set" in (KillSwitch(always=True).stopping or "")


def test_a_halt_names_who_and_since_when() -> None:
    """A halt names its person and its New York time."""
    view = replace(ACTIVE, state=AccountState.HALTED, halted_by="cli:anna", halted_at=AT, halt_reason="lunch")
    assert view.stops == ("halted by cli:anna since 2026-11-27 14:57 ET: lunch",)
    assert view.stops_after_resume == ()


def test_resuming_says_what_still_blocks() -> None:
    """The stop file blocks entries after a resume, too."""
    view = replace(ACTIVE, state=AccountState.HALTED, kill_switch="TRADER_STOP is set")
    assert view.stops_after_resume == ("TRADER_STOP is set",)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"trades_today": 300}, "limit reached: 300 of 300 trades today"),
        ({"notional_today": Usd(Decimal(50_000))}, "limit reached: 50,000 of 50,000 dollars bought today"),
        (
            {"orders_last_minute": 120},
            "limit reached: 120 of 120 entry orders in the last minute",
        ),
        ({"limits": Limits(max_open_trades=0)}, "limit reached: 0 of 0 open trades"),
    ],
)
def test_a_limit_that_is_reached_is_no_permission(change: dict[str, object], expected: str) -> None:
    """A limit that denies every new trade is shown."""
    view = replace(ACTIVE, **change)  # type: ignore[arg-type]
    assert view.stops == (expected,)
    assert all("entries allowed" not in each for each in texts(view))
