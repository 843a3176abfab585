"""Housekeeping, one bounded page at a time: archive closed trades, repair the mirrors."""

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
    """Where the page begins; None for the newest trade."""
    size: int
    """Trades on a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What housekeeping found and did."""

    seen: int = 0
    archived: int = 0
    mended: int = 0
    """Trades that the hot mirror lacked, or had differently."""
    unreadable: int = 0
    """Trades whose history could not be read."""
    compacted: int = 0
    """Days whose files were merged."""
    forgotten: int = 0
    """Trades that the hot mirror no longer keeps."""
    trouble: str | None = None
    """The first failure, in words; a later round repeats it."""

    def plus(self, other: "Tally") -> "Tally":
        """Return the sum with what came after."""
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
    """The result of a page, and where the next begins; no `token` after the last."""

    tally: Tally
    token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TidyRequest:
    """Finish a round."""

    began_at: datetime
    whole: bool
    """Whether every trade was seen and nothing failed: the mirrors have everything from before `began_at`."""


class Housekeeping(Protocol):
    """The mirrors as housekeeping sees them. A mirror that is not reached is in the tally, never raised."""

    async def sweep(self, request: SweepRequest, beat: Callable[[int], None]) -> SweepAnswer:
        """Archive and repair the trades of a page; `beat` is called with how many are done."""
        ...

    async def tidy(self, request: TidyRequest, beat: Callable[[int], None]) -> Tally:
        """Merge small files, drop old trades, and record what is complete."""
        ...


class HousekeepingActivities:
    """Runs the pages of a round."""

    def __init__(self, mirrors: Housekeeping) -> None:
        """Work on `mirrors`."""
        self._mirrors = mirrors

    @activity.defn(name=SWEEP)
    async def sweep(self, request: SweepRequest) -> SweepAnswer:
        """Archive and repair the trades of a page."""
        return await self._mirrors.sweep(request, activity.heartbeat)

    @activity.defn(name=TIDY)
    async def tidy(self, request: TidyRequest) -> Tally:
        """Finish a round."""
        return await self._mirrors.tidy(request, activity.heartbeat)
