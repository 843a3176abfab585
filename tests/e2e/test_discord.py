"""A day in the channel: Discord, Temporal, the venue.

Back to Discord, with the bot killed and the line cut in the middle.
"""

import signal
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from alert_trader import clock
from alert_trader.simulators.venue.oracle import Expectation, check
from alert_trader.simulators.venue.tape import read_tape
from tests.support.guild import ADA, BOB, EVE, MALLORY, Guild, Message, footer, open_guild, words
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
async def guild(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Guild]:
    """Start the whole product with its chat."""
    async with open_guild(tmp_path_factory.mktemp("day")) as opened:
        yield opened


async def test_a_day_in_a_discord_channel(guild: Guild) -> None:
    """WHO-20, DUR-40: alerts, chatter, answers, exits, approvals, a killed bot and a cut line.

    One card an alert, one story a card.
    """
    bought = await _alerts_and_talk(guild)
    asked = await _approvals(guild)
    away = await _a_killed_bot(guild)
    missed = await _a_cut_line(guild)
    halted = await _a_halt(guild)
    closed = await _out(guild, bought)
    await _one_card_and_one_story_each(guild, [*bought, *asked, *away, *missed, *halted])
    lines = read_tape(guild.stack.tape_path)
    assert not check(lines, Expectation(closed=[each["id"] for each in closed]))


async def _alerts_and_talk(guild: Guild) -> list[Message]:
    """Buy an alert at once; talk.

    A forward open nothing, the author's exit sells half, an edit is refused recorded.
    """
    alert = await guild.alert()
    card = await guild.card(
        alert, "holding 4", "**4 of 4** at $1.20", "2 working (2 at 2.40)", "[Close all 4]"
    )
    assert {"DEMO · simulated venue", "Alert price: $1.20", "Quote at alert: 1.20 / 1.20"} <= set(
        words(card).splitlines()
    )
    assert await guild.reaction(alert) == "👀"
    talk = await guild.chat.say("nice one @everyone", user=BOB)
    forward = await guild.chat.say("", user=BOB, forward_of=alert["id"])
    await guild.card(forward, "denied")
    await guild.chat.say(alert["content"], user=MALLORY)
    half = await guild.chat.say("STC half out", user=ADA, reply_to=alert["id"])
    await guild.card(alert, "holding 2")
    assert await guild.reaction(half) == "📎"
    await guild.chat.edit(talk["id"], await guild.text())
    await guild.card(talk, "denied")
    return [alert, talk, forward]


async def _approvals(guild: Guild) -> list[Message]:
    """One author's alert waits for a word, which only an operator may give.

    Another's is shown and never bought.
    """
    asked, watched = await guild.alert(user=BOB), await guild.alert(user=EVE)
    card = await guild.card(asked, "waiting for approval", "[Buy half]", "[Skip]")
    assert "is not one" in (await guild.press(card, "Buy half", user=MALLORY))["content"]
    assert "Approved" in (await guild.press(card, "Buy half"))["content"]
    await guild.card(asked, "holding 2", "**2 of 2**")
    await guild.card(watched, "watched only, no orders sent")
    return [asked, watched]


async def _a_killed_bot(guild: Guild) -> list[Message]:
    """Kill the bot after an alert, and post more while it is down.

    What is fresh is traded, what is old refused; a later press works.
    """
    before = await guild.alert()
    await guild.stack.kill_bot(signal.SIGKILL)
    old = await guild.alert(at=(clock.now() - timedelta(minutes=5)).isoformat())
    during = await guild.alert()
    await guild.stack.restart_bot()
    await guild.card(before, "holding 4")
    await guild.card(old, "denied", "ALERT\\_TOO\\_OLD")
    card = await guild.card(during, "holding 4")
    question = await guild.press(card, "Close half")
    assert "Sell 2 contracts" in question["content"]
    assert "Sold 2" in (await guild.press(question, "Yes, sell"))["content"]
    await guild.card(during, "holding 2")
    return [before, old, during]


async def _a_cut_line(guild: Guild) -> list[Message]:
    """Lose the session: what was said meanwhile is read. A lost answer to a card doubles nothing."""
    await guild.chat.drop(forget=True)
    fresh = await guild.alert()
    await guild.card(fresh, "holding 4")
    await guild.chat.fault("lost", path=f"/channels/{guild.channel}/messages")
    lost = await guild.alert()
    await guild.card(lost, "holding 4")
    return [fresh, lost]


async def _a_halt(guild: Guild) -> list[Message]:
    """Halt by command, at once and without a question.

    Alerts are refused until somebody resumes and has been asked.
    """
    refused = await guild.use("halt", user=MALLORY, reason="for fun")
    assert "is not one" in refused["content"]
    assert "No new entry order can be sent" in (await guild.use("halt", reason="lunch"))["content"]
    denied = await guild.alert()
    await guild.card(denied, "denied", "ACCOUNT\\_HALTED")
    assert "⛔" in (await guild.use("why", trade=denied["id"]))["content"]
    assert "halted by discord" in (await guild.use("status"))["content"].replace("\\", "")
    question = await guild.use("resume", changed="lunch is over")
    await guild.press(question, "Yes, resume")
    traded = await guild.alert()
    await guild.card(traded, "holding 4")
    return [denied, traded]


async def _out(guild: Guild, bought: list[Message]) -> list[Message]:
    """Close what is held by command, after being asked."""
    alert = bought[0]
    question = await guild.use("close", trade=alert["id"], reason="enough")
    assert "Sell 2 contracts" in question["content"]
    await guild.press(question, "Yes, sell")
    await guild.card(alert, "closed", "P&L")

    async def without_buttons() -> bool:
        # a card says "closed by" whom while it is being sold
        return not (await guild.cards(alert["id"]))[0]["components"]

    await eventually(without_buttons, "the last card, which has no buttons")
    report = await guild.use("report")
    assert "P&L realised" in report["content"]
    assert report["attachments"][0]["filename"] == "report.png"
    assert "mallory" in (await guild.use("trades", user=MALLORY))["content"]
    shown = await guild.use("trade", trade=alert["id"])
    assert f"discord\\:{ADA}" in shown["content"]
    return [alert]


async def _one_card_and_one_story_each(guild: Guild, alerts: list[Message]) -> None:
    """Every alert has one card and nothing else has; each thread tells every event once, in order.

    Nobody was pinged.
    """
    cards = await guild.cards()
    assert sorted(footer(each).split(" ")[0] for each in cards) == sorted(
        f"trade-{each['id']}" for each in alerts
    )
    for card in cards:

        async def complete(card: Message = card) -> bool:
            now = next(each for each in await guild.cards() if each["id"] == card["id"])
            count = int(footer(now).rsplit(" ", 2)[1])
            return await guild.story(now) == list(range(1, count + 1))

        await eventually(complete, f"every event of {footer(card)}", within=15, every=0.1)
    said = [each for each in await guild.chat.transcript() if each["kind"] in {"posted", "edited"}]
    assert not [each for each in said if each["pinged"] and each["message"]["author"]["username"] == "trader"]
