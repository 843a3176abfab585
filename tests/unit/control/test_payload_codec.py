"""Payloads encrypted at rest: what is written cannot be read without its key, and keys can be changed."""

import os
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.exceptions import ApplicationError

from alert_trader.control.errors import UnreadablePayloadError
from alert_trader.control.payload_codec import (
    ENCODING,
    KEY_ID,
    EncryptionCodec,
    decrypted,
)
from alert_trader.control.queries.history_steps import steps_of
from alert_trader.control.temporal import converter
from alert_trader.domain.money import Usd

OLD, NEW = ("2026-01", os.urandom(32)), ("2026-11", os.urandom(32))


@given(data=st.binary(max_size=2000), encoding=st.binary(max_size=30))
async def test_any_payload_is_decrypted_again(data: bytes, encoding: bytes) -> None:
    """Data and metadata come back as they were; neither is readable in what is kept."""
    codec = EncryptionCodec([OLD])
    before = Payload(metadata={"encoding": encoding}, data=data)
    [sealed] = await codec.encode([before])
    assert sealed.metadata["encoding"] == ENCODING
    assert len(data) < 4 or data not in sealed.data
    assert (await codec.decode([sealed])) == [before]


async def test_keys_can_be_changed() -> None:
    """The first key writes; what an older one wrote stays readable as long as it is on the ring.

    Is said to lack its key after that.
    """
    [old] = await EncryptionCodec([OLD]).encode([Payload(data=b"kept")])
    both = EncryptionCodec([NEW, OLD])
    [new] = await both.encode([Payload(data=b"kept")])
    assert (old.metadata[KEY_ID], new.metadata[KEY_ID]) == (b"2026-01", b"2026-11")
    assert [payload.data for payload in await both.decode([old, new])] == [b"kept", b"kept"]
    with pytest.raises(UnreadablePayloadError, match="2026-01"):
        await EncryptionCodec([NEW]).decode([old])


async def test_unencrypted_payloads_are_passed_through() -> None:
    """Encryption may be switched on while trades run: what was written plain is read plain."""
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b"{}")
    assert await EncryptionCodec([NEW]).decode([plain]) == [plain]


async def test_tampered_payloads_are_refused() -> None:
    """A payload that was changed, or that claims another key, is refused in words.

    Never read as something else.
    """
    codec = EncryptionCodec([NEW, OLD])
    [sealed] = await codec.encode([Payload(data=b"12 contracts")])
    changed = Payload(metadata=dict(sealed.metadata), data=sealed.data[:-1] + bytes([sealed.data[-1] ^ 1]))
    claimed = Payload(metadata={**sealed.metadata, KEY_ID: b"2026-01"}, data=sealed.data)
    short = Payload(metadata=dict(sealed.metadata), data=b"")
    for wrong in (changed, claimed, short):
        with pytest.raises(UnreadablePayloadError):
            await codec.decode([wrong])


async def test_the_same_payload_is_never_encrypted_alike() -> None:
    """Equal payloads look different at rest: each has a nonce of its own."""
    codec = EncryptionCodec([NEW])
    sealed = await codec.encode([Payload(data=b"same")] * 100)
    assert len({payload.data for payload in sealed}) == 100


@pytest.mark.parametrize("keys", [[], [("short", b"x" * 16)]])
def test_a_key_ring_without_a_valid_key_is_refused(keys: list[tuple[str, bytes]]) -> None:
    """No key, or a key of another length, never turns into weaker encryption."""
    with pytest.raises(ValueError, match="32 bytes"):
        EncryptionCodec(keys)


async def test_our_values_travel_through_the_converter() -> None:
    """Decimals and times come back as they were, through the same converter that client, worker.

    Replayer use.
    """
    encoding = converter(EncryptionCodec([NEW]))
    values = [Usd(Decimal("12.30")), datetime(2026, 11, 24, 14, 30, tzinfo=UTC)]
    assert await encoding.decode(await encoding.encode(values), [Decimal, datetime]) == values


async def test_an_encrypted_failure_keeps_its_message() -> None:
    """The words of a failure are encrypted too, and a history that is made readable has them again.

    The one given stays as it was.
    """
    codec = EncryptionCodec([NEW])
    event = HistoryEvent(event_id=1)
    attributes = event.workflow_execution_failed_event_attributes
    event.event_type = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED
    await converter(codec).encode_failure(
        ApplicationError("the account is 5WT31673", type="Lost"), attributes.failure
    )
    history = WorkflowHistory(workflow_id="trade-1", events=[event])
    assert "5WT31673" not in str(event)
    [step] = steps_of(decrypted(history, codec))
    assert step.failure == "Lost: the account is 5WT31673"
    assert "5WT31673" not in str(history.events[0])
