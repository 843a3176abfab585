"""Encryption at rest on the real stack, and the proof that no secret appears anywhere."""

import asyncio
import base64
import dataclasses
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx2
from redis.asyncio import Redis
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent

from alert_trader.control.payload_codec import KEY_ID, EncryptionCodec
from alert_trader.control.queries.history import fetch_runs, read_history, replay, write_runs
from alert_trader.control.queries.trade_history import read_record
from alert_trader.control.queries.trade_views import show
from alert_trader.control.start_trade import start_trade
from alert_trader.control.temporal import connect
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.runtime.mirrors import mirrors
from alert_trader.runtime.target import target_of
from alert_trader.settings.load import as_environment
from alert_trader.workflows.interface import TradeRequest
from tests.admin.conftest import CANARIES, CIPHER, CODEC_TOKEN, HOOK, OLD_CIPHER, Api
from tests.support.cluster import Cluster, Trade, WorkerSlot
from tests.support.waiting import eventually

WORDS = "the quick brown author says"
"""Words of an alert's text, which must not be readable in the database."""


def database(cluster: Cluster) -> bytes:
    """Read Temporal's whole database as it lies on the disk, what is not merged into it yet too."""
    return b"".join(path.read_bytes() for path in sorted(cluster.stack.data_dir.glob("temporal.db*")))


async def test_a_whole_trade_is_unreadable_at_rest(slot: WorkerSlot, sealed: Cluster, tmp_path: Path) -> None:
    """Entry, exits and questions work through the codec.

    The history replays from the server and from a file, with the key alone.

    An alert that was sent without the codec is found in the same database: what is not found there is not
    there.
    """
    plan = slot.plan()
    trade = dataclasses.replace(plan, message=dataclasses.replace(plan.message, author_name=WORDS))
    await trade.quote("1.20", "1.20")
    await trade.send()
    await trade.until("held", phase=Phase.HOLDING, exits_working=2)
    codec = sealed.client.data_converter.payload_codec
    runs = await fetch_runs(sealed.client, trade.id)
    assert (await show(sealed.client, trade.id)).request.alert.author_name == WORDS
    replayed = await replay(runs, codec)
    assert (replayed.deterministic, replayed.fault) == (True, None)
    assert any(WORDS in str(step.inputs) for step in replayed.steps)
    from_files = [read_history(path) for path in write_runs(runs, tmp_path)]
    assert WORDS not in (tmp_path / f"trade-{trade.id}.json").read_text()
    assert (await replay(from_files, codec)).deterministic

    plain = slot.plan()
    await start_trade(
        await connect(dataclasses.replace(target_of(slot.settings), codec=None)), request_of(plain)
    )
    at_rest = database(sealed)
    assert trade.message.text.encode() not in at_rest
    assert WORDS.encode() not in at_rest
    assert plain.message.text.encode() in at_rest


def request_of(trade: Trade) -> TradeRequest:
    """Return the request of a plan."""
    return TradeRequest(alert=trade.message, policy=trade.policy, account=trade.slot.settings.account)


async def test_search_attributes_stay_readable(slot: WorkerSlot, sealed: Cluster) -> None:
    """Search attributes are not encrypted: lists are made of them."""
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("held", phase=Phase.HOLDING)
    row = (await show(sealed.client, trade.id)).row
    assert (row.symbol, row.author) == ("SPY", trade.message.author_id)


async def test_keys_can_be_rotated_while_trades_run(slot: WorkerSlot, sealed: Cluster) -> None:
    """A trade that began under an old key is shown, replayed and ended by processes with the new one."""
    plan = slot.plan()
    await plan.quote("1.20", "1.20")
    before = dataclasses.replace(
        target_of(slot.settings), codec=EncryptionCodec([("old", OLD_CIPHER), ("new", CIPHER)])
    )
    await start_trade(await connect(before), request_of(plan))
    await plan.until("held", phase=Phase.HOLDING, exits_working=2)
    [history] = await fetch_runs(sealed.client, plan.id)
    keys = {payload.metadata[KEY_ID] for event in history.events for payload in inputs(event)}
    assert keys == {b"old", b"new"}
    assert (await replay([history], sealed.client.data_converter.payload_codec)).deterministic


def inputs(event: HistoryEvent) -> Iterator[Payload]:
    """Return the payloads of a start's and of activities' inputs."""
    yield from event.workflow_execution_started_event_attributes.input.payloads
    yield from event.activity_task_scheduled_event_attributes.input.payloads


async def commands(slot: WorkerSlot, *lines: tuple[str, ...]) -> str:
    """Run `trader` commands side by side, and give everything that they said."""

    async def run(line: tuple[str, ...]) -> str:
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("trader")),
            *line,
            env={**os.environ, **as_environment(slot.settings)},
            cwd=slot.cluster.stack.data_dir,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return out.decode()

    return "\n".join(await asyncio.gather(*(run(line) for line in lines)))


async def test_no_secret_appears_anywhere(slot: WorkerSlot, sealed: Cluster, api: Api) -> None:
    """DUR-50: none of the planted secrets is in anything that the product writes.

    That is: the database, a log, the tape, a mirror, an answer, a metric, what a command says. Trades go
    well, are refused, lose an answer, and meet expired credentials; the API is asked with right and wrong
    keys.
    """
    trade = slot.plan()
    await trade.quote("1.20", "1.20")
    await trade.fault("lost-after", leg="e1")
    await sealed.control.expire_tokens()
    await trade.send()
    await trade.until("held, its lost answer found", phase=Phase.HOLDING, exits_working=2)
    await request_with_every_key(api, trade)
    texts = {
        "Temporal's database": database(sealed),
        "the history": (await fetch_runs(sealed.client, trade.id))[0].to_json().encode(),
        "the tape": "\n".join(line.model_dump_json() for line in await sealed.tape()).encode(),
        "the hot mirror": await hot(slot),
        "the archive": await archived(slot, trade),
        "answers of the API": "\n".join(api.said).encode(),
        "metrics": "\n".join(await metrics(slot, api)).encode(),
        "commands": (
            await commands(
                slot,
                ("show", trade.id),
                ("config", "show"),
                ("doctor",),
                ("replay", "--full", trade.id),
                ("list", "--json"),
            )
        ).encode(),
        **{f"the file {path.name}": path.read_bytes() for path in kept_files(sealed)},
    }
    assert all(
        trade.id.encode() in texts[where]
        for where in ("commands", "the hot mirror", "the archive", "the tape")
    )
    assert b"trader_events_total" in texts["metrics"]
    assert not found_secrets(texts)


async def request_with_every_key(api: Api, trade: Trade) -> None:
    """Send requests to the API with right, wrong and missing keys, and with bodies that it rejects."""
    said = {"channel_id": trade.message.channel_id, "user_id": trade.message.author_id}
    await api(
        "POST",
        "/admin/alerts/process",
        json={**said, "message": "BTO SPY 12/18/2026 607 @ 2.00", "api_key": HOOK},
        key=None,
    )
    await api("POST", "/admin/alerts/process", json={**said, "message": 1, "api_key": HOOK}, key=None)
    await api("GET", "/admin/account", key=f"{HOOK}x")
    await api("GET", f"/admin/trades/{trade.id}")
    await api(
        "POST",
        f"/codec/{CODEC_TOKEN}/decode",
        key=None,
        content=b"{",
        headers={"content-type": "application/json"},
    )


async def metrics(slot: WorkerSlot, api: Api) -> list[str]:
    """Read the metrics of the worker and of the API."""
    port = str(slot.settings.metrics_bind).rpartition(":")[2]
    async with httpx2.AsyncClient() as client:
        return [
            (await client.get(url)).text for url in (f"http://127.0.0.1:{port}/metrics", f"{api.url}/metrics")
        ]


def found_secrets(texts: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Return which planted secret is in which text, in clear or in base64 at any offset."""
    searched = [(what, secret.encode()) for what, secret in CANARIES.items()] + [
        (what, base64.b64encode(b"x" * pad + secret.encode())[4:-4])
        for what, secret in CANARIES.items()
        for pad in (1, 2, 3)
    ]
    return [(where, what) for where, text in texts.items() for what, secret in searched if secret in text]


async def hot(slot: WorkerSlot) -> bytes:
    """Read everything that Redis holds."""
    assert slot.settings.redis_url is not None
    texts = []
    async with Redis.from_url(slot.settings.redis_url.get_secret_value()) as redis:
        async for key in redis.scan_iter():
            match await redis.type(key):
                case b"hash":
                    found: object = await redis.hgetall(key)
                case b"stream":
                    found = await redis.xrange(key)
                case b"zset":
                    found = await redis.zrange(key, 0, -1)
                case _:
                    found = await redis.get(key)
            texts.append(f"{key!r} {found!r}")
    return "\n".join(texts).encode()


async def archived(slot: WorkerSlot, trade: Trade) -> bytes:
    """Archive a trade as housekeeping does, and read what the files hold: they are compressed."""
    kept = mirrors(slot.settings)
    record = await read_record(slot.cluster.client, f"trade-{trade.id}")
    assert record is not None
    kept.archive.write([record])
    return repr(kept.reader.query("select * from latest").as_dicts()).encode()


def kept_files(cluster: Cluster) -> list[Path]:
    """List every file that the cluster wrote, without the venue's configuration, which has credentials."""
    found = [
        path for path in cluster.stack.data_dir.rglob("*") if path.is_file() and path.name != "venue.json"
    ]
    assert {"stack.json", "venue-tape.jsonl", "venue.db"} <= {path.name for path in found}
    return found


async def test_without_the_key_nothing_is_decrypted(slot: WorkerSlot) -> None:
    """A command that lacks the key says which key it needs, and shows no payload."""
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("held", phase=Phase.HOLDING)
    blind = dataclasses.replace(slot, settings=slot.settings.model_copy(update={"encryption_keys": None}))
    output = await commands(blind, ("show", trade.id))
    assert trade.message.text not in output
    assert "TRADER_ENCRYPTION_KEYS" in output
    assert "Traceback" not in output


async def test_the_worker_exports_its_metrics(slot: WorkerSlot) -> None:
    """Trades are counted by event, order and stage through the SDK's meter, beside its own metrics."""
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("held", phase=Phase.HOLDING, exits_working=2)
    denied = await slot.alert(text="BTO SPY 12/18/2026 607 @ 2.00")
    await denied.result()

    async def counted() -> bool:
        async with httpx2.AsyncClient() as client:
            text = (await client.get(f"http://{slot.settings.metrics_bind}/metrics")).text
        wanted = (
            'trader_events_total{kind="filled"',
            'trader_events_total{kind="exit_submitted"',
            'trader_orders_total{leg="entry",outcome="accepted"',
            'trader_not_bought_total{code="PARSE_NO_RIGHT"',
            "trader_trades_closed_total{",
            "trader_stage_seconds_bucket{",
            "trader_told_lag_seconds_count{",
            "temporal_activity_execution_latency_seconds_bucket{",
        )
        return all(_holds(text, name) for name in wanted)

    await eventually(counted, "every metric to be there", every=0.2)


def _holds(text: str, wanted: str) -> bool:
    """Return whether a line has a name and, in whatever order, labels."""
    name, _, labels = wanted.partition("{")
    parts = [part for part in labels.split(",") if part]
    return any(
        line.startswith(f"{name}{{") and all(part in line for part in parts) for line in text.splitlines()
    )
