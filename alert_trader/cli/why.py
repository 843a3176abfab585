"""`trader why` and `trader profile`: why a trade was made or denied, what a profile changes."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table
from temporalio.client import Client

from alert_trader import clock
from alert_trader.cli.context import fail, out, print_json, settings, with_client
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.cli.exports import read_export
from alert_trader.cli.parse import message_from_row, parse_moment
from alert_trader.cli.trades import intake_of, message_of
from alert_trader.control.queries.profile_effect import Change, compare
from alert_trader.control.queries.profile_learning import learn
from alert_trader.control.queries.trade_names import find_trade
from alert_trader.control.queries.why import Verdict, Why, why_text, why_trade
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.alerts.profile import Profile
from alert_trader.domain.ids import MessageId

_STYLES = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.AHEAD: "dim"}

profile_app = typer.Typer(no_args_is_help=True, help="Test author profiles, and propose them.")


def why(
    about: Annotated[
        str, typer.Argument(help="A trade (its id, a part of it, or its contract), or the text of an alert.")
    ],
    *,
    author: Annotated[
        str | None, typer.Option(help="Author id of a text. Default: the first on the allowlist.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option(help="Channel id. Default: the first on the allowlist.")
    ] = None,
    guild: Annotated[str | None, typer.Option(help="Server id. Default: the first on the allowlist.")] = None,
    at: Annotated[
        str | None, typer.Option(help="When the text was posted: an ISO date or time. Default: now.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show every check of a trade, or of an alert's text, and how to change the outcome."""
    if len(about.split()) > 1:
        in_force = settings().settings
        message = message_of(in_force, about, author=author, channel=channel, guild=guild)
        if at is not None:
            message = replace(message, posted_at=parse_moment(at))
        found = why_text(message, intake_of(in_force).policy_for(message.author_id))
    else:

        async def ask(client: Client) -> Why:
            return await why_trade(client, await find_trade(client, about))

        found = with_client(ask)
    if as_json:
        print_json(found)
    else:
        _show(found)


def _show(found: Why) -> None:
    console = out()
    console.print(f"[bold]{escape(found.about)}[/]")
    console.print(f"  {found.outcome}\n", markup=False)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("check", overflow="fold", min_width=18)
    table.add_column("result", no_wrap=True)
    table.add_column("why, and how to change it", overflow="fold")
    for check in found.checks:
        numbers = ", ".join(f"{name}={value}" for name, value in check.numbers.items())
        lines = [
            f"[bold]{check.code}[/]" if check.code else "",
            escape(check.says),
            f"[dim]{escape(numbers)}[/]" if numbers else "",
        ]
        if check.change and check.verdict is Verdict.FAILED:
            lines.append(f"→ {escape(check.change)}")
        style = _STYLES[check.verdict]
        table.add_row(
            escape(check.name), f"[{style}]{check.verdict}[/]", "\n".join(line for line in lines if line)
        )
    console.print(table)
    if found.note:
        console.print(f"note: {found.note}", markup=False)


@profile_app.command("test")
def profile_test(
    file: Annotated[
        Path,
        typer.Argument(
            help="Past messages, one per line: plain text, or JSON objects with `text` and `posted_at`."
        ),
    ],
    *,
    author: Annotated[
        str | None,
        typer.Option(help="Author whose profile is tested. Default: the first on the allowlist."),
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="When plain text was posted: an ISO date or time. Default: now.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Also show messages that it does not change.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what an author's profile changes for past messages, compared with no profile."""
    in_force = settings().settings
    who = author or next(iter(in_force.allowlist.authors), "")
    profile = in_force.author_profiles.get(who, Profile())
    posted = clock.now() if at is None else parse_moment(at)
    changes = [compare(message, profile) for message in _messages(file, who, posted)]
    shown = [change for change in changes if every or change.differs]
    if as_json:
        print_json(shown)
        return
    _show_changes(shown, len(changes), who)


@profile_app.command("learn")
def profile_learn(
    file: Annotated[
        Path,
        typer.Argument(
            help="An export of the channel: DiscordChatExporter's JSON or CSV, or a file as for "
            "`trader parse --jsonl` with author_id in each line."
        ),
    ],
    *,
    author: Annotated[str | None, typer.Option(help="Only this author, by id.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Propose lines for authors' profiles from past messages; nothing is changed."""
    found = [each for each in learn(read_export(file)) if author in {None, each.author_id}]
    if as_json:
        print_json(found)
        return
    console = out()
    for each in found:
        console.print(
            f"[bold]\\[profiles.{escape(each.author_id)}][/]  {escape(each.author_name)}, "
            f"{each.messages} messages"
        )
        for proposal in each.proposals:
            console.print(
                f"  [bold]{escape(proposal.line)}[/]  for it {proposal.count_for}, against it "
                f"{proposal.count_against}"
            )
            for sign, texts in (("+", proposal.speaks_for), ("-", proposal.speaks_against)):
                for text in texts:
                    console.print(f"    {sign} {' '.join(text.split())[:100]}", markup=False)
        if not each.proposals:
            console.print("  nothing to propose", markup=False)
    console.print("Nothing was changed. Read the messages, then write what you agreed into trader.toml.")


def _messages(file: Path, author: str, posted: datetime) -> Iterator[AlertMessage]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        fail(ExitCode.NOT_FOUND, f"{file} cannot be read: {error}")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        given: dict[str, Any] = {"text": line, "posted_at": posted.isoformat()}
        if line.lstrip().startswith("{"):
            try:
                given = json.loads(line)
            except ValueError as error:
                fail(ExitCode.USAGE, f"line {number}: expected a JSON object, found invalid JSON: {error}")
        yield replace(message_from_row(number, given), message_id=MessageId(str(number)), author_id=author)


def _show_changes(changes: list[Change], messages: int, author: str) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("message", overflow="fold")
    table.add_column("without a profile", overflow="fold")
    table.add_column("with the profile", overflow="fold")
    for change in changes:
        table.add_row(
            escape(" ".join(change.text.split())[:120]), escape(change.before), escape(change.after)
        )
    differing = sum(change.differs for change in changes)
    if changes:
        out().print(table)
    out().print(
        f"{messages} messages of author {author or '-'}; the profile changes {differing} of them.",
        markup=False,
    )
