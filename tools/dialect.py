# ruff: noqa: INP001 - a table that a script reads
"""Words that the project does not use any more, each with the plain word for it.

`tools/gate.py` counts them all, and each of them fails the gate.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

_AUTHORS = {
    "alert_trader/domain/alerts/parsing/*": "vocabulary of alert authors, which the parser reads",
    "tests/unit/domain/alerts/*": "messages of alert authors, which the parser is tested with",
    "bench/parse_speed.py": "messages of alert authors",
}
_SIMULATOR = {
    "alert_trader/simulators/*": "the simulated venue itself",
    "alert_trader/runtime/local/*": "what starts the simulated venue",
    "alert_trader/broker/tastytrade/transport.py": "what sends requests to the simulated venue",
    "alert_trader/cli/*.py": "commands that start the simulated venue",
    "specs/001-automated-alert-trading/contracts/venue.md": "the simulated venue itself",
    "docs/*": "may explain the simulated venue",
    "README.md": "may explain the simulated venue",
    "bench/*": "measures at the simulated venue",
    "chaos/*": "runs against the simulated venue",
    "tests/*": "run against the simulated venue",
}
_CHANNELS = {
    **_AUTHORS,
    "alert_trader/domain/alerts/*": "the Discord room an author writes in: RoomRules of a profile",
    "alert_trader/bot/*": "Discord rooms",
    "alert_trader/simulators/chat/*": "Discord rooms",
    "alert_trader/runtime/local/stack.py": "`rooms`, a setting of the bundled chat",
    "tests/support/discord_client.py": "`Room` and `rooms`, settings of the bundled chat",
    "tests/workflows/test_bot.py": "`Room` and `rooms`, settings of the bundled chat",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word or phrase that is not used any more."""

    name: str
    """What `BANNED` and the counts call it."""
    pattern: re.Pattern[str]
    plain: str
    """What to write instead."""
    allowed: Mapping[str, str] = field(default_factory=dict)
    """File patterns in which it may stay, each with the reason."""

    def allowed_in(self, path: str) -> bool:
        """Return whether the word may stay in this file."""
        return any(fnmatchcase(path, each) for each in self.allowed)

    def count(self, text: str) -> int:
        """Count the uses in a text."""
        return sum(1 for _ in self.pattern.finditer(text))


def _word(name: str, pattern: str, plain: str, allowed: Mapping[str, str] | None = None) -> Word:
    """Make a word that is matched in this case only: an identifier."""
    return Word(name=name, pattern=re.compile(pattern), plain=plain, allowed=allowed or {})


def _phrase(name: str, pattern: str, plain: str, allowed: Mapping[str, str] | None = None) -> Word:
    """Make a phrase that is matched in any case, over a line break too."""
    spaced = pattern.replace(" ", r"\s+")
    return Word(name=name, pattern=re.compile(spaced, re.IGNORECASE), plain=plain, allowed=allowed or {})


IDENTIFIERS = (
    _word(
        "Standing", r"\b_?[Ss]tanding\b|[a-z]Standing\b", "OrderState (order), StreamStatus, PositionReport"
    ),
    _word("AT_VENUE", r"\bAT_VENUE\b", "ACKNOWLEDGED"),
    _word("ABSENT", r"\bABSENT\b", "CONFIRMED_ABSENT"),
    _word("Desk", r"\bclass \w*Desk\b|\bDesk\(|\b_desk\b", "OrderManager, orders; OrderGateway (broker)"),
    _word("Sales", r"\bSales\b|\b_sales\b", "PartialExits, partial_exits"),
    _word("Telling", r"\bTelling\b|\b_telling\b", "Notifier, notifier"),
    _word("Cards", r"\bclass Cards\b|\bCards\(", "CardPublisher"),
    _word("Learned", r"\bLearned\b|\blearned\b(?! of\b| it\b)", "LedgerUpdate, update"),
    _word("Life", r"\bclass Life\b|\bLife\(|\b_life\b", "TradeLifecycle, lifecycle"),
    _word("Trigger.READ", r"\bTrigger\.READ\b", "Trigger.PARSED"),
    _word("halting", r"\bhalting\.", "trading_state, TradingStateCommand"),
    _word("Stop", r"\bclass Stop\b|\bStop\(|\bentry\.Stop\b", "EntryRequest; KillSwitch"),
    _word("Pass", r"\bclass Pass\b|\bPass\(", "AdmissionGrant"),
    _word("Purse", r"\b_?[Pp]urses?\b", "RateLimitBucket, bucket"),
    _word("loudness", r"\b[Ll]oudness\b|\bLoud\b", "urgency"),
    _word("tether", r"\b_?tether(?:ed|s)?\b", "die_with_parent"),
    _word("upkeep", r"\b_?[Uu]pkeep\b", "housekeeping"),
    _word("look_after", r"\blook(?:s|ed|ing)?_after\b", "maintain, watch: name what it does"),
    _word("told_by", r"\btold_by\b", "facts_from_events"),
    _word("authored", r"\bauthored\b", "author_trades"),
    _word("trade_stands", r"\b(?:trade_stands|TRADE_STANDS)\b", "report_position"),
    _word("settings_are", r"\b(?:settings_are|SETTINGS_ARE)\b", "update_settings"),
    _word("stream_stands", r"\b(?:stream_stands|STREAM_STANDS)\b", "report_stream"),
    _word(
        "parsing modules",
        r"\bparsing\.(?:seeing|words|collecting|judging|doubts|before|told)\b",
        "normalize, vocabulary, field_collector, validate, ambiguity, action_context, references",
    ),
    _word("floor", r"\b_?Floor\b", "harness (tests)"),
    _word("seat", r"\b_?[Ss]eats?\b", "worker_slot (tests)"),
    _word("rung", r"\b[Rr]ungs?\b", "LadderStage, stage (of the ladder)"),
)
"""Names of classes, modules, signals and variables."""

PHRASES = (
    _phrase("taken back", r"\b(?:take|takes|taken|taking|took) (?:\w+ ){0,3}back\b", "cancelled", _AUTHORS),
    _phrase("goes on with", r"\b(?:go|goes|gone|going|went) on with\b", "resumes, continues"),
    _phrase("goes on", r"\b(?:go|goes|gone|going|went) on\b(?! with)", "continues", _AUTHORS),
    _phrase("is gone", r"\b(?:is|are|was|were|be|seems) gone\b", "no longer exists, has left", _AUTHORS),
    _phrase("stands", r"\bstands?\b(?!-| for\b| in for\b)", "is; is written; reports its state", _AUTHORS),
    _phrase("told of", r"\b(?:tell|tells|told|telling) of\b", "reported, notified of"),
    _phrase("is told", r"\b(?:is|are|was|were|be|been) told\b", "is notified, receives", _AUTHORS),
    _phrase("Tell whether", r"\bTells? (?:whether|what|when|how|why|which)\b", "Return whether, Return what"),
    _phrase("Give the", r'"""Gives? |; gives ', "Return"),
    _phrase("house", r"\bhouse\b", "project"),
    _phrase("room", r"(?<!\.)\brooms?\b(?! for\b|: RoomRule|=)", "package; channel (Discord)", _CHANNELS),
    _phrase("face", r"\b(?:a|no|every|each|which|whichever|the|other) faces?\b|\bits faces\b", "interface"),
    _phrase("nought", r"\bnought\b", "zero, nothing"),
    _phrase("beyond", r"\bbeyond\b", "above, after, more than; abnormal"),
    _phrase("odd ends", r"\bodd ends?\b", "abnormal outcomes"),
    _phrase("turned down", r"\bturn(?:s|ed)? down\b", "rejected"),
    _phrase("tried on", r"\b(?:is|are|was) tried on\b", "is retried"),
    _phrase("nobody bid", r"\bnobody bid\b", "there was no bid"),
    _phrase("nobody can say", r"\b(?:nobody|no one) (?:can|could) (?:say|tell|vouch)\b", "unknown outcome"),
    _phrase("asked for", r"\basked for\b", "requested", _AUTHORS),
    _phrase("lets pass", r"\blets? (?:\S+ ){0,4}?(?:pass|through)\b", "admits"),
    _phrase(
        "its word", r"\b(?:account|person|broker|somebody|chain|venue)'s (?:own )?words?\b", "answer, request"
    ),
    _phrase("is away", r"\b(?:is|are|was|were|be) away\b", "cannot be reached, not running"),
    _phrase("mend", r"\bmend(?:s|ed|ing)?\b", "repair, fix"),
    _phrase("one door", r"\b(?:one|the) door\b", "single entry point"),
    _phrase("story", r"\b(?:the|a|trade's|its|whole|as a) story\b", "run (workflow); timeline (trade)"),
    _phrase("for good", r"\bfor good\b", "permanently"),
    _phrase("simulated exchange", r"\b(?:bundled|simulated) exchange\b", "simulated venue"),
    _phrase("the venue", r"\b(?:at|by|of) the venue\b", "the broker", _SIMULATOR),
    _phrase(
        "broker refused",
        r"\bbroker(?: has)? refuse[sd]?\b|\brefused by the (?:broker|venue)\b",
        "rejected (by the broker), denied (by us)",
    ),
    _phrase("meant anew", r"\bmeant anew\b|\bmeant again\b", "decided again"),
)
"""Phrases of docstrings, messages and pages."""

DIALECT = (*IDENTIFIERS, *PHRASES)

BANNED = tuple(word.name for word in DIALECT)
"""Words that fail the gate."""
