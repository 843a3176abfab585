"""The walk through the code names files and functions that are there, and enters no package twice."""

import ast
import functools
import re
from pathlib import PurePosixPath

import pytest

from specs import generate

WALK = (generate.DOCS / "explanation" / "one-alert.md").read_text()
_FILE = re.compile(r"^\| `(alert_trader/[a-z_/]+\.py)` \| ([^|]*)\| ([^|]*)\|$", re.MULTILINE)
_NAME = re.compile(r"`([A-Za-z_.]+)`")
_STOP = re.compile(r"^### \d+\. `(alert_trader/[a-z_/]+)/`", re.MULTILINE)
_NO_FUNCTION = {
    "parse_alert",
    "size_entry",
    "submit_entry",
    "notify",
    "show_card",
    "admit",
    "order_report",
    "report_position",
} | {
    "TradeWorkflow",
    "AlertMessage",
    "OrderManager",
    "Exits",
    "PartialExits",
    "Entry",
    "may_send",
    "intake.py",
}
"""What a row names beside functions: activities, signals, arguments, classes of other files."""
ROWS = _FILE.findall(WALK)


@functools.cache
def defined(file: str) -> set[str]:
    """Collect the functions and classes of a file by name, methods also as `Class.method`."""
    tree = ast.parse((generate.ROOT / file).read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
    for owner in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        found |= {f"{owner.name}.{node.name}" for node in owner.body if isinstance(node, kinds)}
    return found


def everywhere() -> set[str]:
    """Collect the names of all pure functions."""
    files = (generate.ROOT / "alert_trader" / "domain").rglob("*.py")
    return {name for file in files for name in defined(file.relative_to(generate.ROOT).as_posix())}


@pytest.mark.parametrize(("file", "functions", "pure"), ROWS, ids=lambda text: text[:40])
def test_a_stop_names_what_is_there(file: str, functions: str, pure: str) -> None:
    """Each file has the functions that its row names, and the domain has the pure ones."""
    names = _NAME.findall(functions)
    assert names
    assert [name for name in names if name not in defined(file) | _NO_FUNCTION] == []
    assert [name for name in _NAME.findall(pure) if name not in everywhere()] == []


@pytest.mark.parametrize("walk", WALK.split("\n## ")[1:], ids=lambda text: text.partition(":")[0])
def test_no_package_is_entered_twice(walk: str) -> None:
    """The stops of a walk are different packages, and each row is in the package of its stop."""
    stops = _STOP.findall(walk)
    assert len(stops) > 2
    assert len(set(stops)) == len(stops)
    for stop, text in zip(stops, re.split(r"^### ", walk, flags=re.MULTILINE)[1:], strict=True):
        files = [PurePosixPath(file) for file, _, _ in _FILE.findall(text)]
        assert files
        assert [file for file in files if not file.is_relative_to(stop)] == []
