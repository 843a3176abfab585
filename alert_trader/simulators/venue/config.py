"""The configuration of a venue: accounts, underlyings, fees, timings and undocumented variants.

Read from JSON (`python -P -m alert_trader.simulators.venue --config FILE`), every field with a default. Money
is dollars, prices are dollars a share, times are seconds. Figures that come from no current source
(regulatory fees) are settings for that reason.
"""

from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Table(BaseModel):
    """A settings table: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TickClass(StrEnum):
    """The price steps an option class trades in."""

    ALL_PENNY = "all-penny"
    """Cents at every price: SPY, QQQ, IWM."""
    PENNY_PROGRAM = "penny-program"
    """0.01 below 3.00, else 0.05."""
    NICKEL_DIME = "nickel-dime"
    """0.05 below 3.00, else 0.10; index options too."""


class ExpiryPlan(StrEnum):
    """Which expirations are listed."""

    DAILY = "daily"
    """Every trading day for two weeks, and the weeklies."""
    WEEKLY = "weekly"
    """Fridays for eight weeks, and the monthlies."""
    MONTHLY = "monthly"
    """Third Fridays for a year."""


class SessionMode(StrEnum):
    """Which hours the market has."""

    ALWAYS_OPEN = "always-open"
    """Open whenever the venue runs, with an opening and a close around now; its day ends only on command."""
    REAL = "real"
    """New York hours, holidays and half days."""


class AbortedReplacement(StrEnum):
    """How a replacement ends when its original fills first; the broker does not document it."""

    REJECTED = "Rejected"
    CANCELLED = "Cancelled"


class ReplacementSize(StrEnum):
    """The quantity of a replacement of a partly filled order; the broker does not document it."""

    FULL = "full"
    REMAINDER = "remainder"


class TriggerReading(StrEnum):
    """Which price triggers a stop; the broker does not document it."""

    TRADED_AGAINST = "bid"
    """What it would trade against: the bid for a sale, the ask for a purchase."""
    OWN_SIDE = "ask"
    """The other side: the ask for a sale, the bid for a purchase."""
    MID = "mid"
    LAST = "last"
    """The last trade of the series at this venue; without one nothing triggers."""


class OcoPartialFill(StrEnum):
    """What a partial fill of one side of a pair does; the broker does not document it."""

    UNTOUCHED = "untouched"
    """Nothing before the side is filled."""
    OTHER_CANCELLED = "other cancelled"
    """The other side is cancelled, and the filled side works on."""
    OTHER_REDUCED = "other reduced"
    """The other side is replaced by one for what is left."""
    ALL_CANCELLED = "all cancelled"
    """The other side is cancelled, and what is left of the filled side too."""


class OcoMessages(StrEnum):
    """What is announced first when a side has filled; the broker does not document it."""

    FILL_FIRST = "fill first"
    CANCEL_FIRST = "cancel first"


class OcoCancel(StrEnum):
    """What the cancellation of one side of a pair does; the broker does not document it."""

    ONE_SIDE = "one side"
    BOTH_SIDES = "both sides"
    REFUSED = "refused"


class OcoEdit(StrEnum):
    """What the replacement of one side of a pair does; the broker does not document it."""

    STAYS = "stays"
    """The new order is a side of the pair."""
    LEAVES = "leaves"
    """The new order is an order by itself, and the other side is alone in the pair."""
    REFUSED = "refused"


class OcoExpiry(StrEnum):
    """What becomes of the other side when one expires or is rejected; the broker does not document it."""

    OTHER_WORKS = "other works"
    OTHER_CANCELLED = "other cancelled"


class OcoRules(Table):
    """How pairs of orders behave where the broker documents nothing."""

    partial_fill: OcoPartialFill = OcoPartialFill.UNTOUCHED
    messages: OcoMessages = OcoMessages.FILL_FIRST
    overfill: bool = False
    """Whether both sides may fill in a fast market: the account then goes short, strict orders or not."""
    cancel: OcoCancel = OcoCancel.ONE_SIDE
    edit: OcoEdit = OcoEdit.STAYS
    expiry: OcoExpiry = OcoExpiry.OTHER_WORKS
    stream: bool = False
    """Whether the account stream also has a message of the pair as a whole."""
    empty_cancel_answer: bool = False
    """Whether the cancellation of a pair is answered 204, without a body."""
    numeric_related_ids: bool = False
    """Whether ids of replaced sides are numbers: its own SDK reads only strings."""


class StopRules(Table):
    """How stops behave where the broker documents nothing."""

    reading: TriggerReading = TriggerReading.TRADED_AGAINST
    without_bid: bool = False
    """Whether a quote without a bid triggers a sale, as a price of zero."""
    gtc_market: bool = False
    """Whether a stop without a limit may be GTC; an opening one never may."""
    refuse_through_market: bool = False
    """Whether a stop is refused that the market would trigger at once."""


class UnderlyingConfig(Table):
    """One underlying and its option classes."""

    symbol: str
    description: str
    spot: Decimal
    """Where its price starts, in dollars."""
    volatility: float
    """A year's volatility, 0.25 for 25 %: a model parameter, not money."""
    strike_step: Decimal
    strikes_each_side: int = 30
    ticks: TickClass = TickClass.PENNY_PROGRAM
    expiries: ExpiryPlan = ExpiryPlan.WEEKLY
    is_index: bool = False
    is_etf: bool = False
    closes_late: bool = False
    """Whether its options trade a quarter of an hour longer than stocks."""
    weekly_root: str | None = None
    """The root of PM-settled series where they have their own (SPXW)."""


class AccountConfig(Table):
    """One account and its flags at the start."""

    number: str = "5WT00042"
    nickname: str = "Individual"
    margin: bool = True
    cash: Decimal = Decimal(25000)
    options_level: str = "No Restrictions"
    closed: bool = False
    frozen: bool = False
    closing_only: bool = False
    pattern_day_trader: bool = False
    day_trade_count: int = 0
    authority: str = "owner"


class FeeSchedule(Table):
    """What trading costs, in dollars a contract unless said otherwise."""

    commission_open: Decimal = Decimal("1.00")
    commission_close: Decimal = Decimal(0)
    commission_cap_per_leg: Decimal = Decimal(10)
    """The most one leg pays in commission; index options have no cap."""
    clearing: Decimal = Decimal("0.10")
    orf: Decimal = Decimal("0.0388")
    taf_on_sells: Decimal = Decimal("0.002")
    sec_rate_on_sells: Decimal = Decimal("0.0000278")
    """A share of the proceeds of a sale."""
    proprietary: dict[str, Decimal] = Field(
        default={
            "SPX": Decimal("0.65"),
            "VIX": Decimal("0.65"),
            "OEX": Decimal("0.40"),
            "XEO": Decimal("0.40"),
            "RUT": Decimal("0.18"),
            "DJX": Decimal("0.18"),
        }
    )
    """By underlying, both ways. NDX is left out: no source gives its fee."""


class Timing(Table):
    """How long things take, in seconds."""

    reply_delay: float = 0.0
    """Between an order's acceptance and the answer to its POST; longer than `live_after` puts the stream
    ahead of the answer."""
    live_after: float = 0.005
    """From Routed to Live."""
    filled_after: float = 0.005
    """From the last fill (shown on Live) to Filled."""
    fills_lag: float = 0.0
    """How long Filled is shown without its last fill."""
    cancel_after: float = 0.01
    """From Cancel Requested to Cancelled: a fill may land between."""
    replace_after: float = 0.02
    """From a replacement's acceptance to the cancellation of its original."""
    oco_start_after: float = 0.005
    """From the acceptance of a pair to both sides being routed: they are Contingent until then."""
    oco_cancel_after: float = 0.005
    """From a fill of one side of a pair to the cancellation of the other; no time where that is announced
    first."""
    ledger_lag: float = 0.0
    """How long the position ledger (positions, strict closes) lags a fill."""
    quote_interval: float = 1.0
    """Between moves of the seeded market."""


def _default_underlyings() -> tuple[UnderlyingConfig, ...]:
    return DEFAULT_UNDERLYINGS


class VenueConfig(Table):
    """The configuration of a venue."""

    seed: int = 7
    accounts: tuple[AccountConfig, ...] = (AccountConfig(),)
    underlyings: tuple[UnderlyingConfig, ...] = Field(default_factory=_default_underlyings)
    fees: FeeSchedule = FeeSchedule()
    timing: Timing = Timing()
    session: SessionMode = SessionMode.ALWAYS_OPEN
    client_secret: str | None = Field(default=None, repr=False)
    """When given, the only client secret that is accepted."""
    refresh_token: str | None = Field(default=None, repr=False)
    """When given, the only refresh token that is accepted."""
    token_lifetime: int = 900
    first_order_id: int = 507340101
    streamer_path: str = "/"
    echo_external_identifier: bool = True
    show_replace_requested: bool = False
    """Whether an order being replaced passes through Replace Requested: documented, not in the capture."""
    aborted_replacement: AbortedReplacement = AbortedReplacement.REJECTED
    replacement_size: ReplacementSize = ReplacementSize.FULL
    count_working_closes: bool = True
    """Whether a strict close is refused for contracts that another working close sells; of a pair only one
    side counts."""
    first_complex_id: int = 71200301
    stops: StopRules = StopRules()
    oco: OcoRules = OcoRules()


def load(path: Path) -> VenueConfig:
    """Read settings from a JSON file; raises pydantic's ValidationError, which names the field."""
    return VenueConfig.model_validate_json(path.read_bytes())


def _etf(symbol: str, description: str, spot: int, volatility: float) -> UnderlyingConfig:
    return UnderlyingConfig(
        symbol=symbol,
        description=description,
        spot=Decimal(spot),
        volatility=volatility,
        strike_step=Decimal(1),
        strikes_each_side=60,
        ticks=TickClass.ALL_PENNY,
        expiries=ExpiryPlan.DAILY,
        is_etf=True,
        closes_late=True,
    )


def _index(
    symbol: str, description: str, spot: int, volatility: float, *, weekly_root: str | None = None
) -> UnderlyingConfig:
    return UnderlyingConfig(
        symbol=symbol,
        description=description,
        spot=Decimal(spot),
        volatility=volatility,
        strike_step=Decimal(5 if spot < 10000 else 25),
        strikes_each_side=60,
        ticks=TickClass.NICKEL_DIME,
        expiries=ExpiryPlan.DAILY if weekly_root is not None else ExpiryPlan.MONTHLY,
        is_index=True,
        closes_late=True,
        weekly_root=weekly_root,
    )


def _stock(
    symbol: str,
    description: str,
    spot: str,
    volatility: float,
    step: str,
    ticks: TickClass = TickClass.PENNY_PROGRAM,
) -> UnderlyingConfig:
    return UnderlyingConfig(
        symbol=symbol,
        description=description,
        spot=Decimal(spot),
        volatility=volatility,
        strike_step=Decimal(step),
        ticks=ticks,
    )


DEFAULT_UNDERLYINGS = (
    _etf("SPY", "SPDR S&P 500 ETF TRUST", 600, 0.16),
    _etf("QQQ", "INVESCO QQQ TRUST", 520, 0.20),
    _etf("IWM", "ISHARES RUSSELL 2000 ETF", 220, 0.22),
    _index("SPX", "S&P 500 INDEX", 6000, 0.16, weekly_root="SPXW"),
    _index("NDX", "NASDAQ 100 INDEX", 21000, 0.20, weekly_root="NDXP"),
    _index("RUT", "RUSSELL 2000 INDEX", 2200, 0.22, weekly_root="RUTW"),
    _stock("AAPL", "APPLE INC", "200", 0.28, "2.5"),
    _stock("NVDA", "NVIDIA CORP", "140", 0.50, "1"),
    _stock("TSLA", "TESLA INC", "340", 0.60, "2.5"),
    _stock("AMZN", "AMAZON.COM INC", "205", 0.33, "2.5"),
    _stock("MSFT", "MICROSOFT CORP", "420", 0.25, "2.5"),
    _stock("META", "META PLATFORMS INC", "580", 0.35, "5"),
    _stock("GOOGL", "ALPHABET INC", "175", 0.30, "2.5"),
    _stock("UBER", "UBER TECHNOLOGIES INC", "72", 0.38, "1"),
    _stock("AMD", "ADVANCED MICRO DEVICES INC", "140", 0.48, "1"),
    _stock("NFLX", "NETFLIX INC", "900", 0.36, "10"),
    _stock("COIN", "COINBASE GLOBAL INC", "300", 0.75, "5"),
    _stock("PLTR", "PALANTIR TECHNOLOGIES INC", "65", 0.60, "1"),
    _stock("DKS", "DICKS SPORTING GOODS INC", "215", 0.38, "5", TickClass.NICKEL_DIME),
)
"""Invented prices around which the seeded market moves."""
