"""The mirrors of the settings."""

from datetime import timedelta

from alert_trader.mirrors.archive import Archive, Place
from alert_trader.mirrors.both import Mirrors
from alert_trader.mirrors.hot import HotMirror
from alert_trader.mirrors.reader import ArchiveReader
from alert_trader.settings.model import Settings

REDIS_TIMEOUT = timedelta(seconds=2)
"""Of one answer to housekeeping or to a person. Notices of trades have a shorter one."""


def hot_mirror(settings: Settings) -> HotMirror | None:
    """Return the hot mirror; None where no Redis is set."""
    if settings.redis_url is None:
        return None
    return HotMirror(settings.redis_url.get_secret_value(), settings.mode.value, timeout=REDIS_TIMEOUT)


def mirrors(settings: Settings) -> Mirrors:
    """Return both mirrors. Nothing is connected or read yet."""
    place, mode = Place.at(settings.archive_place), settings.mode.value
    return Mirrors(
        hot=hot_mirror(settings),
        archive=Archive(place, mode),
        reader=ArchiveReader(place, mode),
        keep=timedelta(days=settings.redis_keep_days),
    )
