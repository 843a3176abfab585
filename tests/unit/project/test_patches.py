"""Patches of workflow code are for hot fixes: each is listed here, with the date by which it is removed.

An ordinary change needs none: open trades continue as new every day, and a build on which an open trade does
not replay is not made current.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

PATCHES: Mapping[str, date] = {}
"""The id of each `workflow.patched`, and the first release date that may not have it any more."""

LONGEST = timedelta(days=90)
"""From a release to the end of a patch in it."""

_CALLS = {"patched", "deprecate_patch"}
_DATED = re.compile(r"^## \d+\.\d+\.\d+, (\d{4}-\d{2}-\d{2})$", re.MULTILINE)


def patches_of(source: str) -> Iterator[str | None]:
    """Yield the id of every patch in a module's source; None for one that is no constant."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in _CALLS:
                first = node.args[0] if node.args else None
                value = first.value if isinstance(first, ast.Constant) else None
                yield value if isinstance(value, str) else None


def released_on(changelog: str) -> date | None:
    """Return the date of the newest release in the changelog; None before the first one."""
    return max((date.fromisoformat(each) for each in _DATED.findall(changelog)), default=None)


def faults(used: set[str | None], listed: Mapping[str, date], released: date | None) -> list[str]:
    """Say what is wrong with the patches. Dates are compared with the last release, and with no clock."""
    found = [f"{each}: expected an id that is listed in PATCHES" for each in used if each not in listed]
    found += [f"{each}: listed, and no longer in the source: remove the line" for each in {*listed} - used]
    if released is not None:
        found += [f"{each}: its end {end} is past" for each, end in listed.items() if end <= released]
        found += [
            f"{each}: its end {end} is more than {LONGEST.days} days after the release"
            for each, end in listed.items()
            if end > released + LONGEST
        ]
    return found


def test_every_patch_is_listed_and_ends() -> None:
    """No patch without a line in the table, and none in a release after its end."""
    sources = (ROOT / "alert_trader").rglob("*.py")
    used = {each for path in sources for each in patches_of(path.read_text())}
    assert faults(used, PATCHES, released_on((ROOT / "CHANGELOG.md").read_text())) == []


@pytest.mark.parametrize(
    ("used", "listed", "says"),
    [
        ({"a"}, {}, "a: expected an id"),
        ({None}, {}, "None: expected an id"),
        (set(), {"a": date(2027, 1, 10)}, "a: listed, and no longer in the source"),
        ({"a"}, {"a": date(2027, 1, 1)}, "a: its end 2027-01-01 is past"),
        ({"a"}, {"a": date(2027, 6, 1)}, "a: its end 2027-06-01 is more than 90 days"),
    ],
)
def test_the_check_finds(used: set[str | None], listed: Mapping[str, date], says: str) -> None:
    """What is not listed, not used, too late, or too far ahead fails."""
    (found,) = faults(used, listed, date(2027, 1, 1))
    assert found.startswith(says)


def test_the_check_reads_the_source_and_the_changelog() -> None:
    """A patch is found however it is called, and a release by its heading; an unreleased one has no date."""
    source = "workflow.patched('a')\nif patched(name): deprecate_patch('b')\n"
    assert set(patches_of(source)) == {"a", "b", None}
    assert released_on("## 0.3.0, unreleased\n## 0.2.1, 2027-02-01\n## 0.2.0, 2027-01-01\n") == date(
        2027, 2, 1
    )
    assert released_on("## 0.2.0, unreleased\n") is None
    assert faults({"a"}, {"a": date(2027, 1, 10)}, date(2027, 1, 1)) == []
