"""Settings of the admin API, encryption, metrics and tracing."""

from typing import Self

from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator, model_validator

from alert_trader.settings.values import IdList, encryption_key, named_secrets

MIN_KEY_LENGTH = 16
"""Characters of an admin key: more than can be guessed at the rate that the API allows."""


class ApiSettings(BaseModel):
    """Who may use the admin API, and what is encrypted, measured and traced."""

    api_host: str = Field(
        "127.0.0.1",
        description="Address the admin API listens on. Anything but loopback needs TLS in front of it.",
    )
    api_port: int = Field(8090, ge=1, le=65535, description="Port of the admin API.")
    api_url: str | None = Field(
        None,
        pattern=r"^https?://[^/\s]+$",
        description="Address at which people open the desk page, such as https://desk.example.org; the bot's "
        "links begin with it. Default: host and port of the API.",
    )
    api_keys: SecretStr | None = Field(
        None,
        description="Admin keys as name:key, separated by commas, at least 16 characters each; the name "
        "signs the audit; secret.",
    )
    api_rate: int = Field(120, ge=1, description="Requests a minute for one admin key, or one address.")
    api_max_body: int = Field(65536, ge=1024, le=10485760, description="Largest request body, in bytes.")
    codec_token: SecretStr | None = Field(
        None,
        description="Enables the codec server for the Web UI, under /codec/TOKEN; at least 16 characters; "
        "secret.",
    )
    codec_origins: IdList = Field(
        ("http://127.0.0.1:8233", "http://localhost:8233"),
        description="Origins of the Web UI that may use the codec server, separated by commas.",
    )
    encryption_keys: SecretStr | None = Field(
        None,
        description="Encrypts payloads in Temporal: id:key separated by commas, 32 bytes in base64 each; "
        "the first encrypts, all decrypt; secret.",
    )
    encryption_required: bool = Field(
        False,
        description="Send no entry of a trade whose input is not encrypted with one of encryption_keys: "
        "without a key, access to Temporal opens no trade.",
    )
    metrics_bind: str | None = Field(
        None,
        pattern=r"^[^\s:]+:\d{1,5}$",
        description="host:port where a worker serves metrics for Prometheus; empty: none.",
    )
    tracing: bool = Field(
        False,
        description="Trace with OpenTelemetry to OTEL_EXPORTER_OTLP_ENDPOINT; needs the extra tracing.",
    )

    @field_validator("api_keys", "codec_token")
    @classmethod
    def _keys_are_long(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        given = [] if value is None else [value.get_secret_value()]
        if value is not None and info.field_name == "api_keys":
            given = [key for _, key in named_secrets(value.get_secret_value())]
        if any(len(key) < MIN_KEY_LENGTH or not key.isascii() or not key.isprintable() for key in given):
            raise ValueError(
                f"expected keys of at least {MIN_KEY_LENGTH} printable ASCII characters (`openssl rand -hex "
                "24` makes one)"
            )
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _keys_fit_the_cipher(cls, value: SecretStr | None) -> SecretStr | None:
        for name, text in () if value is None else named_secrets(value.get_secret_value()):
            encryption_key(name, text)
        return value

    @model_validator(mode="after")
    def _required_keys_are_set(self) -> Self:
        if self.encryption_required and self.encryption_keys is None:
            raise ValueError("encryption_required needs encryption_keys: set both, or neither")
        return self

    @property
    def api_key_ring(self) -> tuple[tuple[str, str], ...]:
        """The admin keys as (name, key)."""
        return () if self.api_keys is None else named_secrets(self.api_keys.get_secret_value())

    @property
    def encryption_ring(self) -> tuple[tuple[str, bytes], ...]:
        """The encryption keys as (id, key); the first one encrypts."""
        pairs = () if self.encryption_keys is None else named_secrets(self.encryption_keys.get_secret_value())
        return tuple((name, encryption_key(name, text)) for name, text in pairs)
