"""Read an alert. Pure, and an activity all the same: its answer stands in history, so a better parser never changes a running trade."""

from temporalio import activity

from activities.messages import PARSE_ALERT
from domain.alert import AlertMessage, ParsedAlert
from domain.parser import parse


@activity.defn(name=PARSE_ALERT)
async def parse_alert(message: AlertMessage) -> ParsedAlert:
    """Read a message as an entry, an exit, an add, chatter, or a refusal with its code."""
    return parse(message)
