"""Files with credentials, and what processes print, are readable for their owner alone."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from alert_trader.runtime.local.private_files import append_private, write_private


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """Let new files be readable for everybody, by default."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    """Return who may do what with a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_private_also_where_a_public_one_was(tmp_path: Path) -> None:
    """DUR-50: the older file is replaced or closed to others."""
    state, log = tmp_path / "stack.json", tmp_path / "worker.log"
    for each in (state, log):
        each.write_text("older\n")
        each.chmod(0o644)
    write_private(state, "new")
    with append_private(log) as file:
        file.write(b"more\n")
    assert (mode(state), state.read_text()) == (0o600, "new")
    assert (mode(log), log.read_text()) == (0o600, "older\nmore\n")
