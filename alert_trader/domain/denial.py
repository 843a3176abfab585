"""Why we say no: one enumeration of codes, and the value that carries a code with its numbers."""

from dataclasses import dataclass, field
from enum import StrEnum


class Code(StrEnum):
    """A reason for not trading: `CATEGORY_CONDITION`. `MEANINGS` says what each stands for and what to do."""

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
    CONTRACT_EXPIRED = "CONTRACT_EXPIRED"
    QUOTE_MISSING = "QUOTE_MISSING"
    QUOTE_UNUSABLE = "QUOTE_UNUSABLE"
    QUOTE_STALE = "QUOTE_STALE"
    PRICE_FAR_FROM_MARKET = "PRICE_FAR_FROM_MARKET"
    PRICE_BELOW_TICK = "PRICE_BELOW_TICK"
    MARKET_CLOSED = "MARKET_CLOSED"
    ACCOUNT_RESTRICTED = "ACCOUNT_RESTRICTED"
    SIZE_ZERO = "SIZE_ZERO"
    LADDER_CANCELLED = "LADDER_CANCELLED"
    LADDER_ABOVE_CEILING = "LADDER_ABOVE_CEILING"
    LADDER_TOO_MANY_TICKS = "LADDER_TOO_MANY_TICKS"
    LADDER_LATE = "LADDER_LATE"
    LADDER_CONVERSION_UNFILLED = "LADDER_CONVERSION_UNFILLED"
    BROKER_CHECK_FAILED = "BROKER_CHECK_FAILED"
    BROKER_UNAVAILABLE = "BROKER_UNAVAILABLE"
    OPERATOR_CANCELLED = "OPERATOR_CANCELLED"
    APPROVAL_SKIPPED = "APPROVAL_SKIPPED"
    APPROVAL_EXPIRED = "APPROVAL_EXPIRED"
    AUTHOR_OUT = "AUTHOR_OUT"
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
    """We said no, before anything was sent."""

    code: Code
    reason: str
    """One sentence for people: what was expected, what was found, what to do."""
    facts: dict[str, str] = field(default_factory=dict)
    """The numbers it rests on."""

    def __str__(self) -> str:
        """Write `CODE: key=value ...`, the form logs and tables carry."""
        return " ".join([f"{self.code}:", *(f"{key}={value}" for key, value in self.facts.items())])


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a code says to people."""

    means: str
    """What was found."""
    to_do: str
    """What to do about it."""


MEANINGS: dict[Code, Meaning] = {
    Code.PARSE_NO_SYMBOL: Meaning(
        means="No ticker was found where one belongs.",
        to_do="Write the ticker, with a $ where it is also a word ($NOW).",
    ),
    Code.PARSE_NO_STRIKE: Meaning(
        means="No strike was found.",
        to_do="Write the strike with its right, as 450c.",
    ),
    Code.PARSE_NO_RIGHT: Meaning(
        means="Neither call nor put was said.",
        to_do="Write c or p after the strike; it is never guessed.",
    ),
    Code.PARSE_NO_EXPIRY: Meaning(
        means="No expiration date was found.",
        to_do="Write it as 12/18 or 0DTE.",
    ),
    Code.PARSE_BAD_STRIKE: Meaning(
        means="The strike is no possible strike, or may be a count of contracts.",
        to_do="Write it as 450c or 397.5c.",
    ),
    Code.PARSE_BAD_EXPIRY: Meaning(
        means="The expiration is impossible, past, or can be read as two dates.",
        to_do="Write a listed expiration, with its year where it is not this year.",
    ),
    Code.PARSE_BAD_PRICE: Meaning(
        means="The price is zero, unreadable, or as high as the strike.",
        to_do="Write the option's price a share after @, as @ 1.25.",
    ),
    Code.PARSE_BAD_QUANTITY: Meaning(
        means="The quantity is zero, unreadable or said twice.",
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
        means="The message is about several legs.",
        to_do="Trade spreads by hand: one alert opens one contract.",
    ),
    Code.PARSE_CONDITIONAL: Meaning(
        means="The entry depends on something, or is a question or a thought.",
        to_do="Send the alert when it is so.",
    ),
    Code.PARSE_NEGATED: Meaning(
        means="The message says not to, or takes something back.",
        to_do="Send the alert alone, without a not.",
    ),
    Code.PARSE_NOT_FIRST_HAND: Meaning(
        means="The message repeats, quotes or answers another.",
        to_do="Only the first message trades; send a new one if a new trade is meant.",
    ),
    Code.PARSE_NOT_NOW: Meaning(
        means="The message tells of a trade that was made before, or of its result.",
        to_do="Nothing, unless a new entry was meant: then send it alone.",
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
        means="The alert's expiration is a weekend or a holiday: nothing expires on it.",
        to_do="Send a new alert with a listed expiration.",
    ),
    Code.EXPIRY_PAST: Meaning(
        means="The alert's expiration was over when it was posted.",
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
        to_do="Wait for the next; if it happens often, look for what holds the worker up.",
    ),
    Code.ALERT_FROM_FUTURE: Meaning(
        means="The alert is dated later than now by more than the maximum age.",
        to_do="Check this machine's clock and the sender's time.",
    ),
    Code.ALERT_NOT_ENTRY: Meaning(
        means="The message is no entry.",
        to_do="Nothing: only entries open trades.",
    ),
    Code.ALERT_CORRECTS: Meaning(
        means="The message seems to correct an alert of a moment ago, and says no whole alert itself.",
        to_do="Look at the trade it names; send the whole alert again if it is meant.",
    ),
    Code.ADD_INCOMPLETE: Meaning(
        means="An add does not name its whole contract and the price it was added at.",
        to_do="Nothing, or buy by hand.",
    ),
    Code.CONTRACT_NOT_LISTED: Meaning(
        means="The broker's chain does not have the contract.",
        to_do="Compare strike and expiration with the nearest listed ones in the reason.",
    ),
    Code.CONTRACT_EXPIRED: Meaning(
        means="The contract no longer trades.",
        to_do="Nothing; the alert came too late.",
    ),
    Code.QUOTE_MISSING: Meaning(
        means="The broker gave no quote.",
        to_do="Check that the market is open and the quote stream runs.",
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
        to_do="Nothing: the contract is too cheap to bid for.",
    ),
    Code.MARKET_CLOSED: Meaning(
        means="The market is not in its regular session.",
        to_do="Send the alert while it is open.",
    ),
    Code.ACCOUNT_RESTRICTED: Meaning(
        means="The account may not open positions.",
        to_do="Look at the account's status at the broker.",
    ),
    Code.SIZE_ZERO: Meaning(
        means="A cap leaves room for no contract.",
        to_do="Raise the cap that the reason names, or leave the alert.",
    ),
    Code.LADDER_CANCELLED: Meaning(
        means="The window ended unfilled and the policy is to cancel.",
        to_do="Nothing, or choose another conversion policy.",
    ),
    Code.LADDER_ABOVE_CEILING: Meaning(
        means="The ask was above the ceiling when the window ended.",
        to_do="Nothing: the market ran away from the alert.",
    ),
    Code.LADDER_TOO_MANY_TICKS: Meaning(
        means="The ask was more ticks above the last limit than convert_within_ticks allows.",
        to_do="Nothing, or raise convert_within_ticks.",
    ),
    Code.LADDER_LATE: Meaning(
        means="The worker woke up after the window and its grace.",
        to_do="See why it was away; the remainder was cancelled, not chased.",
    ),
    Code.LADDER_CONVERSION_UNFILLED: Meaning(
        means="The converted order did not fill in the time it was given; what was left of it was cancelled.",
        to_do="Nothing; give it longer with ladder_conversion_wait if this is common.",
    ),
    Code.BROKER_CHECK_FAILED: Meaning(
        means="The broker's own dry-run turned the order down.",
        to_do="Read the broker's words in the reason.",
    ),
    Code.BROKER_UNAVAILABLE: Meaning(
        means="A read at the broker failed, so nothing was decided on.",
        to_do="Check the broker's status and the credentials.",
    ),
    Code.OPERATOR_CANCELLED: Meaning(
        means="A person cancelled the trade.",
        to_do="Nothing.",
    ),
    Code.APPROVAL_SKIPPED: Meaning(
        means="A person was asked and said no.",
        to_do="Nothing.",
    ),
    Code.APPROVAL_EXPIRED: Meaning(
        means="A person was asked, and nobody answered in time.",
        to_do="Answer sooner, set approval_window longer, or make the author's profile automatic.",
    ),
    Code.AUTHOR_OUT: Meaning(
        means="The author wrote an exit before anything was bought, or while it was being bought.",
        to_do="Nothing; set the profile's exits to ignored if the author's exits should not count.",
    ),
    Code.ACCOUNT_HALTED: Meaning(
        means="The account is halted, or being flattened.",
        to_do="Mend what halted it, then resume and say what changed: trader resume.",
    ),
    Code.ACCOUNT_UNREACHABLE: Meaning(
        means="The account's workflow did not answer in time, so nothing was bought. Exits go on.",
        to_do="See that a worker runs and Temporal answers: trader doctor.",
    ),
    Code.ACCOUNT_NOT_READY: Meaning(
        means="The buying power at the day's start is not known yet.",
        to_do="See that the broker answers: trader doctor.",
    ),
    Code.ACCOUNT_DIFFERENCE: Meaning(
        means="The account holds something else than its trades say, and nobody has explained it.",
        to_do="Look at trader account, and explain it with trader account explain.",
    ),
    Code.PREFLIGHT_FAILED: Meaning(
        means="A check that a first order of the day needs is not all right.",
        to_do="Do what the check says: trader doctor.",
    ),
    Code.STOPPED_BY_FILE: Meaning(
        means="The stop file is there, or the stop setting is on: no entry is sent.",
        to_do="Take the file away (TRADER_STOP_FILE), or unset TRADER_STOP, when entries may be sent again.",
    ),
    Code.TRADE_OVER: Meaning(
        means="The trade, or its entry, was over before.",
        to_do="Send a new alert if a new trade is meant.",
    ),
    Code.SYMBOL_HALTED: Meaning(
        means="The underlying is on the list of halted symbols.",
        to_do="Take it off with trader limits set halted_symbols=.",
    ),
    Code.NO_ENTRY_WINDOW: Meaning(
        means="Nothing is bought so soon after the open, or so shortly before the close.",
        to_do="Wait, or change no_entry_after_open and no_entry_before_close.",
    ),
    Code.ALERT_REPOSTED: Meaning(
        means="The same author, contract and price was traded before, and the contract has not expired.",
        to_do="Let it through with trader account allow, and send it again.",
    ),
    Code.LIMIT_CONTRACTS: Meaning(
        means="No contract is allowed in one trade.",
        to_do="Raise max_contracts with trader limits set.",
    ),
    Code.LIMIT_NOTIONAL: Meaning(
        means="One contract costs more than one trade may.",
        to_do="Raise max_notional with trader limits set.",
    ),
    Code.LIMIT_NOTIONAL_PER_DAY: Meaning(
        means="The day's trades have used up what may be spent on a day.",
        to_do="Wait for tomorrow, or raise max_notional_per_day.",
    ),
    Code.LIMIT_BUYING_POWER: Meaning(
        means="One contract costs more than what is left of the day's buying power, or of what can be spent now.",
        to_do="Wait until open trades end.",
    ),
    Code.LIMIT_OPEN_TRADES: Meaning(
        means="As many trades are open as may be.",
        to_do="Close one, or raise max_open_trades.",
    ),
    Code.LIMIT_TRADES_PER_DAY: Meaning(
        means="As many trades were opened today as may be.",
        to_do="Wait for tomorrow, or raise max_trades_per_day.",
    ),
    Code.LIMIT_TRADES_PER_AUTHOR: Meaning(
        means="As many trades of this author were opened today as may be.",
        to_do="Wait for tomorrow, or raise max_trades_per_author.",
    ),
    Code.LIMIT_ORDERS_PER_MINUTE: Meaning(
        means="As many entry orders were sent in the last minute as may be.",
        to_do="Wait a minute, or raise max_orders_per_minute.",
    ),
    Code.LIMIT_LOSS_PER_DAY: Meaning(
        means="The day's realised loss has reached its limit.",
        to_do="Resume when you know what went wrong, and raise max_loss_per_day if it shall go on.",
    ),
    Code.OPTIONS_LEVEL: Meaning(
        means="The account's options level does not let it buy options.",
        to_do="Ask the broker for a level that does.",
    ),
}
"""Every code, with no exception: the table of the specs is written from it."""


def denial_table() -> str:
    """Write all codes as a Markdown table, in the order of the enumeration."""
    rows = [f"| `{code}` | {MEANINGS[code].means} | {MEANINGS[code].to_do} |" for code in Code]
    return "\n".join(["| code | what it means | what to do |", "|---|---|---|", *rows]) + "\n"
