"""A cluster with everything optional on: encryption, metrics, mirrors, admin API, codec server.

Every secret in it is a canary.
"""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from aiohttp import web
from pydantic import SecretStr
from redis.asyncio import Redis

from alert_trader.runtime.local.process import free_ports, ready, start
from alert_trader.settings.load import as_environment
from alert_trader.start import command
from tests.support.cluster import Cluster, WorkerSlot, open_cluster

SECRET = "canary-client-secret-5f1d0c2b"
TOKEN = "canary-refresh-token-9a77e2d4"
WEBHOOK = "canary-webhook-path-c3b1d8f6"
OPS = "canary-admin-key-ops-1b2c3d4e"
HOOK = "canary-admin-key-hook-5e6f7a8b"
CODEC_TOKEN = "canary-codec-token-0c9d8e7f"
REDIS = "canary-redis-password-4a5b6c7d"
DISCORD = "canary.discord.token-8e9f0a1b2c"
APPRISE = "canary-apprise-path-3d4e5f60"
CIPHER = b"canary-encryption-key-0123456789"
OLD_CIPHER = b"canary-encryption-key-9876543210"
CANARIES = {
    "the client secret": SECRET,
    "the refresh token": TOKEN,
    "the webhook's path": WEBHOOK,
    "an admin key": OPS,
    "another admin key": HOOK,
    "the codec's token": CODEC_TOKEN,
    "the password of Redis": REDIS,
    "Discord's token": DISCORD,
    "the path of another notification": APPRISE,
    "the encryption key": CIPHER.decode(),
    "the encryption key in base64": base64.b64encode(CIPHER).decode(),
    "the old encryption key in base64": base64.b64encode(OLD_CIPHER).decode(),
}
"""What must appear nowhere, by what it is."""

RING = f"new:{base64.b64encode(CIPHER).decode()},old:{base64.b64encode(OLD_CIPHER).decode()}"


@pytest.fixture(scope="session")
async def sealed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    """Open the cluster; its operator webhook answers, and keeps nothing."""

    async def take(_: web.Request) -> web.Response:
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post(f"/{WEBHOOK}", take)
    app.router.add_post(f"/{APPRISE}", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with open_cluster(
        tmp_path_factory.mktemp("admin"),
        venue={"client_secret": SECRET, "refresh_token": TOKEN},
        tastytrade_client_secret=SecretStr(SECRET),
        tastytrade_refresh_token=SecretStr(TOKEN),
        operator_webhook_url=SecretStr(f"http://127.0.0.1:{port}/{WEBHOOK}"),
        notify_urls=SecretStr(f"json://127.0.0.1:{port}/{APPRISE}"),
        discord_token=SecretStr(DISCORD),
        cards=False,
        with_mirrors=True,
        api_keys=SecretStr(f"ops:{OPS},hook:{HOOK}"),
        codec_token=SecretStr(CODEC_TOKEN),
        encryption_keys=SecretStr(RING),
        api_rate=100_000,
        # tests send one author's alerts close together: none of them is meant to correct another
        safety_correction_window="0",
    ) as opened:
        assert opened.stack.redis_url is not None
        async with Redis.from_url(opened.stack.redis_url) as redis:
            await redis.config_set("requirepass", REDIS)
        yield opened
    await runner.cleanup()


@pytest.fixture(scope="session")
async def slot(sealed: Cluster) -> WorkerSlot:
    """Return an account with its worker, which serves metrics."""
    [port] = free_ports(1)
    secured = f"redis://:{REDIS}@{str(sealed.stack.redis_url).removeprefix('redis://')}"
    taken = sealed.take_slot(metrics_bind=f"127.0.0.1:{port}", redis_url=SecretStr(secured))
    await taken.start_worker()
    return taken


@dataclass
class Api:
    """The admin API as a process, and everything that it answered."""

    url: str
    client: httpx2.AsyncClient
    said: list[str] = field(default_factory=list)

    async def __call__(
        self, method: str, path: str, *, key: str | None = OPS, **more: Any
    ) -> httpx2.Response:
        """Ask, with a key unless it is None."""
        headers = {**more.pop("headers", {}), **({} if key is None else {"x-api-key": key})}
        answer = await self.client.request(method, path, headers=headers, **more)
        self.said.append(f"{answer.headers}{answer.text}")
        return answer


async def serve(slot: WorkerSlot) -> str:
    """Serve the API of a worker slot, as long as its cluster runs; return its address."""
    [port] = free_ports(1)
    own = slot.settings.model_copy(update={"api_port": port})
    data = slot.cluster.stack.data_dir
    ready_file = data / f"api-{port}.ready"
    child = await start(
        f"api-{port}",
        command("api", "--ready-file", str(ready_file)),
        log=data / "logs" / f"api-{port}.log",
        environment=as_environment(own),
    )
    slot.workers.append(child)
    await ready(child, ready_file, within=timedelta(seconds=30))
    return f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
async def api(slot: WorkerSlot) -> AsyncIterator[Api]:
    """Serve the admin API of the worker slot, and give a way to ask it."""
    url = await serve(slot)
    async with httpx2.AsyncClient(base_url=url, timeout=30) as client:
        yield Api(url, client)


@pytest.fixture(scope="session")
def api_url(api: Api) -> str:
    """Return the API's address, for a test that asks it without an event loop."""
    return api.url
