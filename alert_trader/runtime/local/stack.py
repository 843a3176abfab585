"""The whole product on one machine, as child processes.

They are Temporal, Redis, the simulated venue (in demo mode), worker, housekeeper and admin API.

`Stack` is an async context manager: inside it everything runs, after it everything has ended, in reverse
order. On Linux the children also end when this process is killed. `trader up`, `trader demo`, the end-to-end
tests and the benchmarks use it.
"""

import asyncio
import contextlib
import functools
import json
import os
import secrets
import signal
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import SecretStr

from alert_trader.domain.execution.policy import Mode
from alert_trader.runtime.local import redis_server, temporal_server
from alert_trader.runtime.local.private_files import write_private
from alert_trader.runtime.local.process import (
    Child,
    StackError,
    free_ports,
    make_folder,
    ready,
    require_free,
    start,
)
from alert_trader.runtime.local.supervision import keep
from alert_trader.settings.load import as_environment
from alert_trader.settings.model import Settings
from alert_trader.start import command

WORKER_READY_WITHIN = timedelta(minutes=3)
"""A worker that finds a new namespace waits for the server's caches first. One of a new build replays every
open trade: about 0.2 s each on a busy machine."""

VENUE_READY_WITHIN = timedelta(seconds=20)

API_READY_WITHIN = timedelta(seconds=20)

CHAT_TOKEN = "demo"  # noqa: S105 - for the bundled chat on this machine only


def addressed(given: Settings, changes: Mapping[str, Any]) -> Settings:
    """Return settings with changes, and the addresses of a Temporal server that the stack starts itself."""
    changed = given.model_copy(update=dict(changes))
    if given.temporal_address is not None:
        return changed
    page = tuple(f"http://{host}:{changed.temporal_ui_port}" for host in ("127.0.0.1", "localhost"))
    own = {
        "temporal_address": f"127.0.0.1:{changed.temporal_port}",
        # its Web UI may ask the codec server, wherever it is served
        "codec_origins": tuple(dict.fromkeys((*given.codec_origins, *page))),
    }
    return changed.model_copy(update=own)


class Stack:
    """The local stack of one mode. Start it with `async with`.

    With `with_chat` the bundled chat replaces Discord. With `use_free_ports` several stacks can run at once.
    With a Temporal address in the settings no Temporal server is started; the same applies to Redis. Without
    `with_mirrors` there is no hot mirror and no housekeeper.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        use_free_ports: bool = False,
        venue_config: Mapping[str, Any] | None = None,
        with_worker: bool = True,
        with_mirrors: bool = True,
        with_api: bool = False,
        with_chat: bool = False,
        chat_config: Mapping[str, Any] | None = None,
    ) -> None:
        """Configure a stack; nothing runs yet.

        `venue_config` and `chat_config` extend their configuration files.
        """
        self.report: Callable[[str], None] = lambda _text: None
        """Gets one sentence at a time about what is being started and what failed."""
        self._given = settings
        self._use_free_ports = use_free_ports
        self._venue_config = dict(venue_config or {})
        self._with_worker = with_worker
        self._with_mirrors = with_mirrors
        self._with_api = with_api
        self._with_chat = with_chat
        self._chat_config = dict(chat_config or {})
        self._children: dict[str, Child] = {}
        self._runs = 0
        self.settings = settings
        """The settings of the children: the given ones with the addresses of this stack."""
        self.data_dir = settings.data_dir.absolute()
        self.tape_path = self.data_dir / "venue-tape.jsonl"
        """Every request to the venue, over all its starts."""
        self.made_key = False
        """Whether the admin API's key was generated for this run."""
        self.ui_url: str | None = None
        """The Web UI of the server that was started; None for a server that already ran."""
        self.invite: str | None = None
        """The link with which the bot is invited to a server; None until the bot is ready."""

    @property
    def temporal_address(self) -> str:
        """The address of Temporal."""
        return str(self.settings.temporal_address)

    @property
    def namespace(self) -> str:
        """The namespace that the trades are in."""
        return self.settings.namespace

    @property
    def chat_url(self) -> str | None:
        """The address of the bundled chat; None when it does not run."""
        return self.settings.discord_url if self._with_chat else None

    @property
    def venue_url(self) -> str | None:
        """The address of the venue; None in a mode without one."""
        return self.settings.venue_base_url if self.settings.mode is Mode.DEMO else None

    @property
    def api_url(self) -> str | None:
        """The address of the admin API; None in a stack without it."""
        return f"http://{self.settings.api_host}:{self.settings.api_port}" if self._with_api else None

    @property
    def redis_url(self) -> str | None:
        """The address of the hot mirror; None when there is none."""
        return None if self.settings.redis_url is None else self.settings.redis_url.get_secret_value()

    @property
    def state_path(self) -> Path:
        """The file by which other commands find this stack."""
        return self.data_dir / "stack.json"

    def child(self, name: str) -> Child:
        """Return a running child by name: temporal, redis, venue, worker, housekeeper or api."""
        return self._children[name]

    async def __aenter__(self) -> Self:
        """Start everything in order; raises StackError after ending what had started."""
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything in reverse order."""
        await self._stop()

    async def start_housekeeper(self) -> None:
        """Start the housekeeper without waiting: no trade needs it, and it takes longest to start."""
        await self._start_child(
            "housekeeper",
            command("housekeeper"),
            within=None,
            environment=self._beside_the_worker(),
        )

    async def kill_temporal(self) -> None:
        """Kill the server that this stack started, as a power cut would."""
        await self._children["temporal"].kill(signal.SIGKILL)

    async def restart_temporal(self) -> None:
        """End the server if it still runs, and start it again on the same port and database."""
        await self._children.pop("temporal").stop()
        await self._start_temporal()

    async def kill_redis(self) -> None:
        """Kill the hot mirror; its data is lost."""
        await self._children["redis"].kill(signal.SIGKILL)

    async def restart_redis(self) -> None:
        """End the hot mirror if it still runs, and start it again on the same port, empty."""
        await self._children.pop("redis").stop()
        await self._start_redis()

    async def kill_venue(self) -> None:
        """Kill the venue that this stack started; `supervise` starts it again."""
        await self._children["venue"].kill(signal.SIGKILL)

    async def supervise(self, report: Callable[[str], None]) -> None:
        """Keep every process running; raises StackError when one that trading needs keeps ending."""
        keeping = [
            asyncio.create_task(keep(name, functools.partial(self.child, name), self._starts[name], report))
            for name in self._children
        ]
        try:
            await asyncio.gather(*keeping)
        finally:
            for each in keeping:
                each.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)

    @property
    def _starts(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            "temporal": self._start_temporal,
            "redis": self._start_redis,
            "venue": self._start_venue,
            "chat": self._start_chat,
            "worker": self._start_worker,
            "housekeeper": self.start_housekeeper,
            "bot": self._start_bot,
            "api": self._start_api,
        }

    async def _start(self) -> None:
        make_folder(self.data_dir)
        given = self._given
        names = ("temporal_port", "temporal_ui_port", "venue_port", "redis_port", "api_port", "chat_port")
        ports = dict(zip(names, free_ports(len(names)), strict=True)) if self._use_free_ports else {}
        own_server = given.temporal_address is None
        self.settings = addressed(given, {**ports, "data_dir": self.data_dir})
        if own_server:
            self.ui_url = (
                f"http://127.0.0.1:{self.settings.temporal_ui_port}/namespaces/{self.namespace}/workflows"
            )
            self.report("starting Temporal …")
            await self._start_temporal()
        if self._with_mirrors and given.redis_url is None:
            await self._start_redis()
        if self.settings.mode is Mode.DEMO:
            self.report("starting the simulated venue …")
            await self._start_venue()
        if self._with_chat:
            self.report("starting the chat …")
            await self._start_chat()
        if self._with_worker:
            self.report("starting the worker … (a new build replays every open trade first)")
            await self._start_worker()
            if self._with_mirrors:
                await self.start_housekeeper()
        if self._with_api:
            self.report("starting the admin API …")
            await self._start_api()
        # trades can be sent from here on
        self._write_state()
        if self._with_worker and self.settings.discord_token is not None:
            self.report("starting the Discord bot …")
            try:
                await self._start_bot()
            except StackError:
                bot = self._children["bot"]
                self.report(f"bot not ready: {bot.last_line}. Trading continues, and the bot is tried again")

    async def _stop(self) -> None:
        self._remove_state()
        for name in reversed(list(self._children)):
            await self._children.pop(name).stop()

    async def _start_temporal(self) -> None:
        self._children["temporal"] = await temporal_server.run(
            temporal_server.find_binary(self.settings.temporal_binary),
            port=self.settings.temporal_port,
            ui_port=self.settings.temporal_ui_port,
            namespace=self.namespace,
            data_dir=self.data_dir,
        )

    async def _start_redis(self) -> None:
        """Start the hot mirror where there is a redis-server; without one it is off."""
        binary = redis_server.find_binary(self.settings.redis_binary)
        if binary is None:
            return
        port = self.settings.redis_port
        self._children["redis"] = await redis_server.run(binary, port=port, data_dir=self.data_dir)
        self.settings = self.settings.model_copy(
            update={"redis_url": SecretStr(f"redis://127.0.0.1:{port}/0")}
        )

    async def _start_venue(self) -> None:
        port = self.settings.venue_port
        if self._given.venue_url is not None and not self._use_free_ports:
            return  # a venue that already runs
        require_free(port, "the venue", "TRADER_VENUE_PORT")
        self.settings = self.settings.model_copy(update={"venue_url": f"http://127.0.0.1:{port}"})
        config = self.data_dir / "venue.json"
        wanted = {"accounts": [{"number": self.settings.account}], **self._venue_config}
        config.write_text(json.dumps(wanted, indent=2))
        # Temporal keeps the trades of an earlier start, so the venue must keep their orders
        files = {"--config": config, "--tape": self.tape_path, "--state": self.data_dir / "venue.db"}
        named = [str(each) for pair in files.items() for each in pair]
        await self._start_child(
            "venue",
            command("venue", "--host", "127.0.0.1", "--port", str(port), *named),
            within=VENUE_READY_WITHIN,
            environment={},
        )

    async def _start_worker(self) -> None:
        await self._start_child(
            "worker", command("worker"), within=WORKER_READY_WITHIN, environment=as_environment(self.settings)
        )

    async def _start_api(self) -> None:
        if self.settings.mode is Mode.DEMO and self.settings.api_keys is None:
            # a key for this run, so that the demo's API can be tried at once; it protects nothing of value
            self.settings = self.settings.model_copy(
                update={"api_keys": SecretStr(f"demo:{secrets.token_hex(16)}")}
            )
            self.made_key = True
        require_free(self.settings.api_port, "the admin API", "TRADER_API_PORT")
        await self._start_child(
            "api", command("api"), within=API_READY_WITHIN, environment=as_environment(self.settings)
        )

    async def _start_chat(self) -> None:
        """Start the bundled chat, with the people and the channels that the settings allow."""
        port = self.settings.chat_port
        require_free(port, "the chat", "TRADER_CHAT_PORT")
        allowed, config = self.settings.allowlist, self.data_dir / "chat.json"
        people = dict.fromkeys((*allowed.authors, *self.settings.operators))
        wanted = {
            "guild_id": allowed.guilds[0],
            "people": [
                {"user_id": each, "name": f"person {number}"} for number, each in enumerate(people, 1)
            ],
            "rooms": [
                {"channel_id": each, "name": f"alerts-{number}"}
                for number, each in enumerate(allowed.channels, 1)
            ],
            **self._chat_config,
        }
        config.write_text(json.dumps(wanted, indent=2))
        token = SecretStr(CHAT_TOKEN)
        self.settings = self.settings.model_copy(
            update={"discord_url": f"http://127.0.0.1:{port}", "discord_token": token}
        )
        files = ("--config", str(config), "--state", str(self.data_dir / "chat-state.json"))
        line = command("chat", "--port", str(port), *files)
        await self._start_child("chat", line, within=VENUE_READY_WITHIN, environment={})

    async def _start_bot(self) -> None:
        found = await self._start_child(
            "bot", command("bot"), within=WORKER_READY_WITHIN, environment=self._beside_the_worker()
        )
        self.invite = found.get("invite")

    def _beside_the_worker(self) -> dict[str, str]:
        """Return the settings of a process on the worker's machine: the worker has the port for metrics."""
        return as_environment(self.settings.model_copy(update={"metrics_bind": None}))

    async def kill_bot(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send the bot a signal, and wait until it has ended."""
        bot = self._children["bot"]
        await bot.kill(number)
        await bot.wait()

    async def restart_bot(self) -> None:
        """End the bot if it still runs, and start another."""
        if (bot := self._children.pop("bot", None)) is not None:
            await bot.stop()
        await self._start_bot()

    async def _start_child(
        self, name: str, line: list[str], *, within: timedelta | None, environment: Mapping[str, str]
    ) -> dict[str, Any]:
        """Start a process; return what it wrote when ready, or nothing when it is not waited for."""
        self._runs += 1
        ready_file = self.data_dir / f"{name}-{os.getpid()}-{self._runs}.ready"
        ready_file.unlink(missing_ok=True)
        child = await start(
            name,
            [*line, "--ready-file", str(ready_file)],
            log=self.data_dir / "logs" / f"{name}.log",
            environment=environment,
        )
        self._children[name] = child
        if within is None:
            return {}
        try:
            return await ready(child, ready_file, within=within)
        finally:
            ready_file.unlink(missing_ok=True)

    def _write_state(self) -> None:
        state = {
            "pid": os.getpid(),
            "mode": self.settings.mode.value,
            "temporal_address": self.temporal_address,
            "temporal_namespace": self.settings.temporal_namespace,
            "tastytrade_account": self.settings.account,
            "venue_url": self.venue_url,
            "redis_url": self.redis_url,
            "archive": self.settings.archive_place,
            "cards": self.settings.has_cards,
            "stop_file": str(self.settings.stop_path.absolute()),
            "ui_url": self.ui_url,
            "api_url": self.api_url,
            "tape": str(self.tape_path),
        }
        draft = self.state_path.with_suffix(".tmp")
        write_private(draft, json.dumps(state, indent=2))  # the address of Redis has its password
        draft.replace(self.state_path)

    def _remove_state(self) -> None:
        with contextlib.suppress(OSError, json.JSONDecodeError):
            if json.loads(self.state_path.read_text())["pid"] == os.getpid():
                self.state_path.unlink()


__all__ = ["Stack", "StackError"]
