"""Identifiers: pure functions of the message id."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.ids import (
    CLIENT_ORDER_ID_LENGTH,
    Leg,
    client_order_id,
    message_id,
    message_of_workflow,
    read_client_order_id,
    trade_workflow_id,
)

MESSAGES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,29}", fullmatch=True)


@given(text=MESSAGES, leg=st.sampled_from(Leg), sequence=st.integers(1, 9999))
def test_a_client_order_id_is_a_pure_function_that_reads_back(text: str, leg: Leg, sequence: int) -> None:
    """ENT-30: the same message, leg and sequence give the same id, of at most 36 ASCII characters.

    It names them again.
    """
    message = message_id(text)
    order = client_order_id(message, leg, sequence)
    assert order == client_order_id(message_id(text), leg, sequence)
    assert len(order) <= CLIENT_ORDER_ID_LENGTH == 36
    assert order.isascii()
    assert read_client_order_id(order) == (message, leg, sequence)


@given(
    one=st.tuples(MESSAGES, st.sampled_from(Leg), st.integers(1, 9999)),
    other=st.tuples(MESSAGES, st.sampled_from(Leg), st.integers(1, 9999)),
)
def test_no_two_orders_share_a_client_order_id(
    one: tuple[str, Leg, int], other: tuple[str, Leg, int]
) -> None:
    """ENT-30: different message, leg or sequence, different id."""
    ids = [client_order_id(message_id(text), leg, sequence) for text, leg, sequence in (one, other)]
    assert (ids[0] == ids[1]) == (one == other)


@given(text=MESSAGES)
def test_a_trade_id_is_made_of_its_message_id(text: str) -> None:
    """WHO-20: one message, one workflow id, and back."""
    assert message_of_workflow(trade_workflow_id(message_id(text))) == text


@pytest.mark.parametrize("text", ["", "a" * 31, "-1", "1 2", "1\n", "\u0661", "1/2"])
def test_an_invalid_message_id_is_refused(text: str) -> None:
    """Blanks, other alphabets, and more than 30 characters cannot name an order at the venue."""
    with pytest.raises(ValueError, match="message id"):
        message_id(text)


@pytest.mark.parametrize("sequence", [0, -1, 10_000])
def test_a_sequence_out_of_range_is_refused(sequence: int) -> None:
    """Orders of a leg are counted from 1."""
    with pytest.raises(ValueError, match="sequence"):
        client_order_id(message_id("1"), Leg.ENTRY, sequence)


@pytest.mark.parametrize("text", ["", "1", "1-e", "1-e0", "1-y1", "1-e01", "someone-elses", "1-e1\n"])
def test_a_foreign_order_id_is_not_ours(text: str) -> None:
    """An id of another shape reads as nothing."""
    assert read_client_order_id(text) is None
