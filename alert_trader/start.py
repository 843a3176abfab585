"""The first code of ours that a process runs: it makes sure that the rest is ours too, before any of it is imported."""

import importlib.util
import os
import runpy
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

PACKAGES = (
    "activities",
    "api",
    "bot",
    "broker",
    "chat",
    "cli",
    "control",
    "domain",
    "mirrors",
    "settings",
    "venue",
    "worker",
    "workflows",
)
"""Our other packages."""

PROGRAMS = ("api", "bot", "chat", "venue", "worker", "worker.housekeeper")

_USAGE, _UNUSABLE = 2, 5
"""Exit codes, as those of `trader`."""


def command(program: str, *arguments: str) -> list[str]:
    """Write the command line that starts one of `PROGRAMS`.

    It runs no file of the folder it is started in: -P leaves that folder off the import path, and -E ignores
    PYTHONPATH, in which an empty entry means the same folder (and with it every other PYTHON* variable). -I would
    also leave out the packages of the user, where `pip install --user` puts ours.
    """
    return [sys.executable, "-EP", "-m", "alert_trader", program, *arguments]


def trader() -> None:
    """Run the command `trader`."""
    _check()
    # by name: nothing but the check may be imported before it has passed
    importlib.import_module("cli.main").main()


def program() -> None:
    """Run the program that the command line names, as `python -m PROGRAM` would."""
    _check()
    del sys.argv[0]
    if not sys.argv or sys.argv[0] not in PROGRAMS:
        names = ", ".join(PROGRAMS)
        _end(_USAGE, f"expected one of {names} after `-m alert_trader`, found {sys.argv[:1] or 'nothing'}")
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def fault() -> str | None:
    """Say what could make Python run another's code in place of ours, and what to do; None when there is nothing."""
    paths = "" if sys.flags.ignore_environment else os.environ.get("PYTHONPATH", "")
    if paths and not all(Path(each).is_absolute() for each in paths.split(os.pathsep)):
        return (
            f"PYTHONPATH is {paths!r}, which has an empty or a relative entry: whatever file lies in the folder "
            "you stand in could be run. Unset it, or write absolute paths only"
        )
    installed = Path(__file__).resolve().parent.parent
    for name in PACKAGES:
        found = _place(importlib.util.find_spec(name))
        if found != installed / name / "__init__.py":
            where = f"PYTHONPATH (now {paths!r})" if paths else "the import path"
            return (
                f"expected alert-trader's package {name!r} in {installed}, found {found or 'none'}. "
                f"Remove or rename what was found, take its folder out of {where}, or install alert-trader into "
                "a virtual environment of its own"
            )
    return None


def _place(spec: ModuleSpec | None) -> Path | None:
    """Give the file, or the folder of a package without one."""
    if spec is None:
        return None
    place = spec.origin or next(iter(spec.submodule_search_locations or ()), None)
    return None if place is None else Path(place).resolve()


def _check() -> None:
    if (found := fault()) is not None:
        _end(_UNUSABLE, found)


def _end(code: int, why: str) -> None:
    sys.stderr.write(f"error: {why}\n")
    sys.exit(code)
