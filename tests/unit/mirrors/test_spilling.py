"""A query of the archive that does not fit into memory."""

import tempfile
from pathlib import Path

import pytest

from alert_trader.mirrors import reader
from alert_trader.mirrors.archive import Place
from alert_trader.mirrors.reader import ArchiveReader, QueryError

LARGE = "select max(s) from (select hash(i)::varchar as s from range(300000) t(i) order by s limit 200000)"


def test_a_large_query_spills_into_the_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The current folder, DuckDB's own choice, is read-only in a container; nothing is left behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(reader, "_SAFE", {**reader._SAFE, "memory_limit": "20MB", "threads": 1})
    found = ArchiveReader(Place.at(str(tmp_path / "archive")), "demo")
    [[setting, largest]] = found.query(f"select current_setting('temp_directory'), * from ({LARGE})").rows
    assert Path(setting).parent == tmp_path
    assert largest
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_small_queries_are_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only root without /tmp: what fits into memory is answered, and what does not is refused."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    monkeypatch.setattr(reader, "_SAFE", {**reader._SAFE, "memory_limit": "20MB", "threads": 1})
    found = ArchiveReader(Place.at(str(tmp_path / "archive")), "demo")
    assert found.query("select count(*) from trades").rows == [(0,)]
    with pytest.raises(QueryError, match="Out of Memory"):
        found.query(LARGE)
