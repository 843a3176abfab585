"""Where people are told: a log line is one line, a webhook message is plain text, and neither gives a secret away."""

import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from activities.messages import Level, Notice
from worker import channels
from worker.channels import LONGEST, LogChannel, WebhookChannel

SECRET = "s3cr3t-t0ken"
HOSTILE = "BTO SPY\r\nERROR forged: line\x1b[2J\u2028next\u202egnp.exe ```@everyone <@1> %s {0}"


def notice(text: str, level: Level = Level.MONEY, title: str = "ada: BTO SPY") -> Notice:
    """Make a notice."""
    return Notice(level=level, workflow_id="trade-m1", title=title, text=text)


@dataclass
class Webhook:
    """A Discord-like webhook on loopback: keeps what was posted, and answers as told."""

    url: str = ""
    status: int = 204
    bodies: list[dict[str, Any]] = field(default_factory=list)

    async def post(self, request: web.Request) -> web.Response:
        """Keep a message."""
        self.bodies.append(await request.json())
        return web.Response(status=self.status)


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    """Start a webhook."""
    mine, app = Webhook(), web.Application()
    app.router.add_post("/{secret}", mine.post)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    mine.url = f"http://127.0.0.1:{runner.addresses[0][1]}/{SECRET}"
    yield mine
    await runner.cleanup()


@pytest.mark.parametrize("level", Level)
async def test_a_notice_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture, level: Level) -> None:
    """WHO-60: line ends, control characters and what turns text round are escaped; nothing in a message is a format."""
    with caplog.at_level(logging.INFO, logger="alert-trader.notices"):
        await LogChannel().tell(notice(HOSTILE, level, title=HOSTILE))
    assert len(caplog.records) == 1
    line = caplog.records[0].getMessage()
    assert line.isprintable()
    assert "forged" in line
    assert (caplog.records[0].levelno >= logging.WARNING) == (level is Level.PAGE)


async def test_a_message_is_posted_as_code_with_pings_off(webhook: Webhook) -> None:
    """WHO-60: the text stands in one code block that it cannot leave, and mentions reach nobody."""
    await WebhookChannel(webhook.url).tell(notice(HOSTILE, Level.PAGE, title="```" + HOSTILE))
    (body,) = webhook.bodies
    assert body["allowed_mentions"] == {"parse": []}
    assert (body["content"].count("`"), body["content"][:4], body["content"][-4:]) == (6, "```\n", "\n```")
    assert "[PAGE] trade-m1" in body["content"]


async def test_a_long_message_is_cut_inside_its_block(webhook: Webhook) -> None:
    """WHO-60: Discord takes 2000 characters; the block is closed whatever is cut off."""
    await WebhookChannel(webhook.url).tell(notice("x" * 10_000))
    content = webhook.bodies[0]["content"]
    assert LONGEST < len(content) <= 2000
    assert content.endswith("\n```")


async def test_the_story_is_not_posted(webhook: Webhook) -> None:
    """An operator hears of money and of what needs a person."""
    await WebhookChannel(webhook.url).tell(notice("a step", Level.STORY))
    assert webhook.bodies == []


@pytest.mark.parametrize("status", [300, 401, 404, 429, 500])
async def test_a_webhook_that_does_not_take_it_is_an_error_without_its_address(webhook: Webhook, status: int) -> None:
    """DUR-50: the address is the credential; the error names the answer and nothing more."""
    webhook.status = status
    with pytest.raises(ConnectionError, match=f"answered {status}") as failed:
        await WebhookChannel(webhook.url).tell(notice("bought"))
    assert SECRET not in repr(failed.value)


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/{}", "http://[::bad/{}", "ftp://host/{}", "{}", "", "http://\x00/{}"])
async def test_a_webhook_that_cannot_be_reached_is_an_error_without_its_address(address: str) -> None:
    """DUR-50: neither the error nor what it came from carries the secret."""
    with pytest.raises(ConnectionError, match="could not be reached") as failed:
        await WebhookChannel(address.format(SECRET)).tell(notice("bought"))
    assert SECRET not in repr(failed.value)
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__


async def test_a_webhook_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """DUR-40: a mute webhook ends in an error that says so, well before the activity's own timeout."""
    monkeypatch.setattr(channels, "WEBHOOK_TIMEOUT", aiohttp.ClientTimeout(total=0.05))
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        with pytest.raises(ConnectionError, match=r"could not be reached: .*Timeout"):
            await WebhookChannel(f"http://127.0.0.1:{mute.getsockname()[1]}/{SECRET}").tell(notice("bought"))
