"""Encrypt payloads before they leave the process: what Temporal stores cannot be read without a key.

AES-GCM with a 256-bit key and a new nonce for every payload. The key's id is in the payload's metadata and
authenticated by the cipher, so that keys can be rotated: the first key encrypts, all decrypt. Payloads
without our encoding pass unchanged, so that encryption can be enabled while trades run.

Inputs, results, signals, queries, failures and summaries are encrypted. Search attributes are not:
the server must compare them. Workflow ids, task queues, activity names and timers are not payloads and stay
readable.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory
from temporalio.converter import PayloadCodec
from typing_extensions import override

from alert_trader.control.errors import UnreadablePayloadError

ENCODING = b"binary/encrypted"
"""The encoding of an encrypted payload; Temporal's samples and Web UI use the same name."""

KEY_ID = "encryption-key-id"
KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"alert-trader/1"


class EncryptionCodec(PayloadCodec):
    """Encrypts with the first key of a ring and decrypts with any."""

    def __init__(self, keys: Sequence[tuple[str, bytes]]) -> None:
        """Use a ring of (id, key), the encrypting one first; raises ValueError for none or a wrong length."""
        if not keys or any(len(key) != KEY_BYTES for _, key in keys):
            raise ValueError(f"expected at least one encryption key, each of {KEY_BYTES} bytes")
        self._current = keys[0][0]
        self._ciphers: Mapping[str, AESGCM] = {name: AESGCM(key) for name, key in keys}

    @override
    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt each payload, metadata included."""
        return [self._encrypt(payload) for payload in payloads]

    @override
    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt each payload of our encoding; raises UnreadablePayloadError."""
        return [self.decrypt(payload) for payload in payloads]

    def _encrypt(self, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE_BYTES)
        name = self._current.encode()
        encrypted = self._ciphers[self._current].encrypt(nonce, payload.SerializeToString(), _bound(name))
        return Payload(metadata={"encoding": ENCODING, KEY_ID: name}, data=nonce + encrypted)

    def opens(self, payload: Payload) -> bool:
        """Return whether a payload is encrypted with one of the keys: only who has it can have written it."""
        try:
            return payload.metadata.get("encoding") == ENCODING and bool(self.decrypt(payload))
        except UnreadablePayloadError:
            return False

    def decrypt(self, payload: Payload) -> Payload:
        """Decrypt one payload; one of another encoding is returned unchanged."""
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        name = payload.metadata.get(KEY_ID, b"")
        shown = repr(name.decode(errors="replace"))
        cipher = self._ciphers.get(name.decode(errors="replace"))
        if cipher is None:
            raise UnreadablePayloadError(
                f"a payload is encrypted with key {shown}; the configured keys are "
                f"{', '.join(self._ciphers)}. "
                "Add that key to TRADER_ENCRYPTION_KEYS after the first"
            )
        try:
            return Payload.FromString(
                cipher.decrypt(payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:], _bound(name))
            )
        except (InvalidTag, ValueError):
            raise UnreadablePayloadError(
                f"a payload of encryption key {shown} cannot be decrypted: the key differs, or the bytes "
                "were changed"
            ) from None


class KeylessCodec(PayloadCodec):
    """Does not encrypt, and raises a clear error for an encrypted payload."""

    @override
    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Leave payloads as they are."""
        return list(payloads)

    @override
    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Leave payloads as they are; raises UnreadablePayloadError for an encrypted one."""
        for payload in payloads:
            if payload.metadata.get("encoding") == ENCODING:
                name = payload.metadata.get(KEY_ID, b"").decode(errors="replace")
                raise UnreadablePayloadError(
                    f"a payload is encrypted with key {name!r}, and no key is set. "
                    "Set TRADER_ENCRYPTION_KEYS to the keys of the workers"
                )
        return list(payloads)


KEYLESS = KeylessCodec()


def decrypted(history: WorkflowHistory, codec: PayloadCodec | None) -> WorkflowHistory:
    """Return a copy of a history with every payload decrypted."""
    if not isinstance(codec, EncryptionCodec):
        return history
    copied = History()
    copied.CopyFrom(History(events=history.events))
    for event in copied.events:
        _open(event, codec)
    return WorkflowHistory(workflow_id=history.workflow_id, events=list(copied.events))


def _open(message: Message, codec: EncryptionCodec) -> None:
    """Decrypt every payload below a message in place, and the text of failures."""
    for inner in _inner(message):
        if isinstance(inner, Payload):
            inner.CopyFrom(codec.decrypt(inner))
        else:
            _open(inner, codec)
    if isinstance(message, Failure) and message.HasField("encoded_attributes"):
        words: dict[str, Any] = json.loads(message.encoded_attributes.data)
        message.message, message.stack_trace = words.get("message", ""), words.get("stack_trace", "")


def _inner(message: Message) -> Iterable[Message]:
    """Yield every message inside another, those in lists and maps too."""
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is not None:
                yield from value.values()
        elif isinstance(value, Message):
            yield value
        else:
            yield from value


def _bound(key_id: bytes) -> bytes:
    """Return the additional data that binds a payload to its key's id."""
    return _VERSION + b"/" + key_id
