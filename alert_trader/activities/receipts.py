"""Send a command to a workflow as a signal, and read its receipt from the workflow's history.

A signal is in the history before the workflow decides anything by it, so it is carried out in the same place
when the history is replayed, and it is kept while no worker runs. The receipt is written to the memo of the
run (`workflows.receipts`), where it is read without asking a worker anything.
"""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Hashable
from datetime import timedelta
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.service import RPCError

from alert_trader.activities.messages import RECEIPTS, CommandRefusedError
from alert_trader.domain.errors import AlertTraderError

RPC_WITHIN = timedelta(seconds=5)
"""Longest wait for the Temporal server to record a command."""

FOLLOW_UNUSED = timedelta(seconds=30)
"""How long a history is followed after the last receipt: the next command need not read it again."""

READ_AGAIN = timedelta(milliseconds=100)
"""How long to wait before a history is read again from its beginning."""

_T = TypeVar("_T")


class NoReceiptError(AlertTraderError):
    """The workflow ended without a receipt for the command."""


async def send_command(
    client: Client, workflow_id: str, name: str, argument: object, command_id: str, kind: type[_T]
) -> _T:
    """Send a command under its id, and wait for its receipt, however long that takes.

    Raise CommandRefusedError when the workflow refuses it, NoReceiptError when the workflow ends without a
    receipt, and what the SDK raises. When the wait is given up the command is still carried out.
    """
    run = await record_command(client, workflow_id, name, argument)
    return await wait_for_receipt(client, workflow_id, run, command_id, kind)


async def record_command(client: Client, workflow_id: str, name: str, argument: object) -> str:
    """Send a command, and return the run from which on its receipt is to be looked for."""
    workflow = client.get_workflow_handle(workflow_id)
    # read before the command is sent: the receipt is in this run, or in one that follows it
    run = (await workflow.describe(rpc_timeout=RPC_WITHIN)).run_id
    await workflow.signal(name, argument, rpc_timeout=RPC_WITHIN)
    return run


async def wait_for_receipt(client: Client, workflow_id: str, run: str, command_id: str, kind: type[_T]) -> _T:
    """Wait for the receipt of a command that was sent; see `send_command`."""
    async for receipts in _published(client, workflow_id, run):
        if command_id in receipts:
            return read_receipt(receipts[command_id], kind)
    raise AssertionError("the receipts of a workflow end with an error")


class ReceiptFollower:
    """Sends many commands to one workflow, and reads its history once for all their receipts."""

    def __init__(self, client: Client, workflow_id: str) -> None:
        """Follow the workflow from the first command on."""
        self._client = client
        self._workflow_id = workflow_id
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._task: asyncio.Task[None] | None = None
        self._beginning = asyncio.Lock()
        self._stop: asyncio.TimerHandle | None = None

    @contextlib.asynccontextmanager
    async def expecting(self, command_id: str) -> AsyncIterator[asyncio.Future[dict[str, Any]]]:
        """Look for the receipt of a command that is sent inside; `read_receipt` reads what it holds."""
        receipt = self._waiting[command_id] = asyncio.get_running_loop().create_future()
        try:
            await self._begin()
            yield receipt
        finally:
            del self._waiting[command_id]
            self._stop_when_unused()

    async def signal(self, name: str, argument: object) -> None:
        """Send a signal; the receipts of its commands are expected already."""
        workflow = self._client.get_workflow_handle(self._workflow_id)
        await workflow.signal(name, argument, rpc_timeout=RPC_WITHIN)

    async def _begin(self) -> None:
        if self._stop is not None:
            self._stop.cancel()
        async with self._beginning:
            if self._task is None or self._task.done():
                workflow = self._client.get_workflow_handle(self._workflow_id)
                run = (await workflow.describe(rpc_timeout=RPC_WITHIN)).run_id
                self._task = asyncio.create_task(self._follow(run))

    async def _follow(self, run: str) -> None:
        try:
            async for receipts in _published(self._client, self._workflow_id, run):
                for command_id, published in receipts.items():
                    if (waiting := self._waiting.get(command_id)) is not None and not waiting.done():
                        waiting.set_result(published)
        except Exception as failed:  # noqa: BLE001 - whoever waits raises it
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(failed)

    def _stop_when_unused(self) -> None:
        if self._task is not None and not self._waiting:
            loop = asyncio.get_running_loop()
            self._stop = loop.call_later(FOLLOW_UNUSED.total_seconds(), self._task.cancel)


async def _published(client: Client, workflow_id: str, run: str) -> AsyncIterator[dict[str, dict[str, Any]]]:
    """Follow the receipts of a workflow from a run on, over every run that continues it.

    Raise NoReceiptError when the workflow is over.
    """
    while True:
        following = ""
        async for event in _events(client, workflow_id, run):
            continued = event.workflow_execution_continued_as_new_event_attributes
            following = continued.new_execution_run_id or following
            if (payload := _receipts(event)) is not None:
                [receipts] = await client.data_converter.decode([payload], [dict[str, dict[str, Any]]])
                yield receipts
        if not following:  # it is over, unless it was reset
            current = await client.get_workflow_handle(workflow_id).describe(rpc_timeout=RPC_WITHIN)
            if current.run_id == run:
                raise NoReceiptError(f"{workflow_id} is over, and has not answered")
            following = current.run_id
        run = following


async def _events(client: Client, workflow_id: str, run: str) -> AsyncIterator[HistoryEvent]:
    """Follow the history of a run to its end, each event once."""
    read = 0
    while True:
        history = client.get_workflow_handle(workflow_id, run_id=run).fetch_history_events(
            wait_new_event=True, skip_archival=True
        )
        try:
            async for event in history:
                if event.event_id > read:
                    read = event.event_id
                    yield event
        except RPCError as error:
            if not _page_is_outdated(error):
                raise
        else:
            return
        await asyncio.sleep(READ_AGAIN.total_seconds())


def _page_is_outdated(error: RPCError) -> bool:
    """Whether the server rejects the position in the history at which the next page begins.

    It compares that position with the workflow's state in its memory, which may be older for a moment, or may
    have been loaded again. From its beginning the history can be read.
    """
    return any(
        detail.type_url.endswith(".CurrentBranchChangedFailure") for detail in error.grpc_status.details
    )


def _receipts(event: HistoryEvent) -> Payload | None:
    """Return the receipts that an event publishes; None when it publishes none."""
    if not event.HasField("workflow_properties_modified_event_attributes"):
        return None
    fields = event.workflow_properties_modified_event_attributes.upserted_memo.fields
    return fields.get(RECEIPTS, None)


def read_receipt(published: dict[str, Any], kind: type[_T]) -> _T:
    """Return what was published for a command; raise CommandRefusedError when it was refused."""
    if (refused := published.get("refused")) is not None:
        raise CommandRefusedError(refused)
    found: _T = adapter_of(cast("Hashable", kind)).validate_python(published["receipt"])
    return found


@functools.cache
def adapter_of(kind: Any) -> TypeAdapter[Any]:
    """Return the adapter of a message, made once: that takes a hundred times as long as reading."""
    return TypeAdapter(kind)
