"""The input and the answer of the activity that watches the price of what a trade holds."""

from dataclasses import dataclass

from alert_trader.domain.exits.plan import ExitPlan
from alert_trader.domain.exits.watch import Crossed, NoPrice, Raised, SessionHours, WatchState
from alert_trader.domain.market.contract import OptionContract
from alert_trader.domain.market.quotes import TickTable

WATCH_PRICE = "watch_price"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceWatchRequest:
    """Watch the bid of one contract for one trade, until something follows from it or the session ends."""

    contract: OptionContract
    ticks: TickTable
    plan: ExitPlan
    state: WatchState
    session: SessionHours


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceWatchAnswer:
    """What follows from the quotes; none of the three when the session is over."""

    state: WatchState
    raised: Raised | None = None
    crossed: Crossed | None = None
    no_price: NoPrice | None = None
