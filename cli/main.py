"""The command `trader`: its options, its commands, and how its process ends."""

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from cli import account, audit, config, context, demo, doctor, history, init, parse, report, shadow, stack, trades, why
from cli.exit_codes import ExitCode
from domain.policy import Mode

app = typer.Typer(
    name="trader",
    help="A durable trader for Discord option alerts: one alert, one trade, every step on record.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
)
config_app = typer.Typer(no_args_is_help=True, help="The settings in force.")


@app.callback()
def root(
    *,
    stack_file: Annotated[
        Path | None, typer.Option("--stack", envvar="TRADER_STACK", help="State file of a local stack (var/stack.json is found by itself).")
    ] = None,
    mode: Annotated[Mode | None, typer.Option("--mode", help="demo, dry-run, sandbox or live; over every other setting.")] = None,
) -> None:
    """Take the options that every command shares."""
    context.chosen.stack = stack_file
    context.chosen.mode = mode


app.command("up", rich_help_panel="Run")(stack.up)
app.command("demo", rich_help_panel="Run")(demo.demo)
app.command("worker", rich_help_panel="Run")(stack.worker)
app.command("housekeeper", rich_help_panel="Run")(stack.housekeeper)
app.command("api", rich_help_panel="Run")(stack.api)
app.command("bot", rich_help_panel="Run")(stack.bot)
app.command("chat", rich_help_panel="Run")(stack.chat)
app.command("venue", rich_help_panel="Run")(stack.venue)
app.command("send", rich_help_panel="Trade")(trades.send)
app.command("cancel", rich_help_panel="Trade")(trades.cancel)
app.command("close", rich_help_panel="Trade")(trades.close)
app.command("convert", rich_help_panel="Trade")(trades.convert)
app.command("sell", rich_help_panel="Trade")(trades.sell)
app.command("approve", rich_help_panel="Trade")(trades.approve)
app.command("skip", rich_help_panel="Trade")(trades.skip)
app.command("halt", rich_help_panel="Account")(account.halt)
app.command("resume", rich_help_panel="Account")(account.resume)
app.command("flatten", rich_help_panel="Account")(account.flatten)
app.add_typer(account.account_app, name="account", rich_help_panel="Account")
app.add_typer(account.limits_app, name="limits", rich_help_panel="Account")
app.command("list", rich_help_panel="Look")(trades.list_command)
app.command("show", rich_help_panel="Look")(trades.show)
app.command("watch", rich_help_panel="Look")(trades.watch)
app.command("parse", rich_help_panel="Look")(parse.parse_command)
app.command("why", rich_help_panel="Look")(why.why)
app.command("report", rich_help_panel="Look")(report.report_command)
app.command("timeline", rich_help_panel="Look")(report.timeline_command)
app.command("shadow", rich_help_panel="Look")(shadow.shadow_command)
app.command("replay", rich_help_panel="Look")(history.replay_command)
app.add_typer(history.history_app, name="history", rich_help_panel="Look")
app.add_typer(audit.audit_app, name="audit", rich_help_panel="Look")
app.command("init", rich_help_panel="Care")(init.init)
app.command("doctor", rich_help_panel="Care")(doctor.doctor)
config_app.command("show")(config.show)
app.add_typer(why.profile_app, name="profile", rich_help_panel="Care")
app.add_typer(config_app, name="config", rich_help_panel="Care")


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
        result = app(standalone_mode=False)
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
        logging.getLogger("trader").exception("a fault in the product; please report it with the command and these lines")
        return int(ExitCode.UNEXPECTED)
    return result if isinstance(result, int) else int(ExitCode.OK)
