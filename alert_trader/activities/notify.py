"""Send notices to people. A channel is a port: the log, a webhook, a mirror."""

from datetime import timedelta
from typing import Protocol

from temporalio import activity

from alert_trader import clock
from alert_trader.activities.messages import NOTIFY, Notice

LAG = "trader_told_lag"


class Channel(Protocol):
    """Somewhere a notice can be shown."""

    async def send(self, notice: Notice) -> None:
        """Show a notice as data: nothing in it may mention or format. Raise when it could not be shown."""
        ...


class NotifyActivity:
    """Shows notices on every channel."""

    def __init__(self, channels: tuple[Channel, ...]) -> None:
        """Send notices to each of `channels`."""
        self._channels = channels

    @activity.defn(name=NOTIFY)
    async def notify(self, notice: Notice) -> None:
        """Show a notice on every channel; raise, so that it is retried, when one of them failed."""
        if notice.events:
            # the first event has waited longest: that is how far a mirror is behind
            behind = max(clock.now() - notice.events[0].at, timedelta())
            activity.metric_meter().create_histogram_timedelta(
                LAG, "Time from an event to its notice."
            ).record(behind)
        failures = []
        for channel in self._channels:
            try:
                await channel.send(notice)
            except Exception as failed:  # noqa: BLE001 - one channel that fails must not stop the others
                failures.append(failed)
        if failures:
            raise ExceptionGroup(
                f"{len(failures)} of {len(self._channels)} channels could not show the notice", failures
            )
