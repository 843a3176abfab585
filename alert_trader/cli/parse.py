"""`trader parse`: parse a text as an alert, without trading it."""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from pydantic_core import to_jsonable_python
from rich.cells import cell_len
from rich.markup import escape
from rich.table import Table

from alert_trader import clock
from alert_trader.cli.context import fail, out, print_json
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, Embed, EmbedField, ParsedAlert, Span
from alert_trader.domain.alerts.parser import check_expiry, explain_reading, parse
from alert_trader.domain.alerts.profile import RoomRule
from alert_trader.domain.ids import MessageId
from alert_trader.domain.money import plain
from alert_trader.settings.profiles import ProfileSettings

_NEW_YORK = ZoneInfo("America/New_York")


def parse_command(
    text: Annotated[str | None, typer.Argument(help="The message's text.")] = None,
    *,
    jsonl: Annotated[
        str | None,
        typer.Option(
            help="Parse a file with one JSON object per line (`text`, `posted_at` or `ref_date`, `embeds`); "
            "- is stdin."
        ),
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="When it was posted: an ISO date or time. Default: now.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Underline what was parsed, and list the rules and checks.")
    ] = False,
) -> None:
    """Parse a text as an alert, and show what would be traded or why not."""
    if (text is None) == (jsonl is None):
        fail(
            ExitCode.USAGE,
            "expected a TEXT or --jsonl FILE. Example: trader parse 'BTO SPY 600c 12/18 @ 1.20'",
        )
    if jsonl is not None:
        for number, given in json_rows(jsonl):
            parsed = parse(message_from_row(number, given), room_from_row(number, given))
            sys.stdout.write(json.dumps(parsed_fields(parsed)) + "\n")
        return
    try:
        posted = clock.now() if at is None else parse_moment(at)
    except ValueError:
        fail(
            ExitCode.USAGE,
            f"expected --at as an ISO date or time (2026-12-01 or 2026-12-01T15:04:05Z), found {at!r}",
        )
    message = _message(text or "", posted)
    parsed = parse(message)
    if as_json:
        explanation = {"explanation": explain_reading(message)} if explain else {}
        print_json(
            {
                **parsed_fields(parsed),
                "reason": parsed.reason,
                "spans": [span._asdict() for span in parsed.spans],
                **explanation,
            }
        )
    else:
        _show(parsed)
        if explain:
            _explain(message, parsed)
    if parsed.kind is AlertKind.REFUSED:
        raise typer.Exit(int(ExitCode.REFUSED))


def parsed_fields(parsed: ParsedAlert) -> dict[str, Any]:
    """Return a parsed alert as plain fields for scripts; prices and strikes as decimal text."""
    return {
        "kind": parsed.kind.value,
        "symbol": parsed.symbol,
        "strike": None if parsed.strike is None else format(parsed.strike.normalize(), "f"),
        "right": None if parsed.right is None else parsed.right.value,
        "expiry": None if parsed.expiry is None else parsed.expiry.isoformat(),
        "price": None if parsed.price is None else plain(parsed.price),
        "average": None if parsed.average is None else plain(parsed.average),
        "quantity": parsed.quantity,
        "portion": None if parsed.portion is None else parsed.portion.value,
        "fraction": None if parsed.fraction is None else format(parsed.fraction.normalize(), "f"),
        "label": parsed.label,
        "stop": None if parsed.stop is None else parsed.stop.text(stop=True),
        "targets": [each.text(stop=False) for each in parsed.targets] or None,
        "code": parsed.code,
        **({"also": [parsed_fields(each) for each in parsed.also]} if parsed.also else {}),
    }


def json_rows(name: str) -> Iterator[tuple[int, Any]]:
    """Yield (line number, JSON value) of each line of a file, or of stdin for `-`.

    End the command on an error.
    """
    for number, line in enumerate(_lines(name), 1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except ValueError as error:
            fail(ExitCode.USAGE, f"line {number}: expected a JSON object, found invalid JSON: {error}")


def message_from_row(number: int, given: dict[str, Any]) -> AlertMessage:
    """Return the message of one line of a file. End the command when it is not one."""
    try:
        text, moment = given["text"], parse_moment(given.get("posted_at") or given["ref_date"])
        embeds = _embeds(given.get("embeds") or [])
        if not isinstance(text, str):
            raise TypeError(f"text is {type(text).__name__}")  # noqa: TRY301 - one message for all faults of a line
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        fail(
            ExitCode.USAGE,
            f"line {number}: expected an object with text and posted_at or ref_date, found {error!r}",
        )
    return _message(text, moment, embeds)


def room_from_row(number: int, given: dict[str, Any]) -> RoomRule:
    """Return the rules of the author in one line of a file (`profile`, as in the settings)."""
    profile = given.get("profile") or {}
    try:
        named = {_ALSO_CALLED.get(name, name): value for name, value in profile.items()}
        return ProfileSettings.model_validate(named).profile().room
    except (ValueError, TypeError, AttributeError) as error:
        fail(ExitCode.USAGE, f"line {number}: expected a profile as in the settings, found {error}")


_ALSO_CALLED = {"avg_is_price": "average_is_price"}


def _lines(name: str) -> Iterator[str]:
    if name == "-":
        yield from sys.stdin
        return
    try:
        with Path(name).open(encoding="utf-8") as file:
            yield from file
    except (OSError, UnicodeDecodeError) as error:
        fail(ExitCode.NOT_FOUND, f"{name} cannot be read: {error}")


def parse_moment(text: str) -> datetime:
    """Return the moment of an ISO text: a date is noon in New York, a time without a zone is UTC."""
    if len(text) == len("2026-12-01"):
        return datetime.combine(date.fromisoformat(text), time(12), _NEW_YORK).astimezone(UTC)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _embeds(given: list[dict[str, Any]]) -> tuple[Embed, ...]:
    """Return the parts of Discord embeds that are parsed; null or missing parts are empty."""
    return tuple(
        Embed(
            title=embed.get("title") or "",
            author=(embed.get("author") or {}).get("name") or "",
            footer=(embed.get("footer") or {}).get("text") or "",
            description=embed.get("description") or "",
            fields=tuple(
                EmbedField(name=field["name"], value=field["value"]) for field in embed.get("fields") or []
            ),
        )
        for embed in given
    )


def _message(text: str, posted: datetime, embeds: tuple[Embed, ...] = ()) -> AlertMessage:
    return AlertMessage(
        message_id=MessageId("parse"),
        text=text,
        author_id="",
        channel_id="",
        guild_id="",
        posted_at=posted,
        embeds=embeds,
    )


def _show(parsed: ParsedAlert) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    table.add_column(style="dim")
    read_from = {span.field.replace("target", "targets"): span.text for span in parsed.spans}
    rows = {name: value for name, value in parsed_fields(parsed).items() if value is not None}
    for name, value in rows.items():
        table.add_row(
            name,
            ", ".join(value) if name == "targets" else str(to_jsonable_python(value)),
            f"from {read_from[name]!r}" if name in read_from else "",
        )
    if parsed.reason:
        table.add_row("reason", parsed.reason, "")
    if parsed.nearest:
        table.add_row("would be read", parsed.nearest, "")
    out().print(table)


def _explain(message: AlertMessage, parsed: ParsedAlert) -> None:
    """Underline what was parsed, and list the rules and checks."""
    explanation = explain_reading(message)
    console = out()
    console.print()
    for line in _underlined(message.shown, parsed.spans):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    rules = Table("rule", "text", "field", box=None, pad_edge=False)
    for rule in explanation.rules:
        rules.add_row(rule.shape, escape(repr(rule.text)), rule.field or "-")
    checks = Table("check", "result", "why", box=None, pad_edge=False)
    for check in explanation.checks:
        checks.add_row(check.name, "passed" if check.passed else "failed", escape(check.says))
    denied = check_expiry(parsed, message.posted_at)
    if parsed.expiry is not None:
        checks.add_row(
            "expiration is a trading day",
            "passed" if denied is None else "failed",
            "" if denied is None else str(denied),
        )
    considered = Table("considered", "why not", box=None, pad_edge=False)
    for each in explanation.considered:
        considered.add_row(each.what, escape(each.why_not) or "it is read as this")
    if explanation.nearest:
        considered.add_row("would be read", escape(explanation.nearest))
    for table in (rules, checks, considered):
        console.print()
        console.print(table)


def _underlined(text: str, spans: Iterable[Span]) -> Iterator[str]:
    """Yield the lines of a text, each followed by marks under what was parsed."""
    marked = {place for span in spans for place in range(span.start, span.end)}
    place = 0
    for line in text.split("\n"):
        yield "".join(char if char.isprintable() else "\u00b7" for char in line)
        marks = "".join(
            "^" * max(cell_len(char), 1) if place + at in marked else " " * max(cell_len(char), 1)
            for at, char in enumerate(line)
        )
        if marks.strip():
            yield marks.rstrip()
        place += len(line) + 1
