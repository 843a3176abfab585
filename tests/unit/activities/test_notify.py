"""Notifying people: every channel is tried, and a failure is tried again."""

import pytest
from temporalio.testing import ActivityEnvironment

from alert_trader.activities.messages import Level, Notice
from alert_trader.activities.notify import NotifyActivity

NOTICE = Notice(level=Level.MONEY, workflow_id="trade-m1", title="ada: BTO SPY", note="Bought 1 at 1.20")


class Heard:
    """A channel that keeps what it received."""

    def __init__(self) -> None:
        """Start with silence."""
        self.notices: list[Notice] = []

    async def send(self, notice: Notice) -> None:
        """Keep a notice."""
        self.notices.append(notice)


class Dead:
    """A channel that shows nothing."""

    async def send(self, notice: Notice) -> None:
        """Fail."""
        raise ConnectionError(f"expected a channel for {notice.level}, found it gone")


async def test_a_failed_channel_does_not_stop_the_others(environment: ActivityEnvironment) -> None:
    """EXT-50: whichever channel is dead, the others are notified, and the failure is raised for a retry."""
    first, last = Heard(), Heard()
    with pytest.raises(ExceptionGroup, match="1 of 3 channels") as failed:
        await environment.run(NotifyActivity((first, Dead(), last)).notify, NOTICE)
    assert (first.notices, last.notices) == ([NOTICE], [NOTICE])
    assert failed.group_contains(ConnectionError)


async def test_every_channel_is_notified_once(environment: ActivityEnvironment) -> None:
    """Where all of them work, nothing is raised."""
    channels = (Heard(), Heard())
    await environment.run(NotifyActivity(channels).notify, NOTICE)
    assert [channel.notices for channel in channels] == [[NOTICE], [NOTICE]]
