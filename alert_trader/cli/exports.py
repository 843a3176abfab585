"""Read the messages of a channel from a file: DiscordChatExporter's JSON or CSV, or JSON lines."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from alert_trader.cli.context import fail
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.cli.parse import message_from_row
from alert_trader.domain.alerts.alert import AlertMessage, Nature
from alert_trader.domain.ids import MessageId

_CSV_DATES = ("Date", "Timestamp")


def read_export(file: Path) -> Iterator[AlertMessage]:
    """Yield the messages of an export; end the command where the file is none."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        fail(ExitCode.NOT_FOUND, f"{file} cannot be read: {error}")
    for number, row in enumerate(_rows(file, text), 1):
        message = message_from_row(number, row)
        yield replace(
            message,
            message_id=MessageId(str(row.get("id") or number)),
            author_id=str(row.get("author_id") or "unknown"),
            author_name=str(row.get("author_name") or ""),
            nature=Nature.REPLY if row.get("reply") else Nature.FIRST,
        )


def _rows(file: Path, text: str) -> Iterator[dict[str, Any]]:
    if file.suffix.lower() == ".csv":
        yield from map(_from_csv, csv.DictReader(text.splitlines(keepends=True)))
        return
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    if isinstance(whole, dict) and "messages" in whole:
        yield from map(_from_json, whole["messages"])
        return
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except ValueError as error:
            fail(ExitCode.USAGE, f"line {number}: expected a JSON object, found invalid JSON: {error}")


def _from_json(given: dict[str, Any]) -> dict[str, Any]:
    """Return a message of a JSON export as a row of `trader parse --jsonl`."""
    author = given.get("author") or {}
    return {
        "id": given.get("id"),
        "text": given.get("content") or "",
        "posted_at": given.get("timestamp"),
        "embeds": given.get("embeds") or [],
        "author_id": author.get("id"),
        "author_name": author.get("nickname") or author.get("name"),
        "reply": given.get("type") == "Reply",
    }


def _from_csv(given: dict[str, Any]) -> dict[str, Any]:
    """Return a message of a CSV export as a row of `trader parse --jsonl`; it has no embeds."""
    return {
        "text": given.get("Content") or "",
        "posted_at": next((given[name] for name in _CSV_DATES if given.get(name)), None),
        "author_id": given.get("AuthorID"),
        "author_name": given.get("Author"),
    }
