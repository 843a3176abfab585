"""Compare two copies of a trade, and check the hash chain of its events."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from alert_trader.domain.audit import hash_chain
from alert_trader.mirrors.schema import EventRow, TradeRow


def chain_fault(trade: TradeRow, events: Sequence[EventRow]) -> str | None:
    """Return where a trail is broken, or differs from the trade's row; None when it is complete."""
    if (fault := hash_chain.first_fault(trade.workflow_id, events)) is not None:
        return fault
    if len(events) != trade.events:
        return f"expected {trade.events} events, as the trade says, found {len(events)}"
    if events and events[-1].chain != trade.chain:
        return (
            f"expected the chain to end in {_brief(trade.chain)}, as the trade says, found "
            f"{_brief(events[-1].chain)}"
        )
    return None


def difference(
    expected: TradeRow, trail: Sequence[EventRow], found: TradeRow, found_trail: Sequence[EventRow]
) -> str | None:
    """Return the first difference between a copy and the original; None when there is none."""
    for each, other in zip(trail, found_trail, strict=False):
        if (name := _first(each, other)) is not None:
            return f"event {each.sequence} ({each.kind}): {_mismatch(name, each, other)}"
    if len(trail) != len(found_trail):
        return f"expected {len(trail)} events, found {len(found_trail)}"
    name = _first(expected, found)
    return None if name is None else _mismatch(name, expected, found)


def _first(expected: Any, found: Any) -> str | None:
    """Return the first field that differs."""
    if expected == found:
        return None
    return next(
        (each.name for each in fields(expected) if getattr(expected, each.name) != getattr(found, each.name)),
        None,
    )


def _mismatch(name: str, expected: object, found: object) -> str:
    return f"expected {name} {_brief(getattr(expected, name))}, found {_brief(getattr(found, name))}"


def _brief(value: object) -> str:
    text = repr(str(value)) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
