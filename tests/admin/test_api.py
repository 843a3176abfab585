"""The admin API on the real stack, with every payload encrypted: alerts in, trades out."""

import asyncio
import dataclasses
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count

import httpx2
import pytest

from alert_trader.api.temporal import TemporalConnection
from alert_trader.broker.dry_run import DryRunBroker
from alert_trader.control.queries.account import account_view
from alert_trader.control.temporal import connect
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.runtime.account_bootstrap import ensure_account_workflow
from alert_trader.runtime.namespace import prepare
from alert_trader.runtime.target import target_of
from alert_trader.worker.wiring import make_worker
from tests.admin.conftest import HOOK, Api, serve
from tests.support.cluster import Cluster, Trade, WorkerSlot
from tests.support.waiting import eventually
from tests.support.workers import running

PROCESS = "/admin/alerts/process"
_keys = count(1)


async def planned(slot: WorkerSlot, bid: str = "1.20", ask: str = "1.20") -> Trade:
    """Quote a contract of its own, at which an entry fills at once."""
    trade = slot.plan()
    await trade.quote(bid, ask)
    return trade


def body(trade: Trade, **more: object) -> dict[str, object]:
    """Write an alert about the contract of a plan."""
    said = trade.message
    return {"message": said.text, "channel_id": said.channel_id, "user_id": said.author_id, **more}


def known_as(trade: Trade, answer: httpx2.Response) -> Trade:
    """Return the plan under the message id that the API derived."""
    sent = dataclasses.replace(trade.message, message_id=answer.json()["message_id"])
    return dataclasses.replace(trade, message=sent)


def new_key() -> str:
    """Return an idempotency key that no other test uses."""
    return f"tv-{os.getpid()}-{next(_keys)}"


async def test_an_alert_becomes_a_trade_once(slot: WorkerSlot, api: Api) -> None:
    """WHO-20: a webhook that sends twice, at once or later, finds the trade of the first.

    The audit names the key it came with.
    """
    plan, key = await planned(slot), new_key()
    headers = {"Idempotency-Key": key}
    both = await asyncio.gather(
        *(api("POST", PROCESS, json=body(plan), headers=headers, key=HOOK) for _ in range(2))
    )
    assert sorted(answer.status_code for answer in both) == [200, 201]
    trade = known_as(plan, both[0])
    await trade.until("held", phase=Phase.HOLDING, exits_working=2)
    again = await api("POST", PROCESS, json=body(plan, idempotency_key=key), key=HOOK)
    assert (again.status_code, again.json()["result"]) == (200, "duplicate")
    assert "use a new key for each alert" in again.json()["detail"]
    assert again.headers["location"] == f"/admin/trades/trade-{trade.id}"
    assert (await trade.sent("e"), again.json()["mode"]) == (["e1"], "demo")

    shown = (await api("GET", str(again.headers["location"]))).json()
    assert shown["view"]["message"]["author_name"] == "api:hook"
    assert {"received", "sized", "filled", "exit_submitted"} <= {event["kind"] for event in shown["events"]}
    listed = (await api("GET", "/admin/trades", params={"symbol": "SPY", "limit": 200})).json()["trades"]
    row = next(row for row in listed if row["workflow_id"] == f"trade-{trade.id}")
    assert (row["phase"], row["bought"], row["author"]) == ("holding", 4, trade.message.author_id)
    assert not await trade.violations()


async def test_chatter_starts_no_trade_and_a_refused_alert_is_recorded(slot: WorkerSlot, api: Api) -> None:
    """A message that is not an alert is ignored.

    One that looks like an alert and is not certain gets a denied trade.
    """
    said = body(slot.plan())
    chatter = await api("POST", PROCESS, json={**said, "message": "good morning all"})
    assert (chatter.status_code, chatter.json()["result"], chatter.json()["workflow_id"]) == (
        200,
        "ignored",
        None,
    )
    unsure = await api(
        "POST",
        PROCESS,
        json={**said, "message": "BTO SPY 12/18/2026 607 @ 2.00", "idempotency_key": new_key()},
    )
    assert unsure.status_code == 201

    async def refused() -> bool:
        shown = (await api("GET", str(unsure.headers["location"]))).json()
        return shown["view"] is not None and shown["view"]["outcome"] == "denied"

    await eventually(refused, "the refusal to be on record", every=0.1)


async def test_an_unknown_trade_is_not_found(api: Api) -> None:
    """404 with words; a name that can be no trade's is refused before Temporal is asked."""
    missing = await api("GET", "/admin/trades/no-such-trade")
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:alert-trader:problem:not-found")
    assert (await api("GET", "/admin/trades/not%20a%20name")).status_code == 422


async def test_the_audit_trail_is_read_page_by_page(slot: WorkerSlot, api: Api) -> None:
    """The newest first; a cursor leads to older ones, without a gap or a repetition, and the pages end."""
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("held", phase=Phase.HOLDING, exits_working=2)
    found: list[tuple[str, int]] = []
    cursor = None
    for _ in range(200):
        page = (
            await api(
                "GET",
                "/admin/audit/recent",
                params={"limit": 7, **({} if cursor is None else {"cursor": cursor})},
            )
        ).json()
        found += [(event["workflow_id"], event["sequence"]) for event in page["events"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert cursor is None
    own = [sequence for workflow_id, sequence in found if workflow_id == f"trade-{trade.id}"]
    assert own == sorted(own, reverse=True)
    assert own[-1] == 1
    assert len(set(found)) == len(found)


async def test_the_account_is_halted_and_resumed_by_name(api: Api) -> None:
    """HLT-10: a halt asks nothing and names the key it came with.

    Only a resume that says what changed ends it.
    """
    halted = (await api("POST", "/admin/halt", json={"reason": "a test"}, key=HOOK)).json()
    assert (halted["acknowledged"], halted["state"]) == (True, "halted")
    shown = (await api("GET", "/admin/account")).json()
    assert (shown["state"], shown["halted_by"], shown["halt_reason"]) == ("halted", "api:hook", "a test")
    assert (await api("POST", "/admin/resume", json={"changed": ""})).status_code == 422
    resumed = await api("POST", "/admin/resume", json={"changed": "the test is over"})
    assert (resumed.status_code, resumed.json()["done"]) == (200, True)
    assert (await api("POST", "/admin/resume", json={"changed": "again"})).status_code in {200, 409}


async def test_a_trade_is_commanded_by_its_short_id(slot: WorkerSlot, api: Api) -> None:
    """Sell a part, then close: the receipt says what was done, and the audit trail names the key.

    A repeat under its key has no further effect, and what cannot be done is 409 with the trade's words.
    """
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("held", phase=Phase.HOLDING, exits_working=2)
    await trade.quote("1.40", "1.60")
    listed = (await api("GET", "/admin/trades", params={"limit": 200})).json()["trades"]
    row = next(each for each in listed if each["workflow_id"] == f"trade-{trade.id}")
    assert (row["worth"]["mark"], row["worth"]["unrealised"]) == ("1.4", "80.00")
    assert row["protection"] == "2 of 4 at the target"
    path, headers = f"/admin/trades/{row['short_id']}", {"idempotency-key": new_key()}
    sold = await api("POST", f"{path}/sell", json={"portion": "1/4", "reason": "trim"}, headers=headers)
    assert (sold.status_code, sold.json()["workflow_id"]) == (200, row["workflow_id"])
    await trade.until("sold one", sold=1)
    again = await api("POST", f"{path}/sell", json={"portion": "1/4", "reason": "trim"}, headers=headers)
    assert again.json()["text"] == sold.json()["text"]
    assert (await api("POST", f"{path}/cancel")).status_code == 409
    assert (await api("POST", f"{path}/sell", json={"portion": "some"})).status_code == 422
    closed = await api("POST", f"{path}/close", json={"reason": "the test is over"}, key=HOOK)
    assert closed.status_code == 200
    view = await trade.result()
    assert (view.sold, view.position) == (4, 0)
    assert "api:ops" in str(await trade.events())
    assert "api:hook" in str(await trade.events())


async def test_flatten_names_its_account(api: Api) -> None:
    """A flatten without the account's number, or with another's, does nothing."""
    assert (await api("POST", "/admin/flatten", json={"reason": "a test"})).status_code == 422
    other = await api("POST", "/admin/flatten", json={"account": "5WT99999"})
    assert (other.status_code, other.json()["type"]) == (409, "urn:alert-trader:problem:not-possible")
    assert (await api("GET", "/admin/account")).json()["state"] == "active"


async def test_readiness_is_reported(api: Api) -> None:
    """With Temporal and a worker there, it can do its work."""
    assert (await api("GET", "/health/ready", key=None)).json() == {"state": "ready", "mode": "demo"}


@pytest.fixture
async def dry_run_beside(sealed: Cluster) -> AsyncIterator[tuple[WorkerSlot, Api]]:
    """Serve the API of an account of its own, beside a worker of mode dry-run on its namespace."""
    slot = sealed.take_slot()
    settings = slot.settings
    client = await connect(target_of(settings, mode=Mode.DRY_RUN))
    await prepare(client, retention=timedelta(days=settings.temporal_retention_days))
    assert settings.tastytrade_client_secret is not None
    assert settings.tastytrade_refresh_token is not None
    broker = DryRunBroker(
        client_secret=settings.tastytrade_client_secret.get_secret_value(),
        refresh_token=settings.tastytrade_refresh_token.get_secret_value(),
        account=settings.account,
        is_test=False,
        venue_url=settings.venue_base_url,
        call_timeout=settings.broker_timeout,
    )
    worker = make_worker(
        client, account=settings.account, reader=broker, gateway=None, mode=Mode.DRY_RUN, channels=()
    )
    seen = TemporalConnection(target_of(settings, mode=Mode.DRY_RUN))

    async def open_for_the_day() -> bool:
        return (await account_view(client, settings.account)).reference is not None

    async with running(worker), httpx2.AsyncClient(base_url=await serve(slot), timeout=30) as asking:
        await ensure_account_workflow(client, settings.account, mode=Mode.DRY_RUN, limits=settings.limits())
        await eventually(
            lambda: seen.workers(settings.account),
            "Temporal to know of the dry-run worker",
            within=20,
            every=0.1,
        )
        await eventually(open_for_the_day, "the account to know its buying power", within=20, every=0.1)
        yield slot, Api(str(asking.base_url), asking)
    await broker.aclose()


async def test_a_dry_run_is_a_trade_of_the_dry_run_namespace(dry_run_beside: tuple[WorkerSlot, Api]) -> None:
    """DRY-10, DRY-20, DRY-30.

    A `dry_run` request in a mode that sends orders starts nothing there and sends no order.
    """
    slot, api = dry_run_beside
    plan = await planned(slot)
    answer = await api("POST", PROCESS, json=body(plan, dry_run=True, idempotency_key=new_key()))
    found = answer.json()
    assert (answer.status_code, found["result"], found["mode"]) == (200, "dry-run", "dry-run"), found[
        "detail"
    ]
    assert (found["dry_run_trade"]["outcome"], found["dry_run_trade"]["mode"]) == ("dry-run", "dry-run"), (
        found["detail"]
    )
    trade = known_as(plan, answer)
    assert await trade.posts() == []
    assert (await api("GET", f"/admin/trades/trade-{trade.id}")).status_code == 404
