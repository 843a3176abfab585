"""When a stop is triggered.

The broker says only "when the quote hits the stop-trigger". Which side of the quote that is, and whether a
side without a price counts, is not documented: both are settings of the venue.
"""

from decimal import Decimal

from alert_trader.simulators.venue.config import TriggerReading
from alert_trader.simulators.venue.market import Quote
from alert_trader.simulators.venue.orders import Order


def triggers(
    order: Order, quote: Quote | None, last: Decimal | None, by: TriggerReading, *, empty: bool
) -> bool:
    """Return whether a quote, or the `last` trade, triggers a waiting stop: a sale at or below its trigger.

    `empty` says whether a side without a price counts as a price of zero. A halted or missing quote triggers
    nothing, and a quote without any side neither.
    """
    if order.trigger is None or quote is None or quote.halted or quote.missing:
        return False
    if quote.bid <= 0 and quote.ask <= 0:
        return False
    buying = order.legs[0].action.buying
    price = reading(quote, last, by, buying=buying)
    if price is None or (price <= 0 and (buying or not empty)):
        return False
    return price >= order.trigger if buying else price <= order.trigger


def reading(quote: Quote, last: Decimal | None, by: TriggerReading, *, buying: bool) -> Decimal | None:
    """Return the price that a stop watches, in dollars a share; None when there is none."""
    match by:
        case TriggerReading.TRADED_AGAINST:
            return quote.ask if buying else quote.bid
        case TriggerReading.OWN_SIDE:
            return quote.bid if buying else quote.ask
        case TriggerReading.MID:
            return quote.mid
        case TriggerReading.LAST:
            return last
