"""What each service of the compose file may do and use, and where ours write."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from alert_trader.runtime.readiness import EVERY, announce_ready
from alert_trader.settings.load import load
from tests.unit.deploy.test_compose import OURS

ROOT = Path(__file__).resolve().parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.temporal.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
RECIPE = (ROOT / "Dockerfile").read_text()

MAY_WRITE_ITS_ROOT = {"schema", "temporal", "ui"}
"""Images that may write their configuration into themselves when they start."""
HAS_READY_FILE = ("worker", "housekeeper", "bot")


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_confined(name: str) -> None:
    """No capability, none to be gained, and bounds on memory, CPU, processes and logs."""
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert 0 < service["cpus"] <= 2
    assert service["pids_limit"] > 0
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service.get("read_only", False) is (name not in MAY_WRITE_ITS_ROOT)


@pytest.mark.parametrize("name", sorted(OURS))
def test_ours_write_where_they_may(name: str) -> None:
    """Report pictures and large queries need a folder for temporary files, which a read-only root lacks."""
    service = SERVICES[name]
    assert service["user"] == "10001:10001"
    assert {each.partition(":")[0] for each in service["tmpfs"]} == {"/run/alert-trader", "/tmp"}
    variables = dict(re.findall(r"(\w+)=(\S+)", RECIPE.rpartition("FROM ")[2]))
    assert variables["HOME"] == "/tmp"
    assert variables["TMPDIR"] == "/var/tmp"
    if name != "namespace":
        assert "scratch:/var/tmp" in service["volumes"], "on a disk: memory is what was too small"


def test_a_report_is_drawn_with_no_home(tmp_path: Path) -> None:
    """With a HOME that cannot be written, matplotlib uses TMPDIR."""
    program = "import alert_trader.control.reports.picture as p; print(len(p.__doc__))"
    environment = {**os.environ, "HOME": "/proc/none", "TMPDIR": str(tmp_path)}
    environment.pop("MPLCONFIGDIR", None)
    ran = subprocess.run(
        [ROOT / ".venv/bin/python", "-c", program],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("name", ["worker", "housekeeper", "bot", "api"])
def test_the_audit_is_verified_from_every_service(name: str) -> None:
    """`exec NAME trader audit verify` reads the one archive; without the volume every trade seems lost."""
    [mounted] = [each for each in SERVICES[name]["volumes"] if str(each).startswith("archive:")]
    settings = SERVICES[name]["environment"]["TRADER_ARCHIVE"]
    assert f":-{mounted.split(':')[1]}}}" in settings
    assert mounted.endswith(":ro") is (name != "housekeeper")


def test_the_stop_file_is_one_for_all(tmp_path: Path) -> None:
    """A file made in the worker's container stops entries, and bot and API show that it does."""
    where = SERVICES["worker"]["environment"]["TRADER_STOP_FILE"].partition(":-")[2].rstrip("}")
    environment = {"TRADER_STOP_FILE": where}
    assert load(environment=environment, directory=tmp_path).settings.stop_path == Path(where)
    for name in ("worker", "bot", "api"):
        [mounted] = [each for each in SERVICES[name]["volumes"] if str(each).startswith("stop:")]
        assert Path(mounted.split(":")[1]) == Path(where).parent
        assert mounted.endswith(":ro") is (name != "worker")
    assert f"{Path(where).parent}\n" in RECIPE, "owned by the user, so that the new volume is"


@pytest.mark.parametrize("name", sorted(OURS))
def test_profiles_and_secrets_reach_every_service(name: str) -> None:
    """trader.toml has the rules for authors; the folder of secrets is read-only."""
    [given] = SERVICES[name]["configs"]
    assert given["target"] == "/srv/alert-trader/trader.toml"
    assert "\nWORKDIR /srv/alert-trader\n" in RECIPE
    default = COMPOSE["configs"][given["source"]]["file"].partition(":-")[2].rstrip("}")
    assert (ROOT / default).is_file()
    [secrets] = [each for each in SERVICES[name]["volumes"] if isinstance(each, dict)]
    assert secrets["target"] == SERVICES[name]["environment"]["TRADER_SECRETS"]
    assert secrets["read_only"] is True


@pytest.mark.parametrize("name", HAS_READY_FILE)
def test_a_frozen_process_is_not_healthy(name: str, tmp_path: Path) -> None:
    """The health check itself, run on a ready file that is fresh, old and missing."""
    kind, command = SERVICES[name]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    assert "/run/alert-trader/ready" in command
    ready = tmp_path / "ready"

    def healthy() -> bool:
        check = command.replace("/run/alert-trader/ready", str(ready))
        return subprocess.run(["/bin/sh", "-c", check], capture_output=True, check=False).returncode == 0

    assert not healthy()
    announce_ready(ready)
    assert healthy()
    now = ready.stat().st_mtime
    os.utime(ready, (now - 45, now - 45))
    assert not healthy()
    assert EVERY.total_seconds() * 3 < 30, "a busy machine may miss one"


def test_the_image_has_the_extra_for_traces() -> None:
    """TRADER_TRACING=true in a container: what it needs in addition to requirements.txt is installed by hash.

    The recipe selects it from the lock file for development, by the program that is run here.
    """
    [program] = re.findall(r"awk '(/\^\[a-zA-Z\]/.*?)'", RECIPE)
    lock = (ROOT / "requirements-dev.txt").read_text()
    taken = subprocess.run(["awk", program], input=lock, capture_output=True, text=True, check=True).stdout
    assert taken.count("--hash") >= 7
    names = set(re.findall(r"^([a-z0-9-]+)==", taken, re.MULTILINE))
    always = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    assert not names & always
    everything = set(re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE))
    assert {each for each in everything if each.startswith("opentelemetry-")} <= names | always
    assert {"googleapis-common-protos", "requests", "protobuf"} <= names | always


def test_image_labels_and_user() -> None:
    """The image names its version, and its user by number, as Kubernetes checks it."""
    assert "\nUSER 10001:10001\n" in RECIPE
    [label] = re.findall(r'image.version="([^"]+)"', RECIPE)
    assert SERVICES["worker"]["image"] == f"alert-trader:{label}"


def test_alertmanager_reads_its_secret_from_the_folder() -> None:
    """The webhook is a file; nothing secret is in the configuration. Every inhibited alert is a rule."""
    written = (ROOT / "deploy/alertmanager/alertmanager.yml").read_text()
    found = yaml.safe_load(written)
    [receiver] = found["receivers"]
    assert receiver["discord_configs"][0]["webhook_url_file"] == "/run/secrets/ALERT_WEBHOOK_URL"
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())
    names = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    named = re.findall(r'alertname=~?"([^"]+)"', json.dumps(found["inhibit_rules"]).replace('\\"', '"'))
    assert {name for each in named for name in each.split("|")} <= names
