"""The record of a certification: every request, answer and stream message, without anything personal."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

ACCOUNT = "5WT00042"
"""Stands for the account's number; the simulated venue's own."""

HIDDEN = "********"

_PRIVATE = re.compile(
    r"(access|refresh|session|remember|auth)[-_]?token|^token$|client[-_]secret|password|e-?mail|user(-?name|-id)?$"
    r"|(first|middle|last|full)[-_]name|nickname|phone|address|birth|tax|ssn|citizen|external-id$|external-crm"
    r"|^(me-)?id_token$|^ext-client-order-id$|^destination-venue$|^ip$",
    re.IGNORECASE,
)
"""Names of fields whose values are not written."""


def redacted(value: Any, account: str) -> Any:
    """Return a body with private fields hidden and the account's number replaced."""
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if _PRIVATE.search(key) and each is not None else redacted(each, account)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [redacted(each, account) for each in value]
    if isinstance(value, str):
        return value.replace(account, ACCOUNT)
    return value


class Transcript:
    """Writes one JSON object a line, as things happen: a certification that is cut short keeps its record."""

    def __init__(self, path: Path, account: str) -> None:
        """Write to `path`, for its owner alone."""
        path.touch(mode=0o600)
        self._out: TextIO = path.open("w", encoding="utf-8")
        self._account = account

    def write(self, line: Mapping[str, Any]) -> None:
        """Write a line."""
        self._out.write(json.dumps(redacted(line, self._account)) + "\n")
        self._out.flush()

    def close(self) -> None:
        """Close the file."""
        self._out.close()
