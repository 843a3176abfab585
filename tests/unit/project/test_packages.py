"""The packages: ours, described, packaged, and each one placed in the import contracts."""

import importlib.metadata
import importlib.util
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = sorted(path.parent.name for path in (ROOT / "alert_trader").glob("*/__init__.py"))


def test_the_installed_package_is_this_checkout() -> None:
    """`import alert_trader` finds this checkout, whatever else is installed."""
    found = importlib.util.find_spec("alert_trader")
    assert found is not None
    assert found.origin == str(ROOT / "alert_trader" / "__init__.py")


@pytest.mark.parametrize("name", PACKAGES)
def test_every_top_level_package_has_a_docstring(name: str) -> None:
    """Its `__init__` says what lives in it and what never does."""
    described = importlib.import_module(f"alert_trader.{name}").__doc__ or ""
    assert "Lives here" in described
    assert "Never here" in described


def test_every_subpackage_has_a_docstring() -> None:
    """Each package inside a package has a docstring too, and every folder with source is a package."""
    folders = {path.parent for path in (ROOT / "alert_trader").rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []
    assert [
        str(folder) for folder in folders if not (folder / "__init__.py").read_text().startswith('"""')
    ] == []


def test_the_package_says_that_it_is_typed() -> None:
    """Type checkers of a project that installs it read its annotations: the marker is packaged."""
    assert (ROOT / "alert_trader" / "py.typed").exists()
    assert "py.typed" in PROJECT["tool"]["setuptools"]["package-data"]["alert_trader"]


def test_the_package_is_never_uploaded() -> None:
    """A package index refuses it."""
    assert "Private :: Do Not Upload" in importlib.metadata.metadata("alert-trader").get_all("Classifier", [])


def test_every_package_is_in_the_import_contracts() -> None:
    """A new package cannot stay outside of the import contracts.

    It is a layer, or one of those that no layer needs.
    """
    layers = next(
        contract["layers"]
        for contract in PROJECT["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )
    placed = {name for layer in layers for name in layer.replace("|", ":").replace(" ", "").split(":")}
    assert set(PACKAGES) - placed == {"settings", "simulators"}
