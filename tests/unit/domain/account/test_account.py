"""Admission to an account: no over-commitment, nothing counted twice, every denial has its numbers."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.account.account import (
    BUYING_POWER_LAG,
    MAX_EVENTS,
    MAX_REPOSTS,
    Account,
    new_account,
)
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.preflight import Check
from alert_trader.domain.account.reconciliation import Difference, DifferenceKind
from alert_trader.domain.account.reservation import AdmitRequest, Admitted, PositionReport
from alert_trader.domain.account.trading_state import AccountState, TradingStateCommand
from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.ids import ClientOrderId, WorkflowId
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.money import Price, Usd

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
LOOSE = Limits(
    max_contracts=1000,
    max_notional=Decimal(10**9),
    max_open_trades=1000,
    max_trades_per_author=1000,
    max_trades_per_day=1000,
    max_notional_per_day=Decimal(10**9),
    max_orders_per_minute=1000,
    max_loss_per_day=Decimal(10**9),
)
"""Limits so high that only buying power decides."""


def ready(limits: Limits = LOOSE, reference: int = 10_000, now: datetime = NOW) -> Account:
    """Return an account that admits entries."""
    account = new_account(limits, now)
    account.open_day(Usd(Decimal(reference)), now)
    account.day.preflight_at = now
    return account


def ask(
    number: int = 1, *, quantity: int = 2, each: int = 100, power: int = 10_000, **changes: Any
) -> AdmitRequest:
    """Return a request in a contract of its own; `each` is the cost of one contract, a dollar of it fees."""
    request = AdmitRequest(
        trade=WorkflowId(f"trade-m{number}"),
        order=ClientOrderId(f"m{number}-e1"),
        author="11",
        contract=OptionContract(
            root="SPY", expiry=date(2026, 12, 18), right=Right.CALL, strike=Decimal(300 + number)
        ),
        alert_price=Price(Decimal("1.20")),
        quantity=quantity,
        notional_each=Usd(Decimal(each - 1)),
        cost_each=Usd(Decimal(each)),
        cost=Usd(Decimal(each * quantity)),
        buying_power=Usd(Decimal(power)),
        read_at=NOW,
    )
    return replace(request, **changes)


def report(number: int, sequence: int, **changes: Any) -> PositionReport:
    """Return the report of a trade that has bought nothing yet."""
    nothing_bought = PositionReport(
        trade=WorkflowId(f"trade-m{number}"),
        sequence=sequence,
        entering=True,
        bought=0,
        position=0,
        paid=Usd(Decimal(0)),
        realised=Usd(Decimal(0)),
    )
    return replace(nothing_bought, **changes)


def code(answer: Admitted | Denied) -> Code | None:
    """Return the code of a denial, or None."""
    return answer.code if isinstance(answer, Denied) else None


@given(
    reference=st.integers(0, 5000),
    power=st.integers(0, 5000),
    wants=st.lists(st.tuples(st.integers(1, 10), st.integers(2, 900)), min_size=50, max_size=50),
)
def test_fifty_alerts_at_once_never_over_commit(
    *, reference: int, power: int, wants: list[tuple[int, int]]
) -> None:
    """RSK-20: entries sized by the same balance commit at most the reference and the buying power."""
    account = ready(reference=reference)
    admitted = []
    for number, (quantity, each) in enumerate(wants):
        answer = account.admit(ask(number, quantity=quantity, each=each, power=power), NOW)
        if isinstance(answer, Admitted):
            admitted.append(answer.quantity * each)
            assert 1 <= answer.quantity <= quantity
        else:
            assert answer.code is Code.LIMIT_BUYING_POWER
            assert answer.facts["cost_per_contract"] == f"{each}.00"
        assert account.committed <= reference
        assert account.committed <= power
    assert account.committed == sum(admitted)


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["ask", "again", "bump", "fill", "sell", "over", "late", "day"]),
            st.integers(0, 5),
            st.integers(1, 4),
        ),
        max_size=60,
    )
)
def test_repeated_and_late_events_change_nothing(steps: list[tuple[str, int, int]]) -> None:
    """RSK-20: repeated requests and releases, and late reports, leave the commitments unchanged."""
    now, reference = NOW, 1000
    account = ready(reference=reference)
    for sequence, (what, number, count) in enumerate(steps, start=1):
        trade = account.trades.get(f"trade-m{number}")
        before = (account.committed, account.day.trades, account.day.notional, len(account.trades))
        if what == "ask":
            account.admit(ask(number, quantity=count, each=90, power=reference), now)
        elif what == "again" and trade is not None:
            account.admit(ask(number, quantity=count, each=90), now)
            assert before == (
                account.committed,
                account.day.trades,
                account.day.notional,
                len(account.trades),
            )
        elif what == "bump" and trade is not None and trade.entering:
            answer = account.admit(
                ask(number, quantity=9, order=ClientOrderId(f"m{number}-e{sequence + 1}")), now
            )
            assert isinstance(answer, Admitted)
            assert answer.quantity + trade.bought <= trade.quantity
        elif what == "fill" and trade is not None and trade.bought == 0:
            paid = Usd(Decimal(90 * trade.quantity))
            account.apply_report(
                report(
                    number,
                    sequence,
                    entering=False,
                    bought=trade.quantity,
                    position=trade.quantity,
                    paid=paid,
                ),
                now,
            )
        elif what == "sell" and trade is not None and trade.position > 0:
            held = trade.position - 1
            account.apply_report(
                report(number, sequence, entering=False, bought=trade.bought, position=held, paid=trade.paid),
                now,
            )
        elif what == "over":
            account.apply_report(report(number, sequence, over=True), now)
            account.apply_report(report(number, sequence, over=True), now)
            assert f"trade-m{number}" not in account.trades
        elif what == "late" and trade is not None:
            assert not account.apply_report(report(number, trade.sequence, bought=99, position=99), now)
        elif what == "day":
            now += timedelta(days=1)
            account.start_day(now)
            account.open_day(Usd(Decimal(reference)), now)
            account.day.preflight_at = now
            assert account.day.trades == account.day.notional == account.day.realised == 0
        assert account.committed <= reference
        assert all(each.committed(account.day.date) >= 0 for each in account.trades.values())


def test_a_repeated_request_reserves_nothing_more() -> None:
    """RSK-20: the same request again, as after a crash, gets the same answer and reserves nothing more."""
    account = ready()
    first, second = account.admit(ask(), NOW), account.admit(ask(), NOW + timedelta(seconds=1))
    assert isinstance(first, Admitted)
    assert second == replace(first, first=False)
    assert account.day.trades == len(account.recent_orders) == 1
    assert account.committed == 200


def test_a_trade_that_ended_is_not_admitted_again() -> None:
    """RSK-20: a second release changes nothing; a reset of the workflow is not admitted either."""
    account = ready()
    account.admit(ask(), NOW)
    account.release(WorkflowId("trade-m1"))
    account.release(WorkflowId("trade-m1"))
    assert account.committed == 0
    assert code(account.admit(ask(), NOW)) is Code.TRADE_OVER


def test_a_position_is_committed_until_the_day_ends() -> None:
    """RSK-20: the next day's reference was read after the position was paid for."""
    account = ready(reference=1000)
    account.admit(ask(quantity=4, each=150), NOW)
    account.apply_report(report(1, 1, entering=False, bought=4, position=4, paid=Usd(Decimal(500))), NOW)
    assert account.committed == 500
    account.apply_report(report(1, 2, entering=False, bought=4, position=2, paid=Usd(Decimal(500))), NOW)
    assert account.committed == 250
    account.start_day(NOW + timedelta(days=1))
    assert account.committed == 0
    assert len(account.trades) == 1


def test_reservations_the_broker_may_not_include_reduce_its_buying_power() -> None:
    """RSK-20: a balance read before or right after other admissions does not include their orders yet."""
    account = ready(reference=10_000)
    account.admit(ask(1, quantity=3), NOW)
    assert isinstance(account.admit(ask(2, quantity=3, power=500), NOW), Admitted)
    assert code(account.admit(ask(3, quantity=3, power=500), NOW)) is Code.LIMIT_BUYING_POWER
    later = NOW + BUYING_POWER_LAG + timedelta(seconds=1)
    assert isinstance(account.admit(ask(4, quantity=3, power=300, read_at=later), later), Admitted)


def test_losses_reduce_what_can_be_committed() -> None:
    """RSK-20: a loss of the day cannot be committed again; a gain adds nothing."""
    account = ready(reference=1000)
    account.admit(ask(1, quantity=5), NOW)
    account.apply_report(
        report(
            1, 1, entering=False, bought=5, paid=Usd(Decimal(500)), realised=Usd(Decimal(-300)), over=True
        ),
        NOW,
    )
    answer = account.admit(ask(2, quantity=10), NOW)
    assert isinstance(answer, Admitted)
    assert answer.quantity == 7
    account.apply_report(report(2, 1, entering=False, bought=7, realised=Usd(Decimal(900)), over=True), NOW)
    answer = account.admit(ask(3, quantity=11), NOW)
    assert isinstance(answer, Admitted)
    assert answer.quantity == 10


@pytest.mark.parametrize(
    ("limits", "wanted"),
    [
        ({"max_open_trades": 1}, Code.LIMIT_OPEN_TRADES),
        ({"max_trades_per_day": 1}, Code.LIMIT_TRADES_PER_DAY),
        ({"max_trades_per_author": 1}, Code.LIMIT_TRADES_PER_AUTHOR),
        ({"max_orders_per_minute": 1}, Code.LIMIT_ORDERS_PER_MINUTE),
        ({"max_notional_per_day": Decimal(250)}, Code.LIMIT_NOTIONAL_PER_DAY),
        ({"max_notional": Decimal(98)}, Code.LIMIT_NOTIONAL),
        ({"max_contracts": 0}, Code.LIMIT_CONTRACTS),
        ({"halted_symbols": ("SPY",)}, Code.SYMBOL_HALTED),
        ({"max_loss_per_day": Decimal(0)}, Code.LIMIT_LOSS_PER_DAY),
    ],
)
def test_each_limit_denies_with_its_numbers(limits: dict[str, Any], wanted: Code) -> None:
    """RSK-20: the second trade is denied with the code of the limit, and the reason has its numbers."""
    account = ready(replace(LOOSE, **limits))
    account.admit(ask(1), NOW)
    denied = account.admit(ask(2), NOW)
    assert isinstance(denied, Denied)
    assert denied.code is wanted
    assert denied.facts
    assert any(number in denied.reason for number in denied.facts.values())


@pytest.mark.parametrize(
    ("limits", "quantity"),
    [
        ({"max_contracts": 3}, 3),
        ({"max_notional": Decimal(250)}, 2),
        ({"max_notional_per_day": Decimal(500)}, 5),
    ],
)
def test_a_limit_lowers_a_quantity_before_it_denies(limits: dict[str, Any], quantity: int) -> None:
    """RSK-10: the quantity that fits is admitted, and only that is reserved."""
    account = ready(replace(LOOSE, **limits))
    answer = account.admit(ask(quantity=9), NOW)
    assert isinstance(answer, Admitted)
    assert answer.quantity == quantity
    assert account.committed == quantity * 100


def test_orders_per_minute_include_bumps() -> None:
    """RSK-20: a bump counts, a repeated request for the same order does not; after a minute none counts."""
    account = ready(replace(LOOSE, max_orders_per_minute=2))
    bump = ask(1, order=ClientOrderId("m1-e2"))
    assert [code(account.admit(each, NOW)) for each in (ask(1), bump, bump, ask(1))] == [None] * 4
    assert code(account.admit(ask(1, order=ClientOrderId("m1-e3")), NOW)) is Code.LIMIT_ORDERS_PER_MINUTE
    assert code(account.admit(ask(2), NOW + timedelta(seconds=59))) is Code.LIMIT_ORDERS_PER_MINUTE
    assert code(account.admit(ask(2), NOW + timedelta(seconds=61))) is None


@pytest.mark.parametrize(
    ("minutes", "wanted"),
    [
        (-1, None),
        (0, Code.NO_ENTRY_WINDOW),
        (4.9, Code.NO_ENTRY_WINDOW),
        (5, None),
        (89, None),
        (91, Code.NO_ENTRY_WINDOW),
    ],
)
def test_windows_around_open_and_close(minutes: float, wanted: Code | None) -> None:
    """RSK-10: no entry in the first five and the last ten minutes of a session of a hundred."""
    limits = replace(
        LOOSE, no_entry_after_open=timedelta(minutes=5), no_entry_before_close=timedelta(minutes=10)
    )
    request = ask(opens_at=NOW, closes_at=NOW + timedelta(minutes=100))
    now = NOW + timedelta(minutes=minutes)
    assert code(ready(limits, now=now).admit(request, now)) is wanted


# Re-posts


@given(days=st.lists(st.integers(0, 40), max_size=8).map(sorted))
def test_a_repost_is_denied_until_expiry(days: list[int]) -> None:
    """RSK-30: the same author, contract and price trades once until the contract expires."""
    account = ready()
    taken = 0
    for count, day in enumerate([0, *days]):
        now = NOW + timedelta(days=day)
        if account.start_day(now) or count == 0:
            account.open_day(Usd(Decimal(10_000)), now)
            account.day.preflight_at = now
        same = replace(ask(), trade=WorkflowId(f"trade-r{count}"), order=ClientOrderId(f"r{count}-e1"))
        answer = account.admit(same, now)
        expired = day > (ask().contract.expiry - NOW.date()).days
        taken += isinstance(answer, Admitted)
        if count > 0 and not expired:
            assert code(answer) is Code.ALERT_REPOSTED
        account.release(same.trade)
    assert taken >= 1


@pytest.mark.parametrize(
    "change",
    [
        {"author": "12"},
        {"alert_price": Price(Decimal("1.21"))},
        {"alert_price": None},
        {"contract": replace(ask().contract, strike=Decimal(999))},
        {"contract": replace(ask().contract, right=Right.PUT)},
        {"contract": replace(ask().contract, expiry=date(2026, 12, 19))},
    ],
)
def test_another_author_contract_or_price_is_no_repost(change: dict[str, Any]) -> None:
    """RSK-30: a re-post has the same author, contract and price."""
    account = ready()
    account.admit(ask(1), NOW)
    again = replace(ask(1), trade=WorkflowId("trade-m2"), order=ClientOrderId("m2-e1"))
    assert code(account.admit(again, NOW)) is Code.ALERT_REPOSTED
    assert code(account.admit(replace(again, **change), NOW)) is None


def test_a_person_allows_a_repost_once() -> None:
    """RSK-30: by the id of the denied trade, recorded, and for the next trade only."""
    account = ready()
    account.admit(ask(1), NOW)
    again = [
        replace(ask(1), trade=WorkflowId(f"trade-m{n}"), order=ClientOrderId(f"m{n}-e1")) for n in (2, 3, 4)
    ]
    assert code(account.admit(again[0], NOW)) is Code.ALERT_REPOSTED
    assert account.allow("trade-m2", NOW, by="ann", reason="meant")
    assert not account.allow("trade-m2", NOW, by="ann", reason="meant")
    assert [code(account.admit(each, NOW)) for each in again[1:]] == [None, Code.ALERT_REPOSTED]
    assert "ann" in account.events[-1].text


def test_a_denied_alert_does_not_count_as_traded() -> None:
    """RSK-30: only admitted trades make a later alert a re-post."""
    account = ready(reference=50)
    assert code(account.admit(ask(1), NOW)) is Code.LIMIT_BUYING_POWER
    account.day.reference = Usd(Decimal(1000))
    assert code(account.admit(replace(ask(1), trade=WorkflowId("trade-m2")), NOW)) is None


def test_stored_reposts_and_events_have_a_bound() -> None:
    """DUR-40: above the maximum the oldest key of the furthest expiration is dropped, with a warning."""
    account = ready()
    account.reposts = {"2027-01-15": [str(number) for number in range(MAX_REPOSTS)]}
    account.admit(ask(1), NOW)
    assert sum(map(len, account.reposts.values())) == MAX_REPOSTS
    assert account.events[-1].kind is EventKind.WARNING
    for _ in range(2 * MAX_EVENTS):
        account.record(NOW, EventKind.WARNING, "again")
    assert (len(account.events), account.events[-1].sequence) == (MAX_EVENTS, account.recorded)


# Halting


@given(
    orders=st.lists(
        st.sampled_from([TradingStateCommand.HALT, TradingStateCommand.FLATTEN]), min_size=1, max_size=6
    ),
    days=st.integers(0, 5),
)
def test_only_a_person_ends_a_halt(orders: list[TradingStateCommand], days: int) -> None:
    """HLT-10: no second halt, flatten, new day or release admits an entry; a bump is an entry too."""
    account = ready()
    account.admit(ask(1), NOW)
    for order in orders:
        account.change_state(order, NOW, by="ann", reason="a test")
    now = NOW + timedelta(days=days)
    account.start_day(now)
    account.open_day(Usd(Decimal(10_000)), now)
    assert code(account.admit(ask(2), now)) is Code.ACCOUNT_HALTED
    assert code(account.admit(ask(1, order=ClientOrderId("m1-e2")), now)) is Code.ACCOUNT_HALTED
    account.release(WorkflowId("trade-m1"))
    if account.state is AccountState.REDUCING:
        account.change_state(TradingStateCommand.FLAT, now, by="the account", reason="flat")
    assert (account.state, account.epoch) == (AccountState.HALTED, 1)
    assert code(account.admit(ask(2), now)) is Code.ACCOUNT_HALTED
    account.change_state(TradingStateCommand.RESUME, now, by="ann", reason="fixed")
    account.day.preflight_at = now
    assert code(account.admit(ask(2), now)) is None


def test_a_halt_is_recorded_once_with_who_and_why() -> None:
    """HLT-10: a repeated halt is recorded once; who resumed, and why, is recorded too."""
    account = ready()
    for _ in range(3):
        account.change_state(TradingStateCommand.HALT, NOW, by="ann", reason="odd fills")
    account.change_state(TradingStateCommand.RESUME, NOW, by="bob", reason="the feed is back")
    kinds = [event.kind for event in account.events if event.kind is not EventKind.DAY_OPENED]
    assert kinds == [EventKind.HALTED, EventKind.RESUMED]
    assert "odd fills" in account.events[-2].text
    assert "bob" in account.events[-1].text
    assert "the feed is back" in account.events[-1].text


def test_the_daily_loss_limit_halts_the_account() -> None:
    """RSK-20, HLT-10: reaching the limit halts; the next day starts halted, with a loss of zero."""
    account = ready(replace(LOOSE, max_loss_per_day=Decimal(100)))
    account.admit(ask(1), NOW)
    account.apply_report(report(1, 1, realised=Usd(Decimal(-99))), NOW)
    assert account.state is AccountState.ACTIVE
    account.apply_report(report(1, 2, realised=Usd(Decimal(-100)), over=True), NOW)
    assert (account.state, account.halted_by) == (AccountState.HALTED, "the daily loss limit")
    account.start_day(NOW + timedelta(days=1))
    assert account.day.realised == 0
    assert account.state.value == "halted"


@pytest.mark.parametrize(
    ("spoil", "wanted"),
    [
        (lambda account: setattr(account.day, "reference", None), Code.ACCOUNT_NOT_READY),
        (lambda account: setattr(account.day, "preflight_at", None), Code.PREFLIGHT_FAILED),
        (
            lambda account: setattr(
                account.day, "preflight", (Check(name="token", ok=False, found="expired"),)
            ),
            Code.PREFLIGHT_FAILED,
        ),
        (
            lambda account: account.update_differences(
                (Difference(kind=DifferenceKind.EXTRA, what="SPY", expected=0, found=1),), NOW
            ),
            Code.ACCOUNT_DIFFERENCE,
        ),
    ],
)
def test_an_account_that_is_not_ready_admits_no_new_trade(spoil: Any, wanted: Code) -> None:
    """RSK-20: without reference, preflight and agreement no trade starts; an admitted one continues."""
    account = ready()
    account.admit(ask(1), NOW)
    spoil(account)
    assert code(account.admit(ask(2), NOW)) is wanted
    assert code(account.admit(ask(1, order=ClientOrderId("m1-e2")), NOW)) is None
