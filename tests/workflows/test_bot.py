"""The bot over real trades: what it refuses, what it asks, what it repairs when it is back."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from temporalio.client import WorkflowHandle

from alert_trader import clock
from alert_trader.bot import slash, slash_account
from alert_trader.bot.actions import CONFIRM_WITHIN
from alert_trader.bot.client import TraderBot
from alert_trader.control.intake.message import Intake
from alert_trader.control.start_trade import start_trade
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.ids import message_id
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.settings.load import load
from alert_trader.simulators.chat import interactions
from alert_trader.simulators.chat.config import Person, Room
from alert_trader.simulators.chat.ids import snowflake
from alert_trader.simulators.chat.server import RunningChat
from alert_trader.simulators.chat.transcript import Kind
from alert_trader.workflows import activity_options
from alert_trader.workflows.activity_options import CARD
from alert_trader.workflows.interface import TradeRequest
from tests.support.discord_client import connected, open_chat
from tests.support.guild import words
from tests.support.harness import AUTHOR, CHANNEL, CONTRACT, FORUM, GUILD, Harness, plain_client, policy
from tests.support.waiting import eventually

DESK, STRANGER, ROLE = "12", "13", "77"
ALERT = f"BTO SPY {CONTRACT.expiry:%m/%d/%Y} 450c @ 1.20"


@dataclass
class Scene:
    """A bot in a chat, over the trades of a harness."""

    chat: RunningChat
    bot: TraderBot

    async def card(self, *says: str) -> dict[str, Any]:
        """Wait until the one card says all of this."""

        def there() -> dict[str, Any] | None:
            found = [each for each in self.chat.world.messages[CHANNEL].values() if each["embeds"]]
            assert len(found) < 2
            return found[0] if found and all(each in words(found[0]) for each in says) else None

        card: dict[str, Any] = await eventually(there, f"a card that says {says}", within=20)
        return card

    async def press(self, message: dict[str, Any], label: str, user: str = DESK) -> dict[str, Any]:
        """Press a button, and give the last answer."""
        return dict((await self.chat.control.click(message, label, user=user))["answers"][-1])


@asynccontextmanager
async def running(harness: Harness, directory: Path) -> AsyncIterator[TraderBot]:
    """Run a bot for the harness's account until left. Its trades live in real time."""
    flags = {
        "mode": "demo",
        "tastytrade_account": harness.account,
        "authors": (AUTHOR,),
        "channels": (CHANNEL, FORUM),
        "guilds": (GUILD,),
    }
    operators = {"discord_operator_roles": (ROLE,), "discord_token": SecretStr("demo")}
    settings = load(environment={}, directory=directory, flags={**flags, **operators}).settings
    bot = TraderBot(
        plain_client(harness.client), settings, Intake(policy=policy(cards=True), account=harness.account)
    )
    for each in (*slash.COMMANDS, *slash_account.COMMANDS):
        bot.tree.add_command(each)
    async with connected(bot):
        await bot.up.wait()
        yield bot


@asynccontextmanager
async def alert_chat() -> AsyncIterator[RunningChat]:
    """Open a chat with the harness's people."""
    people = (
        Person(user_id=AUTHOR, name="ada"),
        Person(user_id=DESK, name="gateway", roles=(ROLE,)),
        Person(user_id=STRANGER, name="eve"),
    )
    async with open_chat(
        guild_id=GUILD,
        people=people,
        rooms=(
            Room(channel_id=CHANNEL, name="alerts"),
            Room(channel_id=FORUM, name="ideas", forum=True),
        ),
        roles={ROLE: "gateway"},
    ) as chat:
        yield chat


async def sent(harness: Harness, text: str) -> WorkflowHandle[Any, TradeView]:
    """Send an alert as another face does, while no bot is there."""
    client, named = plain_client(harness.client), message_id(f"away-{secrets.token_hex(4)}")
    message = AlertMessage(
        message_id=named,
        text=text,
        author_id=AUTHOR,
        channel_id=CHANNEL,
        guild_id=GUILD,
        posted_at=clock.now(),
    )
    await start_trade(client, TradeRequest(alert=message, policy=policy(cards=True), account=harness.account))
    handle: WorkflowHandle[Any, TradeView] = client.get_workflow_handle(
        f"trade-{named}", result_type=TradeView
    )
    harness.handles.append(handle)
    return handle


@pytest.fixture
async def scene(harness: Harness, tmp_path: Path) -> AsyncIterator[Scene]:
    """Run a bot where an alert can be bought at once."""
    await harness.quote("1.20", "1.20")
    async with alert_chat() as chat, running(harness, tmp_path) as bot:
        yield Scene(chat, bot)


def discord_clock(patch: pytest.MonkeyPatch, ahead: timedelta) -> None:
    """Have Discord's clock be ahead of the bot's for the interactions that follow."""
    patch.setattr(interactions, "snowflake", lambda: snowflake(clock.now() + ahead))


async def test_a_confirmation_is_valid_once_and_for_a_limited_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old yes, and a yes to what has changed since, do nothing; a fresh one sells what was asked about.

    The age is by Discord's clock, in the ids of both presses: the bot's own may be wrong.
    """
    scene.chat.control.say(ALERT)
    card = await scene.card("holding 4")
    question = await scene.press(card, "Close half")
    assert "Sell 2 contracts of SPY" in question["content"]
    with monkeypatch.context() as later:
        discord_clock(later, timedelta(seconds=CONFIRM_WITHIN + 1))
        assert "expired" in (await scene.press(question, "Yes, sell"))["content"]
        fresh = await scene.press(card, "Close half")
        discord_clock(later, timedelta(seconds=2 * CONFIRM_WITHIN))
        await scene.press(fresh, "Yes, sell")
    await scene.card("holding 2")
    await scene.press(question, "Yes, sell")

    def asked_anew() -> bool:
        texts = [
            str(line.facts["data"].get("content")) for line in scene.chat.transcript.of(Kind.ANSWERED)[-2:]
        ]
        return "nothing was done" in texts[0] and "Sell 1 contract " in texts[1]

    await eventually(asked_anew, "a refusal, and the question with the new number")
    await scene.card("holding 2")


async def test_commands_are_for_operators_only(scene: Scene) -> None:
    """WHO-10: a stranger and the alert's own author get a private refusal and no suggestions."""
    alert = scene.chat.control.say(ALERT)
    card = await scene.card("holding 4")
    for user in (STRANGER, AUTHOR):
        assert "is not one" in (await scene.press(card, "Close all 4", user))["content"]
        assert (
            "is not one"
            in (await scene.chat.control.use("flatten", user=user, reason="x"))["answers"][0]["content"]
        )
        assert await scene.chat.control.complete("trade", "trade", "", user=user) == []
    suggested = await scene.chat.control.complete("trade", "trade", "spy", user=DESK)
    assert alert["id"] in [each["value"] for each in suggested]
    listed = (await scene.chat.control.use("trades", user=DESK))["answers"][0]
    assert (listed["flags"] & 64, alert["id"] in listed["content"]) == (64, True)
    read = (await scene.chat.control.use("parse", user=DESK, text="BTO SPY 450 @ 2 **12/18**"))["answers"][0]
    assert "**12/18**" not in read["content"].replace("\\*", "").replace("```", "")
    await scene.card("holding 4")


async def test_a_restarted_bot_updates_its_outdated_cards(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One trade ended and another began while no bot was there.

    Each has one card when it is back, up to its last event.
    """
    monkeypatch.setattr(activity_options, "CARD", replace(CARD, schedule_to_close=timedelta(seconds=1)))
    harness.client = plain_client(harness.client)
    await harness.quote("1.20", "1.20")
    async with alert_chat() as chat:
        ended, held = await sent(harness, "BTO SPY 12/18 450 @ 2.00"), await sent(harness, ALERT)
        await ended.result()
        await harness.until(held, "held", phase=Phase.HOLDING, exits_working=2)
        async with running(harness, tmp_path):

            def shown() -> list[str]:
                cards = [each for each in chat.world.messages[CHANNEL].values() if each["embeds"]]
                return sorted(each["embeds"][0]["footer"]["text"] for each in cards)

            events = {each.id: len(await harness.events(each)) for each in (ended, held)}
            wanted = sorted(
                f"{name} · demo · account {harness.account} · {count} events"
                for name, count in events.items()
            )
            await eventually(lambda: shown() == wanted, f"the cards {wanted}", within=20)
        async with running(harness, tmp_path):
            assert shown() == wanted
