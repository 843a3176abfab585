"""A small exchange for targets, stops and pairs of both: what is true there, and what it reports, and when.

What a partial fill of one side of a pair does to the other is not documented by the broker, so it is a
variant here. Both sides may fill in a fast market, where `overfill` is set.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from alert_trader.domain.exits.cover import Group, GroupKind, Place, pair_can_sell


class PartialFill(StrEnum):
    """What a partial fill of one side of a pair does."""

    UNTOUCHED = "untouched"
    OTHER_CANCELLED = "other cancelled"
    OTHER_REDUCED = "other reduced"
    ALL_CANCELLED = "all cancelled"


@dataclass(slots=True)
class Side:
    """One order: contracts that have filled and that may still fill."""

    open: int
    filled: int = 0

    def fill(self, most: int) -> int:
        """Fill up to so many contracts and return how many."""
        count = min(most, self.open)
        self.open -= count
        self.filled += count
        return count


@dataclass(slots=True)
class Sent:
    """What was sent in one request: the truth of it, and what the trader has been told so far."""

    name: str
    what: Place
    arrived: bool
    limit: Side
    stop: Side
    known_limit: Side
    known_stop: Side
    reports: list[tuple[str, int, int]] = field(default_factory=list)
    """Sides as they were, on their way to the trader: (side, filled, open)."""
    cancelling: bool = False
    """The trader has requested its cancellation."""
    at_once: bool = False
    """The venue is cancelling what is left: it may still fill until then."""

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both sides; of a single order one has no contracts."""
        return self.limit, self.stop

    @property
    def filled(self) -> int:
        """Contracts sold by it."""
        return self.limit.filled + self.stop.filled

    @property
    def can_sell(self) -> int:
        """Contracts it may still sell, if one side ends the other."""
        return pair_can_sell(self.limit.open, self.stop.open)

    @property
    def excess(self) -> int:
        """Contracts that the venue alone lets it sell over its quantity."""
        return max(self.filled + self.can_sell - self.what.quantity, 0)

    def report(self) -> None:
        """Send the trader both sides as they are."""
        self.reports += [
            ("limit", self.limit.filled, self.limit.open),
            ("stop", self.stop.filled, self.stop.open),
        ]

    def deliver(self, number: int) -> None:
        """Let the trader apply one report; an older one than it knows changes nothing."""
        side, filled, still_open = self.reports.pop(number % len(self.reports))
        known = self.known_limit if side == "limit" else self.known_stop
        known.filled, known.open = max(known.filled, filled), min(known.open, still_open)

    def as_known(self) -> Group:
        """Return it as the trader knows it."""
        known_open = pair_can_sell(self.known_limit.open, self.known_stop.open)
        return Group(
            name=self.name,
            kind=self.what.kind,
            target=self.what.target,
            gain=self.what.gain,
            stop=self.what.stop,
            can_sell=known_open,
            filled=self.known_limit.filled + self.known_stop.filled,
            cancelling=self.cancelling,
        )


@dataclass(slots=True)
class PaperPairs:
    """Everything that was sent, and what becomes of it."""

    partial: PartialFill
    overfill: bool
    sent: list[Sent] = field(default_factory=list)
    bought: int = 0
    sold: int = 0

    @property
    def held(self) -> int:
        """What the account holds of the trade; below 0 is short."""
        return self.bought - self.sold

    @property
    def can_sell(self) -> int:
        """What everything that works may still sell."""
        return sum(each.can_sell for each in self.sent)

    @property
    def excess(self) -> int:
        """What the venue alone lets pairs sell over their quantity, now and so far."""
        return sum(each.excess for each in self.sent)

    def send(self, what: Place, *, arrives: bool) -> Sent:
        """Take an order or a pair. One that never arrives still counts for the trader."""

        def side(*, has: bool) -> Side:
            return Side(what.quantity if has else 0)

        limit, stop = what.kind is not GroupKind.STOP, what.kind in {GroupKind.STOP, GroupKind.PAIR}
        sent = Sent(
            name=f"g{len(self.sent)}",
            what=what,
            arrived=arrives,
            limit=side(has=limit and arrives),
            stop=side(has=stop and arrives),
            known_limit=side(has=limit),
            known_stop=side(has=stop),
        )
        self.sent.append(sent)
        return sent

    def fill(self, sent: Sent, *, stop_side: bool, most: int) -> None:
        """Fill one side, and let the variant say what that does to the other."""
        side, other = (sent.stop, sent.limit) if stop_side else (sent.limit, sent.stop)
        self.sold += side.fill(most)
        if side.open == 0:
            if self.overfill:
                sent.at_once = True
            else:
                other.open = 0
        elif self.partial is PartialFill.OTHER_CANCELLED:
            other.open = 0
        elif self.partial is PartialFill.OTHER_REDUCED:
            other.open = min(other.open, side.open)
        elif self.partial is PartialFill.ALL_CANCELLED and sent.what.kind is GroupKind.PAIR:
            side.open = other.open = 0

    def end(self, sent: Sent) -> None:
        """Cancel what is left, by request or because the venue does."""
        sent.limit.open = sent.stop.open = 0
