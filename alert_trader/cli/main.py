"""The command `trader`: its options, its commands, and its exit code.

A command's module is imported only when that command runs, which keeps every command fast.
"""

import importlib
import io
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from alert_trader.cli import options
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.domain.execution.policy import Mode


@dataclass(frozen=True, slots=True)
class Entry:
    """A command, or a group of commands, as the help lists it."""

    name: str
    panel: str
    target: str
    """`module:function`, or `module:..._app` of a group."""
    help: str

    @property
    def is_group(self) -> bool:
        """Return whether it is a group of commands."""
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
        "Run everything on this machine until Ctrl-C: Temporal, Redis, worker, housekeeper, API and bot.",
    ),
    Entry(
        "down",
        "Run",
        "local:down",
        "Stop the stack that `trader up` started. Orders that work at the broker stay there.",
    ),
    Entry(
        "logs",
        "Run",
        "local:logs",
        "Show the logs of the stack of this machine, the lines of all processes by their time.",
    ),
    Entry(
        "demo",
        "Run",
        "demo:demo",
        "Trade ten scripted alerts on a simulated venue, show the results, and check its records.",
    ),
    Entry(
        "worker",
        "Run",
        "stack:worker",
        "Run a worker for the mode in the settings.",
    ),
    Entry(
        "housekeeper",
        "Run",
        "stack:housekeeper",
        "Run the housekeeper: it archives closed trades and repairs the copy in Redis.",
    ),
    Entry(
        "api",
        "Run",
        "stack:api",
        "Run the admin API for the mode in the settings.",
    ),
    Entry(
        "bot",
        "Run",
        "stack:bot",
        "Run the Discord bot: it receives alerts and commands and shows cards.",
    ),
    Entry(
        "chat",
        "Run",
        "stack:chat",
        "Run the simulated chat: a Discord substitute with a web page, for trying the bot (token `demo`).",
    ),
    Entry(
        "certify",
        "Run",
        "stack:certify",
        "Check what the broker's sandbox answers, with your sandbox credentials; in mode demo, the venue.",
    ),
    Entry(
        "venue",
        "Run",
        "stack:venue",
        "Run the simulated venue, which is compatible with Tastytrade.",
    ),
    Entry("send", "Trade", "trades:send", "Send an alert, which opens a trade."),
    Entry(
        "cancel",
        "Trade",
        "trades:cancel",
        "Cancel the rest of the entry. Contracts already bought keep their exits.",
    ),
    Entry(
        "close",
        "Trade",
        "trades:close",
        "Close a trade: cancel its orders and sell its position, from the bid down.",
    ),
    Entry("convert", "Trade", "trades:convert", "Buy the rest of the entry now, up to the ceiling."),
    Entry(
        "sell",
        "Trade",
        "trades:sell",
        "Sell part of a position, from the bid down. The exit plan applies again to the rest.",
    ),
    Entry("exits", "Trade", "exits:exits", "Show what sells a trade's position, or change it."),
    Entry(
        "approve",
        "Trade",
        "trades:approve",
        "Approve what a trade waits for: its entry, or an exit by its author.",
    ),
    Entry("skip", "Trade", "trades:skip", "Reject what a trade waits for."),
    Entry(
        "repair",
        "Trade",
        "repair:repair",
        "Repair a stuck trade: show what is wrong and what would be done, ask, and do it.",
    ),
    Entry(
        "halt",
        "Account",
        "account:halt",
        "Stop all entries until `trader resume`. Working entries are cancelled; positions keep their exits.",
    ),
    Entry("resume", "Account", "account:resume", "Allow entries again after a halt."),
    Entry(
        "flatten",
        "Account",
        "account:flatten",
        "Halt, cancel all entries and close all positions, until the account is flat. Asks first.",
    ),
    Entry(
        "account",
        "Account",
        "account:account_app",
        "Show the account; list positions and orders, run checks, explain differences.",
    ),
    Entry("limits", "Account", "account:limits_app", "Show or change the limits."),
    Entry(
        "status",
        "View",
        "status:status",
        "Show one screen: may it trade, open trades with worth and exits, P&L of today, what needs you.",
    ),
    Entry("list", "View", "trades:list_command", "List trades, newest first."),
    Entry(
        "show",
        "View",
        "trades:show",
        "Show one trade: alert, checks, orders, price steps, fills, exits, worth, P&L.",
    ),
    Entry("watch", "View", "trades:watch", "Follow one trade, or all trades, until Ctrl-C."),
    Entry(
        "open",
        "View",
        "local:open_command",
        "Open a trade's history in Temporal's Web UI, or the desk page, in a browser.",
    ),
    Entry(
        "parse",
        "View",
        "parse:parse_command",
        "Parse a text as an alert, and show what would be traded or why not.",
    ),
    Entry(
        "why",
        "View",
        "why:why",
        "Show every check of a trade, or of an alert's text, and how to change the outcome.",
    ),
    Entry(
        "report",
        "View",
        "report:report_command",
        "Show results: alerts, denials, fills, slippage, P&L and missed trades.",
    ),
    Entry("timeline", "View", "report:timeline_command", "Show one day's trades on a time line."),
    Entry(
        "shadow",
        "View",
        "shadow:shadow_command",
        "Score a channel from its messages alone: what would be traded, and what its authors claim.",
    ),
    Entry(
        "replay",
        "View",
        "history:replay_command",
        "Show a trade's history step by step, and check that the installed code replays it.",
    ),
    Entry("history", "View", "history:history_app", "Export workflow histories to files."),
    Entry(
        "audit",
        "View",
        "audit:audit_app",
        "Search and export the audit trail: recent events from Redis, all others from the archive.",
    ),
    Entry(
        "init",
        "Setup",
        "init:init",
        "Write a first settings file, with comments. Its mode is dry-run, which sends no orders.",
    ),
    Entry(
        "doctor",
        "Setup",
        "doctor:doctor",
        "Check everything that trading needs, and say how to fix what fails.",
    ),
    Entry(
        "versions",
        "Setup",
        "versions:versions_app",
        "Show the workers' builds, check an upgrade, or change the build that runs the trades.",
    ),
    Entry("profile", "Setup", "why:profile_app", "Test author profiles, and propose them."),
    Entry("notify", "Setup", "local:notify_app", "Test the notifications."),
    Entry("backup", "Setup", "backup:backup", "Copy what matters of the data folder into one file."),
    Entry("restore", "Setup", "backup:restore", "Put the data folder back as it was when a backup was made."),
    Entry(
        "completion",
        "Setup",
        "completion:completion",
        "Print the script that completes commands and options in a shell.",
    ),
    Entry("config", "Setup", "config:config_app", "Show the settings in force."),
)
"""Every command, in the order of the help. A test compares the texts with the commands' docstrings."""


def print_version(wanted: bool) -> None:
    """Print the version and exit."""
    if wanted:
        sys.stdout.write(f"alert-trader {version('alert-trader')}\n")
        raise typer.Exit


def root(
    *,
    stack_file: Annotated[
        Path | None,
        typer.Option(
            "--stack",
            envvar="TRADER_STACK",
            help="State file of a running local stack. Default: var/stack.json.",
        ),
    ] = None,
    mode: Annotated[Mode | None, typer.Option("--mode", help="Overrides the mode in the settings.")] = None,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=print_version, is_eager=True)
    ] = False,
) -> None:
    """Keep the options that all commands share."""
    options.chosen.stack = stack_file
    options.chosen.mode = mode


def application(arguments: Sequence[str] | None = None) -> typer.Typer:
    """Return the command. Only modules that `arguments` can name are imported; all without `arguments`."""
    app = typer.Typer(
        name="trader",
        help="Trade option alerts from Discord: one alert, one trade, every step recorded.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
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
    """Return a function that is only listed in the help."""

    def listed() -> None:
        raise AssertionError("expected a named command to be imported")

    listed.__doc__ = text
    return listed


def allow_any_text() -> None:
    """Have a terminal that is not UTF-8 show ? for what it does not have."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def main() -> None:
    """Run the command and end the process with its exit code."""
    allow_any_text()
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    code = _run()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            code = code or int(ExitCode.OK)
    # a normal exit can abort or hang in the SDK's core (temporalio/sdk-python#300)
    os._exit(code)


def _run() -> int:
    arguments = sys.argv[1:]
    if completes := "_TRADER_COMPLETE" in os.environ:
        importlib.import_module("alert_trader.cli.completion").prepare()
        arguments = os.environ.get("COMP_WORDS", os.environ.get("_TYPER_COMPLETE_ARGS", "")).split()
    try:
        made = application(arguments)
        result = made(prog_name="trader", standalone_mode=False) if completes else made(standalone_mode=False)
    except typer.Exit as ended:
        return ended.exit_code
    except TyperException as wrong:
        # the message is empty when a group without a command has printed its help
        if message := wrong.format_message().rstrip("."):
            command = getattr(getattr(wrong, "ctx", None), "command_path", "trader")
            sys.stderr.write(f"error: {message}. See: {command} --help\n")
        return int(ExitCode.USAGE)
    except (typer.Abort, KeyboardInterrupt):
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        return int(ExitCode.OK)
    except Exception:
        logging.getLogger("trader").exception(
            "internal error: please report it with your command and these lines"
        )
        return int(ExitCode.UNEXPECTED)
    return result if isinstance(result, int) else int(ExitCode.OK)
