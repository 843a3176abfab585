"""The archive: every trade that is over, for ever, as Parquet files under one folder of any filesystem that pyarrow knows.

    <root>/trades/mode=<mode>/day=<New York day>/<name>.parquet        read by everyone
    <root>/incoming/<name>.parquet                                     being written; moved to its place in one step
    <root>/damaged/<name>.parquet                                      found unreadable, and set aside for a person to look at

Files never change. Their names are unique, so writers on several machines never meet. A trade may be in more than one file: written
twice, or again after a workflow reset. The reader takes the last; compaction keeps only that.
"""

import contextlib
import os
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from alert_trader import clock
from alert_trader.mirrors import parquet
from alert_trader.mirrors.schema import TradeRecord

_TRADES = "trades"
_INCOMING = "incoming"
_DAMAGED = "damaged"
_LEFT_BEHIND = 24 * 3600
"""Seconds after which a file in `incoming` is one that its writer left behind when it was killed."""


class Place:
    """A folder on a filesystem, which is looked for when it is first used: one in a network may be away, and most do not need it."""

    def __init__(self, filesystem: fs.FileSystem | None, path: str) -> None:
        """Take a path on a filesystem; without one, `path` is the URI that leads to it."""
        self._filesystem, self._path = filesystem, path

    @classmethod
    def at(cls, where: str) -> "Place":
        """Give the place that `where` names: a folder of this machine, or a URI that pyarrow reads, such as `s3://bucket/folder`."""
        return cls(None, where) if "://" in where else cls(fs.LocalFileSystem(), str(Path(where).absolute()))

    @cached_property
    def _found(self) -> tuple[fs.FileSystem, str]:
        if self._filesystem is not None:
            return self._filesystem, self._path
        try:
            filesystem, path = fs.FileSystem.from_uri(self._path)
        except pa.ArrowInvalid as error:
            raise OSError(str(error)) from error
        return filesystem, path.rstrip("/")

    @property
    def filesystem(self) -> fs.FileSystem:
        """The filesystem; raises OSError when it does not answer."""
        return self._found[0]

    @property
    def path(self) -> str:
        """The folder there; raises OSError as `filesystem` does."""
        return self._found[1]

    def under(self, *parts: str) -> str:
        """Give a path below it."""
        return "/".join((self.path, *parts))


class Archive:
    """Writes the trades of one mode."""

    def __init__(self, place: Place, mode: str) -> None:
        """Write under `place`."""
        self._place = place
        self._mode = mode

    def write(self, records: Sequence[TradeRecord]) -> list[str]:
        """Write trades, one file a day; gives the files. Raises OSError when the filesystem says no."""
        if foreign := {record.trade.mode for record in records} - {self._mode}:
            raise ValueError(
                f"expected trades of mode {self._mode}, found {sorted(foreign)}: modes never share an archive"
            )
        days: defaultdict[date, list[TradeRecord]] = defaultdict(list)
        for record in records:
            days[record.trade.day].append(record)
        now = clock.now()
        return [self._put(day, parquet.table(of_day, now), now) for day, of_day in sorted(days.items())]

    def files(self, first: date | None = None, last: date | None = None) -> list[str]:
        """List the files of the mode, of days from `first` to `last`."""
        selector = fs.FileSelector(
            self._place.under(_TRADES, f"mode={self._mode}"), recursive=True, allow_not_found=True
        )
        found = [
            each.path
            for each in self._place.filesystem.get_file_info(selector)
            if each.path.endswith(".parquet")
        ]
        return sorted(
            path
            for path in found
            if (first is None or first <= day_of_file(path)) and (last is None or day_of_file(path) <= last)
        )

    def crowded(self, *, above: int) -> list[date]:
        """Name the days that have more than `above` files, the oldest first; and clear what killed writers left behind."""
        self._clear_incoming()
        count = Counter(day_of_file(path) for path in self.files())
        return sorted(day for day, files in count.items() if files > above)

    def merge(self, day: date) -> None:
        """Merge the files of a day, and keep each trade once."""
        paths = self.files(day, day)
        # a file that is gone was merged by another machine meanwhile: both keep what they read, and duplicates do no harm
        with contextlib.suppress(FileNotFoundError):
            self._put(day, latest(pa.concat_tables([self._read(path) for path in paths])), clock.now())
            for path in paths:
                self._place.filesystem.delete_file(path)

    def set_aside_damaged(self) -> list[str]:
        """Move files that are no Parquet, cut short or overwritten, out of the way of everyone who reads; gives where they are now."""
        moved = []
        for path in self.files():
            try:
                self._read(path)
            except pa.ArrowInvalid:
                self._place.filesystem.create_dir(self._place.under(_DAMAGED), recursive=True)
                aside = self._place.under(_DAMAGED, path.rpartition("/")[2])
                self._place.filesystem.move(path, aside)
                moved.append(aside)
        return moved

    def _read(self, path: str) -> pa.Table:
        return pq.read_table(
            path, filesystem=self._place.filesystem, schema=parquet.SCHEMA, partitioning=None
        )

    def _put(self, day: date, content: pa.Table, now: datetime) -> str:
        """Write a file aside, make sure of it, and move it to its place in one step."""
        filesystem, name = self._place.filesystem, f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex}.parquet"
        aside, folder = (
            self._place.under(_INCOMING, name),
            self._place.under(_TRADES, f"mode={self._mode}", f"day={day}"),
        )
        for needed in (self._place.under(_INCOMING), folder):
            filesystem.create_dir(needed, recursive=True)
        pq.write_table(content, aside, filesystem=filesystem, compression="zstd")
        if isinstance(filesystem, fs.LocalFileSystem):
            _to_disk(aside)
        filesystem.move(aside, f"{folder}/{name}")
        return f"{folder}/{name}"

    def _clear_incoming(self) -> None:
        selector = fs.FileSelector(self._place.under(_INCOMING), allow_not_found=True)
        now = time.time()
        for each in self._place.filesystem.get_file_info(selector):
            if each.mtime is not None and now - each.mtime.timestamp() > _LEFT_BEHIND:
                self._place.filesystem.delete_file(each.path)


def day_of_file(path: str) -> date:
    """Read the day that a file's folder names."""
    return date.fromisoformat(path.rsplit("/", 2)[-2].removeprefix("day="))


def latest(content: pa.Table) -> pa.Table:
    """Keep each trade of a table once: as it ended last, and then as it was written last."""
    order = content.select(["workflow_id", "closed_at", "archived_at", "run_id"]).to_pylist()
    best: dict[str, int] = {}
    never = datetime.min.replace(tzinfo=UTC)
    for index, row in enumerate(order):
        key = (row["closed_at"] or never, row["archived_at"], row["run_id"])
        held = best.get(row["workflow_id"])
        if held is None or key > (
            order[held]["closed_at"] or never,
            order[held]["archived_at"],
            order[held]["run_id"],
        ):
            best[row["workflow_id"]] = index
    return content.take(pa.array(sorted(best.values()), pa.int64()))


def _to_disk(path: str) -> None:
    """Wait until a file is on the disk: a name must never outlive a power cut without its content."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
