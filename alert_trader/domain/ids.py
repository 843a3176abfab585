"""Identifiers, each a type of its own over `str`, and the pure rules that derive them from a message id."""

import re
from enum import StrEnum
from typing import NewType

MessageId = NewType("MessageId", str)
"""The alert message's own id (a Discord snowflake, or the sender's idempotency key). Everything else derives from it."""

WorkflowId = NewType("WorkflowId", str)
ClientOrderId = NewType("ClientOrderId", str)
"""Our name for an order at the venue; at most 36 ASCII characters."""

OrderId = NewType("OrderId", str)
"""The venue's name for an order. A replaced order gets a new one."""

FillId = NewType("FillId", str)
AccountNumber = NewType("AccountNumber", str)

CLIENT_ORDER_ID_LENGTH = 36
"""The longest client order id sent: the venue's own limit is not documented, so this stays at the length of a UUID."""

_MESSAGE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,29}")
_CLIENT_ORDER_ID = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,29})-([ex])([1-9][0-9]{0,3})")


class Leg(StrEnum):
    """The side of a trade that an order belongs to."""

    ENTRY = "e"
    """Buys to open."""
    EXIT = "x"
    """Sells to close."""


def message_id(text: str) -> MessageId:
    """Check that `text` can name a message, so that every id derived from it fits the venue's field.

    Raises ValueError when it is empty, longer than 30 characters, or holds anything but ASCII letters, digits, - and _.
    """
    if not _MESSAGE_ID.fullmatch(text):
        raise ValueError(
            f"expected a message id of 1 to 30 ASCII letters, digits, - or _, starting with a letter or digit; found {text!r}"
        )
    return MessageId(text)


def trade_workflow_id(message: MessageId) -> WorkflowId:
    """Name the one workflow that may ever trade `message`."""
    return WorkflowId(f"trade-{message}")


def account_workflow_id(account: AccountNumber) -> WorkflowId:
    """Name the one workflow that looks after an account."""
    return WorkflowId(f"account-{account}")


def message_of_workflow(workflow_id: str) -> MessageId:
    """Name the message that the trade `workflow_id` came from; raises ValueError for another kind of id."""
    return message_id(workflow_id.removeprefix("trade-"))


def client_order_id(message: MessageId, leg: Leg, sequence: int) -> ClientOrderId:
    """Name the `sequence`-th order (from 1) of a leg: a pure function of the message id, so that any retry finds the order."""
    if not 1 <= sequence <= 9999:
        raise ValueError(f"expected an order sequence from 1 to 9999, found {sequence}")
    return ClientOrderId(f"{message}-{leg}{sequence}")


def read_client_order_id(text: str) -> tuple[MessageId, Leg, int] | None:
    """Read a client order id back, or None when `text` is not one of ours."""
    found = _CLIENT_ORDER_ID.fullmatch(text)
    return None if found is None else (MessageId(found[1]), Leg(found[2]), int(found[3]))
