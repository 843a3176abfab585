"""Parse an alert.

It is pure, and an activity so that its answer is in the history: a new parser never changes a running trade.
"""

from temporalio import activity

from alert_trader.activities.messages import PARSE_ALERT, ParseRequest
from alert_trader.domain.alerts.alert import ParsedAlert
from alert_trader.domain.alerts.parser import parse


@activity.defn(name=PARSE_ALERT)
async def parse_alert(request: ParseRequest) -> ParsedAlert:
    """Parse a message: an entry, an exit, an add, chatter, or a denial with its code."""
    return parse(request.alert, request.room)
