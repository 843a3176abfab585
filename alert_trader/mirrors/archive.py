"""The archive: every closed trade as Parquet files, in one folder of any filesystem that pyarrow supports.

    <root>/trades/mode=<mode>/day=<New York day>/<name>.parquet    read by everyone
    <root>/incoming/<name>.parquet                                 being written; renamed when complete
    <root>/damaged/<name>.parquet                                  found damaged, moved for inspection

Files never change. Their names are unique, so that several machines can write. A trade may be in more than
one file: written twice, or again after a workflow reset. Readers use the last; merging keeps only that.
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
from alert_trader.mirrors.address import without_credentials
from alert_trader.mirrors.schema import TradeRecord

_TRADES = "trades"
_INCOMING = "incoming"
_DAMAGED = "damaged"
_ABANDONED_AFTER = 24 * 3600
"""Seconds after which a file in `incoming` was left by a writer that was killed."""


class Place:
    """A folder on a filesystem.

    It is opened at first use: a network may be down, and many processes never use it.
    """

    def __init__(self, filesystem: fs.FileSystem | None, path: str) -> None:
        """Use a path on a filesystem; without a filesystem, `path` is a URI."""
        self._filesystem, self._path = filesystem, path

    @classmethod
    def at(cls, where: str) -> "Place":
        """Return the place of a local folder, or of a URI such as `s3://bucket/folder`."""
        return cls(None, where) if "://" in where else cls(fs.LocalFileSystem(), str(Path(where).absolute()))

    @cached_property
    def _found(self) -> tuple[fs.FileSystem, str]:
        if self._filesystem is not None:
            return self._filesystem, self._path
        try:
            filesystem, path = fs.FileSystem.from_uri(self._path)
        except pa.ArrowInvalid as error:
            # the message repeats the address
            raise OSError(str(error).replace(self._path, without_credentials(self._path))) from None
        return filesystem, path.rstrip("/")

    @property
    def filesystem(self) -> fs.FileSystem:
        """The filesystem; raises OSError when it cannot be reached."""
        return self._found[0]

    @property
    def path(self) -> str:
        """The folder there; raises OSError as `filesystem` does."""
        return self._found[1]

    def under(self, *parts: str) -> str:
        """Return a path below it."""
        return "/".join((self.path, *parts))


class Archive:
    """Writes the trades of one mode."""

    def __init__(self, place: Place, mode: str) -> None:
        """Write under `place`."""
        self._place = place
        self._mode = mode

    def write(self, records: Sequence[TradeRecord]) -> list[str]:
        """Write trades, one file for each day, and return the files. Raises OSError."""
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
        """Return the days with more than `above` files, the oldest first; also delete abandoned files."""
        self._clear_incoming()
        count = Counter(day_of_file(path) for path in self.files())
        return sorted(day for day, files in count.items() if files > above)

    def merge(self, day: date) -> None:
        """Merge the files of a day, and keep each trade once."""
        paths = self.files(day, day)
        # a missing file was merged by another machine meanwhile: both keep what they read, and duplicates do
        # no harm
        with contextlib.suppress(FileNotFoundError):
            self._put(day, latest(pa.concat_tables([self._read(path) for path in paths])), clock.now())
            for path in paths:
                self._place.filesystem.delete_file(path)

    def set_aside_damaged(self) -> list[str]:
        """Move damaged files out of the folder that readers use, and return their new paths."""
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
        """Write a file to `incoming`, sync it to disk, and rename it."""
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
            if each.mtime is not None and now - each.mtime.timestamp() > _ABANDONED_AFTER:
                self._place.filesystem.delete_file(each.path)


def day_of_file(path: str) -> date:
    """Return the day of a file, from its folder."""
    return date.fromisoformat(path.rsplit("/", 2)[-2].removeprefix("day="))


def latest(content: pa.Table) -> pa.Table:
    """Keep each trade of a table once: the run that closed last, then the copy written last."""
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
    """Sync a file to disk: after a power cut no name may exist without its content."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
