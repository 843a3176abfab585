"""The build id: the same for the same code, another for other code."""

import shutil
from importlib.metadata import version
from pathlib import Path

import alert_trader
from alert_trader.runtime.build import WITHOUT, build_of, fingerprint, installed_build, sources
from alert_trader.settings.load import load

PACKAGE = Path(alert_trader.__file__).parent


def hashed(package: Path, *, sdk: str = "1") -> str:
    """Return the hash of a package's files."""
    return fingerprint(
        ((path.relative_to(package).as_posix(), path.read_bytes()) for path in sources(package)), sdk=sdk
    )


def test_a_copy_of_the_code_has_the_same_build_id(tmp_path: Path) -> None:
    """A build id does not depend on the folder, the caches or the interfaces; it begins with the version."""
    copied = tmp_path / "elsewhere"
    shutil.copytree(PACKAGE, copied, ignore=shutil.ignore_patterns("__pycache__"))
    assert hashed(copied) == hashed(PACKAGE)
    (copied / "cli" / "main.py").write_text("changed = True\n")
    assert hashed(copied) == hashed(PACKAGE)
    assert installed_build().startswith(f"{version('alert-trader')}-")


def test_other_code_has_another_build_id(tmp_path: Path) -> None:
    """A changed byte, a moved file or another SDK makes another build."""
    copied = tmp_path / "elsewhere"
    shutil.copytree(PACKAGE, copied)
    lua = copied / "mirrors" / "hot.lua"
    lua.write_bytes(lua.read_bytes() + b"\n")
    changed = hashed(copied)
    (copied / "clock.py").rename(copied / "clocks.py")
    assert len({hashed(PACKAGE), changed, hashed(copied), hashed(PACKAGE, sdk="2")}) == 4


def test_everything_that_a_worker_imports_is_in_its_build() -> None:
    """The packages that are left out exist, and the worker's are not among them."""
    assert all((PACKAGE / each).is_dir() for each in WITHOUT)
    covered = {path.relative_to(PACKAGE).parts[0] for path in sources(PACKAGE)}
    assert {"domain", "workflows", "activities", "broker", "worker", "control", "clock.py"} <= covered


def test_the_setting_replaces_the_build_id(tmp_path: Path) -> None:
    """TRADER_BUILD_ID is used as it is."""
    given = load(environment={"TRADER_BUILD_ID": "image-7"}, directory=tmp_path).settings
    assert build_of(given) == "image-7"
    assert build_of(load(environment={}, directory=tmp_path).settings) == installed_build()
