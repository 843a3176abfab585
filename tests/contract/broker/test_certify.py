"""`trader certify` against the venue: what it finds is what the venue is set to, and nothing is left."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from alert_trader.settings.load import load
from alert_trader.settings.model import Settings
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.simulators.venue.config import (
    OcoCancel,
    OcoEdit,
    OcoMessages,
    OcoRules,
    StopRules,
    Timing,
    VenueConfig,
)
from alert_trader.simulators.venue.faults import FaultKind, FaultRule
from alert_trader.simulators.venue.replay import TranscriptError, read, serve
from alert_trader.simulators.venue.server import RunningVenue, start
from alert_trader.worker.certify.__main__ import certify, place_of
from alert_trader.worker.certify.check import Check, Outcome, Verdict
from alert_trader.worker.certify.hosts import SANDBOXES, OneHost, ProductionRefusedError, sandbox, venue
from alert_trader.worker.certify.line import NoCredentialsError
from alert_trader.worker.certify.transcript import HIDDEN, redacted
from tests.support.waiting import eventually

ACCOUNT = "5WT00042"
QUICK = Timing(
    live_after=0.001,
    filled_after=0.001,
    cancel_after=0.002,
    replace_after=0.002,
    oco_start_after=0.001,
    oco_cancel_after=0.001,
    quote_interval=3600,
)
PATIENCE = 0.05

DEFAULT = VenueConfig(timing=QUICK)
OPPOSITE = VenueConfig(
    timing=QUICK,
    token_lifetime=1200,
    echo_external_identifier=False,
    show_replace_requested=True,
    count_working_closes=False,
    order_versions=("20250813",),
    stops=StopRules(gtc_market=True, refuse_through_market=True),
    oco=OcoRules(
        messages=OcoMessages.CANCEL_FIRST,
        cancel=OcoCancel.BOTH_SIDES,
        edit=OcoEdit.LEAVES,
        stream=True,
        empty_cancel_answer=True,
        numeric_related_ids=True,
    ),
)
STRICT = VenueConfig(
    timing=QUICK,
    order_versions=("20261012",),
    oco=OcoRules(cancel=OcoCancel.REFUSED, edit=OcoEdit.REFUSED),
)

Rows = list[tuple[Check, Outcome]]


def settings(address: str, **more: str) -> Settings:
    """Return settings for the venue at an address."""
    variables = {"TRADER_MODE": "demo", "TASTYTRADE_ACCOUNT": ACCOUNT, "TRADER_VENUE_URL": address}
    return load(environment={**variables, **more}, directory=Path("/nonexistent")).settings


@asynccontextmanager
async def running(config: VenueConfig) -> AsyncIterator[RunningVenue]:
    """Run a venue."""
    found = await start(config)
    try:
        yield found
    finally:
        await found.close()


async def certified(address: str, folder: Path) -> Rows:
    """Make every check at an address."""
    in_force = settings(address)
    return await certify(in_force, place_of(in_force, ""), folder, patience=PATIENCE)


def working(found: RunningVenue) -> list[int]:
    """Return the orders that still work at the venue."""
    return [each.order_id for each in found.exchange.orders.values() if not each.status.terminal]


def of_config(config: VenueConfig, names: Any) -> dict[str, Any]:
    """Return the values of a venue's settings by their dotted names."""
    written = config.model_dump(mode="json")
    values = {}
    for name in names:
        value: Any = written
        for part in name.split("."):
            value = value[part]
        values[name] = value
    return values


@pytest.mark.parametrize("config", [DEFAULT, OPPOSITE, STRICT], ids=["default", "opposite", "strict"])
async def test_what_is_found_is_what_the_venue_is_set_to(config: VenueConfig, tmp_path: Path) -> None:
    """Every setting that is said to be confirmed or denied is the venue's; no order and no contract is left.

    The settings that are written start a venue that behaves so.
    """
    async with running(config) as found:
        rows = await certified(found.base_url, tmp_path)
        assert working(found) == []
        assert all(not each.quantity for each in found.exchange.account(ACCOUNT).positions.values())
    said: dict[str, Any] = {}
    for _, outcome in rows:
        said |= outcome.settings
    said = json.loads(json.dumps(said))
    assert len(said) >= (13 if config is DEFAULT else 9)
    assert said == of_config(config, said)
    again = VenueConfig.model_validate_json((tmp_path / "venue.json").read_bytes())
    assert of_config(again, said) == said
    if config is DEFAULT:
        assert [check.title for check, outcome in rows if outcome.verdict is Verdict.DIFFERENT] == []
        assert sum(outcome.verdict is Verdict.NOT_RUN for _, outcome in rows) == 1


async def test_report_and_transcript_have_no_secret(tmp_path: Path) -> None:
    """DUR-50: neither credentials nor access token nor the account's number is written."""
    config = DEFAULT.model_copy(update={"client_secret": "hunter2", "refresh_token": "hunter3"})
    number = "5WX99123"
    accounts = (config.accounts[0].model_copy(update={"number": number}),)
    async with running(config.model_copy(update={"accounts": accounts})) as found:
        credentials = {"TASTYTRADE_CLIENT_SECRET": "hunter2", "TASTYTRADE_REFRESH_TOKEN": "hunter3"}
        in_force = settings(found.base_url, **credentials, TASTYTRADE_ACCOUNT=number)
        await certify(in_force, place_of(in_force, ""), tmp_path, patience=PATIENCE)
        wrong = settings(found.base_url, TASTYTRADE_ACCOUNT=number)
        with pytest.raises(NoCredentialsError, match="Production credentials do not work"):
            await certify(wrong, place_of(wrong, ""), tmp_path / "wrong", patience=PATIENCE)
    for name in ("report.md", "transcript.jsonl", "venue.json"):
        text = (tmp_path / name).read_text()
        assert not any(each in text for each in ("hunter", number)), name
    first = json.loads((tmp_path / "transcript.jsonl").read_text().splitlines()[0])
    assert first["answer"]["body"]["access_token"] == HIDDEN


async def test_a_transcript_gives_the_same_report(tmp_path: Path) -> None:
    """`trader venue --from`: the same checks on what was recorded find the same."""
    async with running(OPPOSITE) as found:
        first = await certified(found.base_url, tmp_path / "first")
    async with serve(tmp_path / "first/transcript.jsonl") as port:
        second = await certified(f"http://127.0.0.1:{port}", tmp_path / "second")
    assert [each.verdict for _, each in second] == [each.verdict for _, each in first]
    assert (tmp_path / "second/venue.json").read_text() == (tmp_path / "first/venue.json").read_text()


async def test_a_file_that_is_no_transcript_is_refused(tmp_path: Path) -> None:
    """The line is named."""
    (tmp_path / "wrong.jsonl").write_text('{"a": 1}\n')
    with pytest.raises(TranscriptError, match="line 1 is no line of a transcript"):
        read(tmp_path / "wrong.jsonl")


@pytest.mark.parametrize("kind", [FaultKind.LOST_AFTER, FaultKind.UNKNOWN_STATUS, FaultKind.EMPTY_DATA])
async def test_an_order_whose_answer_was_lost_is_cancelled_too(kind: FaultKind, tmp_path: Path) -> None:
    """Nothing is left working when every second answer to an order is lost or unreadable."""
    async with running(DEFAULT) as found, VenueControl(found.base_url) as control:
        for nth in (1, 3, 5, 8):
            await control.arm(FaultRule(kind=kind, method="POST", path="*/orders", nth=nth, word="Odd"))
        await certified(found.base_url, tmp_path)
        assert working(found) == []


async def test_an_interrupted_run_leaves_nothing_working(tmp_path: Path) -> None:
    """Ctrl-C while orders work: they are cancelled before the process ends."""
    async with running(DEFAULT) as found:
        task = asyncio.create_task(certified(found.base_url, tmp_path))
        await eventually(lambda: working(found), "an order that works", within=20, every=0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert working(found) == []


async def test_outside_the_session_no_order_is_placed(tmp_path: Path) -> None:
    """Checks that need the market are left out, with what to do."""
    async with running(DEFAULT) as found, VenueControl(found.base_url) as control:
        await control.set_session(is_open=False)
        rows = await certified(found.base_url, tmp_path)
        assert found.exchange.orders == {}
    left_out = [outcome.found for check, outcome in rows if check.in_session]
    assert left_out
    assert all("09:30-16:00 ET" in each for each in left_out)


@pytest.mark.parametrize("mode", ["dry-run", "live"])
def test_modes_with_production_credentials_are_refused(mode: str) -> None:
    """Nothing is sent with credentials of a real account."""
    live = {"TRADER_LIVE_CONFIRM": ACCOUNT, "TASTYTRADE_ACCOUNT_WHITELIST": ACCOUNT}
    with pytest.raises(ProductionRefusedError, match="nothing was sent"):
        place_of(settings("http://127.0.0.1:1", TRADER_MODE=mode, **live), "api.cert.tastyworks.com")


@pytest.mark.parametrize(
    "address",
    [
        "https://api.tastyworks.com",
        "https://api.tastytrade.com",
        "https://API.TASTYWORKS.COM:443/",
        "https://streamer.tastyworks.com",
        "https://tastytrade.com",
        "ftp://127.0.0.1",
    ],
)
def test_no_production_host_is_a_venue_or_a_sandbox(address: str) -> None:
    """Neither by the venue's address nor by the option for the sandbox."""
    with pytest.raises(ProductionRefusedError):
        venue(address)
    with pytest.raises(ProductionRefusedError):
        sandbox(httpx2.URL(address).host)


async def test_the_transport_reaches_one_host() -> None:
    """Also a redirect, or a mistake in a path, cannot lead elsewhere: nothing is sent."""

    def fail(_: httpx2.Request) -> httpx2.Response:
        raise AssertionError("sent")

    for host in SANDBOXES:
        async with httpx2.AsyncClient(transport=OneHost(host, httpx2.MockTransport(fail))) as client:
            for other in ("api.tastyworks.com", "127.0.0.1", f"{host}.example.com"):
                with pytest.raises(ProductionRefusedError, match="only"):
                    await client.get(f"https://{other}/accounts/{ACCOUNT}/orders")


def test_private_fields_are_hidden() -> None:
    """What an account's owner would not publish is not in a transcript; what a replay needs is."""
    body = {
        "email": "a@b.c",
        "first-name": "Ada",
        "external-id": "x",
        "account-number": "5WX99123",
        "user-id": "U1",
        "external-identifier": "ours",
        "items": [{"access_token": "t", "note": "of 5WX99123", "token-type": "Bearer"}],
    }
    found = redacted(body, "5WX99123")
    assert found == {
        "email": HIDDEN,
        "first-name": HIDDEN,
        "external-id": HIDDEN,
        "account-number": ACCOUNT,
        "user-id": HIDDEN,
        "external-identifier": "ours",
        "items": [{"access_token": HIDDEN, "note": f"of {ACCOUNT}", "token-type": "Bearer"}],
    }
