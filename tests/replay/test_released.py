"""The histories of each released version, which later versions replay and never record again."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from alert_trader.control.queries.history import read_history, replay
from tests.replay.record import HISTORIES, ROOT

RELEASED: Mapping[str, str] = {}
"""Each version with the digest of `histories/VERSION`; both are added with the release."""

COMPATIBLE_FROM = (0, 2, 0)
"""Histories of earlier versions do not replay, as the changelog says."""

_HEADING = re.compile(r"^## (\d+\.\d+\.\d+), \d{4}-\d{2}-\d{2}$", re.MULTILINE)


def digest(folder: Path) -> str:
    """Return a digest of the names and contents of a folder's histories."""
    found = hashlib.sha256()
    for path in sorted(folder.glob("*.json")):
        found.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()


def test_every_released_version_has_its_histories_unchanged() -> None:
    """A dated version of the changelog has a folder, as it was at its release (DUR-10)."""
    dated = _HEADING.findall((ROOT / "CHANGELOG.md").read_text())
    released = {each for each in dated if tuple(map(int, each.split("."))) >= COMPATIBLE_FROM}
    assert released == {*RELEASED} == {path.name for path in HISTORIES.iterdir() if path.is_dir()}
    assert {version: digest(HISTORIES / version) for version in RELEASED} == dict(RELEASED)


async def test_the_histories_of_released_versions_replay() -> None:
    """What a released version recorded replays on the present code (DUR-10)."""
    failed = {}
    for path in sorted(HISTORIES.glob("*/*.json")):
        replayed = await replay([read_history(path)])
        if replayed.fault is not None:
            failed[f"{path.parent.name}/{path.name}"] = replayed.fault
    assert failed == {}
