"""The compose file: its structure against the published schema, its settings against the code.

No container engine is needed, and none was asked: what images do at run time is not proven here.
"""

import importlib.resources
import inspect
import json
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import temporalio.envconfig
import yaml

from alert_trader.settings.load import PREFIXES, SECRETS_FOLDER, SETTINGS_FILE, load, variable
from alert_trader.settings.model import Settings
from alert_trader.start import command
from alert_trader.worker.wiring import GRACE

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "docker-compose.temporal.yml"

JOBS = {"schema", "namespace"}
OURS = {"namespace", "worker", "housekeeper", "bot", "api"}
ONE_MACHINE = {
    "redis_binary",
    "redis_port",
    "temporal_binary",
    "temporal_port",
    "temporal_ui_port",
    "venue_port",
    "chat_port",
    "data_dir",
}
"""Settings of the stack that `trader up` runs; a worker of its own has no use for them."""

FOREIGN = re.compile(r"(TEMPORAL|OTEL|AWS)_[A-Z_]+|SSL_CERT_FILE")
"""Variables that libraries read: given to our services where they are set, and otherwise not there."""

_VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?P<rule>:[-?])(?P<rest>[^}]*)\}")


@pytest.fixture(scope="module")
def text() -> str:
    """Read the compose file as it is written."""
    return FILE.read_text()


@pytest.fixture(scope="module")
def compose(text: str) -> dict[str, Any]:
    """Read the compose file with anchors and merges resolved, and variables left as they are."""
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the services by name."""
    found: dict[str, dict[str, Any]] = compose["services"]
    return found


def test_structure_is_that_of_a_compose_file(compose: dict[str, Any]) -> None:
    """The file fits the published Compose schema, as the check-jsonschema package carries it."""
    schema = json.loads(
        (
            importlib.resources.files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"
        ).read_text()
    )
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(compose)] == []


def test_schema_is_the_real_one(compose: dict[str, Any]) -> None:
    """A misspelt key is a fault for it: the check above would not pass whatever the file says."""
    schema = json.loads(
        (
            importlib.resources.files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"
        ).read_text()
    )
    wrong = {**compose, "services": {"worker": {**compose["services"]["worker"], "stop_grace": "30s"}}}
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert not validator.is_valid(wrong)


def test_every_variable_has_a_default_or_a_message(text: str) -> None:
    """No variable is taken as it comes: each names its default, or stops Compose with what to do."""
    used = [line for line in text.splitlines() if "${" in line and not line.lstrip().startswith("#")]
    assert used
    for line in used:
        found = _VARIABLE.findall(line)
        assert len(found) == line.count("${"), line
        assert all(rest for _, rule, rest in found if rule == ":?"), (
            f"expected a message that says what to do: {line}"
        )


def test_no_secret_has_a_default(text: str, services: dict[str, dict[str, Any]]) -> None:
    """A password or credential is requested by name and is nowhere in the file."""
    secret = re.compile(r"PASSWORD|PWD|SECRET|TOKEN|KEY")
    values = [
        (name, str(value))
        for each in services.values()
        for name, value in each.get("environment", {}).items()
        # one without a value is nowhere in the file; the other is the folder that they may be in
        if value is not None and name != SECRETS_FOLDER
    ]
    checked = [(name, value) for name, value in values if secret.search(name)]
    assert {name for name, _ in checked} >= {
        "POSTGRES_PASSWORD",
        "SQL_PASSWORD",
        "POSTGRES_PWD",
        "REDIS_PASSWORD",
        "TASTYTRADE_CLIENT_SECRET",
        "GF_SECURITY_ADMIN_PASSWORD",
        "TRADER_API_KEYS",
        "TRADER_ENCRYPTION_KEYS",
    }
    # requested by name, or left empty: the bot's token is no need of the rest
    assert [
        name
        for name, value in checked
        if not value.startswith("${") or not (":?" in value or value.endswith(":-}"))
    ] == []
    assert "trust" not in text, "a database that asks for no password"


@pytest.mark.parametrize("service", sorted(OURS))
def test_our_services_get_settings_the_code_reads(services: dict[str, dict[str, Any]], service: str) -> None:
    """Every variable given to our code is a setting under its own name.

    None that a worker reads is left out.
    """
    given = services[service]["environment"]
    settings = {name: value for name, value in given.items() if not FOREIGN.fullmatch(name)}
    wanted = {variable(name) for name in Settings.model_fields if name not in ONE_MACHINE}
    assert set(settings) == wanted | {SECRETS_FOLDER}
    for name, value in settings.items():
        for wanted, _, _ in _VARIABLE.findall(str(value)):
            assert wanted == name or (name, wanted) == ("TRADER_REDIS_URL", "REDIS_PASSWORD"), (
                f"{name} is filled from {wanted}"
            )


@pytest.mark.parametrize("service", sorted(OURS))
def test_what_libraries_read_reaches_our_services(services: dict[str, dict[str, Any]], service: str) -> None:
    """A Temporal cluster elsewhere, an archive in S3 and traces are set by the libraries' own variables.

    Compose leaves a variable without a value out where nothing sets it: an empty one is not the same.
    """
    foreign = {n: v for n, v in services[service]["environment"].items() if FOREIGN.fullmatch(n)}
    assert set(foreign.values()) == {None}
    assert foreign.keys() >= {
        "TEMPORAL_API_KEY",
        "TEMPORAL_TLS_CLIENT_CERT_PATH",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
    }
    # the SDK's own list, so that a name that it does not know is seen
    known = set(re.findall(r"\bTEMPORAL_[A-Z_]+\b", inspect.getsource(temporalio.envconfig)))
    assert {name for name in foreign if name.startswith("TEMPORAL_")} <= known | BY_THE_CORE


BY_THE_CORE = {
    "TEMPORAL_API_KEY",
    "TEMPORAL_CONFIG_FILE",
    "TEMPORAL_PROFILE",
    "TEMPORAL_TLS",
    "TEMPORAL_TLS_CLIENT_CERT_PATH",
    "TEMPORAL_TLS_CLIENT_KEY_PATH",
    "TEMPORAL_TLS_SERVER_CA_CERT_PATH",
    "TEMPORAL_TLS_SERVER_NAME",
}
"""Read by the SDK's core, as its environment configuration documents them."""


def test_given_settings_load(services: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """With only what is required filled in, the settings are valid, in dry-run.

    Point at the file's own Temporal.
    """

    def filled(value: str) -> str:
        return _VARIABLE.sub(lambda found: found["rest"] if found["rule"] == ":-" else "5WT00001", value)

    given = services["worker"]["environment"]
    environment = {name: filled(str(value)) for name, value in given.items() if value is not None}
    environment[SECRETS_FOLDER] = str(tmp_path)
    settings = load(environment=environment, directory=tmp_path).settings
    assert settings.mode.value == "dry-run"
    assert settings.temporal_address == "temporal:7233"
    assert (settings.namespace, settings.temporal_retention_days) == ("dry-run", 30)


def test_own_variables_do_not_look_like_settings(text: str) -> None:
    """What only Compose reads does not carry our prefixes.

    `trader` refuses unknown names of ours, also in the .env that both read.
    """
    settings = {variable(name) for name in Settings.model_fields}
    alone = {name for name, _, _ in _VARIABLE.findall(text)} - settings
    assert alone - {SETTINGS_FILE} == {
        "POSTGRES_PASSWORD",
        "REDIS_PASSWORD",
        "GRAFANA_PASSWORD",
        "SECRETS_FOLDER",
    }
    alone.discard(SETTINGS_FILE)  # the same for a `trader` on this machine
    assert not any(name.startswith(PREFIXES) for name in alone)


def test_images_are_pinned(services: dict[str, dict[str, Any]]) -> None:
    """Each image names an exact version; ours is the version of the project, and is built here."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for name, service in services.items():
        assert re.fullmatch(r"[a-z0-9_/-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?", service["image"]), name
        assert ("build" in service) is (name in OURS)
        assert (service["image"] == f"alert-trader:{version}") is (name in OURS)


def test_ports_are_published_to_this_machine_only(services: dict[str, dict[str, Any]]) -> None:
    """Ports are bound to loopback: neither Temporal nor its UI asks who calls, and keys travel as they are.

    The databases have none.
    """
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {
        "temporal": ["127.0.0.1:7233:7233"],
        "ui": ["127.0.0.1:8233:8080"],
        "api": ["127.0.0.1:8090:8090"],
        "prometheus": ["127.0.0.1:9090:9090"],
        "grafana": ["127.0.0.1:3000:3000"],
        "alertmanager": ["127.0.0.1:9093:9093"],
    }


def test_only_temporal_reaches_the_database(
    services: dict[str, dict[str, Any]], compose: dict[str, Any]
) -> None:
    """The database's network leads nowhere else, and our code is not on it."""
    assert compose["networks"]["store"] == {"internal": True}
    assert {name for name, service in services.items() if "store" in service["networks"]} == {
        "postgres",
        "schema",
        "temporal",
        "postgres-exporter",
    }


def test_redis_is_reached_by_our_processes_alone(
    services: dict[str, dict[str, Any]], compose: dict[str, Any]
) -> None:
    """Redis asks for a password, publishes nothing, is on a network that leads nowhere, keeps nothing.

    Throws nothing out.
    """
    assert compose["networks"]["redis"] == {"internal": True}
    assert {name for name, service in services.items() if "redis" in service["networks"]} == {
        "worker",
        "housekeeper",
        "api",
        "redis",
        "redis-exporter",
    }
    written = services["redis"]["command"][-1]
    for wanted in ("requirepass", 'save \\"\\"', "appendonly no", "maxmemory-policy noeviction"):
        assert wanted.replace("\\", "") in written.replace("\\", "")
    assert "ports" not in services["redis"]


def test_services_have_health_checks_and_restart(services: dict[str, dict[str, Any]]) -> None:
    """A service that stays has a health check and is started again.

    A job ends, and is tried a bounded number of times.
    """
    for name, service in services.items():
        if name in JOBS:
            assert service["restart"].startswith("on-failure:"), name
            assert "test" not in service.get("healthcheck", {}), name
        else:
            assert service["restart"] == "unless-stopped", name
            assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}, name
            assert service["healthcheck"]["retries"] > 0, name


def test_order_of_start(services: dict[str, dict[str, Any]]) -> None:
    """Database, schema, server, namespace, worker.

    Each waits for what it needs to be healthy, or a job to have succeeded.
    """
    order = {
        name: {on: how["condition"] for on, how in service["depends_on"].items()}
        for name, service in services.items()
        if "depends_on" in service
    }
    assert order == {
        "schema": {"postgres": "service_healthy"},
        "temporal": {"postgres": "service_healthy", "schema": "service_completed_successfully"},
        "namespace": {"temporal": "service_healthy"},
        "ui": {"temporal": "service_healthy"},
        # neither waits for Redis: a trade needs none
        "worker": {"namespace": "service_completed_successfully"},
        "housekeeper": {"namespace": "service_completed_successfully"},
        "bot": {"namespace": "service_completed_successfully"},
        "api": {"namespace": "service_completed_successfully"},
        "grafana": {"prometheus": "service_healthy"},
    }
    for needed in order.values():
        for on, condition in needed.items():
            assert (condition == "service_completed_successfully") is (on in JOBS)


def test_a_stop_waits_for_work_in_flight(services: dict[str, dict[str, Any]]) -> None:
    """A worker is given longer to stop than it gives its own activities."""
    grace = services["worker"]["stop_grace_period"]
    assert timedelta(seconds=int(grace.removesuffix("s"))) > GRACE + timedelta(seconds=5)


def test_data_and_configuration_are_where_the_services_look(
    services: dict[str, dict[str, Any]], compose: dict[str, Any]
) -> None:
    """The database is on a named volume; every file mounted exists, read-only.

    The dynamic configuration is one of them.
    """
    for name, service in services.items():
        for volume in service.get("volumes", []):
            if isinstance(volume, dict):
                assert volume["read_only"], name
                continue
            source, *target = volume.split(":")
            if source.startswith("./"):
                assert (ROOT / source).exists()
                assert target[-1] == "ro"
            else:
                assert source in compose["volumes"]
    server = services["temporal"]
    assert server["volumes"] == ["./deploy/dynamicconfig:/etc/temporal/config/dynamicconfig:ro"]
    configured = (
        ROOT / "deploy" / Path(server["environment"]["DYNAMIC_CONFIG_FILE_PATH"]).relative_to("config")
    )
    for key, entries in yaml.safe_load(configured.read_text()).items():
        assert re.fullmatch(r"[a-z]+\.[A-Za-z]+", key)
        assert all(entry.keys() == {"value", "constraints"} for entry in entries)


def test_no_service_for_code_that_does_not_exist(services: dict[str, dict[str, Any]]) -> None:
    """A service of ours runs a program of this checkout."""
    assert set(services) == {
        "postgres",
        "schema",
        "temporal",
        "namespace",
        "ui",
        "worker",
        "housekeeper",
        "redis",
        "bot",
        "api",
    } | {
        "prometheus",
        "grafana",
        "alertmanager",
        "postgres-exporter",
        "redis-exporter",
        "node-exporter",
    }
    assert services["namespace"]["command"] == ["python", "/opt/alert-trader/deploy/namespace.py"]
    assert (ROOT / "deploy/namespace.py").is_file()
    for name, program in (("housekeeper", "housekeeper"), ("api", "api"), ("bot", "bot")):
        assert services[name]["command"][:-2] == ["python", *command(program)[1:]]
