"""Score a channel without trading it, from its messages alone.

The only later price in messages is the author's own exit. So a result is what the author claims: entry at the
alerted price, exit at the written prices. It does not include fills, and a trade without a written exit has
no result.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, ParsedAlert
from alert_trader.domain.market.contract import OptionContract
from alert_trader.domain.reports.figures import DOUBLED, HALF_UP, Share
from alert_trader.domain.reports.trade_record import alerted_contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One entry of an author, and the exits the author wrote for it."""

    author: str
    at: datetime
    contract: OptionContract
    price: Decimal | None
    exits: tuple[tuple[datetime, Decimal], ...]
    """Each exit with a price, in the order they were written."""
    exited: bool
    """Whether any exit was written, with or without a price."""

    @property
    def best(self) -> Decimal | None:
        """The best gain the author claims, as a fraction of the entry; None without both prices."""
        if self.price is None or self.price <= 0 or not self.exits:
            return None
        return max(price for _, price in self.exits) / self.price - 1

    @property
    def last(self) -> Decimal | None:
        """The gain of the last exit written."""
        if self.price is None or self.price <= 0 or not self.exits:
            return None
        return self.exits[-1][1] / self.price - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorScore:
    """The score of an author's messages."""

    author: str
    messages: int
    entries: int
    denied: int
    exits: int
    unmatched_exits: int
    """Exits without an entry in these messages."""
    priced: Share
    """Entries that name a price."""
    exited: Share
    """Entries with a written exit."""
    won: Share
    """Entries whose last written exit is above the entry, of those with both prices."""
    reached_half: Share
    """Entries with an exit written 50 % above the entry or more, of those with both prices."""
    reached_double: Share
    median_gain: Decimal | None
    """Of the last exits written; None without any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """A channel's score."""

    messages: int
    since: datetime | None
    until: datetime | None
    kinds: dict[str, int]
    denials: dict[str, int]
    authors: tuple[AuthorScore, ...]


def score(read: Sequence[tuple[AlertMessage, ParsedAlert]]) -> Shadow:
    """Score messages in the order they were posted."""
    ordered = sorted(read, key=lambda each: each[0].posted_at)
    by_author: dict[str, list[tuple[AlertMessage, ParsedAlert]]] = defaultdict(list)
    for message, parsed in ordered:
        by_author[message.author_id].append((message, parsed))
    scores = [_author(messages) for messages in by_author.values()]
    return Shadow(
        messages=len(ordered),
        since=ordered[0][0].posted_at if ordered else None,
        until=ordered[-1][0].posted_at if ordered else None,
        kinds=dict(Counter(parsed.kind.value for _, parsed in ordered).most_common()),
        denials=dict(Counter(parsed.code for _, parsed in ordered if parsed.code is not None).most_common()),
        authors=tuple(sorted(scores, key=lambda each: (-each.entries, each.author))),
    )


def claims_of(messages: Iterable[tuple[AlertMessage, ParsedAlert]]) -> tuple[list[Claim], int]:
    """Pair one author's entries with later exits; returns the pairs and the number of unmatched exits.

    An exit belongs to the newest entry that matches the contract fields it names.
    """
    open_claims: list[
        tuple[AlertMessage, ParsedAlert, OptionContract, list[tuple[datetime, Decimal]], list[bool]]
    ] = []
    unmatched = 0
    for message, parsed in messages:
        match parsed.kind:
            case AlertKind.ENTRY:
                contract = alerted_contract(parsed.symbol, parsed.expiry, parsed.right, parsed.strike)
                if contract is not None:
                    open_claims.append((message, parsed, contract, [], []))
            case AlertKind.EXIT:
                found = next((each for each in reversed(open_claims) if _fits(parsed, each[2])), None)
                if found is None:
                    unmatched += 1
                    continue
                found[4].append(True)
                if parsed.price is not None:
                    found[3].append((message.posted_at, parsed.price))
            case AlertKind.ADD | AlertKind.CHATTER | AlertKind.REFUSED:
                continue
    claims = [
        Claim(
            author=message.author_name or message.author_id,
            at=message.posted_at,
            contract=contract,
            price=parsed.price,
            exits=tuple(exits),
            exited=bool(exited),
        )
        for message, parsed, contract, exits, exited in open_claims
    ]
    return claims, unmatched


def _fits(parsed: ParsedAlert, contract: OptionContract) -> bool:
    """Return whether an exit can be about a contract: no field that it names differs."""
    return (
        parsed.symbol == contract.root
        and parsed.strike in {None, contract.strike}
        and parsed.right in {None, contract.right}
        and parsed.expiry in {None, contract.expiry}
    )


def _author(messages: Sequence[tuple[AlertMessage, ParsedAlert]]) -> AuthorScore:
    claims, unmatched = claims_of(messages)
    kinds = Counter(parsed.kind for _, parsed in messages)
    exited = [claim for claim in claims if claim.last is not None]
    gains = [claim.last for claim in exited if claim.last is not None]
    best = [claim.best for claim in exited if claim.best is not None]
    first = messages[0][0]
    return AuthorScore(
        author=first.author_name or first.author_id,
        messages=len(messages),
        entries=kinds[AlertKind.ENTRY],
        denied=kinds[AlertKind.REFUSED],
        exits=kinds[AlertKind.EXIT],
        unmatched_exits=unmatched,
        priced=Share(count=sum(claim.price is not None for claim in claims), of=len(claims)),
        exited=Share(count=sum(claim.exited for claim in claims), of=len(claims)),
        won=Share(count=sum(gain > 0 for gain in gains), of=len(gains)),
        reached_half=Share(count=sum(gain >= HALF_UP for gain in best), of=len(best)),
        reached_double=Share(count=sum(gain >= DOUBLED for gain in best), of=len(best)),
        median_gain=_median(gains),
    )


def _median(gains: Sequence[Decimal]) -> Decimal | None:
    """Return the median gain; None without gains."""
    ordered = sorted(gains)
    if not ordered:
        return None
    return ((ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2).quantize(Decimal("0.001"))
