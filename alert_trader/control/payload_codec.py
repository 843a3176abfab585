"""Payloads encrypted before they leave a process: what Temporal keeps at rest is then unreadable without a key.

AES-GCM with a key of 256 bits and a nonce of its own for every payload. The key's id stands in the payload's metadata, bound to it by the
cipher, so that keys can be changed: the first of the ring writes, every one of it reads. Payloads without our mark pass as they are, so
that encryption can be switched on while trades run.

Encrypted are inputs, results, signals, updates, queries, failures and summaries. Search attributes are not: the server must be able to
compare them. Workflow ids, task queues, names of activities and timers are not payloads and stay readable.
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
"""What the metadata of an encrypted payload says; Temporal's own samples and Web UI know it by this name."""

KEY_ID = "encryption-key-id"
KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"alert-trader/1"


class EncryptionCodec(PayloadCodec):
    """Encrypts with the first key of a ring, decrypts with any."""

    def __init__(self, keys: Sequence[tuple[str, bytes]]) -> None:
        """Take the ring as (id, key), the one that writes first; raises ValueError for none, or a key of another length."""
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
        """Decrypt each payload that carries our mark; raises UnreadablePayloadError where that cannot be done."""
        return [self.decrypt(payload) for payload in payloads]

    def _encrypt(self, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE_BYTES)
        name = self._current.encode()
        sealed = self._ciphers[self._current].encrypt(nonce, payload.SerializeToString(), _bound(name))
        return Payload(metadata={"encoding": ENCODING, KEY_ID: name}, data=nonce + sealed)

    def decrypt(self, payload: Payload) -> Payload:
        """Decrypt one payload; one without our mark is given back as it is."""
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        name = payload.metadata.get(KEY_ID, b"")
        shown = repr(name.decode(errors="replace"))
        cipher = self._ciphers.get(name.decode(errors="replace"))
        if cipher is None:
            raise UnreadablePayloadError(
                f"expected a payload of one of the encryption keys {', '.join(self._ciphers)}, found one of key {shown}. "
                "Add that key to TRADER_ENCRYPTION_KEYS behind the first, which goes on writing"
            )
        try:
            return Payload.FromString(
                cipher.decrypt(payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:], _bound(name))
            )
        except (InvalidTag, ValueError):
            raise UnreadablePayloadError(
                f"a payload of encryption key {shown} cannot be read: the key is another one of that name, or the bytes were changed"
            ) from None


class KeylessCodec(PayloadCodec):
    """Writes plain, and says in words that a payload is encrypted and no key is set."""

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
                    f"expected a payload that is not encrypted, as no key is set; found one of key {name!r}. "
                    "Set TRADER_ENCRYPTION_KEYS to the keys that the workers have"
                )
        return list(payloads)


KEYLESS = KeylessCodec()


def readable(history: WorkflowHistory, codec: PayloadCodec | None) -> WorkflowHistory:
    """Return a history with every payload decrypted, to be told or shown; the one given is not changed."""
    if not isinstance(codec, EncryptionCodec):
        return history
    copied = History()
    copied.CopyFrom(History(events=history.events))
    for event in copied.events:
        _open(event, codec)
    return WorkflowHistory(workflow_id=history.workflow_id, events=list(copied.events))


def _open(message: Message, codec: EncryptionCodec) -> None:
    """Decrypt every payload below a message, in place; a failure gets its words back."""
    for inner in _inner(message):
        if isinstance(inner, Payload):
            inner.CopyFrom(codec.decrypt(inner))
        else:
            _open(inner, codec)
    if isinstance(message, Failure) and message.HasField("encoded_attributes"):
        words: dict[str, Any] = json.loads(message.encoded_attributes.data)
        message.message, message.stack_trace = words.get("message", ""), words.get("stack_trace", "")


def _inner(message: Message) -> Iterable[Message]:
    """Return every message inside another, those of lists and maps too."""
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
    """Return what the cipher binds a payload to: one sealed under another key's id is not taken for it."""
    return _VERSION + b"/" + key_id
