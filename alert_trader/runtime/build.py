"""The build id of the installed code: a worker registers with it, and Temporal routes trades by it."""

import functools
import hashlib
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

import alert_trader
from alert_trader.settings.model import Settings

WITHOUT = ("api", "bot", "cli", "simulators")
"""Packages that a worker does not run: a change there makes no new build."""

_SUFFIXES = {".py", ".lua"}


def build_of(settings: Settings) -> str:
    """Return the build id of this process: TRADER_BUILD_ID, or that of the installed code."""
    return settings.build_id or installed_build()


@functools.cache
def installed_build() -> str:
    """Return the build id of the installed code: its version, and a hash of what a worker runs.

    The version of Temporal's SDK is part of the hash, as the SDK takes part in every replay.
    """
    package = Path(alert_trader.__file__).parent
    parts = ((path.relative_to(package).as_posix(), path.read_bytes()) for path in sources(package))
    return f"{version('alert-trader')}-{fingerprint(parts, sdk=version('temporalio'))}"


def sources(package: Path) -> Iterator[Path]:
    """Yield the files that a worker runs, in a fixed order."""
    for path in sorted(package.rglob("*"), key=lambda each: each.relative_to(package).as_posix()):
        if path.suffix in _SUFFIXES and path.relative_to(package).parts[0] not in WITHOUT:
            yield path


def fingerprint(parts: Iterable[tuple[str, bytes]], *, sdk: str) -> str:
    """Return ten hexadecimal digits that follow from the names and bytes of files, and the SDK's version."""
    found = hashlib.sha256(f"temporalio {sdk}\n".encode())
    for name, content in parts:
        found.update(f"{name}\n{len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()[:10]
