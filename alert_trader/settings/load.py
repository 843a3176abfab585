"""Read the settings, and record where each value came from.

The first of these takes precedence: what the caller passes (a flag), the environment, the folder that
TRADER_SECRETS names (a file for each variable), `.env` in the working directory, `trader.toml` (or the file
that TRADER_SETTINGS names), the state file of a running local stack, the default. An unknown name of ours is
an error in each of them: a misspelt setting must not look as if it were in force.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError
from pydantic_settings import EnvSettingsSource

from alert_trader.domain.errors import AlertTraderError
from alert_trader.domain.execution.policy import Mode
from alert_trader.mirrors.address import without_credentials
from alert_trader.settings import model

SETTINGS_FILE = "TRADER_SETTINGS"
STACK_FILE = "TRADER_STACK"
SECRETS_FOLDER = "TRADER_SECRETS"
_NOT_FIELDS = {SETTINGS_FILE, STACK_FILE, SECRETS_FOLDER}
PREFIXES = ("TRADER_", "TASTYTRADE_")
"""What the names of our variables begin with."""
REDACTED = "********"


class SettingsError(AlertTraderError):
    """The settings cannot be used; the message lists every fault on a line, with what to do."""


class Source(StrEnum):
    """Where a value came from."""

    FLAG = "flag"
    ENVIRONMENT = "env"
    SECRETS = "secrets"
    DOTENV = ".env"
    FILE = "toml"
    STACK = "stack"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting in force: its variable, its value (secrets redacted), its source and its description."""

    name: str
    value: str
    source: Source
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings in force, and where each value came from (by field name)."""

    settings: model.Settings
    sources: dict[str, Source]


def variable(field_name: str) -> str:
    """Return the environment variable of a field."""
    alias = model.Settings.model_fields[field_name].validation_alias
    return alias if isinstance(alias, str) else f"TRADER_{field_name.upper()}"


def load(
    *,
    flags: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    stack: Mapping[str, object] | None = None,
    default_mode: Mode = Mode.DRY_RUN,
) -> Loaded:
    """Gather and check the settings; raises SettingsError with every fault found.

    `flags` and `stack` are keyed by field name, None meaning "not given". `directory` holds `.env` and
    `trader.toml` (default: the working directory).
    """
    environment = os.environ if environment is None else environment
    directory = Path() if directory is None else directory
    dotenv = {key: value for key, value in dotenv_values(directory / ".env").items() if value is not None}
    secrets = _read_secrets(directory, environment.get(SECRETS_FOLDER) or dotenv.get(SECRETS_FOLDER))
    toml, toml_name = _read_toml(directory, environment.get(SETTINGS_FILE) or dotenv.get(SETTINGS_FILE))
    layers: list[tuple[Source, dict[str, Any]]] = [
        (Source.FLAG, {key: value for key, value in (flags or {}).items() if value is not None}),
        (Source.ENVIRONMENT, _of_variables(environment)),
        (Source.SECRETS, _of_variables(secrets)),
        (Source.DOTENV, _of_variables(dotenv)),
        (Source.FILE, toml),
        (Source.STACK, dict(stack or {})),
        (Source.DEFAULT, {"mode": default_mode}),
    ]
    variables = {variable(name) for name in model.Settings.model_fields}
    faults = [
        *_unknown(environment, "the environment", variables | _NOT_FIELDS),
        *_unknown(secrets, "the folder of secrets", variables),
        *_unknown(dotenv, ".env", variables | _NOT_FIELDS),
        *_unknown(toml, toml_name, set(model.Settings.model_fields), every=True),
    ]
    values: dict[str, Any] = {}
    sources: dict[str, Source] = {}
    for source, layer in layers:
        for name in model.Settings.model_fields.keys() & layer.keys() - values.keys():
            values[name], sources[name] = layer[name], source
    try:
        settings = model.Settings(**values)
    except ValidationError as error:
        faults += [
            _fault(details["loc"], details["msg"], sources)
            for details in error.errors(include_url=False, include_input=False)
        ]
        raise SettingsError("\n".join(faults)) from None
    if faults:
        raise SettingsError("\n".join(faults))
    return Loaded(
        settings=settings,
        sources={name: sources.get(name, Source.DEFAULT) for name in model.Settings.model_fields},
    )


def describe(loaded: Loaded) -> list[Setting]:
    """List every setting in force, secrets redacted, in the order of their declaration."""
    written = loaded.settings.model_dump(mode="json")
    allowed = loaded.settings.allowlist
    effective = {"authors": allowed.authors, "channels": allowed.channels, "guilds": allowed.guilds}
    rows = []
    for name, field in model.Settings.model_fields.items():
        value = getattr(loaded.settings, name)
        if isinstance(value, SecretStr):
            text = REDACTED
        elif name in effective:
            text = ",".join(effective[name])
        else:
            text = "" if value is None else str(written[name])
        if name == "archive":
            text = without_credentials(text)
        if name == "profiles":
            text = ",".join(value)
        rows.append(
            Setting(
                name=variable(name),
                value=text,
                source=loaded.sources[name],
                description=field.description or "",
            )
        )
    for author, profile in loaded.settings.profiles.items():
        what = "Rules for this author."
        rows.append(
            Setting(
                name=f"profiles.{author}",
                value=profile.summary(),
                source=loaded.sources["profiles"],
                description=what,
            )
        )
    return rows


def as_environment(settings: model.Settings) -> dict[str, str]:
    """Return settings as the environment of a child process, secrets included."""
    variables = {}
    for name, text in settings.model_dump(mode="json").items():
        value = getattr(settings, name)
        if value is not None:
            variables[variable(name)] = (
                value.get_secret_value() if isinstance(value, SecretStr) else str(text)
            )
    return variables


def _of_variables(variables: Mapping[str, str]) -> dict[str, Any]:
    """Read the fields that the variables set; an empty variable sets nothing."""
    reader = EnvSettingsSource(model.Settings)
    reader.env_vars = {key.lower(): value for key, value in variables.items() if value}
    found = {}
    for name, field in model.Settings.model_fields.items():
        value, key, is_complex = reader.get_field_value(field, name)
        if value is not None:
            found[name] = reader.prepare_field_value(key, field, value, is_complex)
    return found


def _read_secrets(directory: Path, named: str | None) -> dict[str, str]:
    """Read the files of the folder of secrets, each named as its variable; none where no folder is named."""
    if not named:
        return {}
    folder = directory / named
    try:
        # Kubernetes and others write the content into a hidden folder beside links to it
        files = [each for each in folder.iterdir() if each.is_file() and not each.name.startswith(".")]
        return {
            each.name: each.read_text().strip() for each in files if each.name.upper().startswith(PREFIXES)
        }
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{SECRETS_FOLDER} names {folder}, which cannot be read: "
            f"{getattr(error, 'strerror', None) or 'a file there is no text'}. "
            "Correct the folder and who may read its files, or unset it"
        ) from None


def _read_toml(directory: Path, named: str | None) -> tuple[dict[str, Any], str]:
    path = directory / (named or "trader.toml")
    try:
        return tomllib.loads(path.read_text()), path.name
    except FileNotFoundError:
        if named:
            raise SettingsError(
                f"{SETTINGS_FILE} names {path}, which does not exist. Create it or unset {SETTINGS_FILE}"
            ) from None
        return {}, path.name
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path} cannot be read: {error}. Expected lines such as: mode = 'dry-run'"
        ) from None


def _unknown(given: Mapping[str, object], where: str, known: set[str], *, every: bool = False) -> list[str]:
    faults = []
    for name in given:
        if name.upper() in known or name in known or not (every or name.upper().startswith(PREFIXES)):
            continue
        near = difflib.get_close_matches(name if every else name.upper(), known, n=1)
        faults.append(
            f"{name} in {where} is not a setting. "
            f"{f'Did you mean {near[0]}?' if near else 'See .env.example for all of them.'}"
        )
    return faults


def _fault(location: tuple[int | str, ...], message: str, sources: Mapping[str, Source]) -> str:
    text = message.removeprefix("Value error, ")
    if not location:
        return text
    name = str(location[0])
    if len(location) > 1:
        text = f"{'.'.join(str(part) for part in location[1:])}: {text}"
    return (
        f"{variable(name) if name in model.Settings.model_fields else name} "
        f"({sources.get(name, Source.DEFAULT)}): {text}"
    )
