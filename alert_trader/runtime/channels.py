"""Notification channels: the log, an operator webhook and any service that Apprise supports."""

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
"""Characters of one message; Discord allows 2000."""

REMEMBERED = 500
"""Notices that are not sent twice when the activity is retried because another channel failed."""

SILENT = 1 << 12
"""Discord's flag for a message without a notification."""


class LogChannel:
    """Writes notices to the log, one line each, with text of messages escaped."""

    async def send(self, notice: Notice) -> None:
        """Log a notice at its level."""
        level = {Level.INFO: logging.INFO, Level.MONEY: logging.INFO, Level.PAGE: logging.WARNING}[
            notice.level
        ]
        log.log(level, "%s %s: %r", notice.level, notice.workflow_id, f"{notice.title} | {notice.text}")


class OperatorService(Protocol):
    """A service that reaches an operator."""

    async def send(self, notice: Notice, *, ping: bool) -> None:
        """Send a notice, with or without a ping; raises ConnectionError when it was not accepted."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRules:
    """When an operator is notified, and with which urgency."""

    lowest_level: Level = Level.MONEY
    quiet_hours: Hours | None = None
    now: Callable[[], datetime] = clock.now


class OperatorChannel:
    """Sends notices of enough urgency to an operator, each once."""

    def __init__(self, service: OperatorService, rules: NotificationRules) -> None:
        """Send through `service` by `rules`."""
        self._service = service
        self._rules = rules
        self._sent: deque[tuple[str, str]] = deque(maxlen=REMEMBERED)

    async def send(self, notice: Notice) -> None:
        """Send a notice with its urgency; raises ConnectionError when it was not accepted."""
        rules = self._rules
        quiet = rules.quiet_hours is not None and rules.quiet_hours.contains(rules.now())
        how = urgency(notice, lowest_level=rules.lowest_level, quiet_hours=quiet)
        last = f"{notice.events[-1].sequence}" if notice.events else notice.text
        # a notice without events may be repeated: it is about something that happened again
        if how is Urgency.NOTHING or (notice.events and (notice.workflow_id, last) in self._sent):
            return
        await self._service.send(notice, ping=how is Urgency.PING)
        self._sent.append((notice.workflow_id, last))


class Webhook:
    """A Discord-compatible webhook."""

    def __init__(self, url: str, mention: str | None = None) -> None:
        """Post to `url`, which is a secret and appears in no log, and ping `mention` (user:ID or role:ID)."""
        self._url = url
        self._kind, _, self._id = (mention or "").partition(":")

    async def send(self, notice: Notice, *, ping: bool) -> None:
        """Post a notice as a code block, without formatting; it pings only the configured user or role."""
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
    """A service that Apprise supports: mail, Telegram, ntfy, Pushover and many more."""

    def __init__(self, url: str, place: int) -> None:
        """Send to `url`, a secret, number `place` in the settings.

        Raises ValueError, without it, when unusable.
        """
        # its log shows addresses
        logging.getLogger("apprise").setLevel(logging.CRITICAL)
        self._place = place
        self._way = apprise.Apprise()
        if not self._way.add(url):
            raise ValueError(
                f"TRADER_NOTIFY_URLS: address number {place} is not one that Apprise knows. See "
                "https://github.com/caronc/apprise/wiki for the form of each service"
            )

    async def send(self, notice: Notice, *, ping: bool) -> None:
        """Send a notice as plain text.

        A ping is a warning or a failure where a service distinguishes them.
        """
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
            raise ConnectionError(f"number {self._place} of TRADER_NOTIFY_URLS did not accept the notice")


def written(notice: Notice) -> str:
    """Write a notice as plain text."""
    sign = "PAGE" if notice.level is Level.PAGE else "trade"
    mode = "" if notice.view is None else f" [{notice.view.mode}]"
    return f"[{sign}]{mode} {notice.workflow_id}\n{notice.title}\n{notice.text}"


def services_of(settings: Settings) -> list[OperatorService]:
    """Return the services that reach an operator; raises ValueError for an invalid address."""
    services: list[OperatorService] = []
    if settings.operator_webhook_url is not None:
        services.append(Webhook(settings.operator_webhook_url.get_secret_value(), settings.notify_mention))
    if settings.notify_urls is not None:
        services += [
            AppriseChannel(url, place)
            for place, url in enumerate(settings.notify_urls.get_secret_value().split(), 1)
        ]
    return services


def operators(settings: Settings) -> tuple[Channel, ...]:
    """Return the operator channels of the settings; raises ValueError for an invalid address."""
    rules = NotificationRules(lowest_level=Level(settings.notify_level), quiet_hours=settings.quiet_hours)
    return tuple(OperatorChannel(service, rules) for service in services_of(settings))
