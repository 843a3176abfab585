# ruff: noqa: INP001, S603 - a script, which runs what it has installed itself
"""Write, read, merge and repair the archive on an S3 server: `make object-storage`.

The server is moto, in a virtual environment below build/. The archive finds it by the variables that the
compose file passes on (AWS_*), and by nothing else.
"""

import os
import subprocess
import sys
import time
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from alert_trader.mirrors.archive import Archive, Place
from alert_trader.mirrors.reader import ArchiveReader
from alert_trader.runtime.local.process import free_ports
from tests.support.trail import record

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / "build/s3"
BUCKET = "archive-bucket"
STARTS_WITHIN = 30.0


def _installed() -> Path:
    """Return the server's program, installed from the lock file where it is not yet."""
    program = VENV / "bin/moto_server"
    if not program.exists():
        venv.create(VENV, with_pip=True)
        lock = ROOT / "tools/requirements-s3.txt"
        quiet = ("--quiet", "--disable-pip-version-check")
        subprocess.run([VENV / "bin/pip", "install", *quiet, "--require-hashes", "-r", lock], check=True)
    return program


@contextmanager
def _server() -> Iterator[str]:
    """Run the server with an empty bucket; yields its address."""
    [port] = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    running = subprocess.Popen(
        [_installed(), "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                request = urllib.request.Request(f"{address}/{BUCKET}", method="PUT")  # noqa: S310 - our own
                with urllib.request.urlopen(request, timeout=5):  # noqa: S310 - our own
                    break
            except URLError:
                if time.monotonic() > deadline or running.poll() is not None:
                    sys.exit("the archive was not checked: the S3 server did not start")
                time.sleep(0.1)
        yield address
    finally:
        running.terminate()
        running.wait()


def _check(holds: bool, what: str) -> None:
    sys.stdout.write(f"{'ok  ' if holds else 'NOT '} {what}\n")
    if not holds:
        sys.exit(1)


def main() -> None:
    """Check, and print a line for each part."""
    with _server() as address:
        os.environ |= {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": address,
        }
        place = Place.at(f"s3://{BUCKET}/archive")
        archive, reader = Archive(place, "demo"), ArchiveReader(place, "demo")
        first, second = record("m1"), record("m2")
        for each in (first, second, first):
            archive.write([each])
        _check(len(archive.files()) == 3, "three files are written and listed")
        found = reader.records([first.trade.workflow_id, second.trade.workflow_id])
        _check(
            found == {each.trade.workflow_id: each for each in (first, second)},
            "what is read is what was written",
        )
        [day] = archive.crowded(above=1)
        archive.merge(day)
        _check(len(archive.files()) == 1, "a day's files are merged")
        _check(reader.query("select count(*) from trades").rows == [(2,)], "each trade is there once")
        with place.filesystem.open_output_stream(
            place.under("trades", "mode=demo", f"day={day}", "x.parquet")
        ) as out:
            out.write(b"not parquet")
        [aside] = archive.set_aside_damaged()
        _check("/damaged/" in aside, "a damaged file is moved away")
        _check(len(reader.trades()) == 2, "and reading continues without it")
        away = Place.at("s3://no-such-bucket/archive")
        try:
            Archive(away, "demo").write([first])
        except OSError as refused:
            _check(
                "secret" not in str(refused),
                f"a missing bucket is an error: {str(refused).splitlines()[0][:90]}",
            )
        else:
            _check(False, "a missing bucket is an error")


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    # pyarrow's S3 client may abort a process that ends the ordinary way
    os._exit(0)
