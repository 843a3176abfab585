"""Identifiers, each a type of its own over `str`, and how they derive from a message id."""

import re
from enum import StrEnum
from typing import NewType

MessageId = NewType("MessageId", str)
"""The id of the alert's message (a Discord snowflake, or the sender's idempotency key). Other ids derive from
it."""

WorkflowId = NewType("WorkflowId", str)
ClientOrderId = NewType("ClientOrderId", str)
"""Our id of an order at the broker; at most 36 ASCII characters."""

OrderId = NewType("OrderId", str)
"""The broker's id of an order. A replaced order gets a new one."""

PairId = NewType("PairId", str)
"""The broker's id of a pair of orders of which one cancels the other (OCO). Each side has an order id too."""

FillId = NewType("FillId", str)
AccountNumber = NewType("AccountNumber", str)

CLIENT_ORDER_ID_LENGTH = 36
"""The longest client order id: the broker's limit is not documented, so at most the length of a UUID."""

_MESSAGE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,29}")
_CLIENT_ORDER_ID = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,29})-([ex])([1-9][0-9]{0,3})")


class Leg(StrEnum):
    """The side of a trade that an order belongs to."""

    ENTRY = "e"
    """Buys to open."""
    EXIT = "x"
    """Sells to close."""


def message_id(text: str) -> MessageId:
    """Check that `text` is a message id whose derived ids fit the broker's field.

    Raises ValueError when it is empty, longer than 30 characters, or has other characters than ASCII letters,
    digits, - and _.
    """
    if not _MESSAGE_ID.fullmatch(text):
        raise ValueError(
            "expected a message id of 1 to 30 ASCII letters, digits, - and _, not starting with - or _, "
            f"found {text!r}"
        )
    return MessageId(text)


def trade_workflow_id(message: MessageId) -> WorkflowId:
    """Return the id of the only workflow that may trade `message`."""
    return WorkflowId(f"trade-{message}")


def account_workflow_id(account: AccountNumber) -> WorkflowId:
    """Return the id of an account's workflow."""
    return WorkflowId(f"account-{account}")


def message_of_workflow(workflow_id: str) -> MessageId:
    """Return the message id of a trade's workflow id; raises ValueError for another kind of id."""
    return message_id(workflow_id.removeprefix("trade-"))


def client_order_id(message: MessageId, leg: Leg, sequence: int) -> ClientOrderId:
    """Return the id of the `sequence`-th order (from 1) of a leg.

    A pure function of the message id, so that any retry finds the order.
    """
    if not 1 <= sequence <= 9999:
        raise ValueError(f"expected an order sequence from 1 to 9999, found {sequence}")
    return ClientOrderId(f"{message}-{leg}{sequence}")


def read_client_order_id(text: str) -> tuple[MessageId, Leg, int] | None:
    """Parse a client order id; None when `text` is not one of ours."""
    found = _CLIENT_ORDER_ID.fullmatch(text)
    return None if found is None else (MessageId(found[1]), Leg(found[2]), int(found[3]))
