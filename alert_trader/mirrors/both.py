"""The two mirrors of one mode together."""

from dataclasses import dataclass
from datetime import timedelta

from alert_trader.mirrors.archive import Archive
from alert_trader.mirrors.hot import HotMirror
from alert_trader.mirrors.reader import ArchiveReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrors:
    """The mirrors of one mode. The hot mirror is optional."""

    hot: HotMirror | None
    archive: Archive
    reader: ArchiveReader
    keep: timedelta
    """How long a closed trade stays in the hot mirror."""
