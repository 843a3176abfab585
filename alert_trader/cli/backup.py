"""`trader backup` and `restore`: the data folder in one file."""

from pathlib import Path
from typing import Annotated

import typer

from alert_trader import clock
from alert_trader.cli.context import err, fail, out, settings
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.runtime.local import backups, running


def backup(
    file: Annotated[
        Path | None, typer.Argument(help="File to write. Default: alert-trader-MODE-DAY.tar.gz, here.")
    ] = None,
) -> None:
    """Copy what matters of the data folder into one file."""
    in_force = settings(use_stack=False).settings
    now = clock.now()
    folder = in_force.data_dir.absolute()
    wanted = file or Path(f"alert-trader-{in_force.mode}-{now:%Y%m%d-%H%M%S}.tar.gz")
    try:
        names = backups.write(folder, wanted, mode=in_force.mode.value, at=now)
    except backups.BackupError as error:
        fail(ExitCode.USAGE, str(error))
    out().print(f"{wanted}: {len(names)} files of {folder}, {wanted.stat().st_size:,} bytes", markup=False)
    err().print("Settings and keys (.env) are not in it: keep those separately.", markup=False)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `trader backup` wrote.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put the data folder back as it was when a backup was made."""
    in_force = settings(use_stack=False).settings
    folder = in_force.data_dir.absolute()
    if running.read_state(folder) is not None:
        fail(ExitCode.REFUSED, f"a stack runs in {folder}: stop it first, with `trader down`")
    try:
        found = backups.read_manifest(file)
        if found.mode != in_force.mode.value:
            text = f"the backup is of mode {found.mode}, the settings are of mode {in_force.mode}"
            fail(ExitCode.REFUSED, text)
        err().print(
            f"Backup of {found.at:%Y-%m-%d %H:%M:%S} UTC, version {found.version}, {len(found.files)} files. "
            f"{folder} is kept beside it under another name. What happened at the broker since then is not "
            "in it: compare `trader account positions` and `orders` with `trader list` before you trade.",
            markup=False,
        )
        if not yes and not typer.confirm("Restore?", default=False, err=True):
            err().print("Nothing was changed.")
            raise typer.Exit(int(ExitCode.INTERRUPTED))
        kept = backups.restore(file, folder, at=clock.now())
    except backups.BackupError as error:
        fail(ExitCode.USAGE, str(error))
    out().print(f"Restored into {folder}" + ("" if kept is None else f"; what was there is in {kept}"))
