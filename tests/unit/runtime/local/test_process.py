"""Child processes of the local stack: how they start, fail, and are notified of."""

import os
import socket
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from alert_trader.runtime.local.process import (
    StackError,
    find_program,
    free_ports,
    ready,
    require_free,
    start,
)
from alert_trader.runtime.local.temporal_server import find_binary

WITHIN = timedelta(seconds=10)


async def test_a_child_is_ready_with_its_file_and_stops_on_request(tmp_path: Path) -> None:
    """A child that writes its ready file is handed over, and `stop` ends it."""
    ready_file = tmp_path / "ready"
    code = (
        f"import pathlib, time; pathlib.Path({str(ready_file)!r}).write_text('{{\"port\": 5}}'); "
        "time.sleep(60)"
    )
    child = await start("sleeper", [sys.executable, "-c", code], log=tmp_path / "log")
    try:
        assert await ready(child, ready_file, within=WITHIN) == {"port": 5}
        assert child.exit_code is None
    finally:
        await child.stop()
    assert child.exit_code is not None


async def test_a_child_that_exits_early_is_reported_with_its_last_output(tmp_path: Path) -> None:
    """The fault names the process, its exit code, and the end of its log."""
    child = await start(
        "teller",
        [sys.executable, "-c", "import sys; print('no such account'); sys.exit(3)"],
        log=tmp_path / "log",
    )
    await child.wait()
    with pytest.raises(StackError, match=r"(?s)teller.*code 3.*no such account"):
        await ready(child, tmp_path / "never", within=WITHIN)


async def test_a_child_gets_our_settings_only_when_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DUR-50: the broker's secrets are not passed to child processes that do not need them."""
    monkeypatch.setenv("TASTYTRADE_REFRESH_TOKEN", "hunter2")
    monkeypatch.setenv("OTHER", "kept")
    code = (
        "import os; get = os.environ.get; "
        "print(get('TASTYTRADE_REFRESH_TOKEN'), get('OTHER'), get('TRADER_MODE'))"
    )
    child = await start(
        "env", [sys.executable, "-c", code], log=tmp_path / "log", environment={"TRADER_MODE": "demo"}
    )
    await child.wait()
    assert (tmp_path / "log").read_text().split() == ["None", "kept", "demo"]


async def test_a_child_without_settings_gets_no_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DUR-50: nor are those of Temporal and of the archive's storage, which have names of their own.

    A child of ours needs them.
    """
    names = ("TEMPORAL_API_KEY", "AWS_SECRET_ACCESS_KEY", "TRADER_API_KEYS")
    for name in names:
        monkeypatch.setenv(name, "hunter2")
    code = f"import os; print(*(os.environ.get(name) for name in {names}))"
    for given in (None, {}, {"TRADER_MODE": "demo"}):
        child = await start("env", [sys.executable, "-c", code], log=tmp_path / "log", environment=given)
        await child.wait()
    assert (tmp_path / "log").read_text().splitlines() == [
        "None None None",
        "None None None",
        "hunter2 hunter2 None",
    ]


async def test_a_child_ends_with_its_parent(tmp_path: Path) -> None:
    """Where the parent has died before the command starts, the command does not start."""
    from alert_trader.runtime.local import die_with_parent  # noqa: PLC0415 - the file is what is under test

    child = await start(
        "orphan",
        [sys.executable, die_with_parent.__file__, str(os.getpid() + 1), "true"],
        log=tmp_path / "log",
    )
    assert await child.wait() == (1 if sys.platform == "linux" else 0)


def test_a_taken_port_is_reported_with_its_setting() -> None:
    """The message names the port, what it was for, and the variable that changes it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StackError, match=f"{port}.*the venue.*TRADER_VENUE_PORT"):
            require_free(port, "the venue", "TRADER_VENUE_PORT")


def test_free_ports_are_not_taken_by_an_outgoing_connection() -> None:
    """They lie below the range of outgoing connections, and those that something listens on are left out."""
    first = free_ports(40)
    assert len(set(first)) == 40
    assert all(20_000 <= port < 32_768 for port in first)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first[0]))
        taken.listen()
        with pytest.raises(StackError, match=r"12768 free ports are needed .* found \d+"):
            free_ports(12_768)


def test_a_missing_binary_is_reported_with_what_to_do(tmp_path: Path) -> None:
    """A configured path that holds no program is refused by its setting's name."""
    with pytest.raises(StackError, match="TRADER_TEMPORAL_BINARY"):
        find_binary(tmp_path / "temporal")


def test_a_program_in_the_current_folder_is_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty or a relative entry of the PATH means whatever folder is the current one.

    A file there is not taken for a program.
    """
    for folder in (tmp_path, tmp_path / "bin"):
        folder.mkdir(exist_ok=True)
        (folder / "redis-server").write_text("#!/bin/sh\n")
        (folder / "redis-server").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    for path in ("", ".", ":/nonexistent", "bin", "/nonexistent:"):
        monkeypatch.setenv("PATH", path)
        assert find_program("redis-server") is None
    monkeypatch.setenv("PATH", f".:{tmp_path / 'bin'}")
    assert find_program("redis-server") == tmp_path / "bin/redis-server"
    assert find_program(Path("bin/redis-server")) == Path("bin/redis-server")
