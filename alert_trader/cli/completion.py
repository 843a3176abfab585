"""`trader completion`: commands and options completed by the shell."""

from typing import Annotated

import typer

from alert_trader.cli.context import fail
from alert_trader.cli.exit_codes import ExitCode

SHELLS = ("bash", "zsh", "fish")


def completion(
    shell: Annotated[str, typer.Argument(help="bash, zsh or fish.")] = "bash",
) -> None:
    """Print the script that completes commands and options in a shell."""
    from typer._completion_shared import get_completion_script  # noqa: PLC0415 - only this command needs it

    if shell not in SHELLS:
        fail(ExitCode.USAGE, f"expected {', '.join(SHELLS)}, found {shell!r}")
    typer.echo(get_completion_script(prog_name="trader", complete_var="_TRADER_COMPLETE", shell=shell))


def prepare() -> None:
    """Let the command answer a shell that completes it."""
    from typer._completion_classes import completion_init  # noqa: PLC0415 - only a completion needs it

    completion_init()
