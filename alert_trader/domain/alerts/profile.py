"""The rules of one author: how alerts are read, how large they are traded, what exits and adds do.

It is part of a trade's policy, so it is frozen when the trade starts: changing a profile never changes a
running trade.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from alert_trader.domain.alerts.alert import Level, ParsedAlert, Share
from alert_trader.domain.alerts.portion import ALL, Portion
from alert_trader.domain.exits.plan import BreakEven, Single, StopLoss, TimeExit, Trail
from alert_trader.domain.market.contract import Right


class Approval(StrEnum):
    """How an author's entries are handled."""

    AUTOMATIC = "automatic"
    """Traded at once."""
    ASK = "ask"
    """Sized and shown; bought only if a person approves in time."""
    WATCH = "watch"
    """Parsed, checked and shown; no order is ever sent."""


class OnExit(StrEnum):
    """What an author's exit (STC, trim) does to its trade."""

    AUTOMATIC = "automatic"
    """Its portion is sold, from the bid down."""
    APPROVAL = "approval"
    """It is shown, and its portion is sold only if a person approves in time."""
    IGNORED = "ignored"
    """It is recorded; the trade's own exits continue."""


class OnAdd(StrEnum):
    """What an author's add (AVG) to an open trade does."""

    IGNORED = "ignored"
    """It is recorded."""
    APPROVAL = "approval"
    """A separate trade is opened that waits for approval."""
    ADDED = "added"
    """A separate trade is opened."""


class LevelSource(StrEnum):
    """Where the stop, or the targets, of an author's trades come from."""

    PLAN = "plan"
    """The exit plan; what the alert names is shown only."""
    ALERT = "alert"
    """The alert, where it names one that can be used; else the exit plan."""


class DefaultExpiry(StrEnum):
    """The expiration of an alert that names none."""

    TODAY = "0DTE"
    WEEKLY = "weekly"
    """The last trading day of the week."""
    MONTHLY = "monthly"
    """The third Friday of the month, or of the next once that is over."""


FORM_VALUES = (
    *("symbol", "expiry", "strike", "right", "price", "quantity", "stop", "target", "level", "result"),
    "comment",
)
"""What a named value of a form may be; a level is a price of the underlying, a result a profit or loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRule:
    """The defaults of an author's channel. Without them, an alert with a missing part is denied."""

    right: Right | None = None
    """The right of a strike without c or p."""
    expiry: DefaultExpiry | None = None
    """The expiration of an alert without one."""
    alone: bool = True
    """Whether a contract alone, with neither action nor price, is an alert: in a channel for alerts it is."""
    average_is_price: bool = False
    """Whether AVG names the price of a new entry; without it, it reports an addition."""
    get_ready: tuple[str, ...] = ()
    """Words that announce an entry which is not made yet, besides loading, watching and the like."""
    entry_words: tuple[str, ...] = ()
    """Words that report an entry in this room, besides BTO, bought, took and the like."""

    field_names: tuple[tuple[str, str], ...] = ()
    """What the values of a form are, by names that only this author uses: ("trigger", "price")."""

    def __post_init__(self) -> None:
        """Raise ValueError for a word that means two things, or is no single word, or an unknown value."""
        for name, value in self.field_names:
            if value not in FORM_VALUES:
                raise ValueError(
                    f"expected one of {', '.join(FORM_VALUES)} for the field {name!r}, found {value!r}"
                )
        for word in (*self.get_ready, *self.entry_words):
            if not word.isalpha():
                raise ValueError(f"expected one word of letters, found {word!r}")
        both = {word.lower() for word in self.get_ready} & {word.lower() for word in self.entry_words}
        if both:
            raise ValueError(
                f"expected a word to announce an entry or to report it, found both for {min(both)!r}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What an author's entries usually look like. An entry that differs waits for a person."""

    lowest_price: Decimal | None = None
    """Dollars a share; None for no bound."""
    highest_price: Decimal | None = None
    most_contracts: int | None = None
    """The author's own contracts, where an alert names them."""
    words: tuple[str, ...] = ()
    """First words of the acts with which this author reports entries; none for any. BTO is "bto"."""

    def __post_init__(self) -> None:
        """Raise ValueError for bounds that no entry can meet."""
        low, high = self.lowest_price, self.highest_price
        if low is not None and high is not None and low > high:
            raise ValueError(f"expected a lowest price up to the highest, found {low} above {high}")

    def departure(self, parsed: ParsedAlert) -> str | None:
        """Return how an entry differs from the author's usual ones, or None where it does not."""
        price, words = parsed.price, [word.lower() for word in self.words]
        if price is not None and self.lowest_price is not None and price < self.lowest_price:
            return f"price {price}, usually {self.lowest_price} or more"
        if price is not None and self.highest_price is not None and price > self.highest_price:
            return f"price {price}, usually {self.highest_price} or less"
        most = self.most_contracts
        if parsed.quantity is not None and most is not None and parsed.quantity > most:
            return f"{parsed.quantity} contracts, usually {most} or fewer"
        act = next((span.text.lower() for span in parsed.spans if span.field == "action"), "")
        if words and act not in words:
            return f"{act or 'no act'!r}, usually {' or '.join(words)}"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitRules:
    """What sells the positions of one author's trades, where it is not what sells those of all others."""

    stop: StopLoss | None = None
    break_even: BreakEven | None = None
    trail: Trail | None = None
    times: tuple[TimeExit, ...] = ()
    single: Single | None = None


FACTORS = {"lotto": Decimal("0.5"), "super lotto": Decimal("0.25"), "half size": Decimal("0.5")}
"""The default factor of the allocation for each label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The rules of one author. The defaults are those of an author without a profile."""

    room: RoomRule = field(default_factory=RoomRule)
    approval: Approval = Approval.AUTOMATIC
    exits: OnExit = OnExit.APPROVAL
    adds: OnAdd = OnAdd.IGNORED
    partial: Decimal = Decimal("0.5")
    """The part of the position that "partial" or "trim" closes without an amount."""
    factors: dict[str, Decimal] = field(default_factory=lambda: dict(FACTORS))
    """By label, the share of the full size to trade."""
    habits: Habits = field(default_factory=Habits)
    exit_rules: ExitRules = field(default_factory=ExitRules)
    """Its parts replace those of the settings; a part that is empty does not."""
    stops: LevelSource = LevelSource.PLAN
    targets: LevelSource = LevelSource.PLAN

    def __post_init__(self) -> None:
        """Raise ValueError for a factor above 1, an unknown label, or an impossible part."""
        if not 0 < self.partial < 1:
            raise ValueError(f"expected a partial above 0 and below 1, found {self.partial}")
        for label, factor in self.factors.items():
            if label not in FACTORS:
                raise ValueError(f"expected a label of {', '.join(FACTORS)}, found {label!r}")
            if not 0 < factor <= 1:
                raise ValueError(f"expected a factor above 0 and at most 1 for {label}, found {factor}")

    def factor(self, label: str | None) -> Decimal:
        """Return the share of the full size to trade for an alert with this label."""
        return self.factors.get((label or "").lower(), Decimal(1))

    def stop_of(self, parsed: ParsedAlert) -> Level | None:
        """Return the stop that the alert names, where it counts for this author; else None."""
        return parsed.stop if self.stops is LevelSource.ALERT else None

    def targets_of(self, parsed: ParsedAlert) -> tuple[Level, ...]:
        """Return the targets that the alert names, where they count for this author."""
        return parsed.targets if self.targets is LevelSource.ALERT else ()

    def portion(self, parsed: ParsedAlert, entry_quantity: int | None) -> Portion:
        """Return what an author's exit closes of our position.

        A count is of the author's own contracts: the share of the quantity in the author's entry, or
        `partial` where the entry had none.
        """
        match parsed.portion:
            case Share.FRACTION | Share.HALF if parsed.fraction is not None:
                return Portion(fraction=parsed.fraction)
            case Share.COUNT if (
                entry_quantity is not None and parsed.quantity is not None and parsed.quantity > 0
            ):
                if parsed.quantity >= entry_quantity:
                    return ALL
                return Portion(fraction=Decimal(parsed.quantity) / entry_quantity)
            case Share.COUNT | Share.PARTIAL | Share.HALF | Share.FRACTION:
                return Portion(fraction=self.partial)
            case Share.ALL | None:
                return ALL
