"""The trouble: workers killed, the server killed, answers lost, streams cut and silenced, all by one seed."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from alert_trader.simulators.venue.faults import FaultKind, FaultRule
from tests.support.cluster import WorkerSlot

ORDER = {"method": "POST", "path": "*/orders"}
CANCEL = {"method": "DELETE", "path": "*/orders/*"}
READ = {"method": "GET"}
STREAM = {"path": "Order"}

FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": FaultKind.LOST_AFTER, **ORDER},
    {"kind": FaultKind.LOST_BEFORE, **ORDER},
    {"kind": FaultKind.STALL_AFTER, **ORDER, "seconds": 6},
    {"kind": FaultKind.LATE_ACCEPT, **ORDER, "seconds": 6},
    {"kind": FaultKind.LATE, **ORDER, "seconds": 2},
    {"kind": FaultKind.TRUNCATED, **ORDER},
    {"kind": FaultKind.STATUS, **ORDER, "status": 502, "html": True, "accept": True},
    {"kind": FaultKind.STATUS, **ORDER, "status": 500, "html": True},
    {"kind": FaultKind.STATUS, **ORDER, "status": 429, "html": True},
    {"kind": FaultKind.HIDDEN, **ORDER, "seconds": 3},
    {"kind": FaultKind.LOST_BEFORE, **CANCEL},
    {"kind": FaultKind.LOST_AFTER, **CANCEL},
    {"kind": FaultKind.STALL_BEFORE, **READ, "seconds": 6},
    {"kind": FaultKind.STATUS, **READ, "status": 503, "html": True, "count": 3},
    {"kind": FaultKind.TOKENS_EXPIRE, **READ},
    {"kind": FaultKind.STREAM_DUPLICATE, **STREAM, "count": 5},
    {"kind": FaultKind.STREAM_REORDER, **STREAM, "count": 5},
    {"kind": FaultKind.STREAM_DROP, **STREAM, "count": 3},
    {"kind": FaultKind.STREAM_CLOSE, **STREAM},
)

FAULT_EVERY = (0.5, 2.0)
KILL_EVERY = (4.0, 11.0)
MUTE_EVERY = (15.0, 30.0)
MUTED_FOR = 4.0
SERVER_DIES_AT = (0.35, 0.8)
"""When the server is killed, as shares of the whole time."""


@dataclass
class Trouble:
    """Everything that goes wrong, counted."""

    slot: WorkerSlot
    dice: random.Random
    done: Counter[str] = field(default_factory=Counter)
    _server_up: asyncio.Event = field(default_factory=asyncio.Event)

    async def make(self, seconds: float) -> None:
        """Make trouble for so long; afterwards everything runs and answers again."""
        self._server_up.set()
        kinds = (self._kill_workers, self._break_answers, self._mute_streams)
        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as together:
                for kind in kinds:
                    together.create_task(kind())
                together.create_task(self._kill_server(seconds))
        except TimeoutError:
            pass
        control, stack = self.slot.cluster.control, self.slot.cluster.stack
        await control.clear_faults()
        await control.mute_streams(muted=False)
        await control.drop_streams()
        if stack.child("temporal").exit_code is not None:
            await stack.restart_temporal()
        if self.slot.workers[-1].exit_code is not None:
            await self.slot.start_worker()

    async def _kill_workers(self) -> None:
        while True:
            await asyncio.sleep(self.dice.uniform(*KILL_EVERY))
            await self.slot.kill()
            self.done["worker killed"] += 1
            await (
                self._server_up.wait()
            )  # a worker that cannot connect ends itself, and that is not what is tested here
            await self.slot.start_worker()

    async def _kill_server(self, seconds: float) -> None:
        began = asyncio.get_running_loop().time()
        for share in SERVER_DIES_AT:
            await asyncio.sleep(max(0.0, began + share * seconds - asyncio.get_running_loop().time()))
            self._server_up.clear()
            await self.slot.cluster.stack.kill_temporal()
            self.done["server killed"] += 1
            await asyncio.sleep(self.dice.uniform(0.2, 2.0))
            await self.slot.cluster.stack.restart_temporal()
            self._server_up.set()

    async def _break_answers(self) -> None:
        while True:
            await asyncio.sleep(self.dice.uniform(*FAULT_EVERY))
            rule = self.dice.choice(FAULTS)
            await self.slot.cluster.control.arm(FaultRule(**rule))
            self.done[f"fault {rule['kind']}"] += 1

    async def _mute_streams(self) -> None:
        control = self.slot.cluster.control
        while True:
            await asyncio.sleep(self.dice.uniform(*MUTE_EVERY))
            await control.mute_streams()
            self.done["streams muted"] += 1
            await asyncio.sleep(MUTED_FOR)
            await control.mute_streams(muted=False)
            await control.drop_streams()
