"""Words that report or announce a purchase without "BTO", and the opening of a message that they stand in."""

from collections.abc import Sequence
from typing import NamedTuple

from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.words import words

_ACTS = (
    "bought",
    "just bought",
    "entered",
    "entering",
    "entry on",
    "entry in",
    "took",
    "taking",
    "took entry",
    "took an entry",
    "took entry on",
    "took entry in",
    "took a position in",
    "grabbed",
    "grabbing",
    "opened",
    "opening",
    "open",
    "in",
    "in here",
    "in on",
    "back in",
    "back into",
    "in again",
    "going in",
    "going with",
    "jumped in",
    "jumped into",
    "jumping in",
    "jumping into",
    "got",
    "got in",
    "got into",
    "getting",
    "getting in",
    "getting into",
    "long",
    "going long",
    "went long",
    "went in",
    "went with",
    "picked up",
    "picking up",
    "snagged",
    "nabbed",
    "copped",
    "pulled the trigger on",
    "jumped on",
    "jumping on",
    "hopped in",
    "hopped into",
    "hopping in",
    "hopping into",
    "hopped on",
    "added a starter",
    "added a starter in",
    "added a starter of",
    "snagging",
    "scooped",
    "scooped up",
    "scooping",
    "started",
    "starting",
    "starter",
    "starter in",
    "re - entered",
    "reentered",
    "re - entering",
    "reentering",
    "re - entry",
    "reentry",
    "swinging",
    "scalping",
    "playing",
    "entry",
    "new entry",
    "new position",
    "new trade",
    "new swing",
    "new play",
    "new lotto",
    "filled",
    "filled on",
    "filled in",
    "sniped",
    "sniping",
    "longed",
    "purchased",
    "purchasing",
    "initiated",
    "initiated a position in",
    "initiating",
    "initiating a position in",
    "established",
    "opened a position in",
    "opened a new position in",
    "adding a new position",
    "adding a starter",
    "added a new position",
    "added a position in",
    "position opened",
    "trade opened",
    "trade entered",
    "position added",
    "new entry on",
    "taking a position in",
    "taking a small position in",
    "took a small position in",
    "taking a starter in",
    "took a starter in",
    "dipped into",
    "dipping into",
    "stepped into",
    "stepping into",
    "slid into",
    "sliding into",
    "ape into",
    "aping into",
    "aped into",
    "threw some at",
)
ACTS: frozenset[tuple[str, ...]] = frozenset(tuple(act.split()) for act in _ACTS)
"""Phrases that report a purchase when the contract follows."""

FIRST_OF_ACT = frozenset(act[0] for act in ACTS)
_COMMON = words("a an on of with just again up the")
BOUGHT = frozenset(word for act in ACTS for word in act) - _COMMON | words("buy bto up back some going")
"""Every word of these phrases: none of them is a ticker."""

_LONGEST_ACT = max(len(act) for act in ACTS)
_HEADINGS = frozenset({"open", "entry", "long", "filled"})
"""Acts of one word that are something else in a sentence: they count as a heading, or before a ticker."""
_BEHIND_HEADING = frozenset({"NEWLINE", "NOISE"})

BEFORE_CONTRACT = words("some a an a few couple of the my our these this here about around more x with pair")
"""Words between the act and the contract that change nothing."""

INTRODUCING = words(
    "trade number no first second third fourth fifth today todays today's of the day week this morning my "
    "our one for quick adding risky account challenge room team gang fam folks everybody good gm morning"
)
"""Words of an introduction with a colon or dash behind it: "Trade #3 today: bought ..."; a name is none."""

GET_READY = words("load loads loading loaded prepping prepare preparing stalking stalk setup setups alerted")
"""Words of getting ready: no purchase was made."""

EVIDENCE = words(
    "lotto lottos lottery yolo light lite small tiny size sized sizing risky risk risking swing scalp "
    "starter runner stop sl pt tp target targets dust hero gamble gambling premium daytrade added in "
    "cons contracts exp expiry expiration expires entry entries"
)
"""Words that authors write behind a purchase: of size, risk, stops and targets."""

RESULTS = words(
    "up down green red now still running run runs ran print prints printed printing doubled doubling tripled "
    "doubles triple double bagger bag boom bang wow insane huge easy massive nice great beautiful called "
    "crushed "
    "crushing killed killing smashed smashing paid paying pays hits hitting peak peaked high low from "
    "was were "
    "worth went gone moved moving looks look looked looking who bank cash "
    "profits profit winner winning losses bleeding dead dying expired worthless close closed "
    "bid ask volume vol oi sweep sweeps flow block unusual whale whales idea maybe yesterday earlier"
)
"""Words that make a contract with a price, and no act, a result or a remark on the market."""


class Opening(NamedTuple):
    """What precedes the contract at the start of a message."""

    end: int
    """The index of the first token behind labels, mentions, remarks and the act."""
    act: range
    """The indexes of the act; empty where the opening has none."""
    subject: Token | None = None
    """A ticker in front of the act: "$KO took entry"."""


def act_at(tokens: Sequence[Token], index: int) -> int:
    """Count the tokens of the longest act that begins at a token; 0 without one."""
    if tokens[index].lower not in FIRST_OF_ACT:
        return 0
    written = tuple([token.lower for token in tokens[index : index + _LONGEST_ACT]])
    for length in range(len(written), 0, -1):
        if written[:length] in ACTS:
            return length if length > 1 or written[0] not in _HEADINGS or _is_heading(tokens, index) else 0
    return 0


def _is_heading(tokens: Sequence[Token], index: int) -> bool:
    """Whether a word is followed by the end of its line, a mark, a mention or a ticker."""
    if index + 1 >= len(tokens):
        return False
    behind = tokens[index + 1]
    if tokens[index].lower in {"long", "filled"}:
        return True
    return behind.kind in _BEHIND_HEADING or behind.text in {":", "-"}
