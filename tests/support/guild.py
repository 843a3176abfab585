"""A whole product on one machine, the chat in place of Discord among it.

Post, press, look at the cards, kill the bot.
"""

import contextlib
import itertools
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from alert_trader import clock
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.runtime.local.stack import Stack
from alert_trader.settings.load import load
from alert_trader.settings.model import DEMO_AUTHOR, DEMO_CHANNEL, DEMO_GUILD
from alert_trader.simulators.chat.client import ChatControl
from alert_trader.simulators.venue.client import VenueControl
from tests.support.cluster import CASH, QUICK
from tests.support.harness import next_monthly
from tests.support.waiting import eventually

ADA, BOB, EVE, MALLORY = DEMO_AUTHOR, "100000000000000004", "100000000000000005", "100000000000000006"
"""Trades at once, and operates · asks first · is watched only · is on no list."""

PEOPLE = [
    {"user_id": ADA, "name": "ada"},
    {"user_id": BOB, "name": "bob"},
    {"user_id": EVE, "name": "eve"},
    {"user_id": MALLORY, "name": "mallory"},
]

PROFILES = {ADA: {"exits": "automatic"}, BOB: {"approval": "ask"}, EVE: {"approval": "watch"}}

Message = dict[str, Any]


@dataclass
class Guild:
    """The running product, and hands in its chat."""

    stack: Stack
    chat: ChatControl
    venue: VenueControl
    channel: str = DEMO_CHANNEL
    _numbers: Any = field(default_factory=itertools.count)

    async def text(self) -> str:
        """Write an alert about a contract of its own, which can be bought at once.

        No two differ in one field only.
        """
        number = next(self._numbers)
        contract = OptionContract(
            root="SPY", expiry=next_monthly(clock.now()), right=Right.CALL, strike=Decimal(500 + number)
        )
        price = str(Decimal("1.20") + number * Decimal("0.05"))
        await self.venue.set_quote(contract.occ_symbol, bid=price, ask=price)
        return f"BTO SPY {contract.expiry:%m/%d/%Y} {contract.strike}c @ {price}"

    async def alert(self, *, user: str = ADA, **how: object) -> Message:
        """Post an alert."""
        return await self.chat.say(await self.text(), user=user, **how)

    async def cards(self, of: str | None = None) -> list[Message]:
        """Return every card in the channel, or those of one alert."""
        found = [
            each
            for each in await self.chat.messages(self.channel)
            if each["embeds"] and each["author"]["username"] == "trader"
        ]
        return found if of is None else [each for each in found if footer(each).startswith(f"trade-{of} ")]

    async def card(self, of: Message, *says: str, within: float = 30) -> Message:
        """Wait until the one card of an alert says all of this, and return it."""
        last: list[Message] = []

        async def there() -> Message | None:
            last[:] = await self.cards(of["id"])
            assert len(last) < 2, f"{len(last)} cards of one alert"
            return last[0] if last and all(each in words(last[0]) for each in says) else None

        try:
            found: Message = await eventually(
                there, f"a card of {of['content']!r} that says {says}", within=within, every=0.05
            )
        except AssertionError as late:
            late.add_note(f"found {[words(each) for each in last]}")
            raise
        return found

    async def press(self, card: Message, label: str, *, user: str = ADA) -> Message:
        """Press a button, and return the private answer."""
        answer = await self.chat.click(card["id"], label, user=user)
        last: Message = answer["answers"][-1]
        assert last["flags"] & 64, f"expected an answer that only its user sees, found {last}"
        return last

    async def use(self, name: str, *, user: str = ADA, **options: object) -> Message:
        """Use a slash command, and return the private answer."""
        answer = await self.chat.use(name, user=user, **options)
        last: Message = answer["answers"][-1]
        assert last["flags"] & 64, f"expected an answer that only its user sees, found {last}"
        assert answer["acknowledged"] < 3
        return last

    async def reaction(self, message: Message) -> str:
        """Wait for the bot's reaction to a message."""

        async def there() -> str | None:
            found = next(
                each for each in await self.chat.messages(self.channel) if each["id"] == message["id"]
            )
            return next((each["emoji"]["name"] for each in found["reactions"]), None)

        emoji: str = await eventually(there, f"a reaction to {message['content']!r}", within=20, every=0.05)
        return emoji

    async def story(self, card: Message) -> list[int]:
        """Return the numbers of the events in a card's thread, in order."""
        texts = [each["content"] for each in await self.chat.messages(card["id"])]
        return [int(number) for text in texts for number in re.findall(r"^`(\d+)` ", text, re.MULTILINE)]


def footer(card: Message) -> str:
    """Return the last line of a card, which names its trade."""
    return str(card["embeds"][0]["footer"]["text"])


def words(card: Message) -> str:
    """Return everything that a card says, its buttons included."""
    embed = card["embeds"][0]
    fields = [f"{each['name']}: {each['value']}" for each in embed.get("fields", [])]
    buttons = [f"[{each['label']}]" for row in card["components"] for each in row["components"]]
    return "\n".join(
        [embed["author"]["name"], embed["title"], embed["description"], *fields, footer(card), *buttons]
    )


@contextlib.asynccontextmanager
async def open_guild(data_dir: Path, *, with_api: bool = False) -> AsyncIterator[Guild]:
    """Start everything; it is all ended on leaving."""
    people = {
        "authors": (ADA, BOB, EVE),
        "channels": (DEMO_CHANNEL,),
        "guilds": (DEMO_GUILD,),
        "discord_operators": (ADA,),
    }
    own = {**QUICK, **people, "data_dir": data_dir, "profiles": PROFILES}
    settings = load(environment={}, directory=data_dir, flags=own).settings
    venue = {"accounts": [{"number": settings.account, "cash": CASH}]}
    async with (
        Stack(
            settings,
            use_free_ports=True,
            with_api=with_api,
            with_chat=True,
            venue_config=venue,
            chat_config={"people": PEOPLE},
        ) as stack,
        ChatControl(str(stack.chat_url)) as chat,
        VenueControl(str(stack.venue_url)) as control,
    ):
        yield Guild(stack=stack, chat=chat, venue=control)
