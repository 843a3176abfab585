"""Where people are told: the log always, and an operator's webhook where one is set."""

import logging

import aiohttp

from activities.messages import Level, Notice

log = logging.getLogger("alert-trader.notices")

WEBHOOK_TIMEOUT = aiohttp.ClientTimeout(total=4)
"""Below the notify activity's own timeout."""

LONGEST = 1900
"""Characters of one webhook message; Discord takes 2000."""


class LogChannel:
    """Writes notices to the log, one line each, with what came from a message escaped."""

    async def tell(self, notice: Notice) -> None:
        """Log a notice at its level."""
        level = {Level.STORY: logging.INFO, Level.MONEY: logging.INFO, Level.PAGE: logging.WARNING}[notice.level]
        log.log(level, "%s %s: %r", notice.level, notice.workflow_id, f"{notice.title} | {notice.text}")


class WebhookChannel:
    """Posts what is about money, or needs a person, to a Discord-compatible webhook."""

    def __init__(self, url: str) -> None:
        """Post to `url`, which is a secret and appears in no log."""
        self._url = url

    async def tell(self, notice: Notice) -> None:
        """Post a notice as a code block, so that nothing in it formats, and with pings switched off. Raises when it was not taken."""
        if notice.level is Level.STORY:
            return
        sign = "PAGE" if notice.level is Level.PAGE else "trade"
        text = f"[{sign}] {notice.workflow_id}\n{notice.title}\n{notice.text}".replace("`", "'")[:LONGEST]
        body = {"content": f"```\n{text}\n```", "allowed_mentions": {"parse": []}}
        try:
            async with aiohttp.ClientSession(timeout=WEBHOOK_TIMEOUT) as session, session.post(self._url, json=body) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as failed:
            raise ConnectionError(f"the operator webhook could not be reached: {type(failed).__name__}") from None
        if status >= 300:
            raise ConnectionError(f"the operator webhook answered {status}")
