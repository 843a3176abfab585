"""How the parts of an exit plan are written in settings and profiles, as in the command `trader exits`."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, PlainSerializer
from pydantic_settings import NoDecode

from alert_trader.domain.exits.plan import BreakEven, Single, StopLoss, TimeExit, Trail
from alert_trader.domain.exits.reading import read_break_even, read_single, read_stop, read_time, read_trail
from alert_trader.settings.values import split_list

_T = TypeVar("_T")


def _read_by(read: Callable[[str], _T]) -> BeforeValidator:
    return BeforeValidator(lambda value: read(value) if isinstance(value, str) else value)


def _times(value: object) -> object:
    """Read `15:45, 30m before close`."""
    found = split_list(value)
    if not isinstance(found, tuple):
        return found
    return tuple(read_time(each) if isinstance(each, str) else each for each in found)


def _no_price(stop: StopLoss) -> StopLoss:
    """Check that a stop is a loss: one price cannot be right for every contract."""
    if stop.loss is None:
        raise ValueError(f"expected a loss such as -30%, found the price {stop}: set a price on one trade")
    return stop


StopRule = Annotated[StopLoss, _read_by(read_stop), AfterValidator(_no_price), PlainSerializer(str)]
"""A loss, as -30%."""
BreakEvenRule = Annotated[BreakEven, _read_by(read_break_even), PlainSerializer(str)]
"""1 (after the first target), +50% (at a gain of the bid), or +50% +0.05."""
TrailRule = Annotated[Trail, _read_by(read_trail), PlainSerializer(str)]
"""20%, 0.15, or 20% from +50%."""
TimeRules = Annotated[
    tuple[TimeExit, ...],
    NoDecode,
    BeforeValidator(_times),
    PlainSerializer(lambda times: ", ".join(map(str, times))),
]
"""15:45, 30m before close, 2d before expiry, 45m held; separated by commas."""
SingleRule = Annotated[Single, _read_by(read_single), PlainSerializer(str)]
"""first target, stop, or nothing."""
