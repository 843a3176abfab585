"""The cases by which `make rules` checks the alert rules with promtool: every rule fires in one.

Whether each fires when it should is promtool's to say; it is no part of what `make install` installs.
"""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tools import rules

NAMES = {
    rule["alert"] for group in yaml.safe_load(rules.RULES.read_text())["groups"] for rule in group["rules"]
}


def test_every_rule_fires_in_a_case_and_is_silent_in_others() -> None:
    """Each case names every alert that fires, so a rule is seen silent in all those that do not name it."""
    fired = {name for case in rules.CASES for name in case.fires}
    assert fired == NAMES
    assert rules.CASES[0].fires == ()
    assert len({case.name for case in rules.CASES}) == len(rules.CASES)


def test_every_series_of_a_rule_is_in_a_healthy_system() -> None:
    """A case that changes a series of another name would change nothing."""
    healthy = {name.partition("{")[0] for name in rules.HEALTHY}
    changed = {name.partition("{")[0] for case in rules.CASES for name in case.change}
    assert changed <= healthy


def test_without_promtool_the_reason_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No silent success: on a machine without it and without Debian's packages, the check fails in words."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(rules, "BUILD", tmp_path)
    with pytest.raises(SystemExit, match="3"):
        rules.find_promtool()
    assert "promtool is not on the PATH" in capsys.readouterr().err


def test_a_package_that_cannot_be_downloaded_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Debian's own error is the last words."""
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "promtool" else f"/usr/bin/{name}")
    monkeypatch.setattr(rules, "BUILD", tmp_path)

    def fails(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(100, "apt-get", stderr=b"E: no network\n")

    monkeypatch.setattr(subprocess, "run", fails)
    with pytest.raises(SystemExit, match="3"):
        rules.find_promtool()
    assert "E: no network" in capsys.readouterr().err
