"""Housekeeping in bounded steps: archive closed trades, repair the mirrors.

The mirrors are behind a protocol.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from temporalio import activity

ARCHIVE_PAGE = "archive_page"
CLEAN_UP = "clean_up_mirrors"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Archive and repair the next page of trades."""

    token: str | None
    """Where the page begins; None for the newest trade."""
    size: int
    """Trades on a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HousekeepingCounts:
    """What housekeeping found and did, in trades where nothing else is said."""

    seen: int = 0
    archived: int = 0
    repaired: int = 0
    """Trades that were missing from the hot mirror, or different there."""
    unreadable: int = 0
    """Trades whose history could not be read as a trade."""
    compacted: int = 0
    """Days whose files were merged."""
    removed: int = 0
    """Trades that were removed from the hot mirror by age."""
    problem: str | None = None
    """The first problem; what it prevented is done in a later round."""

    def plus(self, other: "HousekeepingCounts") -> "HousekeepingCounts":
        """Return the sums of both; the first problem is kept."""
        return HousekeepingCounts(
            seen=self.seen + other.seen,
            archived=self.archived + other.archived,
            repaired=self.repaired + other.repaired,
            unreadable=self.unreadable + other.unreadable,
            compacted=self.compacted + other.compacted,
            removed=self.removed + other.removed,
            problem=self.problem or other.problem,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PageResult:
    """The counts of a page, and where the next begins; no `token` after the last."""

    counts: HousekeepingCounts
    token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanUpRequest:
    """Finish a round."""

    began_at: datetime
    complete: bool
    """Whether every trade was read without a problem: the mirrors have everything from before `began_at`."""


class Housekeeping(Protocol):
    """What housekeeping does to the mirrors.

    One that cannot be reached is a `problem`, never an exception.
    """

    async def archive_page(self, request: PageRequest, heartbeat: Callable[[int], None]) -> PageResult:
        """Archive and repair the trades of a page; `heartbeat` is called with how many are done."""
        ...

    async def clean_up(self, request: CleanUpRequest, heartbeat: Callable[[int], None]) -> HousekeepingCounts:
        """Merge small files, remove old trades from the hot mirror, and mark it complete."""
        ...


class HousekeepingActivities:
    """The steps as activities."""

    def __init__(self, housekeeping: Housekeeping) -> None:
        """Run the steps of `housekeeping`."""
        self._housekeeping = housekeeping

    @activity.defn(name=ARCHIVE_PAGE)
    async def archive_page(self, request: PageRequest) -> PageResult:
        """Archive and repair the trades of a page."""
        return await self._housekeeping.archive_page(request, activity.heartbeat)

    @activity.defn(name=CLEAN_UP)
    async def clean_up(self, request: CleanUpRequest) -> HousekeepingCounts:
        """Finish a round."""
        return await self._housekeeping.clean_up(request, activity.heartbeat)
