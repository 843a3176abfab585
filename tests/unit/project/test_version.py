"""The version is the same wherever it is written."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

from typer.testing import CliRunner

from alert_trader.api.app import VERSION
from alert_trader.cli.main import application

ROOT = Path(__file__).parents[3]
WRITTEN = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_api_and_images_have_the_version_of_the_project() -> None:
    """The OpenAPI document and the images of the Compose file name the version in pyproject.toml."""
    images = re.findall(r"image: alert-trader:(\S+)", (ROOT / "docker-compose.temporal.yml").read_text())
    assert images
    assert {VERSION, *images} == {WRITTEN}


def test_the_command_prints_the_installed_version() -> None:
    """`trader --version` prints the version of the installed distribution, and nothing else."""
    result = CliRunner().invoke(application([]), ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"alert-trader {version('alert-trader')}\n")
