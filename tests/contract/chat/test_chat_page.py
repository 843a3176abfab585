"""The bundled chat as a person uses it: commands as they are typed, its page, and a restart."""

from pathlib import Path

import aiohttp
import pytest

from alert_trader.bot.discord_text import safe
from alert_trader.simulators.chat import saved_world
from alert_trader.simulators.chat.control import given_options, read_options
from alert_trader.simulators.chat.page import draw, markdown
from alert_trader.simulators.chat.server import RunningChat
from alert_trader.simulators.chat.world import MissingError
from tests.support.discord_client import ALERTS, open_chat

LIMITS = [
    {"name": "name", "type": 3},
    {"name": "value", "type": 4},
    {"name": "reason", "type": 3, "required": True, "description": "Why"},
]


@pytest.mark.parametrize(
    ("typed", "options"),
    [
        ("trade=12 reason=too late to hold", {"trade": "12", "reason": "too late to hold"}),
        ("12 reason='a = b'", {"trade": "12", "reason": "a = b"}),
        ("SPY600C", {"trade": "SPY600C"}),
        ("trade=1 reason=limit=2 is wrong", {"trade": "1", "reason": "limit=2 is wrong"}),
        ("", {}),
    ],
)
def test_a_value_may_have_spaces(typed: str, options: dict[str, object]) -> None:
    """It ends where the next option of the command begins."""
    assert read_options(typed, ["trade", "reason"]) == options


def test_wrong_options_are_answered() -> None:
    """An unknown option, a missing one, and a value of another type."""
    with pytest.raises(MissingError, match=r"/limits has no option x\. It takes: name, value, reason"):
        given_options("limits", LIMITS, {"x": "1"})
    with pytest.raises(MissingError, match="/limits needs reason: Why"):
        given_options("limits", LIMITS, {"name": "a"})
    with pytest.raises(MissingError, match="'much' is no value for value"):
        given_options("limits", LIMITS, {"value": "much", "reason": "x"})
    assert given_options("limits", LIMITS, {"value": "5", "reason": "x"})[0]["value"] == 5


def test_escaped_text_is_drawn_without_backslashes() -> None:
    """What the bot escapes is shown as it was written."""
    text = "PARSE_NO_RIGHT +5 a=b! \\ <x> & (c) [d] #e -f ~g |h `i` *j*"
    shown = markdown(safe(text))
    assert shown == "PARSE_NO_RIGHT +5 a=b! \\ &lt;x&gt; &amp; (c) [d] #e -f ~g |h `i` *j*"


async def test_a_typed_command_that_is_unknown_is_answered(chat: RunningChat) -> None:
    """The page shows the message; it is no error of the server."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{chat.url}/control/type", json={"text": "/nothing x=1"}) as answer,
    ):
        assert answer.status == 404
        assert "There is no command /nothing" in (await answer.json())["message"]


async def test_a_restart_keeps_messages_and_threads(tmp_path: Path) -> None:
    """A card is found again, with its thread."""
    path = tmp_path / "chat.json"
    async with open_chat() as chat:
        said = chat.control.say("BTO SPY", channel=ALERTS)
        chat.world.open_thread(ALERTS, said["id"], "BTO SPY")
        saved_world.save(chat.world, path)
    async with open_chat() as again:
        saved_world.load(again.world, path)
        message = again.world.message(ALERTS, said["id"])
        assert message["content"] == "BTO SPY"
        assert message["thread"] is again.world.channel(said["id"])
        page = draw(again.world)
        assert "width=device-width" in page
        assert f"data-thread={said['id']}" in page
