"""The rooms have everyday names; each must be ours and not another package's."""

import importlib.metadata
import importlib.util
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS: list[str] = PROJECT["tool"]["importlinter"]["root_packages"]


@pytest.mark.parametrize("room", ROOMS)
def test_room_is_of_this_checkout(room: str) -> None:
    """`import worker` finds the folder of this checkout, whatever else is installed under that name."""
    found = importlib.util.find_spec(room)
    assert found is not None
    assert found.origin == str(ROOT / room / "__init__.py")


@pytest.mark.parametrize("room", ROOMS)
def test_room_says_what_lives_there(room: str) -> None:
    """A room's `__init__` says what lives in it and what never does."""
    module = importlib.import_module(room)
    assert module.__doc__ is not None
    assert "Lives here" in module.__doc__
    assert "Never here" in module.__doc__


def test_the_package_is_never_uploaded() -> None:
    """An index refuses the built package: a common name of a package of ours would reach whoever asks for another."""
    assert "Private :: Do Not Upload" in importlib.metadata.metadata("alert-trader").get_all("Classifier", [])


def test_every_room_is_packaged_checked_and_under_contract() -> None:
    """The rooms under import contracts are the package, and are type-checked."""
    packaged = {name.removesuffix("*") for name in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert packaged == set(ROOMS)
    assert set(ROOMS) <= set(PROJECT["tool"]["mypy"]["files"])
