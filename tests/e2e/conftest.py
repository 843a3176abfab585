"""One stack for every end-to-end test, with planted secrets, a person's webhook, and one worker."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from alert_trader.settings.load import as_environment
from tests.support.cluster import Cluster, WorkerSlot, open_cluster

CANARY_SECRET = "canary-client-secret-5f1d0c"
CANARY_TOKEN = "canary-refresh-token-9a77e2"
CANARY_WEBHOOK = "canary-webhook-path-c3b1d8"
CANARIES = (CANARY_SECRET, CANARY_TOKEN, CANARY_WEBHOOK)


@dataclass
class Webhook:
    """A Discord-compatible webhook that keeps what it was sent."""

    url: str = ""
    posted: list[dict[str, Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """Keep a message."""
        self.posted.append(await request.json())
        return web.Response(status=204)


@pytest.fixture(scope="session")
async def webhook() -> AsyncIterator[Webhook]:
    """Serve a webhook whose address is a secret, on this machine."""
    kept = Webhook()
    app = web.Application()
    app.router.add_post(f"/{CANARY_WEBHOOK}", kept.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    kept.url = f"http://127.0.0.1:{runner.addresses[0][1]}/{CANARY_WEBHOOK}"
    yield kept
    await runner.cleanup()


@pytest.fixture(scope="session")
async def cluster(tmp_path_factory: pytest.TempPathFactory, webhook: Webhook) -> AsyncIterator[Cluster]:
    """Open a stack whose venue takes only the planted credentials."""
    async with open_cluster(
        tmp_path_factory.mktemp("e2e"),
        venue={"client_secret": CANARY_SECRET, "refresh_token": CANARY_TOKEN},
        tastytrade_client_secret=SecretStr(CANARY_SECRET),
        tastytrade_refresh_token=SecretStr(CANARY_TOKEN),
        operator_webhook_url=SecretStr(webhook.url),
    ) as opened:
        yield opened


@pytest.fixture(scope="session")
async def slot(cluster: Cluster) -> WorkerSlot:
    """Return the one account that end-to-end tests trade on, its worker running."""
    taken = cluster.take_slot()
    await taken.start_worker()
    return taken


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout; anything else there is a fault."""
        return json.loads(self.stdout)


@dataclass
class Command:
    """`trader` as a person runs it."""

    slot: WorkerSlot
    said: list[str] = field(default_factory=list)
    """Everything that any command printed."""

    def line(self, *arguments: str) -> list[str]:
        """Return the command line."""
        return [str(Path(sys.executable).with_name("trader")), *arguments]

    async def __call__(self, *arguments: str, **variables: str) -> Answer:
        """Run a command to its end, under the settings of the worker slot."""
        process = await asyncio.create_subprocess_exec(
            *self.line(*arguments),
            env={**as_environment(self.slot.settings), **variables},
            cwd=self.slot.cluster.stack.data_dir,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        self.said += [out.decode(), err.decode()]
        assert process.returncode is not None
        return Answer(process.returncode, out.decode(), err.decode())


@pytest.fixture(scope="session")
async def trader(slot: WorkerSlot) -> Command:
    """Return the command, against the stack."""
    return Command(slot)
