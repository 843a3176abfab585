"""The tape, the calendar, and the venue as a process of its own."""

import asyncio
import json
import os
import signal
from datetime import UTC, date, datetime
from pathlib import Path

import exchange_calendars
import pytest
from tastytrade.order import OrderStatus
from tastytrade.utils import TastytradeError

from alert_trader import clock
from alert_trader.simulators.venue.client import ControlRefusedError, VenueControl
from alert_trader.simulators.venue.config import SessionMode, VenueConfig
from alert_trader.simulators.venue.holidays import half_days, hours, is_trading_day
from alert_trader.simulators.venue.orders import Action, IllegalTransitionError, Status
from alert_trader.simulators.venue.server import start
from alert_trader.simulators.venue.session import SessionBoard
from alert_trader.simulators.venue.tape import AnswerLine, FillLine, OrderLine, RequestLine, Tape, read_tape
from alert_trader.start import command
from tests.contract.venue.api_client import SPY, ApiClient, wait_until


async def test_the_file_is_the_tape(api_client: ApiClient, tmp_path: Path) -> None:
    """Every line is in the file the moment it is written, reads back as it was.

    Is numbered without a gap.
    """
    await api_client.reach(await api_client.buy("2.05", client_id="m1-e1"), OrderStatus.FILLED)
    lines = read_tape(tmp_path / "tape.jsonl")
    assert lines == api_client.venue.tape.lines
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    assert lines == await api_client.control.tape()


async def test_a_request_is_recorded_before_its_effects(api_client: ApiClient) -> None:
    """Arrival, then the order, then the decision, under one call number."""
    order = await api_client.reach(await api_client.buy("2.05", client_id="m1-e1"), OrderStatus.FILLED)
    request = next(line for line in api_client.tape(RequestLine) if line.client_id == "m1-e1")
    answer = next(line for line in api_client.tape(AnswerLine) if line.call == request.call)
    first = next(line for line in api_client.tape(OrderLine) if line.order.order_id == order.id)
    fill = api_client.tape(FillLine)[0]
    assert request.seq < first.seq < answer.seq < fill.seq
    assert (answer.status, answer.accepted, answer.order_id, fill.client_id) == (201, True, order.id, "m1-e1")
    assert request.body is not None
    assert request.body["legs"][0]["quantity"] == 1


async def test_an_unknown_call_is_recorded(api_client: ApiClient) -> None:
    """Every call that arrives is on the tape, also one that finds nothing."""
    with pytest.raises(TastytradeError, match="record_not_found"):
        await api_client.account.get_total_fees(api_client.session)
    assert (api_client.tape(RequestLine)[-1].path, api_client.tape(AnswerLine)[-1].status) == (
        "/accounts/5WT00042/transactions/total-fees",
        404,
    )


async def test_no_secret_is_on_the_tape(api_client: ApiClient, tmp_path: Path) -> None:
    """Neither the client's secrets nor the tokens given out are written. DUR-50."""
    await api_client.buy("1.00")
    await api_client.session._client.post(
        "/sessions", json={"password": "password-of-old"}, params={"token": "token-of-old"}
    )
    text = (tmp_path / "tape.jsonl").read_text(encoding="utf-8")
    for secret in (
        "secret-of-client",
        "refresh-of-client",
        "password-of-old",
        "token-of-old",
        api_client.session.session_token,
    ):
        assert secret not in text


def test_an_incomplete_last_line_is_overwritten(tmp_path: Path) -> None:
    """A venue killed in the middle of a line leaves a tape that reads.

    That the next venue continues with.
    """
    path = tmp_path / "tape.jsonl"
    whole = '{"seq":1,"at":"2026-01-01T00:00:00Z","kind":"control","command":"end-day","body":{}}\n'
    path.write_text(whole + '{"seq":2,"at":"20', encoding="utf-8")
    assert [line.seq for line in read_tape(path)] == [1]
    tape = Tape(clock.now, path)
    tape.write(read_tape(path)[0])
    tape.close()
    assert [line.seq for line in read_tape(path)] == [1, 2]


async def test_control_answers_name_the_fault(api_client: ApiClient) -> None:
    """A command that cannot be done is refused in words."""
    with pytest.raises(ControlRefusedError, match="expected a root among"):
        await api_client.control.set_quote("QQQQ  300118C00100000", bid="1", ask="2")
    with pytest.raises(ControlRefusedError, match="expected an OCC symbol"):
        await api_client.control.set_quote("nonsense", bid="1", ask="2")


async def test_the_same_seed_gives_the_same_market() -> None:
    """Two venues of one seed quote alike, another seed does not."""
    asks = []
    for seed in (1, 1, 2):
        venue = await start(VenueConfig(seed=seed))
        walk = [
            venue.exchange.market._walk(venue.exchange.listings.underlyings["TSLA"], step)
            for step in range(50)
        ]
        asks.append(walk)
        await venue.close()
    assert asks[0] == asks[1] != asks[2]


# the published calendar's own library warns of its pandas
@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning",
    "ignore::PendingDeprecationWarning",
    "ignore:.*deprecated:FutureWarning",
    "ignore:Series.values",
)
def test_the_calendar_agrees_with_the_exchanges() -> None:
    """Holidays and half days by rule are those of the published calendar, three years on."""
    published = exchange_calendars.get_calendar("XNYS", start="2025-06-01", end="2027-06-30")
    sessions = {each.date() for each in published.sessions}
    start_day, end_day = date(2025, 6, 2), date(2027, 6, 29)
    ours = {
        day
        for ordinal in range(start_day.toordinal(), end_day.toordinal())
        if is_trading_day(day := date.fromordinal(ordinal))
    }
    assert ours == {day for day in sessions if start_day <= day < end_day}
    halves = {each.date() for each in published.early_closes}
    assert {day for day in ours if day in half_days(day.year)} == {
        day for day in halves if start_day <= day < end_day
    }
    for day in (date(2026, 7, 2), date(2026, 11, 27)):
        assert hours(day).close_at == published.session_close(str(day)).to_pydatetime()


def test_real_hours_open_and_close() -> None:
    """The real session is New York's: shut before and after, over a holiday, and early on a half day."""
    board = SessionBoard(SessionMode.REAL, datetime(2026, 11, 25, tzinfo=UTC))
    moments = {
        datetime(2026, 11, 25, 14, 29, tzinfo=UTC): False,
        datetime(2026, 11, 25, 14, 30, tzinfo=UTC): True,
        datetime(2026, 11, 26, 16, 0, tzinfo=UTC): False,
        datetime(2026, 11, 27, 17, 59, tzinfo=UTC): True,
        datetime(2026, 11, 27, 18, 0, tzinfo=UTC): False,
    }
    assert {at: board.now(at).open for at in moments} == moments


async def test_an_illegal_transition_changes_nothing(api_client: ApiClient) -> None:
    """A filled order takes no other status."""
    await api_client.reach(await api_client.buy("2.05"), OrderStatus.FILLED)
    order = next(iter(api_client.venue.exchange.orders.values()))
    before = order.updated_at
    with pytest.raises(IllegalTransitionError, match="found Live"):
        order.move(Status.LIVE, clock.now())
    assert (order.status, order.updated_at) == (Status.FILLED, before)


async def test_a_venue_runs_as_a_process_and_ends_cleanly(tmp_path: Path) -> None:
    """The venue's process says where it serves, takes its config.

    Closes on SIGTERM with its tape whole.
    """
    ready, tape, config = tmp_path / "ready.json", tmp_path / "tape.jsonl", tmp_path / "config.json"
    config.write_text('{"accounts": [{"number": "5WT00777", "cash": "1234.50"}]}', encoding="utf-8")
    arguments = [
        "--port",
        "0",
        "--ready-file",
        str(ready),
        "--tape",
        str(tape),
        "--config",
        str(config),
        "--seed",
        "3",
    ]
    process = await asyncio.create_subprocess_exec(*command("venue", *arguments))
    try:
        await wait_until(ready.exists, seconds=20)
        started = json.loads(ready.read_text(encoding="utf-8"))
        assert started["pid"] == process.pid
        async with VenueControl(f"http://127.0.0.1:{started['port']}") as control:
            state = await control.state()
            await control.set_quote(SPY, bid="1.00", ask="1.10")
            await control.app_order("5WT00777", SPY, Action.BUY_TO_OPEN, 1, limit="1.10")
        assert [(each.number, str(each.cash)) for each in state.accounts] == [("5WT00777", "1234.50")]
    finally:
        os.kill(process.pid, signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert {line.kind for line in read_tape(tape)} >= {"start", "control", "quote", "order"}
