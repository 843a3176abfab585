"""Housekeeping, one bounded piece at a time: archive what is over, mend the mirrors. What a mirror is stays behind the port."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from temporalio import activity

SWEEP = "sweep_trades"
TIDY = "tidy_mirrors"


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRequest:
    """Look at the next page of trades."""

    token: str | None
    """Where to go on; None begins with the newest trade."""
    size: int
    """Trades on a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What housekeeping found and did."""

    seen: int = 0
    archived: int = 0
    mended: int = 0
    """Trades that the hot mirror lacked, or had otherwise."""
    unreadable: int = 0
    """Trades whose history does not read as one."""
    compacted: int = 0
    """Days whose files were merged."""
    forgotten: int = 0
    """Trades that the hot mirror keeps no longer."""
    trouble: str | None = None
    """The first thing that could not be done, in words; it is done in a later round."""

    def plus(self, other: "Tally") -> "Tally":
        """Add what came after."""
        return Tally(
            seen=self.seen + other.seen,
            archived=self.archived + other.archived,
            mended=self.mended + other.mended,
            unreadable=self.unreadable + other.unreadable,
            compacted=self.compacted + other.compacted,
            forgotten=self.forgotten + other.forgotten,
            trouble=self.trouble or other.trouble,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepAnswer:
    """What became of a page, and where the next begins; no `token` after the last."""

    tally: Tally
    token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TidyRequest:
    """Finish a round."""

    began_at: datetime
    whole: bool
    """Whether every trade was seen and nothing was in the way: the mirrors have everything from before `began_at`."""


class Housekeeping(Protocol):
    """The mirrors, as housekeeping sees them. A mirror that is away is told in the tally, never raised."""

    async def sweep(self, request: SweepRequest, beat: Callable[[int], None]) -> SweepAnswer:
        """Archive and mend the trades of a page; `beat` is called with how many are done."""
        ...

    async def tidy(self, request: TidyRequest, beat: Callable[[int], None]) -> Tally:
        """Merge small files, forget what is old, and note what is whole."""
        ...


class HousekeepingActivities:
    """Runs the pieces."""

    def __init__(self, upkeep: Housekeeping) -> None:
        """Work on `upkeep`."""
        self._upkeep = upkeep

    @activity.defn(name=SWEEP)
    async def sweep(self, request: SweepRequest) -> SweepAnswer:
        """Archive and mend the trades of a page."""
        return await self._upkeep.sweep(request, activity.heartbeat)

    @activity.defn(name=TIDY)
    async def tidy(self, request: TidyRequest) -> Tally:
        """Finish a round."""
        return await self._upkeep.tidy(request, activity.heartbeat)
