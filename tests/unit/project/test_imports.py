"""What the packages import is installed wherever they run."""

import ast
import importlib.metadata
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = sorted(path.parent.name for path in (ROOT / "alert_trader").glob("*/__init__.py"))


def _name(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


@pytest.fixture(scope="module")
def production() -> set[str]:
    """Return every distribution of a production install."""
    return {
        _name(found)
        for found in re.findall(
            r"^([A-Za-z0-9_.-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE
        )
    }


@pytest.fixture(scope="module")
def owners() -> Mapping[str, list[str]]:
    """Return the distributions that each importable name comes from."""
    return importlib.metadata.packages_distributions()


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_need_no_development_dependency(
    package: str, production: set[str], owners: Mapping[str, list[str]]
) -> None:
    """A package that only the tests' tools bring along would be missing in production."""
    imported = {
        (path.relative_to(ROOT).as_posix(), name.partition(".")[0])
        for path in (ROOT / "alert_trader" / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _modules(node)
    }
    outside = {
        (path, name)
        for path, name in imported
        if name not in sys.stdlib_module_names and name != "alert_trader"
    }
    assert {
        (path, name)
        for path, name in outside
        if not {_name(owner) for owner in owners.get(name, ())} & production
    } == set()


def _modules(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [each.name for each in names]
        case ast.ImportFrom(module=str(module), level=0):
            return [module]
        case _:
            return []
