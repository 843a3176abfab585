"""Weeks of trading on one account, carried over every day: nothing is lost or grows without a bound."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pydantic import TypeAdapter

from alert_trader.domain.account.account import Account, new_account
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.reservation import AdmitRequest, Admitted, PositionReport
from alert_trader.domain.account.trading_state import TradingStateCommand
from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.ids import ClientOrderId, WorkflowId
from alert_trader.domain.market.calendar import is_trading_day, weekly_expiry
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.money import Price, Usd

WEEKS = 6
ALERTS = 300
"""A day."""
CARRIED = TypeAdapter(Account)
MOST_BYTES = 1_000_000
"""The most bytes carried over by continue-as-new; Temporal allows two million."""


def ask(day: int, number: int, now: datetime) -> AdmitRequest:
    """Return a request of one of forty authors, expirations within weeks, each contract and price once."""
    contract = OptionContract(
        root="SPY",
        expiry=weekly_expiry(now.date() + timedelta(days=7 * (number % 3))),
        right=Right.CALL if number % 2 else Right.PUT,
        strike=Decimal(300 + number),
    )
    name = f"1180000000000{day:03d}{number:03d}"
    return AdmitRequest(
        trade=WorkflowId(f"trade-{name}"),
        order=ClientOrderId(f"{name}-e1"),
        author=f"90000000000000{number % 40:04d}",
        contract=contract,
        alert_price=Price(Decimal(100 + day) / 100),
        quantity=2,
        notional_each=Usd(Decimal(130)),
        cost_each=Usd(Decimal("131.20")),
        cost=Usd(Decimal("262.40")),
        buying_power=Usd(Decimal(100_000)),
        read_at=now,
    )


def over(request: AdmitRequest, gain: int) -> PositionReport:
    """Report a trade that ended with two contracts bought and sold."""
    return PositionReport(
        trade=request.trade,
        sequence=1,
        entering=False,
        bought=2,
        position=0,
        paid=Usd(Decimal(260)),
        realised=Usd(Decimal(gain)),
        over=True,
    )


def test_weeks_of_hundreds_of_trades_a_day_are_carried_and_bounded() -> None:
    """DUR-40, RSK-20, RSK-30: six weeks of three hundred alerts a day, carried over before each day."""
    now = datetime(2026, 10, 12, 14, 0, tzinfo=UTC)
    account = new_account(Limits(max_notional_per_day=Decimal(10**6)), now)
    largest = traded = 0
    for day in range(7 * WEEKS):
        if not is_trading_day(now.date()):
            now += timedelta(days=1)
            continue
        account.start_day(now)
        account.open_day(Usd(Decimal(100_000)), now)
        account.day.preflight_at = now
        for number in range(ALERTS):
            moment = now + timedelta(seconds=60 * number)
            answer = account.admit(ask(day, number, moment), moment)
            assert isinstance(answer, Admitted), answer
            traded += 1
            if number >= 20:  # twenty stay open at any time
                account.apply_report(
                    over(ask(day, number - 20, moment), gain=1 if number % 2 else -1), moment
                )
        for number in range(ALERTS - 20, ALERTS):
            account.apply_report(over(ask(day, number, now), gain=0), now + timedelta(hours=6))
        assert (account.day.trades, len(account.trades)) == (ALERTS, 0)
        written = CARRIED.dump_json(account)
        largest = max(largest, len(written))
        account = CARRIED.validate_json(written)
        now += timedelta(days=1)
    assert traded >= 28 * ALERTS
    assert largest < MOST_BYTES
    assert account.reposts.keys() >= {weekly_expiry(now.date()).isoformat()}
    assert min(account.reposts) >= (now - timedelta(days=4)).date().isoformat()


def test_the_carried_state_is_the_same() -> None:
    """HLT-10, RSK-30, DUR-40: halt, re-posts, open trades and counters survive continue-as-new."""
    now = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    account = new_account(Limits(), now)
    account.open_day(Usd(Decimal(5000)), now)
    account.day.preflight_at = now
    request = ask(1, 1, now)
    account.admit(request, now)
    account.apply_report(over(ask(1, 1, now), gain=-50), now)
    account.admit(ask(1, 2, now), now)
    account.change_state(TradingStateCommand.HALT, now, by="ann", reason="a test")
    again = CARRIED.validate_json(CARRIED.dump_json(account))
    assert again == account
    denied = again.admit(ask(1, 3, now), now)
    assert isinstance(denied, Denied)
    assert denied.code is Code.ACCOUNT_HALTED
