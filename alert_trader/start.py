"""How every process starts: `trader`, and the programs behind it.

Runs before anything else of ours is imported.
"""

import importlib
import os
import runpy
import sys
from pathlib import Path

PROGRAMS = {
    "api": "alert_trader.api",
    "bot": "alert_trader.bot",
    "certify": "alert_trader.worker.certify",
    "chat": "alert_trader.simulators.chat",
    "housekeeper": "alert_trader.worker.housekeeper",
    "venue": "alert_trader.simulators.venue",
    "worker": "alert_trader.worker",
}
"""Program names, and the module that each one runs."""

_USAGE, _UNUSABLE, _INTERRUPTED = 2, 5, 130
"""Exit codes, the same as those of `trader`."""


def command(program: str, *arguments: str) -> list[str]:
    """Return the command line that starts one of `PROGRAMS`.

    It runs no file of the current folder: -P leaves that folder off the import path, and -E ignores
    PYTHONPATH, in which an empty entry means the current folder (and every other PYTHON* variable with it).
    -I would also leave out the user's site-packages, where `pip install --user` installs us.
    """
    return [sys.executable, "-EP", "-m", "alert_trader", program, *arguments]


def trader() -> None:
    """Run the command `trader`."""
    _check()
    try:
        # imported by name, so that nothing is imported before the check has passed
        importlib.import_module("alert_trader.cli.main").main()
    except KeyboardInterrupt:
        # Ctrl-C while the modules are imported
        sys.stderr.write("interrupted\n")
        sys.exit(_INTERRUPTED)


def program() -> None:
    """Run the program that the command line names."""
    _check()
    del sys.argv[0]
    if not sys.argv or sys.argv[0] not in PROGRAMS:
        names = ", ".join(PROGRAMS)
        _end(_USAGE, f"expected one of {names} after `-m alert_trader`, found {sys.argv[:1] or 'nothing'}")
    runpy.run_module(PROGRAMS[sys.argv[0]], run_name="__main__", alter_sys=True)


def unsafe_path() -> str | None:
    """Return why PYTHONPATH could make Python run a file of the current folder, and what to do.

    None when it cannot.
    """
    paths = "" if sys.flags.ignore_environment else os.environ.get("PYTHONPATH", "")
    if paths and not all(Path(each).is_absolute() for each in paths.split(os.pathsep)):
        return (
            f"PYTHONPATH is {paths!r}, which has an empty or a relative entry: any file in the "
            "current folder could be run. Unset it, or use absolute paths only"
        )
    return None


def _check() -> None:
    if (found := unsafe_path()) is not None:
        _end(_UNUSABLE, found)


def _end(code: int, why: str) -> None:
    sys.stderr.write(f"error: {why}\n")
    sys.exit(code)
