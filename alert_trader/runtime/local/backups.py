"""Backups of a data folder: Temporal's database, the archive and the simulators' state, in one file.

Databases are copied by SQLite itself, so a backup of a running stack is whole. A file of the archive never
changes once it is there.
"""

import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from alert_trader.domain.errors import AlertTraderError

MANIFEST = "manifest.json"
_DATABASES = ("temporal.db", "venue.db")
_LOCK_WAIT = 3.0
"""Seconds to wait for a lock. The simulated venue keeps one as long as it runs."""
_FILES = ("chat-state.json", "venue.json", "chat.json", "venue-tape.jsonl", "STOP")
_FOLDERS = ("archive",)


class BackupError(AlertTraderError):
    """A backup cannot be written or read; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup has."""

    version: str
    mode: str
    at: datetime
    files: dict[str, str]
    """The SHA-256 of each file, by its path in the data folder."""


def write(folder: Path, file: Path, *, mode: str, at: datetime) -> list[str]:
    """Write a backup of a data folder, readable by its owner alone. Raise BackupError.

    Return the files that are in it. An existing file is not overwritten.
    """
    if not (folder / "temporal.db").exists():
        raise BackupError(
            f"{folder} has no temporal.db: no stack was started there. Set TRADER_DATA_DIR. The database of "
            "a Temporal server of your own is backed up with that server"
        )
    draft = file.with_name(f"{file.name}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            names = _write(folder, opened, mode=mode, at=at)
        os.link(draft, file)
    except FileExistsError:
        raise BackupError(f"{file} exists: name another file") from None
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"{file} cannot be written: {error}") from None
    finally:
        draft.unlink(missing_ok=True)
    return names


def _write(folder: Path, opened: io.BufferedWriter, *, mode: str, at: datetime) -> list[str]:
    digests: dict[str, str] = {}
    with tarfile.open(fileobj=opened, mode="w:gz") as tar, tempfile.TemporaryDirectory() as scratch:
        # the archive after the database: a trade that closes in between is in both, not in neither
        for name in _DATABASES:
            if (folder / name).exists():
                copy = Path(scratch) / name
                _copy_database(folder / name, copy)
                _add(tar, name, copy.read_bytes(), digests)
        for path in _plain_files(folder):
            _add(tar, path.relative_to(folder).as_posix(), path.read_bytes(), digests)
        made = Manifest(version=version("alert-trader"), mode=mode, at=at, files=digests)
        text = json.dumps({**asdict(made), "at": at.isoformat()}, indent=2)
        _add(tar, MANIFEST, text.encode(), {})
    return list(digests)


def _copy_database(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=_LOCK_WAIT)) as read,
        closing(sqlite3.connect(target)) as written,
    ):
        try:
            # `backup` would wait for a lock for ever
            read.execute("select count(*) from sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            raise BackupError(
                f"{source} is in use ({error}): stop the stack first, with `trader down`"
            ) from None
        read.backup(written)


def _plain_files(folder: Path) -> list[Path]:
    found = [folder / name for name in _FILES if (folder / name).is_file()]
    for name in _FOLDERS:
        found += sorted(path for path in (folder / name).rglob("*") if path.is_file())
    return found


def _add(tar: tarfile.TarFile, name: str, content: bytes, digests: dict[str, str]) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    tar.addfile(entry, io.BytesIO(content))
    digests[name] = hashlib.sha256(content).hexdigest()


def read_manifest(file: Path) -> Manifest:
    """Return what a backup has. Raise BackupError when it is none, or damaged."""
    return _read(file)[0]


def _read(file: Path) -> tuple[Manifest, dict[str, bytes]]:
    try:
        with tarfile.open(file, "r:gz") as tar:
            contents = {
                entry.name: opened.read()
                for entry in tar.getmembers()
                if entry.isfile() and (opened := tar.extractfile(entry)) is not None
            }
        raw = json.loads(contents.pop(MANIFEST))
        manifest = Manifest(
            version=raw["version"],
            mode=raw["mode"],
            at=datetime.fromisoformat(raw["at"]),
            files=dict(raw["files"]),
        )
    except (OSError, EOFError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{file} is not a whole backup of `trader backup`: {error}") from None
    found = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    outside = [
        name for name in found if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts
    ]
    if found != manifest.files or outside:
        raise BackupError(f"{file} is damaged: its files are not those that its manifest names")
    return manifest, contents


def restore(file: Path, folder: Path, *, at: datetime) -> Path | None:
    """Replace a data folder by a backup. Return where the old one is kept; None where there was none."""
    _, contents = _read(file)
    fresh = folder.with_name(f"{folder.name}.restoring-{at:%Y%m%d-%H%M%S}")
    kept: Path | None = None
    try:
        for name, content in contents.items():
            target = fresh / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            target.write_bytes(content)
            target.chmod(0o600)
        if folder.exists():
            kept = folder.with_name(f"{folder.name}.before-{at:%Y%m%d-%H%M%S}")
            folder.rename(kept)
        fresh.rename(folder)
    except OSError as error:
        raise BackupError(f"{folder} cannot be replaced: {error}") from None
    return kept
