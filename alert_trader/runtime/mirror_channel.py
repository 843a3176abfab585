"""The hot mirror as a notification channel: a trade's events are in Redis within milliseconds."""

import asyncio
import logging
from datetime import timedelta

from alert_trader.activities.messages import Notice
from alert_trader.mirrors.hot import HotMirror, MirrorAwayError
from alert_trader.mirrors.schema import event_row, trade_row
from alert_trader.settings.model import Settings

log = logging.getLogger("alert-trader.mirror")

WITHIN = timedelta(milliseconds=250)
"""Longest wait of a notice for Redis, which normally takes a millisecond or two."""

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=30)
"""Pauses after a failure of Redis, each twice the one before: meanwhile no notice waits for it."""


class MirrorChannel:
    """Writes the events of trades to the hot mirror. It never raises; housekeeping writes what it missed."""

    def __init__(self, hot: HotMirror) -> None:
        """Write to `hot`."""
        self._hot = hot
        self._failures = 0
        self._not_before = 0.0
        self._incomplete = False

    async def send(self, notice: Notice) -> None:
        """Write a notice's events and its trade's row, if Redis accepts them in time."""
        if notice.view is None or asyncio.get_running_loop().time() < self._not_before:
            self._incomplete = self._incomplete or notice.view is not None
            return
        trade = trade_row(notice.view)
        events = [event_row(notice.view, event) for event in notice.events]
        try:
            async with asyncio.timeout(WITHIN.total_seconds()):
                if self._incomplete:
                    await self._hot.mark_complete(None)
                await self._hot.write(trade, events)
        except (MirrorAwayError, TimeoutError) as away:
            self._pause(away)
        else:
            if self._failures:
                log.info("the hot mirror works again; housekeeping writes the missing events")
            self._failures, self._incomplete = 0, False

    def _pause(self, away: Exception) -> None:
        """Do not use Redis for a while."""
        pause = min(FIRST_PAUSE * 2**self._failures, LONGEST_PAUSE)
        if self._failures == 0:
            log.warning(
                "the hot mirror failed; trades continue without it: %s",
                str(away) or f"no answer within {WITHIN}",
            )
        self._failures, self._incomplete = min(self._failures + 1, 10), True
        self._not_before = asyncio.get_running_loop().time() + pause.total_seconds()


def open_channel(settings: Settings) -> MirrorChannel:
    """Return the channel to the hot mirror of the settings."""
    assert settings.redis_url is not None
    return MirrorChannel(
        HotMirror(settings.redis_url.get_secret_value(), settings.mode.value, timeout=WITHIN)
    )
