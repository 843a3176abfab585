"""Where people are told: the log always; an operator's webhook, and anything that Apprise reaches, where they are set."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import aiohttp
import apprise

from alert_trader import clock
from alert_trader.activities.messages import Level, Notice
from alert_trader.activities.notify import Channel
from alert_trader.runtime.urgency import Urgency, urgency
from alert_trader.settings.model import Settings
from alert_trader.settings.values import Hours

log = logging.getLogger("alert-trader.notices")

WEBHOOK_TIMEOUT = aiohttp.ClientTimeout(total=4)
"""Below the notify activity's own timeout."""

LONGEST = 1900
"""Characters of one message; Discord takes 2000."""

REMEMBERED = 500
"""Notices that are not told twice when the activity is tried again because another channel failed."""

SILENT = 1 << 12
"""Discord's flag for a message that notifies nobody."""


class LogChannel:
    """Writes notices to the log, one line each, with what came from a message escaped."""

    async def tell(self, notice: Notice) -> None:
        """Log a notice at its level."""
        level = {Level.STORY: logging.INFO, Level.MONEY: logging.INFO, Level.PAGE: logging.WARNING}[
            notice.level
        ]
        log.log(level, "%s %s: %r", notice.level, notice.workflow_id, f"{notice.title} | {notice.text}")


class Operator(Protocol):
    """A way to an operator."""

    async def say(self, notice: Notice, *, ping: bool) -> None:
        """Show a notice, with a ping or quietly; raises ConnectionError when it was not taken."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRules:
    """When an operator is told, and how loudly."""

    quietest: Level = Level.MONEY
    quiet_hours: Hours | None = None
    now: Callable[[], datetime] = clock.now


class OperatorChannel:
    """Tells an operator what is loud enough, each notice once."""

    def __init__(self, way: Operator, manners: NotificationRules) -> None:
        """Tell by `way`, with `manners`."""
        self._way = way
        self._manners = manners
        self._told: deque[tuple[str, str]] = deque(maxlen=REMEMBERED)

    async def tell(self, notice: Notice) -> None:
        """Tell a notice as loudly as it is. Raises when it was not taken."""
        manners = self._manners
        quiet = manners.quiet_hours is not None and manners.quiet_hours.contains(manners.now())
        how = urgency(notice, quietest=manners.quietest, quiet_hours=quiet)
        last = f"{notice.events[-1].sequence}" if notice.events else notice.text
        # a notice without events may rightly come again: it is about something that happened again
        if how is Urgency.NOTHING or (notice.events and (notice.workflow_id, last) in self._told):
            return
        await self._way.say(notice, ping=how is Urgency.PING)
        self._told.append((notice.workflow_id, last))


class Webhook:
    """A Discord-compatible webhook."""

    def __init__(self, url: str, mention: str | None = None) -> None:
        """Post to `url`, which is a secret and appears in no log, and ping `mention` (user:ID or role:ID)."""
        self._url = url
        self._kind, _, self._id = (mention or "").partition(":")

    async def say(self, notice: Notice, *, ping: bool) -> None:
        """Post a notice as a code block, so that nothing in it formats; it pings at most the one who is set."""
        text = written(notice).replace("`", "'")[:LONGEST]
        body: dict[str, object] = {"content": f"```\n{text}\n```", "allowed_mentions": {"parse": []}}
        if ping and self._id:
            sign = "&" if self._kind == "role" else ""
            body = {
                "content": f"<@{sign}{self._id}>\n{body['content']}",
                "allowed_mentions": {"parse": [], f"{self._kind}s": [self._id]},
            }
        elif not ping:
            body["flags"] = SILENT
        try:
            async with (
                aiohttp.ClientSession(timeout=WEBHOOK_TIMEOUT) as session,
                session.post(self._url, json=body) as answer,
            ):
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as failed:
            raise ConnectionError(
                f"the operator webhook could not be reached: {type(failed).__name__}"
            ) from None
        if status >= 300:
            raise ConnectionError(f"the operator webhook answered {status}")


class AppriseChannel:
    """An address that Apprise reaches: mail, Telegram, ntfy, Pushover and a hundred more."""

    def __init__(self, url: str, place: int) -> None:
        """Tell `url`, a secret, the `place`-th of the settings; raises ValueError, which does not name it, when it is unusable."""
        # its log names addresses
        logging.getLogger("apprise").setLevel(logging.CRITICAL)
        self._place = place
        self._way = apprise.Apprise()
        if not self._way.add(url):
            raise ValueError(
                f"expected addresses that Apprise knows in TRADER_NOTIFY_URLS, found that number {place} is none: see "
                "https://github.com/caronc/apprise/wiki for how each service is written"
            )

    async def say(self, notice: Notice, *, ping: bool) -> None:
        """Send a notice as plain text; a ping is a warning or a failure to services that tell them apart."""
        kind = (
            apprise.NotifyType.FAILURE
            if notice.level is Level.PAGE
            else apprise.NotifyType.WARNING
            if ping
            else apprise.NotifyType.INFO
        )
        try:
            async with asyncio.timeout(WEBHOOK_TIMEOUT.total):
                taken = await self._way.async_notify(
                    body=written(notice)[:LONGEST],
                    title="alert-trader",
                    notify_type=kind,
                    body_format=apprise.NotifyFormat.TEXT,
                )
        except TimeoutError:
            taken = None
        if not taken:
            raise ConnectionError(f"number {self._place} of TRADER_NOTIFY_URLS did not take the notice")


def written(notice: Notice) -> str:
    """Write a notice as plain text."""
    sign = "PAGE" if notice.level is Level.PAGE else "trade"
    mode = "" if notice.view is None else f" [{notice.view.mode}]"
    return f"[{sign}]{mode} {notice.workflow_id}\n{notice.title}\n{notice.text}"


def operators(settings: Settings) -> tuple[Channel, ...]:
    """Return the channels to operators that the settings name; raises ValueError for an address that is none."""
    manners = NotificationRules(quietest=Level(settings.notify_level), quiet_hours=settings.quiet_hours)
    ways: list[Operator] = []
    if settings.operator_webhook_url is not None:
        ways.append(Webhook(settings.operator_webhook_url.get_secret_value(), settings.notify_mention))
    if settings.notify_urls is not None:
        ways += [
            AppriseChannel(url, place)
            for place, url in enumerate(settings.notify_urls.get_secret_value().split(), 1)
        ]
    return tuple(OperatorChannel(way, manners) for way in ways)
