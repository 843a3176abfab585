"""The folder that a command is run in: whatever lies there, none of it is run.

Every program is really started in such a folder.
"""

import asyncio
import contextlib
import importlib.metadata
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from alert_trader.runtime.local.process import free_ports
from tests.support.waiting import eventually

GENERIC = (
    "activities",
    "api",
    "bot",
    "broker",
    "cli",
    "control",
    "domain",
    "mirrors",
    "settings",
    "worker",
    "workflows",
)
"""Our packages have such names, inside `alert_trader`; elsewhere they could be anybody's."""
TRADER = str(Path(sys.executable).with_name("trader"))
MODULES = {*GENERIC, *sys.stdlib_module_names, "sitecustomize", "usercustomize", "alert_trader"}
SECRET = "canary-refresh-token-77d1"


@dataclass(frozen=True)
class Planted:
    """A folder with a file for every module that may be imported; each writes its name to `marker`."""

    folder: Path
    marker: Path

    async def start(self, *line: str, **variables: str) -> asyncio.subprocess.Process:
        """Start a command in the folder, with a secret in its environment and nothing else of ours."""
        ours = ("TRADER_", "TASTYTRADE_", "TEMPORAL_", "PYTHON")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return await asyncio.create_subprocess_exec(
            *line,
            cwd=self.folder,
            env={**kept, "TASTYTRADE_REFRESH_TOKEN": SECRET, "COLUMNS": "200", **variables},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    def run(self) -> Sequence[str]:
        """Name the files that were run."""
        return self.marker.read_text().split() if self.marker.exists() else []


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """Plant the files: our packages, the standard library, and every package that is installed."""
    folder, marker = tmp_path_factory.mktemp("planted"), tmp_path_factory.mktemp("marked") / "marker"
    for name in {*MODULES, *importlib.metadata.packages_distributions()}:
        if name.isidentifier():
            (folder / f"{name}.py").write_text(
                f"with open({str(marker)!r}, 'a') as log: log.write(__name__ + '\\n')\n"
            )
    return Planted(folder, marker)


async def ended(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Tell a process to end, and wait until it has."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
    await process.communicate()


@pytest.fixture(scope="module")
async def stack(planted: Planted) -> AsyncIterator[Path]:
    """Run `trader up` in the folder, with every process that it has, and give its state file."""
    process = await planted.start(TRADER, "up", "--free-ports")
    state = planted.folder / "var" / "stack.json"

    async def up() -> bool:
        assert process.returncode is None, (await process.communicate())[0].decode()
        return state.exists()

    try:
        await eventually(up, "the stack to run", within=100)
        yield state
    finally:
        await ended(process, signal.SIGINT)


@pytest.mark.parametrize("name", ["settings", "json", "redis"])
async def test_a_planted_file_reports_when_it_runs(planted: Planted, tmp_path: Path, name: str) -> None:
    """What the other tests rely on.

    Python as it is started ordinarily runs such a file, and the file says so.
    """
    own = Planted(planted.folder, tmp_path / "marker")
    (tmp_path / f"{name}.py").write_text(
        (planted.folder / f"{name}.py").read_text().replace(str(planted.marker), str(own.marker))
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", f"import {name}", cwd=tmp_path)
    await process.wait()
    assert own.run() == [name]


@pytest.mark.timeout(150)
async def test_trader_up_runs_no_file_of_its_folder(planted: Planted, stack: Path) -> None:
    """Temporal, Redis, venue, chat, worker, housekeeper, bot and admin API all start.

    None of the planted files is run.
    """
    ready = [path.name.removesuffix(".log") for path in (planted.folder / "var" / "logs").glob("*.log")]
    assert set(ready) >= {"temporal", "venue", "chat", "worker", "housekeeper", "bot", "api"}

    async def kept() -> bool:
        return "keeping " in (stack.parent / "logs" / "housekeeper.log").read_text()

    await eventually(kept, "the housekeeper to work", within=60)
    assert planted.run() == []


@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    "line",
    [
        "--help",
        "doctor",
        "list",
        "account",
        "worker --help",
        "bot",
        "report --png report.png",
        "audit recent",
    ],
)
async def test_a_command_runs_no_file_of_its_folder(planted: Planted, stack: Path, line: str) -> None:
    """A command that ends by itself runs none of the planted files.

    `doctor` asks the broker in a process of its own.
    """
    process = await planted.start(TRADER, *line.split(), TRADER_STACK="" if line == "--help" else str(stack))
    said = (await process.communicate())[0].decode()
    assert planted.run() == [], said
    assert "Traceback" not in said


@pytest.mark.timeout(150)
@pytest.mark.parametrize("program", ["worker", "housekeeper", "api"])
async def test_a_program_runs_no_file_of_its_folder(
    planted: Planted, stack: Path, program: str, tmp_path: Path
) -> None:
    """`trader worker`, `housekeeper` and `api` work in the folder until they receive a signal to stop.

    Run none of the planted files.
    """
    ready, [port] = tmp_path / "ready", free_ports(1)
    process = await planted.start(
        TRADER, program, "--ready-file", str(ready), TRADER_STACK=str(stack), TRADER_API_PORT=str(port)
    )

    async def works() -> bool:
        assert process.returncode is None, (await process.communicate())[0].decode()
        return ready.exists() and "pid" in json.loads(ready.read_text() or "{}")

    try:
        await eventually(works, f"`trader {program}` to work", within=60)
    finally:
        await ended(process, signal.SIGTERM)
    assert planted.run() == []


@pytest.mark.parametrize("program", ["venue", "chat"])
async def test_a_program_without_credentials_gets_none(planted: Planted, program: str) -> None:
    """DUR-50: the local venue and chat run no planted file either.

    Do not even have our credentials in their environment.
    """
    [port] = free_ports(1)
    process = await planted.start(
        TRADER, program, "--port", str(port), TRADER_MODE="demo", TEMPORAL_API_KEY=SECRET
    )

    async def serves() -> bool:
        assert process.returncode is None, (await process.communicate())[0].decode()
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return True
        return False

    try:
        await eventually(serves, f"the {program} to serve", within=50)
        if sys.platform == "linux":
            variables = await asyncio.to_thread(Path(f"/proc/{process.pid}/environ").read_bytes)
            assert b"PATH=" in variables
            assert SECRET.encode() not in variables
    finally:
        await ended(process, signal.SIGTERM)
    assert planted.run() == []
