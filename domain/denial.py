"""Why we say no: one enumeration of codes, and the value that carries a code with its numbers."""

from dataclasses import dataclass, field
from enum import StrEnum


class Code(StrEnum):
    """A reason for not trading. `CATEGORY_CONDITION`; `meaning` in the table below is what people read."""

    PARSE_NO_SYMBOL = "PARSE_NO_SYMBOL"
    PARSE_NO_STRIKE = "PARSE_NO_STRIKE"
    PARSE_NO_RIGHT = "PARSE_NO_RIGHT"
    PARSE_NO_EXPIRY = "PARSE_NO_EXPIRY"
    PARSE_BAD_EXPIRY = "PARSE_BAD_EXPIRY"
    PARSE_TWO_CONTRACTS = "PARSE_TWO_CONTRACTS"
    PARSE_TWO_PRICES = "PARSE_TWO_PRICES"
    PARSE_BAD_PRICE = "PARSE_BAD_PRICE"
    PARSE_CONDITIONAL = "PARSE_CONDITIONAL"
    PARSE_NOT_FIRST_HAND = "PARSE_NOT_FIRST_HAND"
    PARSE_UNCLEAR = "PARSE_UNCLEAR"
    AUTHOR_NOT_ALLOWED = "AUTHOR_NOT_ALLOWED"
    CHANNEL_NOT_ALLOWED = "CHANNEL_NOT_ALLOWED"
    GUILD_NOT_ALLOWED = "GUILD_NOT_ALLOWED"
    ALERT_TOO_OLD = "ALERT_TOO_OLD"
    ALERT_NOT_ENTRY = "ALERT_NOT_ENTRY"
    CONTRACT_NOT_LISTED = "CONTRACT_NOT_LISTED"
    CONTRACT_EXPIRED = "CONTRACT_EXPIRED"
    QUOTE_MISSING = "QUOTE_MISSING"
    QUOTE_UNUSABLE = "QUOTE_UNUSABLE"
    QUOTE_STALE = "QUOTE_STALE"
    PRICE_FAR_FROM_MARKET = "PRICE_FAR_FROM_MARKET"
    PRICE_BELOW_TICK = "PRICE_BELOW_TICK"
    MARKET_CLOSED = "MARKET_CLOSED"
    ACCOUNT_RESTRICTED = "ACCOUNT_RESTRICTED"
    SIZE_ZERO = "SIZE_ZERO"
    BROKER_CHECK_FAILED = "BROKER_CHECK_FAILED"
    BROKER_UNAVAILABLE = "BROKER_UNAVAILABLE"
    OPERATOR_CANCELLED = "OPERATOR_CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """We said no, before anything was sent."""

    code: Code
    reason: str
    """One sentence for people: what was expected, what was found, what to do."""
    facts: dict[str, str] = field(default_factory=dict)
    """The numbers it rests on."""

    def __str__(self) -> str:
        """Write `CODE: key=value ...`, the form logs and tables carry."""
        return " ".join([f"{self.code}:", *(f"{key}={value}" for key, value in self.facts.items())])
