"""What is agreed with one author: how alerts are read, how large they are traded, and what the author's later words may do.

It is part of a trade's policy, so it is frozen when the trade starts: changing a profile never changes a running trade.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from alert_trader.domain.alerts.alert import ParsedAlert, Share
from alert_trader.domain.alerts.portion import ALL, Portion
from alert_trader.domain.market.contract import Right


class Approval(StrEnum):
    """What becomes of an author's entries."""

    AUTOMATIC = "automatic"
    """Traded at once."""
    ASK = "ask"
    """Sized and shown; bought when a person approves in time."""
    WATCH = "watch"
    """Read, checked and shown; nothing is ever sent."""


class OnExit(StrEnum):
    """What an author's exit (STC, trim) does to the trade it is about."""

    AUTOMATIC = "automatic"
    """The portion it says is sold at the market."""
    APPROVAL = "approval"
    """It is shown, and sold when a person approves in time."""
    IGNORED = "ignored"
    """It is written down; the trade's own exits go on."""


class OnAdd(StrEnum):
    """What an author's add (AVG) to an open trade does."""

    IGNORED = "ignored"
    """It is written down."""
    APPROVAL = "approval"
    """A trade of its own is opened that waits for a person."""
    ADDED = "added"
    """A trade of its own is opened."""


class DefaultExpiry(StrEnum):
    """The expiration a room means when it says none."""

    TODAY = "0DTE"
    WEEKLY = "weekly"
    """The last trading day of the week."""
    MONTHLY = "monthly"
    """The third Friday of the month, or of the next once that is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRule:
    """What an author's room leaves unsaid. Without a rule, what is missing is a refusal."""

    right: Right | None = None
    """What a strike without c or p is."""
    expiry: DefaultExpiry | None = None
    """What an alert without an expiration means."""
    alone: bool = True
    """Whether a contract that is the whole message, with neither act nor price, is an alert: in a room of alerts it is."""


FACTORS = {"lotto": Decimal("0.5"), "super lotto": Decimal("0.25"), "half size": Decimal("0.5")}
"""Labels that carry an allocation factor, and what it is where a profile says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The rules of one author. The defaults are those of an author without a profile."""

    room: RoomRule = field(default_factory=RoomRule)
    approval: Approval = Approval.AUTOMATIC
    exits: OnExit = OnExit.APPROVAL
    adds: OnAdd = OnAdd.IGNORED
    partial: Decimal = Decimal("0.5")
    """The part of the position that "partial" or "trim" closes where no amount is said."""
    factors: dict[str, Decimal] = field(default_factory=lambda: dict(FACTORS))
    """Label to the share of a full size it is traded with."""

    def __post_init__(self) -> None:
        """Refuse a factor that would enlarge a trade, a label that no alert carries, and a part that is none."""
        if not 0 < self.partial < 1:
            raise ValueError(f"expected a partial above 0 and below 1, found {self.partial}")
        for label, factor in self.factors.items():
            if label not in FACTORS:
                raise ValueError(f"expected a label of {', '.join(FACTORS)}, found {label!r}")
            if not 0 < factor <= 1:
                raise ValueError(f"expected a factor above 0 and at most 1 for {label}, found {factor}")

    def factor(self, label: str | None) -> Decimal:
        """Give the share of a full size that an alert with this label is traded with."""
        return self.factors.get((label or "").lower(), Decimal(1))

    def portion(self, parsed: ParsedAlert, entry_quantity: int | None) -> Portion:
        """Give what an author's exit closes of our position.

        A count is the author's own: it is a share of what the author said to have bought, and a part where that was not said.
        """
        match parsed.portion:
            case Share.FRACTION | Share.HALF if parsed.fraction is not None:
                return Portion(fraction=parsed.fraction)
            case Share.COUNT if entry_quantity is not None and parsed.quantity is not None:
                if parsed.quantity >= entry_quantity:
                    return ALL
                return Portion(fraction=Decimal(parsed.quantity) / entry_quantity)
            case Share.COUNT | Share.PARTIAL | Share.HALF | Share.FRACTION:
                return Portion(fraction=self.partial)
            case Share.ALL | None:
                return ALL
