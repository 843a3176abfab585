"""The hot mirror as one of the channels that notices go to: what a trade tells is in Redis within milliseconds."""

import asyncio
import logging
from datetime import timedelta

from alert_trader.activities.messages import Notice
from alert_trader.mirrors.hot import HotMirror, MirrorAwayError
from alert_trader.mirrors.schema import event_row, trade_row
from alert_trader.settings.model import Settings

log = logging.getLogger("alert-trader.mirror")

WITHIN = timedelta(milliseconds=250)
"""The longest that a notice waits for Redis: a healthy one takes a millisecond or two."""

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=30)
"""How long Redis is left alone after a failure, doubling: meanwhile a notice does not wait for it at all."""


class MirrorChannel:
    """Writes what trades tell to the hot mirror. It never raises and never holds a notice up: housekeeping writes what is lost here."""

    def __init__(self, hot: HotMirror) -> None:
        """Write to `hot`."""
        self._hot = hot
        self._failures = 0
        self._not_before = 0.0
        self._owes = False

    async def tell(self, notice: Notice) -> None:
        """Write a notice's events and how its trade stands, if Redis takes them in time."""
        if notice.view is None or asyncio.get_running_loop().time() < self._not_before:
            self._owes = self._owes or notice.view is not None
            return
        trade = trade_row(notice.view)
        events = [event_row(notice.view, event) for event in notice.events]
        try:
            async with asyncio.timeout(WITHIN.total_seconds()):
                if self._owes:
                    await self._hot.mark_complete(None)
                await self._hot.write(trade, events)
        except (MirrorAwayError, TimeoutError) as away:
            self._pause(away)
        else:
            if self._failures:
                log.info("the hot mirror takes events again; housekeeping writes what it missed")
            self._failures, self._owes = 0, False

    def _pause(self, away: Exception) -> None:
        """Leave Redis alone for a while."""
        pause = min(FIRST_PAUSE * 2**self._failures, LONGEST_PAUSE)
        if self._failures == 0:
            log.warning(
                "the hot mirror did not take an event, trades go on: %s",
                str(away) or f"no answer within {WITHIN}",
            )
        self._failures, self._owes = min(self._failures + 1, 10), True
        self._not_before = asyncio.get_running_loop().time() + pause.total_seconds()


def open_channel(settings: Settings) -> MirrorChannel:
    """Return the channel to the hot mirror that the settings name."""
    assert settings.redis_url is not None
    return MirrorChannel(
        HotMirror(settings.redis_url.get_secret_value(), settings.mode.value, timeout=WITHIN)
    )
