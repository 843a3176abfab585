"""The command `trader`: its options, its commands, and how its process ends.

A command's module is imported when that command runs: most of them need much that the others do not.
"""

import importlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from alert_trader.cli import options
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.domain.execution.policy import Mode


@dataclass(frozen=True, slots=True)
class Entry:
    """A command, or a group of them, as the help lists it."""

    name: str
    panel: str
    target: str
    """`module:function`, or `module:app` of a group."""
    help: str

    @property
    def is_group(self) -> bool:
        """Whether it is a group of commands."""
        return self.target.endswith("_app")

    def load(self) -> Any:
        """Import the function or the group."""
        module, _, name = self.target.partition(":")
        return getattr(importlib.import_module(f"alert_trader.cli.{module}"), name)


ENTRIES = (
    Entry(
        "up",
        "Run",
        "stack:up",
        "Run everything on this machine until Ctrl-C: Temporal, Redis, worker, housekeeper, admin API, and the bot where its token is set.",
    ),
    Entry(
        "demo",
        "Run",
        "demo:demo",
        "Trade eight scripted alerts on the local venue, show how each went, and check the venue's tape.",
    ),
    Entry(
        "worker",
        "Run",
        "stack:worker",
        "Run a worker for the mode in the settings, until it is told to stop.",
    ),
    Entry(
        "housekeeper",
        "Run",
        "stack:housekeeper",
        "Keep the mirrors of the mode in the settings: archive closed trades, mend Redis; until it is told to stop.",
    ),
    Entry(
        "api",
        "Run",
        "stack:api",
        "Serve the admin API for the mode in the settings, until it is told to stop.",
    ),
    Entry(
        "bot",
        "Run",
        "stack:bot",
        "Run the Discord bot, until it is told to stop: alerts in, cards and commands.",
    ),
    Entry(
        "chat",
        "Run",
        "stack:chat",
        "Run the bundled chat: enough of Discord for the bot, with a page to look at and to type in. Its bot's token is `demo`.",
    ),
    Entry(
        "venue",
        "Run",
        "stack:venue",
        "Run the local venue: a Tastytrade-compatible exchange, for trying things out.",
    ),
    Entry("send", "Trade", "trades:send", "Send an alert: start its trade."),
    Entry(
        "cancel",
        "Trade",
        "trades:cancel",
        "Stop buying: cancel what is left of the entry. What was bought stays, with its exits.",
    ),
    Entry(
        "close",
        "Trade",
        "trades:close",
        "Get out: cancel entry and exits, and sell what is held at the market.",
    ),
    Entry("convert", "Trade", "trades:convert", "Convert what is left of the entry to market now."),
    Entry(
        "sell",
        "Trade",
        "trades:sell",
        "Sell a part of what is held, at the market. What remains is protected again by the exit plan.",
    ),
    Entry(
        "approve",
        "Trade",
        "trades:approve",
        "Say yes to what a trade waits for: its entry, or an exit of its author.",
    ),
    Entry("skip", "Trade", "trades:skip", "Say no to what a trade waits for."),
    Entry(
        "halt",
        "Account",
        "account:halt",
        "Stop every entry, now and until `trader resume`. Entries that work are cancelled; positions keep their exits.",
    ),
    Entry("resume", "Account", "account:resume", "Let a halted account trade again."),
    Entry(
        "flatten",
        "Account",
        "account:flatten",
        "Halt, cancel every entry and close every position; goes on until the account is flat.",
    ),
    Entry(
        "account",
        "Account",
        "account:account_app",
        "How the account stands, and what a person may say about it.",
    ),
    Entry("limits", "Account", "account:limits_app", "The limits in force, and their change."),
    Entry("list", "Look", "trades:list_command", "List trades, the newest first."),
    Entry(
        "show",
        "Look",
        "trades:show",
        "Tell one trade as a story: alert, checks, orders, bumps, fills, exits, P&L.",
    ),
    Entry("watch", "Look", "trades:watch", "Follow a trade, or all of them, until Ctrl-C."),
    Entry(
        "parse",
        "Look",
        "parse:parse_command",
        "Read a text as an alert, and show what would be traded or why not.",
    ),
    Entry(
        "why",
        "Look",
        "why:why",
        "Show every check of a trade, or of one there would be, with its numbers, its code, and how to change the outcome.",
    ),
    Entry(
        "report",
        "Look",
        "report:report_command",
        "Tell how we did: alerts, refusals, fills, slippage, P&L, and what was missed.",
    ),
    Entry("timeline", "Look", "report:timeline_command", "Show one day's trades side by side in time."),
    Entry(
        "shadow",
        "Look",
        "shadow:shadow_command",
        "Score a channel from its messages alone, trading nothing: what would be read and refused, and what its authors claim.",
    ),
    Entry(
        "replay",
        "Look",
        "history:replay_command",
        "Tell a history step by step, and check that the installed code still decides the same.",
    ),
    Entry("history", "Look", "history:history_app", "Histories as files."),
    Entry(
        "audit",
        "Look",
        "audit:audit_app",
        "The audit trail: the last days from Redis, everything from the archive.",
    ),
    Entry(
        "init",
        "Care",
        "init:init",
        "Write a first settings file, with a comment on every line. It trades nothing yet: the mode is dry-run.",
    ),
    Entry(
        "doctor",
        "Care",
        "doctor:doctor",
        "Look at everything a trade needs: programs, settings, Temporal, worker, broker. Says how to mend what is wrong.",
    ),
    Entry("profile", "Care", "why:profile_app", "Author profiles."),
    Entry("config", "Care", "config:config_app", "The settings in force."),
)
"""Every command, in the order of the help. A test compares the texts with what the commands themselves say."""


def root(
    *,
    stack_file: Annotated[
        Path | None,
        typer.Option(
            "--stack",
            envvar="TRADER_STACK",
            help="State file of a local stack (var/stack.json is found by itself).",
        ),
    ] = None,
    mode: Annotated[
        Mode | None, typer.Option("--mode", help="demo, dry-run, sandbox or live; over every other setting.")
    ] = None,
) -> None:
    """Take the options that every command shares."""
    options.chosen.stack = stack_file
    options.chosen.mode = mode


def application(arguments: Sequence[str] | None = None) -> typer.Typer:
    """Make the command. Of a command line only what it may name is imported; without one everything is."""
    app = typer.Typer(
        name="trader",
        help="A durable trader for Discord option alerts: one alert, one trade, every step on record.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        rich_markup_mode="rich",
    )
    app.callback()(root)
    for entry in ENTRIES:
        needed = arguments is None or entry.name in arguments
        if entry.is_group:
            group = entry.load() if needed else typer.Typer(help=entry.help)
            app.add_typer(group, name=entry.name, rich_help_panel=entry.panel)
        else:
            function = entry.load() if needed else _help_only(entry.help)
            app.command(entry.name, rich_help_panel=entry.panel)(function)
    return app


def _help_only(text: str) -> Callable[[], None]:
    """Give a function for the help to list."""

    def listed() -> None:
        raise AssertionError("expected a command that was named to be imported")

    listed.__doc__ = text
    return listed


def main() -> None:
    """Run, and end the process with the command's exit code."""
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    code = _run()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            code = code or int(ExitCode.OK)
    # the SDK's core can abort, or keep, a process that ends the ordinary way (temporalio/sdk-python#300)
    os._exit(code)


def _run() -> int:
    try:
        result = application(sys.argv[1:])(standalone_mode=False)
    except typer.Exit as ended:
        return ended.exit_code
    except TyperException as wrong:
        # a command group called without a command has printed its help, and says nothing more
        if words := wrong.format_message().rstrip("."):
            command = getattr(getattr(wrong, "ctx", None), "command_path", "trader")
            sys.stderr.write(f"error: {words}. See: {command} --help\n")
        return int(ExitCode.USAGE)
    except (typer.Abort, KeyboardInterrupt):
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        return int(ExitCode.OK)
    except Exception:
        logging.getLogger("trader").exception(
            "a fault in the product; please report it with the command and these lines"
        )
        return int(ExitCode.UNEXPECTED)
    return result if isinstance(result, int) else int(ExitCode.OK)
