"""Where people are notified.

A log line is one line, a webhook message is plain text, and neither gives a secret away.
"""

import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from alert_trader.activities.messages import Level, Notice
from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.runtime import channels
from alert_trader.runtime.channels import (
    LONGEST,
    SILENT,
    AppriseChannel,
    LogChannel,
    NotificationRules,
    OperatorChannel,
    Webhook,
    operators,
)
from alert_trader.runtime.urgency import Urgency, urgency
from alert_trader.settings.model import Settings
from alert_trader.settings.values import Hours

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
SECRET = "s3cr3t-t0ken"
HOSTILE = "BTO SPY\r\nERROR forged: line\x1b[2J\u2028next\u202egnp.exe ```@everyone <@1> %s {0}"


def notice(text: str, level: Level = Level.MONEY, title: str = "ada: BTO SPY") -> Notice:
    """Make a notice."""
    return Notice(level=level, workflow_id="trade-m1", title=title, note=text)


@dataclass
class Hook:
    """A Discord-like webhook on loopback: keeps what was posted, and answers as the test has set."""

    url: str = ""
    status: int = 204
    bodies: list[dict[str, Any]] = field(default_factory=list)

    async def post(self, request: web.Request) -> web.Response:
        """Keep a message."""
        self.bodies.append(await request.json())
        return web.Response(status=self.status)


@pytest.fixture
async def webhook() -> AsyncIterator[Hook]:
    """Start a webhook."""
    mine, app = Hook(), web.Application()
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
    """WHO-60: line ends, control characters and what turns text round are escaped.

    Nothing in a message is a format.
    """
    with caplog.at_level(logging.INFO, logger="alert-trader.notices"):
        await LogChannel().send(notice(HOSTILE, level, title=HOSTILE))
    assert len(caplog.records) == 1
    line = caplog.records[0].getMessage()
    assert line.isprintable()
    assert "forged" in line
    assert (caplog.records[0].levelno >= logging.WARNING) == (level is Level.PAGE)


async def test_a_message_is_posted_as_code_with_pings_off(webhook: Hook) -> None:
    """WHO-60: the text is in one code block that it cannot leave, and mentions reach nobody."""
    await OperatorChannel(Webhook(webhook.url), NotificationRules()).send(
        notice(HOSTILE, Level.PAGE, title="```" + HOSTILE)
    )
    (body,) = webhook.bodies
    assert body["allowed_mentions"] == {"parse": []}
    assert (body["content"].count("`"), body["content"][:4], body["content"][-4:]) == (6, "```\n", "\n```")
    assert "[PAGE] trade-m1" in body["content"]


async def test_a_long_message_is_cut_inside_its_block(webhook: Hook) -> None:
    """WHO-60: Discord takes 2000 characters; the block is closed whatever is cut off."""
    await OperatorChannel(Webhook(webhook.url), NotificationRules()).send(notice("x" * 10_000))
    content = webhook.bodies[0]["content"]
    assert LONGEST < len(content) <= 2000
    assert content.endswith("\n```")


async def test_routine_events_are_not_posted(webhook: Hook) -> None:
    """An operator hears of money and of what needs a person."""
    await OperatorChannel(Webhook(webhook.url), NotificationRules()).send(notice("a step", Level.INFO))
    assert webhook.bodies == []


@pytest.mark.parametrize("status", [300, 401, 404, 429, 500])
async def test_a_refusing_webhook_is_an_error_without_its_address(webhook: Hook, status: int) -> None:
    """DUR-50: the address is the credential; the error names the answer and nothing more."""
    webhook.status = status
    with pytest.raises(ConnectionError, match=f"answered {status}") as failed:
        await OperatorChannel(Webhook(webhook.url), NotificationRules()).send(notice("bought"))
    assert SECRET not in repr(failed.value)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/{}", "http://[::bad/{}", "ftp://host/{}", "{}", "", "http://\x00/{}"]
)
async def test_an_unreachable_webhook_is_an_error_without_its_address(address: str) -> None:
    """DUR-50: neither the error nor what it came from carries the secret."""
    with pytest.raises(ConnectionError, match="could not be reached") as failed:
        await OperatorChannel(Webhook(address.format(SECRET)), NotificationRules()).send(notice("bought"))
    assert SECRET not in repr(failed.value)
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__


async def test_a_silent_webhook_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """DUR-40: a mute webhook ends in an error that says so, well before the activity's own timeout."""
    monkeypatch.setattr(channels, "WEBHOOK_TIMEOUT", aiohttp.ClientTimeout(total=0.05))
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        with pytest.raises(ConnectionError, match=r"could not be reached: .*Timeout"):
            await OperatorChannel(
                Webhook(f"http://127.0.0.1:{mute.getsockname()[1]}/{SECRET}"), NotificationRules()
            ).send(notice("bought"))


def event(kind: EventKind, sequence: int = 7) -> TradeEvent:
    """Make an event."""
    return TradeEvent(sequence=sequence, at=NOON, kind=kind, text="text")


@pytest.mark.parametrize(
    ("kinds", "level", "by_day", "by_night"),
    [
        ([EventKind.FILLED], Level.MONEY, Urgency.PING, Urgency.PING),
        ([EventKind.UNKNOWN], Level.PAGE, Urgency.PING, Urgency.PING),
        ([EventKind.DENIED, EventKind.CLOSED], Level.MONEY, Urgency.QUIET, Urgency.NOTHING),
        ([EventKind.ENTRY_SUBMITTED], Level.MONEY, Urgency.QUIET, Urgency.NOTHING),
        ([EventKind.BUMPED], Level.INFO, Urgency.NOTHING, Urgency.NOTHING),
        ([], Level.PAGE, Urgency.PING, Urgency.PING),
    ],
)
def test_money_and_unknown_outcomes_always_ping(
    kinds: list[EventKind], level: Level, by_day: Urgency, by_night: Urgency
) -> None:
    """What moved money, or what is unknown, pings at night as well.

    The rest is quiet by day and left out by night.
    """
    changed = replace(notice("text", level), events=tuple(map(event, kinds)))
    found = [urgency(changed, lowest_level=Level.MONEY, quiet_hours=night) for night in (False, True)]
    assert found == [by_day, by_night]


def test_quiet_hours_are_new_york_time_and_may_span_midnight() -> None:
    """22:00-07:00 holds at three in the morning in New York.

    Not at noon, whatever the machine's zone is.
    """
    hours = Hours(time(22), time(7))
    assert [hours.contains(datetime(2026, 11, 24, each, 30, tzinfo=UTC)) for each in (3, 8, 11, 12, 17)] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert not Hours(time(9), time(9)).contains(NOON)


async def test_a_ping_reaches_only_the_configured_person(webhook: Hook) -> None:
    """WHO-60: the ping is ours alone; what a message says stays in its block.

    What is quiet notifies nobody.
    """
    channel = OperatorChannel(Webhook(webhook.url, "role:4242424242"), NotificationRules())
    await channel.send(replace(notice(HOSTILE), events=(event(EventKind.FILLED),)))
    await channel.send(replace(notice(HOSTILE), events=(event(EventKind.DENIED, 8),)))
    loud, quiet = webhook.bodies
    assert loud["content"].startswith("<@&4242424242>\n```\n")
    assert loud["allowed_mentions"] == {"parse": [], "roles": ["4242424242"]}
    assert (quiet["allowed_mentions"], quiet["flags"]) == ({"parse": []}, SILENT)


async def test_a_notice_is_posted_once_despite_retries(webhook: Hook) -> None:
    """Only the channels that failed receive it again; one that took it does not."""
    channel = OperatorChannel(Webhook(webhook.url), NotificationRules())
    sent = replace(notice("bought"), events=(event(EventKind.FILLED),))
    webhook.status = 500
    with pytest.raises(ConnectionError):
        await channel.send(sent)
    webhook.status = 204
    await channel.send(sent)
    await channel.send(sent)
    assert len(webhook.bodies) == 2


async def test_anything_else_is_reached_through_apprise(webhook: Hook) -> None:
    """DUR-50: the notice arrives as plain text.

    An address that does not take it, or is none, is never named.
    """
    way = AppriseChannel(webhook.url.replace("http://", "json://"), 1)
    await way.send(notice("bought 4 at 1.20", Level.PAGE), ping=True)
    (body,) = webhook.bodies
    assert "bought 4 at 1.20" in body["message"]
    assert body["type"] == "failure"
    webhook.status = 500
    with pytest.raises(ConnectionError, match="number 1 of TRADER_NOTIFY_URLS") as failed:
        await way.send(notice("bought"), ping=False)
    assert SECRET not in repr(failed.value)
    with pytest.raises(ValueError, match="number 3 is not one") as wrong:
        AppriseChannel(f"nothing://{SECRET}", 3)
    assert SECRET not in repr(wrong.value)


def test_channels_are_those_in_the_settings() -> None:
    """A webhook and every Apprise address are a channel each; where none is set there is none."""
    assert len(operators(Settings())) == 0
    more = Settings(
        operator_webhook_url=SecretStr("http://127.0.0.1:1/x"),
        notify_urls=SecretStr("json://127.0.0.1:1/a json://127.0.0.1:1/b"),
    )
    assert len(operators(more)) == 3
