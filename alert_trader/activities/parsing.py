"""Read an alert. Pure, and an activity all the same: its answer stands in history, so a better parser never changes a running trade."""

from temporalio import activity

from alert_trader.activities.messages import PARSE_ALERT, ParseRequest
from alert_trader.domain.alerts.alert import ParsedAlert
from alert_trader.domain.alerts.parser import parse


@activity.defn(name=PARSE_ALERT)
async def parse_alert(request: ParseRequest) -> ParsedAlert:
    """Read a message as an entry, an exit, an add, chatter, or a refusal with its code."""
    return parse(request.alert, request.room)
