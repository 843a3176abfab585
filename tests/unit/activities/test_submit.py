"""The submit protocol: look, guard, send once, classify."""

import time
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from alert_trader import clock
from alert_trader.activities import deadline
from alert_trader.activities.account_client import KillSwitch
from alert_trader.activities.messages import (
    CancelResult,
    FindRequest,
    PositionRequest,
    SubmitAnswer,
    SubmitRequest,
    SubmitResult,
)
from alert_trader.activities.order_reads import OrderLookups
from alert_trader.activities.orders import EntryGuards, OrderActivities
from alert_trader.broker.port import NOT_SENT, OutcomeUnknownError, RejectedError, UnavailableError
from alert_trader.domain.denial import Code
from alert_trader.domain.execution.policy import Conversion, LadderPolicy, Mode
from alert_trader.domain.ids import Leg, OrderId
from alert_trader.domain.not_sent import NotSentReason
from alert_trader.domain.orders.order import OrderReport, OrderStatus, Position
from tests.support.awaited import temporal
from tests.support.paper_account import PaperAccount
from tests.support.paper_exchange import OTHER_SYMBOL, intent
from tests.support.paper_gateway import PaperGateway, reported
from tests.support.submitting import ENTRY, EXIT, GUARD, HELD, RULES, SINCE, quoted, send


async def test_an_order_is_looked_up_and_then_sent_once(
    environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """ENT-40: nothing found and nothing against it: one request, and the venue's report."""
    answer = await send(environment, gateway)
    assert (answer.result, answer.adopted, answer.report.client_order_id) == (
        SubmitResult.ACCEPTED,
        False,
        "m1-e1",
    )
    assert (gateway.placed, gateway.looks) == ([ENTRY.intent], [SINCE])


@pytest.mark.parametrize("status", OrderStatus)
async def test_an_existing_order_is_adopted(
    environment: ActivityEnvironment, gateway: PaperGateway, status: OrderStatus
) -> None:
    """UNK-40: an earlier try is found by its name, whatever its status is now, and nothing is sent."""
    earlier = reported(ENTRY.intent, status=status)
    gateway.known = [reported(intent(Leg.ENTRY, 2, 3), order_id="9"), earlier]
    assert await send(environment, gateway) == SubmitAnswer(
        result=SubmitResult.ACCEPTED, report=earlier, adopted=True, reserved=True
    )
    assert gateway.placed == []


async def test_an_existing_order_is_adopted_despite_every_guard(
    environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """UNK-40: an order that exists is reported, though it may not be sent any more."""
    gateway.known, gateway.price = [reported(ENTRY.intent)], None
    environment.info = replace(environment.info, started_time=clock.now() - timedelta(hours=1))
    answer = await send(
        environment, gateway, replace(ENTRY, conversion=GUARD, not_after=clock.now() - timedelta(hours=1))
    )
    assert (answer.adopted, gateway.placed) == (True, [])


@pytest.mark.parametrize(
    "failure", [UnavailableError("no answer"), RejectedError("unauthorized", "token expired")]
)
async def test_nothing_is_sent_when_the_lookup_fails(
    environment: ActivityEnvironment, gateway: PaperGateway, failure: Any
) -> None:
    """UNK-30: a failed query is not an empty one."""
    gateway.known = failure
    answer = await send(environment, gateway)
    assert (answer.result, answer.code, gateway.placed) == (
        SubmitResult.NOT_SENT,
        NotSentReason.LOOKUP_FAILED,
        [],
    )


async def test_a_late_attempt_does_not_send(environment: ActivityEnvironment, gateway: PaperGateway) -> None:
    """UNK-50: the server saw it start so long ago that the call could outlive the activity."""
    environment.info = replace(environment.info, started_time=clock.now() - timedelta(seconds=8.6))
    answer = await send(environment, gateway)
    assert (answer.result, answer.code, gateway.placed) == (
        SubmitResult.NOT_SENT,
        NotSentReason.STEP_DELAYED,
        [],
    )


OFF = pytest.mark.parametrize("skew", [timedelta(seconds=60), timedelta(seconds=-60)])
"""By how much this machine's clock is ahead of Temporal's."""


def attempt(skew: timedelta, *, awaits: bool, unanswered: int = 0) -> ActivityEnvironment:
    """Surround an attempt that started just now, on a machine whose clock is wrong."""
    env = ActivityEnvironment(client=temporal(awaits=awaits, unanswered=unanswered))
    env.info = replace(
        env.info, started_time=clock.now() - skew, start_to_close_timeout=timedelta(seconds=10)
    )
    return env


@OFF
async def test_an_exit_that_temporal_waits_for_is_sent_whatever_the_clock_says(
    gateway: PaperGateway, skew: timedelta
) -> None:
    """EXT-40: a clock that is a minute off sends the exit. One that is ahead refuses the entry."""
    environment = attempt(skew, awaits=True)
    gateway.held = [HELD]
    answer = await send(environment, gateway, EXIT)
    assert (answer.result, gateway.placed) == (SubmitResult.ACCEPTED, [EXIT.intent])
    answer = await send(environment, gateway, ENTRY)
    assert answer.code == (NotSentReason.STEP_DELAYED if skew > timedelta(0) else None)


@OFF
@pytest.mark.parametrize("order", [ENTRY, EXIT])
async def test_an_attempt_that_temporal_has_timed_out_is_not_sent_whatever_the_clock_says(
    gateway: PaperGateway, skew: timedelta, order: SubmitRequest
) -> None:
    """UNK-50: the process was stopped before its code ran; by its own clock it is not late."""
    gateway.held = [HELD]
    answer = await send(attempt(skew, awaits=False), gateway, order)
    assert (answer.result, answer.code, gateway.placed) == (
        SubmitResult.NOT_SENT,
        NotSentReason.STEP_DELAYED,
        [],
    )


async def test_temporal_is_asked_again_when_it_does_not_answer(gateway: PaperGateway) -> None:
    """EXT-40: a server that restarts at that moment delays the exit by a fraction of a second."""
    gateway.held = [HELD]
    answer = await send(attempt(timedelta(0), awaits=True, unanswered=2), gateway, EXIT)
    assert (answer.result, gateway.placed) == (SubmitResult.ACCEPTED, [EXIT.intent])


@pytest.mark.parametrize("order", [ENTRY, EXIT])
async def test_a_stall_right_before_the_first_byte_counts(
    gateway: PaperGateway, order: SubmitRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UNK-50: Temporal's confirmation is as old as a call to the broker may be, and no older."""
    stalled = [0.0]
    later = SimpleNamespace(now=clock.now, steady=lambda: clock.steady() + stalled[0])
    monkeypatch.setattr(deadline, "clock", later)

    def stall() -> None:
        stalled[0] = (gateway.slow + deadline.MARGIN).total_seconds()

    gateway.held, gateway.before_send = [HELD], stall
    answer = await send(attempt(timedelta(0), awaits=True), gateway, order)
    assert (answer.result, answer.code, gateway.placed) == (
        SubmitResult.NOT_SENT,
        NotSentReason.STEP_DELAYED,
        [],
    )


@OFF
async def test_the_latest_time_of_an_exit_is_judged_by_temporals_time(
    gateway: PaperGateway, skew: timedelta
) -> None:
    """EXT-40: an exit is late when Temporal's time says so, an entry also when this machine's clock does."""
    gateway.held = [HELD]
    started, environment = clock.now() - skew, attempt(skew, awaits=True)
    soon, over = (started + timedelta(seconds=span) for span in (30, -1))
    assert (await send(environment, gateway, replace(EXIT, not_after=over))).code == NotSentReason.TOO_LATE
    assert (await send(environment, gateway, replace(EXIT, not_after=soon))).result is SubmitResult.ACCEPTED
    assert (await send(environment, gateway, replace(ENTRY, not_after=over))).code == NotSentReason.TOO_LATE
    entry = await send(environment, gateway, replace(ENTRY, not_after=soon))
    assert entry.code == (NotSentReason.TOO_LATE if skew > timedelta(0) else None)


async def test_an_entry_that_is_late_by_the_first_byte_is_not_sent(gateway: PaperGateway) -> None:
    """ENT-70: its latest time passes after every check: no order may reach the broker after the session."""
    until = clock.now() + timedelta(seconds=0.3)

    def stall() -> None:
        while clock.now() <= until:
            time.sleep(0.01)

    gateway.before_send = stall
    answer = await send(attempt(timedelta(0), awaits=True), gateway, replace(ENTRY, not_after=until))
    assert (answer.result, answer.code, gateway.placed) == (
        SubmitResult.NOT_SENT,
        NotSentReason.TOO_LATE,
        [],
    )


async def test_an_attempt_delayed_in_its_lookup_does_not_send(
    environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """UNK-50: the deadline is looked at after everything that may take its time, right before the send."""
    environment.info = replace(environment.info, start_to_close_timeout=timedelta(seconds=1.6))
    ends = time.monotonic() + 0.11

    def stall() -> None:
        while time.monotonic() < ends:
            pass

    gateway.before_look = stall
    answer = await send(environment, gateway)
    assert (answer.result, answer.code, gateway.placed) == (
        SubmitResult.NOT_SENT,
        NotSentReason.STEP_DELAYED,
        [],
    )


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.DEMO])
async def test_a_worker_of_another_mode_does_nothing(
    environment: ActivityEnvironment, gateway: PaperGateway, mode: Mode
) -> None:
    """DRY-20: a trade's mode is the worker's, or nothing leaves."""
    answer = await send(environment, gateway, replace(ENTRY, mode=mode))
    assert (answer.result, answer.code, gateway.placed, gateway.looks) == (
        SubmitResult.NOT_SENT,
        NotSentReason.WRONG_MODE,
        [],
        [],
    )


async def test_a_late_entry_is_not_sent(environment: ActivityEnvironment, gateway: PaperGateway) -> None:
    """WHO-30: past its last moment an entry is decided again; before it, it goes."""
    late = await send(environment, gateway, replace(ENTRY, not_after=clock.now() - timedelta(milliseconds=1)))
    assert (late.result, late.code, gateway.placed) == (SubmitResult.NOT_SENT, NotSentReason.TOO_LATE, [])
    assert (
        await send(environment, gateway, replace(ENTRY, not_after=clock.now() + timedelta(hours=1)))
    ).result is SubmitResult.ACCEPTED


@pytest.mark.parametrize(
    ("quote", "ladder", "code"),
    [
        (None, LadderPolicy(), Code.QUOTE_MISSING),
        ({"bid": "0", "ask": "1.20"}, LadderPolicy(), Code.QUOTE_UNUSABLE),
        ({"bid": "1.21", "ask": "1.20"}, LadderPolicy(), Code.QUOTE_UNUSABLE),
        ({"bid": "1.18", "ask": "1.20", "halted": True}, LadderPolicy(), Code.QUOTE_UNUSABLE),
        ({"bid": "1.18", "ask": "1.20", "age": 60.0}, LadderPolicy(), Code.QUOTE_STALE),
        ({"bid": "1.30", "ask": "1.33"}, LadderPolicy(), Code.LADDER_ABOVE_CEILING),
        ({"bid": "1.20", "ask": "1.24"}, LadderPolicy(convert_within_ticks=3), Code.LADDER_TOO_MANY_TICKS),
        ({"bid": "1.18", "ask": "1.20"}, LadderPolicy(conversion=Conversion.CANCEL), Code.LADDER_CANCELLED),
    ],
)
async def test_a_conversion_is_not_sent_against_a_bad_quote(
    environment: ActivityEnvironment,
    gateway: PaperGateway,
    quote: dict[str, Any] | None,
    ladder: LadderPolicy,
    code: Code,
) -> None:
    """RSK-10, RSK-40: the market of this moment decides, not the one of the alert."""
    gateway.price = None if quote is None else quoted(**quote)
    answer = await send(environment, gateway, replace(ENTRY, conversion=replace(GUARD, ladder=ladder)))
    assert (answer.result, answer.code, gateway.placed) == (SubmitResult.NOT_SENT, code, [])


async def test_a_conversion_within_the_ceiling_is_sent(
    environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """RSK-10: an ask at the ceiling is still within it."""
    gateway.price = quoted("1.30", "1.32")
    answer = await send(environment, gateway, replace(ENTRY, conversion=GUARD))
    assert (answer.result, len(gateway.placed)) == (SubmitResult.ACCEPTED, 1)


async def test_a_conversion_without_a_quote_is_not_sent(
    environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """RSK-40: no answer is no quote."""
    gateway.price = UnavailableError("no answer")
    answer = await send(environment, gateway, replace(ENTRY, conversion=GUARD))
    assert (answer.result, answer.code, gateway.placed) == (
        SubmitResult.NOT_SENT,
        NotSentReason.QUOTE_UNAVAILABLE,
        [],
    )


@pytest.mark.parametrize(
    ("held", "closing", "sent"),
    [
        ([HELD], 0, True),
        ([], 0, False),
        ([replace(HELD, quantity=1)], 0, False),
        ([replace(HELD, quantity=-2)], 0, False),
        ([replace(HELD, symbol=OTHER_SYMBOL)], 0, False),
        ([replace(HELD, quantity=4)], 2, True),
        ([replace(HELD, quantity=3)], 2, False),
    ],
)
async def test_a_replacing_exit_needs_free_contracts(
    environment: ActivityEnvironment, gateway: PaperGateway, held: list[Position], closing: int, *, sent: bool
) -> None:
    """EXT-10, EXT-30: the account holds what is sold, and no other close works on it."""
    gateway.held = held
    ended = reported(intent(Leg.EXIT, 8, 2, "2.40"), order_id="7", status=OrderStatus.CANCELLED)
    gateway.known = [ended, reported(intent(Leg.ENTRY, 1, 4), order_id="6")]
    if closing > 0:
        gateway.known.append(reported(intent(Leg.EXIT, 9, closing, "2.40"), order_id="8"))
    answer = await send(environment, gateway, EXIT)
    assert (answer.result is SubmitResult.ACCEPTED, len(gateway.placed)) == (sent, int(sent))
    assert sent or answer.code == NotSentReason.POSITION_NOT_FREE


async def test_an_exit_without_a_position_reading_is_not_sent(
    environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """EXT-10: no answer is no position."""
    gateway.held = UnavailableError("no answer")
    answer = await send(environment, gateway, EXIT)
    assert (answer.result, answer.code, gateway.placed) == (
        SubmitResult.NOT_SENT,
        NotSentReason.POSITION_UNAVAILABLE,
        [],
    )


@pytest.mark.parametrize(
    ("failure", "result", "code"),
    [
        (RejectedError("margin_check_failed", "not enough"), SubmitResult.REJECTED, "margin_check_failed"),
        (
            RejectedError(NOT_SENT, "could not connect"),
            SubmitResult.NOT_SENT,
            NotSentReason.BROKER_NOT_REACHED,
        ),
        (OutcomeUnknownError("timed out"), SubmitResult.UNKNOWN, None),
    ],
)
async def test_an_answer_is_classified(
    environment: ActivityEnvironment,
    gateway: PaperGateway,
    failure: Any,
    result: SubmitResult,
    code: str | None,
) -> None:
    """UNK-10: only what is proven is a refusal.

    Everything else is unknown, and nothing is tried again here.
    """
    gateway.answer = failure
    answer = await send(environment, gateway)
    assert (answer.result, answer.code, answer.report, len(gateway.placed)) == (result, code, None, 1)


@pytest.mark.parametrize(
    ("failure", "result"),
    [
        (None, CancelResult.REQUESTED),
        (RejectedError("cannot_update_order", "it is filled"), CancelResult.REJECTED),
        (OutcomeUnknownError("timed out"), CancelResult.UNKNOWN),
    ],
)
async def test_a_cancel_is_sent_once(
    environment: ActivityEnvironment, gateway: PaperGateway, failure: Any, result: CancelResult
) -> None:
    """ENT-60, HLT-30: a cancel is sent whatever else holds, and none of its answers is a cancellation."""
    gateway.answer = failure
    halted = PaperAccount()
    halted.halt()
    environment.info = replace(environment.info, started_time=clock.now() - timedelta(hours=1))
    answer = await environment.run(
        OrderActivities(
            gateway, Mode.DEMO, halted, EntryGuards(rules=RULES, stop=KillSwitch(always=True))
        ).cancel_order,
        OrderId("5"),
    )
    assert (answer.result, gateway.cancelled) == (result, ["5"])


async def test_a_failed_lookup_is_no_answer(environment: ActivityEnvironment, gateway: PaperGateway) -> None:
    """UNK-30: neither a look nor a read of an order or the position turns a failure into an empty answer."""
    lookups = OrderLookups(gateway)
    find = FindRequest(
        intent=ENTRY.intent, search_from=SINCE, intended_at=clock.now(), lost_at=clock.now(), known_ids=()
    )
    assert (await environment.run(lookups.find_order, find)).report is None
    with pytest.raises(ApplicationError, match="no longer knows it"):
        await environment.run(lookups.read_order, OrderId("1"))
    gateway.known = UnavailableError("no answer")
    with pytest.raises(UnavailableError):
        await environment.run(lookups.find_order, find)
    with pytest.raises(UnavailableError):
        await environment.run(lookups.read_order, OrderId("1"))
    with pytest.raises(UnavailableError):
        await environment.run(
            lookups.read_position, PositionRequest(contract=ENTRY.intent.contract, search_from=SINCE)
        )


async def test_an_order_in_either_list_is_found(
    environment: ActivityEnvironment, gateway: PaperGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UNK-30: how soon each list of the broker shows a new order is not documented."""
    known = [reported(ENTRY.intent)]

    async def only_live() -> list[OrderReport]:
        return known

    monkeypatch.setattr(gateway, "live_orders", only_live)
    find = FindRequest(
        intent=ENTRY.intent, search_from=SINCE, intended_at=clock.now(), lost_at=clock.now(), known_ids=()
    )
    answer = await environment.run(OrderLookups(gateway).find_order, find)
    assert answer.report == known[0]


@given(
    found=st.booleans(),
    failures=st.fixed_dictionaries({name: st.booleans() for name in ("known", "held", "price")}),
    conversion=st.booleans(),
    check_position=st.booleans(),
    late=st.sampled_from([None, timedelta(hours=-1), timedelta(hours=1)]),
    skew=st.sampled_from([timedelta(seconds=each) for each in (-60, 0, 60)]),
    awaited=st.booleans(),
    mode=st.sampled_from(Mode),
    ask=st.sampled_from(["1.20", "1.40"]),
    held=st.integers(0, 3),
    answer=st.sampled_from(
        [None, RejectedError("no", "no"), RejectedError(NOT_SENT, "no"), OutcomeUnknownError("lost")]
    ),
)
@settings(deadline=None, derandomize=True, database=None, max_examples=150)
async def test_no_order_is_sent_twice_or_against_a_guard(  # noqa: PLR0913 - everything that may be so at once
    *,
    found: bool,
    failures: dict[str, bool],
    conversion: bool,
    check_position: bool,
    late: timedelta | None,
    skew: timedelta,
    awaited: bool,
    mode: Mode,
    ask: str,
    held: int,
    answer: Any,
) -> None:
    """UNK-40, UNK-50, EXT-10: it leaves at most once, and only when every guard that applies lets it."""
    gateway, env, now = PaperGateway(), attempt(skew, awaits=awaited), clock.now() - skew
    gateway.known, gateway.price = ([reported(EXIT.intent)] if found else []), quoted("1.18", ask)
    gateway.held, gateway.answer = [replace(HELD, quantity=held)], answer
    for name, fails in failures.items():
        if fails:
            setattr(gateway, name, UnavailableError("no answer"))
    request = replace(
        EXIT,
        mode=mode,
        conversion=GUARD if conversion else None,
        check_position=check_position,
        not_after=None if late is None else now + late,
    )
    result = (await send(env, gateway, request)).result
    allowed = (
        mode is Mode.DEMO
        and not failures["known"]
        and not found
        and (not conversion or (ask == "1.20" and not failures["price"]))
        and (not check_position or (held >= 2 and not failures["held"]))
        and late != timedelta(hours=-1)
        and awaited
    )
    assert len(gateway.placed) == int(allowed)
    assert (result is SubmitResult.UNKNOWN) == (allowed and isinstance(answer, OutcomeUnknownError))
    assert (result is SubmitResult.ACCEPTED) == (
        (allowed and answer is None) or (found and mode is Mode.DEMO and not failures["known"])
    )
