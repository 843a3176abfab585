"""A message as it was posted, and what it was read as."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from alert_trader.domain.ids import MessageId
from alert_trader.domain.market.contract import Right
from alert_trader.domain.money import Price, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedField:
    """One named value of an embed."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Embed:
    """A box under a message, where bots write their alerts. Empty where a part is missing."""

    title: str = ""
    description: str = ""
    fields: tuple[EmbedField, ...] = ()
    author: str = ""
    """The line above the title: it and the footer only give a ticker to an alert that names none."""
    footer: str = ""


class Nature(StrEnum):
    """How a message relates to others. Only a first message opens a trade."""

    FIRST = "first"
    """Not edited, and no reply."""
    REPLY = "reply"
    """A reply to another message: it may close a trade, and opens none."""
    FORWARD = "forward"
    """A forwarded message."""
    QUOTE = "quote"
    """A message that repeats another."""
    EDIT = "edit"
    """A message whose text was changed after it was posted."""


class Sender(StrEnum):
    """What wrote a message. Each needs its own id on the list of authors."""

    PERSON = "person"
    BOT = "bot"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMessage:
    """A message that may be an alert: who wrote what, where and when. The text is data, never a command."""

    message_id: MessageId
    text: str
    author_id: str
    channel_id: str
    guild_id: str
    posted_at: datetime
    """The message's own time, in UTC: years, weekdays and the alert's age are counted from it."""
    author_name: str = ""
    """For people; nothing depends on it."""
    embeds: tuple[Embed, ...] = ()
    nature: Nature = Nature.FIRST
    sender: Sender = Sender.PERSON
    answers: MessageId | None = None
    """The message that a reply answers, where it is known: it identifies the trade that an exit closes."""

    @property
    def shown(self) -> str:
        """Return the text that a reader sees: what is read, then the embeds' authors and footers.

        Spans point into it.
        """
        around = [line for embed in self.embeds for line in (embed.author, embed.footer) if line]
        return "\n".join([self.read, *around]) if around else self.read

    @property
    def read(self) -> str:
        """Return the text that is read as an alert: the message's own, then each embed's."""
        if not self.embeds:
            return self.text
        lines = [self.text]
        for embed in self.embeds:
            lines += [
                embed.title,
                embed.description,
                *(f"{field.name}: {field.value}" for field in embed.fields),
            ]

        return "\n".join(line for line in lines if line)


class AlertKind(StrEnum):
    """What a message is."""

    ENTRY = "entry"
    """Buy to open one contract."""
    EXIT = "exit"
    """Sell to close."""
    ADD = "add"
    """The author added to a position (AVG)."""
    CHATTER = "chatter"
    """Not an alert at all."""
    REFUSED = "refused"
    """Looks like an alert, and is not certain enough to trade; `code` is the reason."""


class Share(StrEnum):
    """How much of a position an exit closes, as written."""

    ALL = "all"
    """All of it, or all that is left."""
    HALF = "half"
    """One half."""
    FRACTION = "fraction"
    """The part in `fraction`."""
    COUNT = "count"
    """The contracts in `quantity`."""
    PARTIAL = "partial"
    """Some of it, without an amount."""


class Span(NamedTuple):
    """The characters of the shown text that one field was read from. A tuple, as each entry has six."""

    field: str
    start: int
    end: int
    text: str


class Considered(NamedTuple):
    """One thing that a message was considered to be, and why it is not; empty where it is."""

    what: str
    why_not: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A stop or target that an alert names; exactly one of the three is set."""

    price: Price | None = None
    """Of the option, in dollars a share."""
    change: Decimal | None = None
    """A share of the entry's price, above 0: the loss of a stop, the gain of a target."""
    underlying: Decimal | None = None
    """Dollars: a price of the underlying."""

    def text(self, *, stop: bool) -> str:
        """Return the level of a stop or target as people write it: 0.90, -30%, 68 of the underlying."""
        if self.price is not None:
            return plain(self.price)
        if self.change is not None:
            return f"{'-' if stop else '+'}{(self.change * 100).normalize():f}%"
        return f"{(self.underlying or Decimal(0)).normalize():f} of the underlying"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedAlert:
    """The one reading of a message. Fields that it does not name are None."""

    kind: AlertKind
    symbol: str | None = None
    strike: Decimal | None = None
    right: Right | None = None
    expiry: date | None = None
    price: Price | None = None
    """Dollars a share, as alerted; None means the mid of bid and ask. Of an add: what it cost."""
    average: Price | None = None
    """The author's average after an add, in dollars a share."""
    quantity: int | None = None
    """Contracts named in the alert: a cap, not an order. Of an exit with portion COUNT: the number closed."""
    portion: Share | None = None
    """How much an exit closes; None where no amount is written."""
    fraction: Decimal | None = None
    """The part of the position that an exit closes, above 0 and below 1, where one is written."""
    label: str | None = None
    stop: Level | None = None
    """The author's stop, where an entry names one under its price; used only by the author's profile."""
    targets: tuple[Level, ...] = ()
    """The author's targets above the price, in the order of the text; they are shown only."""
    code: str | None = None
    """Why it was denied: a `Code` value with its family PARSE."""
    reason: str | None = None
    """The denial for people: what was expected, what was found, what to do."""
    considered: tuple[Considered, ...] = ()
    """What a refused message was considered to be, in the order in which it was tried."""
    nearest: str | None = None
    """The nearest text to a refused message that would be read; in capitals what it still needs."""
    spans: tuple[Span, ...] = ()
    also: tuple["ParsedAlert", ...] = ()
    """Further exits in the same message, each certain by itself; beside an entry, all of them."""
