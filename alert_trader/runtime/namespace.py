"""Prepare a Temporal namespace for trades: existence, retention and search attributes.

The retention is part of the safety: a message sent twice is recognised only while its first trade is kept.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from alert_trader.activities.rpc_failure import FailureKind, kind_of
from alert_trader.control.rpc_errors import control_errors
from alert_trader.domain.errors import AlertTraderError
from alert_trader.workflows.search_attributes import REGISTERED

READY_WITHIN = timedelta(seconds=30)
"""The server's caches learn of a new namespace within a few seconds."""

_PAUSE = 0.2
_RPC_TIMEOUT = timedelta(seconds=5)


class NamespaceError(AlertTraderError):
    """The namespace cannot be used for trades; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceState:
    """The state of a namespace on the server."""

    exists: bool
    retention: timedelta | None = None
    missing: tuple[str, ...] = ()
    """Search attributes that are not registered."""
    mistyped: tuple[str, ...] = ()
    """Search attributes registered with another type."""


async def inspect(client: Client) -> NamespaceState:
    """Read the state of the client's namespace; changes nothing. Raises UnreachableError."""
    with control_errors(client):
        return await _inspect(client)


async def _inspect(client: Client) -> NamespaceState:
    try:
        found = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=client.namespace), timeout=_RPC_TIMEOUT
        )
    except RPCError as error:
        if kind_of(error) in {FailureKind.NO_NAMESPACE, FailureKind.NOT_FOUND}:
            return NamespaceState(exists=False)
        raise
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace), timeout=_RPC_TIMEOUT
    )
    known = listed.custom_attributes
    return NamespaceState(
        exists=True,
        retention=found.config.workflow_execution_retention_ttl.ToTimedelta(),
        missing=tuple(name for name in REGISTERED if name not in known),
        mistyped=tuple(
            f"{name} is {IndexedValueType.Name(known[name])}, expected {IndexedValueType.Name(kind)}"
            for name, kind in REGISTERED.items()
            if name in known and known[name] != kind
        ),
    )


async def prepare(client: Client, *, retention: timedelta, within: timedelta = READY_WITHIN) -> None:
    """Create the client's namespace, raise its retention, register search attributes, and verify all of it.

    Safe to run from any number of workers at once. Raises NamespaceError when it is not ready within
    `within`.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within.total_seconds()
    while True:
        try:
            state = await _step(client, retention)
            fault = _fault(client.namespace, state, retention)
        except RPCError as error:
            fault = (
                f"namespace {client.namespace} cannot be prepared: {error.message}. "
                f"{_by_hand(client.namespace, retention)}"
            )
            if kind_of(error) is FailureKind.FORBIDDEN:
                raise NamespaceError(fault) from error
            state = None
        if fault is None:
            return
        if (state is not None and state.mistyped) or loop.time() >= deadline:
            raise NamespaceError(fault)
        await asyncio.sleep(_PAUSE)


async def _step(client: Client, retention: timedelta) -> NamespaceState:
    """Change what is missing, and return the state after that."""
    state = await _inspect(client)
    if not state.exists:
        await _register(client, retention)
        state = await _inspect(client)
    if state.retention is not None and state.retention < retention:
        change = UpdateNamespaceRequest(
            namespace=client.namespace,
            config=NamespaceConfig(workflow_execution_retention_ttl=_duration(retention)),
        )
        await client.workflow_service.update_namespace(change, timeout=_RPC_TIMEOUT)
    if state.missing:
        add = AddSearchAttributesRequest(
            namespace=client.namespace, search_attributes={name: REGISTERED[name] for name in state.missing}
        )
        try:
            await client.operator_service.add_search_attributes(add, timeout=_RPC_TIMEOUT)
        except RPCError as error:
            # another worker was first; the read below shows whether it registered the same type
            if kind_of(error) is not FailureKind.ALREADY_EXISTS:
                raise
    # the server accepts a type mismatch, so only a read shows it
    return await _inspect(client)


async def _register(client: Client, retention: timedelta) -> None:
    request = RegisterNamespaceRequest(
        namespace=client.namespace, workflow_execution_retention_period=_duration(retention)
    )
    try:
        await client.workflow_service.register_namespace(request, timeout=_RPC_TIMEOUT)
    except RPCError as error:
        if kind_of(error) is not FailureKind.ALREADY_EXISTS:
            raise


def _duration(value: timedelta) -> Duration:
    duration = Duration()
    duration.FromTimedelta(value)
    return duration


def _fault(namespace: str, state: NamespaceState, retention: timedelta) -> str | None:
    if not state.exists:
        return (
            f"namespace {namespace} does not exist and could not be created. {_by_hand(namespace, retention)}"
        )
    if state.retention is None or state.retention < retention:
        return (
            f"namespace {namespace} keeps closed trades for {state.retention}, at least {retention} are "
            f"needed. {_by_hand(namespace, retention)}"
        )
    if state.mistyped:
        return (
            f"namespace {namespace}: search attribute {'; '.join(state.mistyped)}. Remove it or use another "
            "namespace"
        )
    if state.missing:
        return (
            f"namespace {namespace} lacks the search attributes {', '.join(state.missing)}. "
            f"{_by_hand(namespace, retention)}"
        )
    return None


def _by_hand(namespace: str, retention: timedelta) -> str:
    return (
        f"An administrator can run: temporal operator namespace update --retention {retention.days}d -n "
        f"{namespace} (or create)"
    )
