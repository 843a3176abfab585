"""What may be requested of a trade in each phase, as a table.

A command is allowed, allowed under conditions, or refused.

The workflow asks `refusal`; the pages in `specs/` are written from the same table.
A refusal says first what is wrong, then what to do.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alert_trader.domain.alerts.portion import ALL, Portion
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.domain.trade.view import Offer


class TradeCommand(StrEnum):
    """What people, the trade's author and its account may request.

    The values are the names of the signals.
    """

    CANCEL = "cancel"
    """Buy nothing more; keep and cover what was bought."""
    CONVERT = "convert_now"
    """End price discovery now."""
    CLOSE = "close"
    """Buy nothing more, and sell everything, from the bid down."""
    SELL = "sell"
    """Sell a part, from the bid down."""
    CHANGE_EXITS = "change_exits"
    """Change what sells the position: target, stop, break-even, trail or times."""
    APPROVE = "approve"
    """Accept the offer that waits for a decision, or half of it."""
    SKIP = "skip"
    """Decline it."""
    FOLLOW_UP = "follow_up"
    """A later message of the alert's author."""
    ACCOUNT_HALTED = "account_halted"
    """The account is halted: buy nothing more."""
    CLOSE_NOW = "close_now"
    """The account is flattened: sell everything."""


ADDS_RISK = frozenset({TradeCommand.CONVERT, TradeCommand.APPROVE})
"""Commands that may buy: refused when they are carried out long after they were sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a command is checked against: the trade as it is, and what the command says."""

    phase: Phase
    held: int
    entry_started: bool
    entry_request: str | None
    """What was requested of the entry already: a cancel or a conversion."""
    offer: Offer | None
    now: datetime
    portion: Portion = ALL
    """What a sell command names."""
    answers: str = ""
    """The offer that an answer names; empty when it names none."""
    half: bool = False
    from_author: bool = True
    """Whether a follow-up is from the author of the alert."""


class Condition(StrEnum):
    """What must hold besides the phase."""

    ENTRY_STARTED = "the entry has started"
    ENTRY_NOT_REQUESTED = "no cancel or conversion of the entry is in progress"
    CONTRACTS_HELD = "contracts are held"
    WHOLE_CONTRACT = "the part is at least 1 contract"
    OFFER_OPEN = "an offer waits for a decision"
    OFFER_CURRENT = "the answer names this offer, or none"
    OFFER_IN_TIME = "the offer has not expired"
    HALF_POSSIBLE = "the offer is for at least 2 contracts, if half is approved"
    FROM_AUTHOR = "the message is from the author of the alert"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How a condition is tested, and what is said when it does not hold."""

    holds: Callable[[Situation], bool]
    refusal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A refusal, or conditions, of which the first that does not hold refuses the command."""

    refusal: str | None = None
    conditions: tuple[Condition, ...] = ()


CHECKS: dict[Condition, Check] = {
    Condition.ENTRY_STARTED: Check(
        holds=lambda trade: trade.entry_started,
        refusal="Nothing to convert: the entry has not started yet.",
    ),
    Condition.ENTRY_NOT_REQUESTED: Check(
        holds=lambda trade: trade.entry_request is None,
        refusal="Nothing to convert: a {entry_request} of the entry is already in progress.",
    ),
    Condition.CONTRACTS_HELD: Check(
        holds=lambda trade: trade.held > 0,
        refusal="Nothing to sell: the trade is {phase} and holds {held} contracts.",
    ),
    Condition.WHOLE_CONTRACT: Check(
        holds=lambda trade: trade.portion.of(trade.held) >= 1,
        refusal=(
            "Nothing to sell: {portion} of {held} held is less than 1 contract. Sell more, or close "
            "the trade."
        ),
    ),
    Condition.OFFER_OPEN: Check(
        holds=lambda trade: trade.offer is not None,
        refusal="Nothing waits for a decision: the trade is {phase}.",
    ),
    Condition.OFFER_CURRENT: Check(
        holds=lambda trade: trade.offer is not None and trade.answers in {"", trade.offer.id},
        refusal="This answers an older offer. Look at the trade, and answer the one it shows now.",
    ),
    Condition.OFFER_IN_TIME: Check(
        holds=lambda trade: trade.offer is not None and trade.now <= trade.offer.until,
        refusal="The offer expired at {until}. Send a new alert or command.",
    ),
    Condition.HALF_POSSIBLE: Check(
        holds=lambda trade: trade.offer is not None and (not trade.half or trade.offer.quantity >= 2),
        refusal="Half of {offered} is less than 1 contract. Approve all of it, or skip it.",
    ),
    Condition.FROM_AUTHOR: Check(
        holds=lambda trade: trade.from_author,
        refusal="The message is not from the author of this trade's alert. Nobody else may act on it.",
    ),
}

ALLOWED = Rule()

BEFORE_ENTRY = frozenset({Phase.RECEIVED, Phase.PARSED, Phase.AWAITING})
"""The phases in which nothing was sent yet."""

BUYING = BEFORE_ENTRY | {Phase.ENTERING}
"""The phases in which something may still be bought."""

HELD = frozenset({Phase.ENTERING, Phase.HOLDING, Phase.CLOSING})
"""The phases in which something may be held."""

OFFERING = frozenset({Phase.AWAITING, Phase.ENTERING, Phase.HOLDING})
"""The phases in which an offer may wait for a decision."""

_EVERY = frozenset(Phase)
_DONE = frozenset({Phase.DONE})
_ANSWER = (Condition.OFFER_OPEN, Condition.OFFER_CURRENT)


def _rows(
    command: TradeCommand, *rules: tuple[Iterable[Phase], Rule]
) -> dict[tuple[TradeCommand, Phase], Rule]:
    """Return the rule of each phase: the first that names it."""
    spread: dict[tuple[TradeCommand, Phase], Rule] = {}
    for phases, rule in rules:
        for phase in sorted(phases):
            spread.setdefault((command, phase), rule)
    return spread


TABLE: dict[tuple[TradeCommand, Phase], Rule] = {
    **_rows(
        TradeCommand.CANCEL,
        (BUYING, ALLOWED),
        (_DONE, Rule(refusal="Nothing to cancel: the trade is over.")),
        (
            _EVERY,
            Rule(
                refusal=(
                    "Nothing to cancel: the trade is {phase} and buys nothing more. To sell what it "
                    "holds, close it."
                )
            ),
        ),
    ),
    **_rows(
        TradeCommand.CONVERT,
        (
            {Phase.ENTERING},
            Rule(conditions=(Condition.ENTRY_STARTED, Condition.ENTRY_NOT_REQUESTED)),
        ),
        (BEFORE_ENTRY, Rule(refusal="Nothing to convert: the trade is {phase} and has no entry order yet.")),
        (_DONE, Rule(refusal="Nothing to convert: the trade is over.")),
        (_EVERY, Rule(refusal="Nothing to convert: the trade is {phase} and buys nothing more.")),
    ),
    **_rows(
        TradeCommand.CLOSE,
        (_DONE, Rule(refusal="Nothing to close: the trade is over.")),
        (_EVERY, ALLOWED),
    ),
    **_rows(
        TradeCommand.SELL,
        (HELD, Rule(conditions=(Condition.CONTRACTS_HELD, Condition.WHOLE_CONTRACT))),
        (_DONE, Rule(refusal="Nothing to sell: the trade is over.")),
        (_EVERY, Rule(refusal="Nothing to sell: the trade is {phase} and holds {held} contracts.")),
    ),
    **_rows(
        TradeCommand.CHANGE_EXITS,
        ({Phase.ENTERING, Phase.HOLDING}, ALLOWED),
        (
            BEFORE_ENTRY,
            Rule(refusal="No exits to change yet: the trade is {phase}. Change them once it buys."),
        ),
        (_DONE, Rule(refusal="No exits to change: the trade is over.")),
        ({Phase.CLOSING}, Rule(refusal="No exits to change: everything is being sold.")),
        (_EVERY, Rule(refusal="No exits to change: the trade is {phase} and holds {held} contracts.")),
    ),
    **_rows(
        TradeCommand.APPROVE,
        (OFFERING, Rule(conditions=(*_ANSWER, Condition.OFFER_IN_TIME, Condition.HALF_POSSIBLE))),
        (_EVERY, Rule(refusal="Nothing waits for a decision: the trade is {phase}.")),
    ),
    **_rows(
        TradeCommand.SKIP,
        (OFFERING, Rule(conditions=_ANSWER)),
        (_EVERY, Rule(refusal="Nothing waits for a decision: the trade is {phase}.")),
    ),
    **_rows(
        TradeCommand.FOLLOW_UP,
        (_DONE, Rule(refusal="The trade is over: a later message changes nothing.")),
        (_EVERY, Rule(conditions=(Condition.FROM_AUTHOR,))),
    ),
    **_rows(
        TradeCommand.ACCOUNT_HALTED,
        (BUYING, ALLOWED),
        (_EVERY, Rule(refusal="Ignored: the trade is {phase} and buys nothing more.")),
    ),
    **_rows(
        TradeCommand.CLOSE_NOW,
        (_DONE, Rule(refusal="Ignored: the trade is over.")),
        (_EVERY, ALLOWED),
    ),
}


def refusal(command: TradeCommand, trade: Situation) -> str | None:
    """Return why a command is refused now; None when it is allowed."""
    rule = TABLE[command, trade.phase]
    text = rule.refusal
    if text is None:
        failed = (each for each in rule.conditions if not CHECKS[each].holds(trade))
        first = next(failed, None)
        text = None if first is None else CHECKS[first].refusal
    if text is None:
        return None
    offer = trade.offer
    return text.format(
        phase=trade.phase,
        held=trade.held,
        entry_request=trade.entry_request,
        portion=trade.portion,
        until="" if offer is None else f"{offer.until:%H:%M:%S} UTC",
        offered="" if offer is None else f"{offer.quantity} contract{'' if offer.quantity == 1 else 's'}",
    )
