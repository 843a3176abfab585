"""Denials: one enumeration of codes with their meanings, and the value with a code and its numbers."""

from dataclasses import dataclass, field
from enum import StrEnum


class Code(StrEnum):
    """A reason for not trading: `CATEGORY_CONDITION`. `MEANINGS` explains each and says what to do."""

    PARSE_NO_SYMBOL = "PARSE_NO_SYMBOL"
    PARSE_NO_STRIKE = "PARSE_NO_STRIKE"
    PARSE_NO_RIGHT = "PARSE_NO_RIGHT"
    PARSE_NO_EXPIRY = "PARSE_NO_EXPIRY"
    PARSE_BAD_STRIKE = "PARSE_BAD_STRIKE"
    PARSE_BAD_EXPIRY = "PARSE_BAD_EXPIRY"
    PARSE_BAD_PRICE = "PARSE_BAD_PRICE"
    PARSE_BAD_QUANTITY = "PARSE_BAD_QUANTITY"
    PARSE_TWO_ACTIONS = "PARSE_TWO_ACTIONS"
    PARSE_TWO_CONTRACTS = "PARSE_TWO_CONTRACTS"
    PARSE_TWO_PRICES = "PARSE_TWO_PRICES"
    PARSE_SPREAD = "PARSE_SPREAD"
    PARSE_CONDITIONAL = "PARSE_CONDITIONAL"
    PARSE_NEGATED = "PARSE_NEGATED"
    PARSE_NOT_FIRST_HAND = "PARSE_NOT_FIRST_HAND"
    PARSE_NOT_NOW = "PARSE_NOT_NOW"
    PARSE_UNEXPLAINED_NUMBER = "PARSE_UNEXPLAINED_NUMBER"
    PARSE_TOO_LONG = "PARSE_TOO_LONG"
    PARSE_UNCLEAR = "PARSE_UNCLEAR"
    EXPIRY_NOT_TRADING_DAY = "EXPIRY_NOT_TRADING_DAY"
    EXPIRY_PAST = "EXPIRY_PAST"
    AUTHOR_NOT_ALLOWED = "AUTHOR_NOT_ALLOWED"
    CHANNEL_NOT_ALLOWED = "CHANNEL_NOT_ALLOWED"
    GUILD_NOT_ALLOWED = "GUILD_NOT_ALLOWED"
    ALERT_TOO_OLD = "ALERT_TOO_OLD"
    ALERT_FROM_FUTURE = "ALERT_FROM_FUTURE"
    ALERT_NOT_ENTRY = "ALERT_NOT_ENTRY"
    ALERT_CORRECTS = "ALERT_CORRECTS"
    ADD_INCOMPLETE = "ADD_INCOMPLETE"
    CONTRACT_NOT_LISTED = "CONTRACT_NOT_LISTED"
    CONTRACT_ADJUSTED = "CONTRACT_ADJUSTED"
    CONTRACT_EXPIRED = "CONTRACT_EXPIRED"
    QUOTE_MISSING = "QUOTE_MISSING"
    QUOTE_UNUSABLE = "QUOTE_UNUSABLE"
    QUOTE_STALE = "QUOTE_STALE"
    PRICE_FAR_FROM_MARKET = "PRICE_FAR_FROM_MARKET"
    PRICE_BELOW_TICK = "PRICE_BELOW_TICK"
    MARKET_CLOSED = "MARKET_CLOSED"
    SESSION_ENDS_SOON = "SESSION_ENDS_SOON"
    ACCOUNT_RESTRICTED = "ACCOUNT_RESTRICTED"
    SIZE_ZERO = "SIZE_ZERO"
    LADDER_CANCELLED = "LADDER_CANCELLED"
    LADDER_ABOVE_CEILING = "LADDER_ABOVE_CEILING"
    LADDER_TOO_MANY_TICKS = "LADDER_TOO_MANY_TICKS"
    LADDER_ASK_TOO_SMALL = "LADDER_ASK_TOO_SMALL"
    LADDER_LATE = "LADDER_LATE"
    LADDER_CONVERSION_UNFILLED = "LADDER_CONVERSION_UNFILLED"
    BROKER_CHECK_FAILED = "BROKER_CHECK_FAILED"
    BROKER_UNAVAILABLE = "BROKER_UNAVAILABLE"
    OPERATOR_CANCELLED = "OPERATOR_CANCELLED"
    APPROVAL_SKIPPED = "APPROVAL_SKIPPED"
    APPROVAL_EXPIRED = "APPROVAL_EXPIRED"
    AUTHOR_OUT = "AUTHOR_OUT"
    EXIT_RULE = "EXIT_RULE"
    TIME_EXIT_TOO_NEAR = "TIME_EXIT_TOO_NEAR"
    ACCOUNT_HALTED = "ACCOUNT_HALTED"
    ACCOUNT_UNREACHABLE = "ACCOUNT_UNREACHABLE"
    ACCOUNT_NOT_READY = "ACCOUNT_NOT_READY"
    ACCOUNT_DIFFERENCE = "ACCOUNT_DIFFERENCE"
    PREFLIGHT_FAILED = "PREFLIGHT_FAILED"
    STOPPED_BY_FILE = "STOPPED_BY_FILE"
    TRADE_OVER = "TRADE_OVER"
    SYMBOL_HALTED = "SYMBOL_HALTED"
    NO_ENTRY_WINDOW = "NO_ENTRY_WINDOW"
    ALERT_REPOSTED = "ALERT_REPOSTED"
    LIMIT_CONTRACTS = "LIMIT_CONTRACTS"
    LIMIT_NOTIONAL = "LIMIT_NOTIONAL"
    LIMIT_NOTIONAL_PER_DAY = "LIMIT_NOTIONAL_PER_DAY"
    LIMIT_BUYING_POWER = "LIMIT_BUYING_POWER"
    LIMIT_OPEN_TRADES = "LIMIT_OPEN_TRADES"
    LIMIT_TRADES_PER_DAY = "LIMIT_TRADES_PER_DAY"
    LIMIT_TRADES_PER_AUTHOR = "LIMIT_TRADES_PER_AUTHOR"
    LIMIT_ORDERS_PER_MINUTE = "LIMIT_ORDERS_PER_MINUTE"
    LIMIT_LOSS_PER_DAY = "LIMIT_LOSS_PER_DAY"
    OPTIONS_LEVEL = "OPTIONS_LEVEL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """We denied something before anything was sent."""

    code: Code
    reason: str
    """One sentence for people: what happened, the numbers, what to do."""
    facts: dict[str, str] = field(default_factory=dict)
    """The numbers it is based on."""

    def __str__(self) -> str:
        """Return `CODE: key=value ...`, for logs and tables."""
        return " ".join([f"{self.code}:", *(f"{key}={value}" for key, value in self.facts.items())])


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """The explanation of a code."""

    means: str
    """What was found."""
    to_do: str
    """What to do about it."""


MEANINGS: dict[Code, Meaning] = {
    Code.PARSE_NO_SYMBOL: Meaning(
        means="No ticker was found.",
        to_do="Write the ticker, with a $ if it is also a word ($NOW).",
    ),
    Code.PARSE_NO_STRIKE: Meaning(
        means="No strike was found.",
        to_do="Write the strike with its right, as 450c.",
    ),
    Code.PARSE_NO_RIGHT: Meaning(
        means="Neither call nor put was given.",
        to_do="Write c or p after the strike; it is never guessed.",
    ),
    Code.PARSE_NO_EXPIRY: Meaning(
        means="No expiration date was found.",
        to_do="Write it as 12/18 or 0DTE.",
    ),
    Code.PARSE_BAD_STRIKE: Meaning(
        means="The strike is impossible, or may be a number of contracts.",
        to_do="Write it as 450c or 397.5c.",
    ),
    Code.PARSE_BAD_EXPIRY: Meaning(
        means="The expiration is impossible, past, or can be read as two dates.",
        to_do="Write a listed expiration, with the year if it is not this year.",
    ),
    Code.PARSE_BAD_PRICE: Meaning(
        means="The price is zero, unreadable, or as high as the strike.",
        to_do="Write the option's price a share after @, as @ 1.25.",
    ),
    Code.PARSE_BAD_QUANTITY: Meaning(
        means="The quantity is zero, unreadable or given twice.",
        to_do="Write one quantity, as x2, or none.",
    ),
    Code.PARSE_TWO_ACTIONS: Meaning(
        means="The message both buys and sells.",
        to_do="Send one message for each.",
    ),
    Code.PARSE_TWO_CONTRACTS: Meaning(
        means="Two symbols, strikes, rights or expirations were found.",
        to_do="Send one message for each contract.",
    ),
    Code.PARSE_TWO_PRICES: Meaning(
        means="Two entry prices or a range were found.",
        to_do="Write one price.",
    ),
    Code.PARSE_SPREAD: Meaning(
        means="The message is about a spread: several legs.",
        to_do="Trade spreads by hand: one alert opens one contract.",
    ),
    Code.PARSE_CONDITIONAL: Meaning(
        means="The entry is conditional, a question or an idea.",
        to_do="Send the alert when the condition is met.",
    ),
    Code.PARSE_NEGATED: Meaning(
        means="The message says not to trade, or withdraws an alert.",
        to_do="Send the alert alone, without a negation.",
    ),
    Code.PARSE_NOT_FIRST_HAND: Meaning(
        means="The message repeats, quotes or replies to another.",
        to_do="Only the first message trades; send a new one if a new trade is meant.",
    ),
    Code.PARSE_NOT_NOW: Meaning(
        means="The message reports an earlier trade or its result.",
        to_do="Nothing; if a new entry was meant, send it alone.",
    ),
    Code.PARSE_UNEXPLAINED_NUMBER: Meaning(
        means="A number is neither strike, date, price nor quantity, and has no name such as SL or PT.",
        to_do="Name it or leave it out.",
    ),
    Code.PARSE_TOO_LONG: Meaning(
        means="The message is longer than an alert can be.",
        to_do="Send the alert as a message of its own.",
    ),
    Code.PARSE_UNCLEAR: Meaning(
        means="The message looks like an alert and has more than one reading.",
        to_do="Write it as: BTO SPY 450c 12/18 @ 1.25.",
    ),
    Code.EXPIRY_NOT_TRADING_DAY: Meaning(
        means="The alert's expiration is a weekend or a holiday.",
        to_do="Send a new alert with a listed expiration.",
    ),
    Code.EXPIRY_PAST: Meaning(
        means="The alert's expiration was past when it was posted.",
        to_do="Send a new alert with a listed expiration.",
    ),
    Code.AUTHOR_NOT_ALLOWED: Meaning(
        means="The author is not on the allowlist.",
        to_do="Add the author's id to the settings if they may trade.",
    ),
    Code.CHANNEL_NOT_ALLOWED: Meaning(
        means="The channel is not on the allowlist.",
        to_do="Add the channel's id to the settings if alerts in it may trade.",
    ),
    Code.GUILD_NOT_ALLOWED: Meaning(
        means="The server is not on the allowlist.",
        to_do="Add the guild's id to the settings if alerts in it may trade.",
    ),
    Code.ALERT_TOO_OLD: Meaning(
        means="The alert was older than the maximum age when its entry was to be sent.",
        to_do="Nothing; if it happens often, find out what delays the worker.",
    ),
    Code.ALERT_FROM_FUTURE: Meaning(
        means="The alert's time is in the future by more than the maximum age.",
        to_do="Check this machine's clock and the sender's time.",
    ),
    Code.ALERT_NOT_ENTRY: Meaning(
        means="The message is not an entry.",
        to_do="Nothing: only entries open trades.",
    ),
    Code.ALERT_CORRECTS: Meaning(
        means="The message seems to correct the last alert, and is not a complete alert itself.",
        to_do="Check the trade of that alert; to trade the correction, send the complete alert again.",
    ),
    Code.ADD_INCOMPLETE: Meaning(
        means="An add does not name its complete contract and its price.",
        to_do="Nothing, or buy by hand.",
    ),
    Code.CONTRACT_NOT_LISTED: Meaning(
        means="The broker's chain does not have the contract.",
        to_do="Compare strike and expiration with the nearest listed ones in the reason.",
    ),
    Code.CONTRACT_ADJUSTED: Meaning(
        means="The contract does not stand for 100 shares: it was adjusted, or has another multiplier.",
        to_do="Trade it in the broker's app if it was meant.",
    ),
    Code.CONTRACT_EXPIRED: Meaning(
        means="The contract no longer trades.",
        to_do="Nothing: the alert came too late.",
    ),
    Code.QUOTE_MISSING: Meaning(
        means="The broker has no quote.",
        to_do="Check that the market is open and the quote stream is connected.",
    ),
    Code.QUOTE_UNUSABLE: Meaning(
        means="A side of the quote is zero, the quote is crossed, or trading is halted.",
        to_do="Wait for a two-sided market.",
    ),
    Code.QUOTE_STALE: Meaning(
        means="The quote is older than the maximum quote age.",
        to_do="Check the quote stream and the clock.",
    ),
    Code.PRICE_FAR_FROM_MARKET: Meaning(
        means="The mid is too far from the alert's price.",
        to_do="Check contract and price of the alert; widen max_price_gap only on purpose.",
    ),
    Code.PRICE_BELOW_TICK: Meaning(
        means="The price is below one tick.",
        to_do="Nothing: the contract is too cheap to trade.",
    ),
    Code.MARKET_CLOSED: Meaning(
        means="The market is not in its regular session.",
        to_do="Send the alert while it is open.",
    ),
    Code.SESSION_ENDS_SOON: Meaning(
        means="The session ended before the entry's window would have.",
        to_do="Nothing, or set ladder_near_close to shorten.",
    ),
    Code.ACCOUNT_RESTRICTED: Meaning(
        means="The account may not open positions.",
        to_do="Check the account's status at the broker.",
    ),
    Code.SIZE_ZERO: Meaning(
        means="A limit on the size allows no contract.",
        to_do="Raise the limit that the reason names.",
    ),
    Code.LADDER_CANCELLED: Meaning(
        means="The window ended unfilled and the policy is to cancel.",
        to_do="Nothing, or choose another conversion policy.",
    ),
    Code.LADDER_ABOVE_CEILING: Meaning(
        means="The ask was above the ceiling when the window ended.",
        to_do="Nothing: the price rose too far above the alert.",
    ),
    Code.LADDER_TOO_MANY_TICKS: Meaning(
        means="The ask was more ticks above the last limit than convert_within_ticks allows.",
        to_do="Nothing, or raise convert_within_ticks.",
    ),
    Code.LADDER_ASK_TOO_SMALL: Meaning(
        means="The ask showed fewer contracts than a market order would have bought.",
        to_do="Set ladder_conversion to marketable-limit: it buys what is offered up to the ceiling.",
    ),
    Code.LADDER_LATE: Meaning(
        means="The worker continued after the window and its grace period.",
        to_do="Find out why it was down; the remainder was cancelled.",
    ),
    Code.LADDER_CONVERSION_UNFILLED: Meaning(
        means="The converted order did not fill, or not in whole; its remainder was cancelled.",
        to_do="Nothing: too few contracts were offered up to the ceiling.",
    ),
    Code.BROKER_CHECK_FAILED: Meaning(
        means="The broker's dry-run rejected the order.",
        to_do="See the broker's message in the reason.",
    ),
    Code.BROKER_UNAVAILABLE: Meaning(
        means="A read at the broker failed, so nothing could be decided.",
        to_do="Check the broker's status and the credentials.",
    ),
    Code.OPERATOR_CANCELLED: Meaning(
        means="A person cancelled the trade.",
        to_do="Nothing.",
    ),
    Code.APPROVAL_SKIPPED: Meaning(
        means="A person declined the trade.",
        to_do="Nothing.",
    ),
    Code.APPROVAL_EXPIRED: Meaning(
        means="Nobody approved the trade in time.",
        to_do="Approve sooner, raise approval_window, or make the author's profile automatic.",
    ),
    Code.AUTHOR_OUT: Meaning(
        means="The author wrote an exit before or during the entry.",
        to_do="Nothing; to ignore the author's exits, set exits to ignored in the profile.",
    ),
    Code.EXIT_RULE: Meaning(
        means="A rule of the exit plan sold everything while the entry was still buying.",
        to_do="Nothing; the rules are the exit settings: trader config.",
    ),
    Code.TIME_EXIT_TOO_NEAR: Meaning(
        means="Everything would have to be sold before the entry's window ends.",
        to_do="Send alerts earlier, or change exit_times.",
    ),
    Code.ACCOUNT_HALTED: Meaning(
        means="The account is halted or being flattened.",
        to_do="Resolve the cause, then resume with what changed: trader resume.",
    ),
    Code.ACCOUNT_UNREACHABLE: Meaning(
        means="The account's workflow did not answer in time, so no entry was sent. Exits continue.",
        to_do="Check that a worker runs and Temporal answers: trader doctor.",
    ),
    Code.ACCOUNT_NOT_READY: Meaning(
        means="The buying power at the start of the day is not known yet.",
        to_do="Check that the broker answers: trader doctor.",
    ),
    Code.ACCOUNT_DIFFERENCE: Meaning(
        means="The account's positions or orders differ from its trades, and nobody has explained it.",
        to_do="Check with trader account, and explain it with trader account explain.",
    ),
    Code.PREFLIGHT_FAILED: Meaning(
        means="A check before the first order of the day failed.",
        to_do="Do what the check says: trader doctor.",
    ),
    Code.STOPPED_BY_FILE: Meaning(
        means="The stop file exists, or the stop setting is on: no entry is sent.",
        to_do="To allow entries, delete the file (TRADER_STOP_FILE) or unset TRADER_STOP.",
    ),
    Code.TRADE_OVER: Meaning(
        means="The trade or its entry was already over.",
        to_do="For a new trade send a new alert.",
    ),
    Code.SYMBOL_HALTED: Meaning(
        means="The underlying is on the list of halted symbols.",
        to_do="Remove it with trader limits set halted_symbols=.",
    ),
    Code.NO_ENTRY_WINDOW: Meaning(
        means="No entries this soon after the open, or this close to the end of the session.",
        to_do="Wait, or change no_entry_after_open and no_entry_before_close.",
    ),
    Code.ALERT_REPOSTED: Meaning(
        means="The same author, contract and price was traded before, and the contract has not expired.",
        to_do="Allow it with trader account allow, and send it again.",
    ),
    Code.LIMIT_CONTRACTS: Meaning(
        means="The limit for contracts of one trade is 0.",
        to_do="Raise max_contracts with trader limits set.",
    ),
    Code.LIMIT_NOTIONAL: Meaning(
        means="One contract costs more than the limit for one trade.",
        to_do="Raise max_notional with trader limits set.",
    ),
    Code.LIMIT_NOTIONAL_PER_DAY: Meaning(
        means="The limit for all trades of the day is used up.",
        to_do="Wait for tomorrow, or raise max_notional_per_day.",
    ),
    Code.LIMIT_BUYING_POWER: Meaning(
        means="One contract costs more than what is left of the day's buying power, or than what can be "
        "spent now.",
        to_do="Wait until open trades end.",
    ),
    Code.LIMIT_OPEN_TRADES: Meaning(
        means="The limit for open trades is reached.",
        to_do="Close one, or raise max_open_trades.",
    ),
    Code.LIMIT_TRADES_PER_DAY: Meaning(
        means="The limit for trades of one day is reached.",
        to_do="Wait for tomorrow, or raise max_trades_per_day.",
    ),
    Code.LIMIT_TRADES_PER_AUTHOR: Meaning(
        means="The limit for trades of this author of one day is reached.",
        to_do="Wait for tomorrow, or raise max_trades_per_author.",
    ),
    Code.LIMIT_ORDERS_PER_MINUTE: Meaning(
        means="The limit for entry orders in a minute is reached.",
        to_do="Wait a minute, or raise max_orders_per_minute.",
    ),
    Code.LIMIT_LOSS_PER_DAY: Meaning(
        means="The limit for the day's realised loss is reached.",
        to_do="Find the cause, then resume; raise max_loss_per_day to continue today.",
    ),
    Code.OPTIONS_LEVEL: Meaning(
        means="The account's options level does not allow buying options.",
        to_do="Ask the broker for a higher level.",
    ),
}
"""Every code, without exception: the table of the specs is generated from it."""


def code_in(reason: str | None) -> str | None:
    """Return the code at the beginning of a reason, as in `CATEGORY_CONDITION: words`; None without one."""
    head, colon, _ = (reason or "").partition(":")
    return head if colon and head.isupper() and head.isascii() and "_" in head and " " not in head else None
