"""How a process of ours starts: without running any file of the current folder."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from alert_trader.start import PROGRAMS
from tests.unit.project.test_packages import ROOT

TRADER = [str(Path(sys.executable).with_name("trader")), "--help"]
WORKER = [sys.executable, "-P", "-m", "alert_trader", "worker", "--help"]
"""As `command` writes it, but with PYTHONPATH, by which the tests put something in the way."""


def started(line: list[str], path: str, folder: Path) -> tuple[int, str]:
    """Run a command with a PYTHONPATH, and give its exit code and what it said on stderr."""
    ended = subprocess.run(
        line, cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("name", ["settings", "cli", "domain"])
@pytest.mark.parametrize("line", [TRADER, WORKER])
def test_a_module_with_the_name_of_one_of_our_packages_is_not_run(
    line: list[str], name: str, tmp_path: Path
) -> None:
    """Our packages are all inside `alert_trader`: another top-level `settings` changes nothing."""
    (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'marker')!r}, 'w')")
    code, _ = started(line, str(tmp_path), tmp_path)
    assert code == 0
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize("path", [".", f":{ROOT}", f"{ROOT}:", "lib"])
def test_a_pythonpath_with_the_current_folder_is_refused(path: str, tmp_path: Path) -> None:
    """An empty entry, as `PYTHONPATH=$PYTHONPATH:/x` leaves it, would run whatever lies in any folder."""
    code, said = started(TRADER, path, tmp_path)
    assert code == 5
    assert f"PYTHONPATH is {path!r}" in said


@pytest.mark.parametrize("path", ["", str(ROOT)])
def test_a_pythonpath_that_hides_nothing_is_fine(path: str, tmp_path: Path) -> None:
    """An empty variable is none, and another folder with our own packages in it is this checkout."""
    assert started(WORKER, path, tmp_path) == (0, "")


def test_only_our_programs_are_started(tmp_path: Path) -> None:
    """Anything else is refused with the list of what can be started."""
    code, said = started([*WORKER[:-2], "cli"], "", tmp_path)
    assert (code, said) == (
        2,
        f"error: expected one of {', '.join(PROGRAMS)} after `-m alert_trader`, found ['cli']\n",
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_can_be_started(name: str, tmp_path: Path) -> None:
    """Each name leads to a module that answers --help."""
    assert started([*WORKER[:-2], name, "--help"], "", tmp_path) == (0, "")


def test_programs_are_started_in_one_place() -> None:
    """No other source writes `-m`.

    A child that is started in another way would run files of the folder it is started in.
    """
    own = {"alert_trader/start.py", "tests/unit/project/test_start.py"}
    folders = ["alert_trader", "tests", "bench", "chaos", "specs", "deploy", "tools"]
    wrong = {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value == "-m"
    }
    assert wrong == own
