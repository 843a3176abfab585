"""The account's rules: nothing over-commits, nothing counts twice, every no has its numbers."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.account.account import MOST_EVENTS, MOST_REPOSTS, SETTLES, Account, opened
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
"""Limits that only money is left to bind."""


def ready(limits: Limits = LOOSE, reference: int = 10_000, now: datetime = NOW) -> Account:
    """Open an account that lets entries pass."""
    account = opened(limits, now)
    account.open_day(Usd(Decimal(reference)), now)
    account.day.preflight_at = now
    return account


def ask(
    number: int = 1, *, quantity: int = 2, each: int = 100, power: int = 10_000, **changes: Any
) -> AdmitRequest:
    """Ask for a trade in a contract of its own; `each` is what one contract costs, a dollar of it in fees."""
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


def stands(number: int, sequence: int, **changes: Any) -> PositionReport:
    """Say how a trade stands that has bought nothing yet."""
    standing = PositionReport(
        trade=WorkflowId(f"trade-m{number}"),
        sequence=sequence,
        entering=True,
        bought=0,
        position=0,
        paid=Usd(Decimal(0)),
        realised=Usd(Decimal(0)),
    )
    return replace(standing, **changes)


def code(answer: Admitted | Denied) -> Code | None:
    """Give the code of a denial, or None."""
    return answer.code if isinstance(answer, Denied) else None


@given(
    reference=st.integers(0, 5000),
    power=st.integers(0, 5000),
    wants=st.lists(st.tuples(st.integers(1, 10), st.integers(2, 900)), min_size=50, max_size=50),
)
def test_fifty_alerts_at_once_never_over_commit(
    *, reference: int, power: int, wants: list[tuple[int, int]]
) -> None:
    """RSK-20: all sized against the same buying power, together they take neither more than the day began with nor more than there is."""
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
def test_whatever_happens_and_however_often_the_books_add_up(steps: list[tuple[str, int, int]]) -> None:
    """RSK-20: repeated questions, late standings and releases that come twice change nothing; what is committed is what is open."""
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
            account.take(
                stands(
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
            account.take(
                stands(number, sequence, entering=False, bought=trade.bought, position=held, paid=trade.paid),
                now,
            )
        elif what == "over":
            account.take(stands(number, sequence, over=True), now)
            account.take(stands(number, sequence, over=True), now)
            assert f"trade-m{number}" not in account.trades
        elif what == "late" and trade is not None:
            assert not account.take(stands(number, trade.sequence, bought=99, position=99), now)
        elif what == "day":
            now += timedelta(days=1)
            account.roll(now)
            account.open_day(Usd(Decimal(reference)), now)
            account.day.preflight_at = now
            assert account.day.trades == account.day.notional == account.day.realised == 0
        assert account.committed <= reference
        assert all(each.committed(account.day.date) >= 0 for each in account.trades.values())


def test_a_trade_is_admitted_once_and_answered_as_often_as_it_asks() -> None:
    """RSK-20: the same question again, as after a crash, reserves nothing more and gives the same."""
    account = ready()
    first, second = account.admit(ask(), NOW), account.admit(ask(), NOW + timedelta(seconds=1))
    assert isinstance(first, Admitted)
    assert second == replace(first, first=False)
    assert account.day.trades == len(account.orders) == 1
    assert account.committed == 200


def test_a_trade_that_is_over_is_not_admitted_again() -> None:
    """RSK-20: released is released, also when it is told twice; a reset of its workflow does not begin it anew."""
    account = ready()
    account.admit(ask(), NOW)
    account.release(WorkflowId("trade-m1"))
    account.release(WorkflowId("trade-m1"))
    assert account.committed == 0
    assert code(account.admit(ask(), NOW)) is Code.TRADE_OVER


def test_what_is_bought_is_committed_until_the_day_ends() -> None:
    """RSK-20: the reference is the day's; of the next day's reading what was paid before is already gone."""
    account = ready(reference=1000)
    account.admit(ask(quantity=4, each=150), NOW)
    account.take(stands(1, 1, entering=False, bought=4, position=4, paid=Usd(Decimal(500))), NOW)
    assert account.committed == 500
    account.take(stands(1, 2, entering=False, bought=4, position=2, paid=Usd(Decimal(500))), NOW)
    assert account.committed == 250
    account.roll(NOW + timedelta(days=1))
    assert account.committed == 0
    assert len(account.trades) == 1


def test_what_the_broker_cannot_have_seen_is_taken_off_its_buying_power() -> None:
    """RSK-20: a balance read before others were admitted, or just after, does not show their orders yet."""
    account = ready(reference=10_000)
    account.admit(ask(1, quantity=3), NOW)
    assert isinstance(account.admit(ask(2, quantity=3, power=500), NOW), Admitted)
    assert code(account.admit(ask(3, quantity=3, power=500), NOW)) is Code.LIMIT_BUYING_POWER
    later = NOW + SETTLES + timedelta(seconds=1)
    assert isinstance(account.admit(ask(4, quantity=3, power=300, read_at=later), later), Admitted)


def test_the_days_losses_are_gone() -> None:
    """RSK-20: what was lost today cannot be committed again; what was won is not counted on."""
    account = ready(reference=1000)
    account.admit(ask(1, quantity=5), NOW)
    account.take(
        stands(
            1, 1, entering=False, bought=5, paid=Usd(Decimal(500)), realised=Usd(Decimal(-300)), over=True
        ),
        NOW,
    )
    answer = account.admit(ask(2, quantity=10), NOW)
    assert isinstance(answer, Admitted)
    assert answer.quantity == 7
    account.take(stands(2, 1, entering=False, bought=7, realised=Usd(Decimal(900)), over=True), NOW)
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
def test_each_limit_binds_with_its_numbers(limits: dict[str, Any], wanted: Code) -> None:
    """RSK-20: the second trade of an author is denied by name, with what was expected and what was found."""
    account = ready(replace(LOOSE, **limits))
    account.admit(ask(1), NOW)
    denied = account.admit(ask(2), NOW)
    assert isinstance(denied, Denied)
    assert denied.code is wanted
    assert denied.facts
    assert denied.reason.startswith("expected ")
    assert "found" in denied.reason


@pytest.mark.parametrize(
    ("limits", "quantity"),
    [
        ({"max_contracts": 3}, 3),
        ({"max_notional": Decimal(250)}, 2),
        ({"max_notional_per_day": Decimal(500)}, 5),
    ],
)
def test_a_limit_lowers_a_quantity_before_it_denies(limits: dict[str, Any], quantity: int) -> None:
    """RSK-10: what fits is let pass, and reserved for no more than that."""
    account = ready(replace(LOOSE, **limits))
    answer = account.admit(ask(quantity=9), NOW)
    assert isinstance(answer, Admitted)
    assert answer.quantity == quantity
    assert account.committed == quantity * 100


def test_orders_are_counted_by_the_minute_bumps_too() -> None:
    """RSK-20: a bump counts; the same order asked for again does not; after a minute it no longer does."""
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
    """RSK-10: nothing is bought in the first five minutes of this session of a hundred, nor in the last ten."""
    limits = replace(
        LOOSE, no_entry_after_open=timedelta(minutes=5), no_entry_before_close=timedelta(minutes=10)
    )
    request = ask(opens_at=NOW, closes_at=NOW + timedelta(minutes=100))
    now = NOW + timedelta(minutes=minutes)
    assert code(ready(limits, now=now).admit(request, now)) is wanted


# Re-posts


@given(days=st.lists(st.integers(0, 40), max_size=8).map(sorted))
def test_a_repost_is_denied_until_expiry(days: list[int]) -> None:
    """RSK-30: the same author, contract and price is traded once, whatever became of it, until its expiration day is over."""
    account = ready()
    taken = 0
    for count, day in enumerate([0, *days]):
        now = NOW + timedelta(days=day)
        if account.roll(now) or count == 0:
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
    """RSK-30: only the same three make a re-post."""
    account = ready()
    account.admit(ask(1), NOW)
    again = replace(ask(1), trade=WorkflowId("trade-m2"), order=ClientOrderId("m2-e1"))
    assert code(account.admit(again, NOW)) is Code.ALERT_REPOSTED
    assert code(account.admit(replace(again, **change), NOW)) is None


def test_a_person_lets_a_repost_through_once() -> None:
    """RSK-30: by the trade that was denied, on record, and only the next one."""
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


def test_what_was_denied_is_no_repost() -> None:
    """RSK-30: only what was traded is remembered."""
    account = ready(reference=50)
    assert code(account.admit(ask(1), NOW)) is Code.LIMIT_BUYING_POWER
    account.day.reference = Usd(Decimal(1000))
    assert code(account.admit(replace(ask(1), trade=WorkflowId("trade-m2")), NOW)) is None


def test_the_memory_has_a_bound() -> None:
    """DUR-40: past the most that a fresh start can carry the furthest expiration forgets its oldest, and a person is told."""
    account = ready()
    account.reposts = {"2027-01-15": [str(number) for number in range(MOST_REPOSTS)]}
    account.admit(ask(1), NOW)
    assert sum(map(len, account.reposts.values())) == MOST_REPOSTS
    assert account.events[-1].kind is EventKind.WARNING
    for _ in range(2 * MOST_EVENTS):
        account.record(NOW, EventKind.WARNING, "again")
    assert (len(account.events), account.events[-1].sequence) == (MOST_EVENTS, account.recorded)


# Halting


@given(
    orders=st.lists(
        st.sampled_from([TradingStateCommand.HALT, TradingStateCommand.FLATTEN]), min_size=1, max_size=6
    ),
    days=st.integers(0, 5),
)
def test_only_a_person_ends_a_halt(orders: list[TradingStateCommand], days: int) -> None:
    """HLT-10: no further halt, flattening, day or release lets an entry pass again; a bump of an open trade is an entry too."""
    account = ready()
    account.admit(ask(1), NOW)
    for order in orders:
        account.order(order, NOW, by="ann", reason="a test")
    now = NOW + timedelta(days=days)
    account.roll(now)
    account.open_day(Usd(Decimal(10_000)), now)
    assert code(account.admit(ask(2), now)) is Code.ACCOUNT_HALTED
    assert code(account.admit(ask(1, order=ClientOrderId("m1-e2")), now)) is Code.ACCOUNT_HALTED
    account.release(WorkflowId("trade-m1"))
    if account.state is AccountState.REDUCING:
        account.order(TradingStateCommand.FLAT, now, by="the account", reason="flat")
    assert (account.state, account.epoch) == (AccountState.HALTED, 1)
    assert code(account.admit(ask(2), now)) is Code.ACCOUNT_HALTED
    account.order(TradingStateCommand.RESUME, now, by="ann", reason="mended")
    account.day.preflight_at = now
    assert code(account.admit(ask(2), now)) is None


def test_a_halt_is_recorded_once_with_who_and_why() -> None:
    """HLT-10: halting twice is halting once; who resumed and what changed is on record too."""
    account = ready()
    for _ in range(3):
        account.order(TradingStateCommand.HALT, NOW, by="ann", reason="odd fills")
    account.order(TradingStateCommand.RESUME, NOW, by="bob", reason="the feed is back")
    kinds = [event.kind for event in account.events if event.kind is not EventKind.DAY_OPENED]
    assert kinds == [EventKind.HALTED, EventKind.RESUMED]
    assert "odd fills" in account.events[-2].text
    assert "bob" in account.events[-1].text
    assert "the feed is back" in account.events[-1].text


def test_the_days_loss_halts_by_itself() -> None:
    """RSK-20, HLT-10: reaching the limit halts; the next day begins halted, with its loss at zero."""
    account = ready(replace(LOOSE, max_loss_per_day=Decimal(100)))
    account.admit(ask(1), NOW)
    account.take(stands(1, 1, realised=Usd(Decimal(-99))), NOW)
    assert account.state is AccountState.ACTIVE
    account.take(stands(1, 2, realised=Usd(Decimal(-100)), over=True), NOW)
    assert (account.state, account.halted_by) == (AccountState.HALTED, "the daily loss limit")
    account.roll(NOW + timedelta(days=1))
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
            lambda account: account.differ(
                (Difference(kind=DifferenceKind.EXTRA, what="SPY", expected=0, found=1),), NOW
            ),
            Code.ACCOUNT_DIFFERENCE,
        ),
    ],
)
def test_an_account_that_is_not_ready_lets_nothing_begin(spoil: Any, wanted: Code) -> None:
    """RSK-20: without the day's reading, a passing preflight or agreement nothing begins; what had begun goes on."""
    account = ready()
    account.admit(ask(1), NOW)
    spoil(account)
    assert code(account.admit(ask(2), NOW)) is wanted
    assert code(account.admit(ask(1, order=ClientOrderId("m1-e2")), NOW)) is None
