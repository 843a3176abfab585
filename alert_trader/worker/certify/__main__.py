"""`trader certify`: check the broker's sandbox, or a simulated venue, and write a report and a transcript."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path

from alert_trader.domain.errors import AlertTraderError
from alert_trader.domain.execution.policy import Mode
from alert_trader.runtime import program
from alert_trader.settings.model import Settings
from alert_trader.simulators.venue.config import VenueConfig
from alert_trader.worker.certify.check import Check, Outcome, Verdict
from alert_trader.worker.certify.hosts import SANDBOXES, Place, ProductionRefusedError, sandbox, venue
from alert_trader.worker.certify.line import Line, NoCredentialsError, client
from alert_trader.worker.certify.report import report, settings
from alert_trader.worker.certify.run import checks, run
from alert_trader.worker.certify.transcript import ACCOUNT, Transcript


class OrdersLeftError(AlertTraderError):
    """Orders of the certification still work at the end; the message names them."""


def place_of(in_force: Settings, host: str) -> Place:
    """Return where the mode in force is certified; raises ProductionRefusedError for dry-run and live."""
    if in_force.mode is Mode.DEMO:
        return venue(in_force.venue_base_url)
    if in_force.mode is Mode.SANDBOX:
        return sandbox(host)
    raise ProductionRefusedError(
        f"mode {in_force.mode} has production credentials: nothing was sent. Certify with "
        "TRADER_MODE=sandbox and the credentials of the sandbox, or with TRADER_MODE=demo and `trader venue`"
    )


async def certify(
    in_force: Settings, place: Place, folder: Path, *, patience: float = 1.0
) -> list[tuple[Check, Outcome]]:
    """Make every check at `place`, and write report, transcript and settings into `folder`.

    Raises OrdersLeftError when an order still works at the end.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    transcript = Transcript(folder / "transcript.jsonl", in_force.account)
    rows: list[tuple[Check, Outcome]] = []

    def show(check: Check, outcome: Outcome) -> None:
        rows.append((check, outcome))
        sys.stdout.write(f"{check.number or '-':>3} {check.title:34} {outcome.verdict:12} {outcome.found}\n")
        sys.stdout.flush()

    async with client(place) as http:
        line = Line(
            place=place, account=in_force.account, transcript=transcript, http=http, patience=patience
        )
        with contextlib.closing(transcript):
            left = await run(line, checks(*in_force.credentials), show)
    text = report(place.host, rows, left, VenueConfig().model_dump(mode="json"))
    found = json.dumps(settings([outcome for _, outcome in rows]), indent=2)
    await asyncio.to_thread(_write, folder, {"report.md": text, "venue.json": found + "\n"}, in_force.account)
    sys.stdout.write(f"{left.found}\nreport, transcript and the venue's settings: {folder}\n")
    if left.verdict is not Verdict.EXPECTED:
        raise OrdersLeftError(f"{left.found}. Cancel them in the sandbox's own application")
    return rows


def _write(folder: Path, files: dict[str, str], account: str) -> None:
    for name, text in files.items():
        (folder / name).write_text(text.replace(account, ACCOUNT), encoding="utf-8")


async def _until_interrupted(in_force: Settings, options: argparse.Namespace) -> None:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await certify(in_force, place_of(in_force, options.host), options.out)


def main() -> int:
    """Run, and return the exit code."""
    parser = argparse.ArgumentParser(prog="trader certify", description=__doc__)
    parser.add_argument("--host", default=next(iter(SANDBOXES)), help="the sandbox, in mode sandbox")
    parser.add_argument("--out", type=Path, default=Path("var/certify"), help="folder for what is written")
    options = parser.parse_args()
    unusable = (ProductionRefusedError, NoCredentialsError, OrdersLeftError)
    return program.work(
        lambda in_force: _until_interrupted(in_force, options), quiet={"httpx2": 30}, unusable=unusable
    )


if __name__ == "__main__":
    program.end(main())
