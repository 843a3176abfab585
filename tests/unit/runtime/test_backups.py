"""Backups of a data folder."""

import sqlite3
import tarfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alert_trader.runtime.local import backups
from alert_trader.runtime.local.backups import BackupError, read_manifest, restore, write

AT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder with a database that is open, an archive and a log."""
    folder = tmp_path / "var"
    (folder / "archive" / "trades").mkdir(parents=True)
    (folder / "logs").mkdir()
    (folder / "logs" / "worker.log").write_text("a line")
    (folder / "stack.json").write_text("{}")
    (folder / "archive" / "trades" / "one.parquet").write_bytes(b"PAR1")
    with closing(sqlite3.connect(folder / "temporal.db")) as opened:
        opened.execute("pragma journal_mode = wal")
        opened.execute("create table history (event text)")
        opened.execute("insert into history values ('filled')")
        opened.commit()
    return folder


def rows(folder: Path) -> list[tuple[str]]:
    """Read the database of a folder."""
    with closing(sqlite3.connect(folder / "temporal.db")) as opened:
        return opened.execute("select event from history").fetchall()


def test_a_backup_brings_everything_back(data: Path, tmp_path: Path) -> None:
    """Taken while the database is open and written to; what was there before is kept under another name."""
    file = tmp_path / "backup.tar.gz"
    with closing(sqlite3.connect(data / "temporal.db")) as opened:
        opened.execute("insert into history values ('exit filled')")
        opened.commit()
        names = write(data, file, mode="demo", at=AT)
    assert names == ["temporal.db", "archive/trades/one.parquet"]
    assert file.stat().st_mode & 0o077 == 0
    manifest = read_manifest(file)
    assert (manifest.mode, manifest.at, set(manifest.files)) == ("demo", AT, set(names))
    with closing(sqlite3.connect(data / "temporal.db")) as opened:
        opened.execute("delete from history")
        opened.commit()
    kept = restore(file, data, at=AT)
    assert rows(data) == [("filled",), ("exit filled",)]
    assert kept is not None
    assert rows(kept) == []
    assert (data / "archive" / "trades" / "one.parquet").read_bytes() == b"PAR1"


def test_a_database_in_use_is_named(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that is not released ends the backup, and nothing of it stays."""
    monkeypatch.setattr(backups, "_LOCK_WAIT", 0.05)
    with closing(sqlite3.connect(data / "venue.db")) as opened:
        opened.execute("pragma locking_mode = exclusive")
        opened.execute("create table orders (id)")
        opened.commit()
        with pytest.raises(BackupError, match=r"venue\.db is in use"):
            write(data, tmp_path / "x.tar.gz", mode="demo", at=AT)
    assert [each.name for each in tmp_path.iterdir()] == ["var"]


def test_a_damaged_backup_changes_nothing(data: Path, tmp_path: Path) -> None:
    """A file that is cut or altered, or none of ours, is refused with its name."""
    file, other = tmp_path / "backup.tar.gz", tmp_path / "other.tar.gz"
    write(data, file, mode="demo", at=AT)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackupError, match="not a whole backup"):
        restore(file, data, at=AT)
    file.write_bytes(whole)
    with tarfile.open(file) as read, tarfile.open(other, "w:gz") as altered:
        for entry in read.getmembers():
            if entry.name != "temporal.db":
                altered.addfile(entry, read.extractfile(entry))
    with pytest.raises(BackupError, match="damaged"):
        restore(other, data, at=AT)
    assert rows(data) == [("filled",)]


def test_a_backup_overwrites_nothing(data: Path, tmp_path: Path) -> None:
    """An existing file stays, and a folder in which no stack ran is no subject of a backup."""
    file = tmp_path / "backup.tar.gz"
    file.write_text("mine")
    with pytest.raises(BackupError, match="exists"):
        write(data, file, mode="demo", at=AT)
    assert file.read_text() == "mine"
    with pytest.raises(BackupError, match="no stack was started"):
        write(tmp_path, tmp_path / "x.tar.gz", mode="demo", at=AT)
