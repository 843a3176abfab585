"""All settings of a process: the groups by subject together, and what follows from more than one of them."""

from pathlib import Path

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from alert_trader.domain.account.entry_rules import EntryRules
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.alerts.allowlist import Allowlist
from alert_trader.domain.execution.policy import Mode, Policy
from alert_trader.settings.alerts import AlertSettings
from alert_trader.settings.api import ApiSettings
from alert_trader.settings.broker import BrokerSettings
from alert_trader.settings.chat import ChatSettings
from alert_trader.settings.limits import LimitSettings
from alert_trader.settings.services import ServiceSettings
from alert_trader.settings.trading import TradingSettings

DEMO_AUTHOR = "100000000000000001"
DEMO_CHANNEL = "200000000000000002"
DEMO_GUILD = "300000000000000003"


# fields are listed from the last base to the first
class Settings(
    ApiSettings,
    ServiceSettings,
    ChatSettings,
    LimitSettings,
    TradingSettings,
    AlertSettings,
    BrokerSettings,
    BaseSettings,
):
    """The settings of every process, set as `TRADER_<NAME>`; the broker's four keep the broker's names."""

    model_config = SettingsConfigDict(
        env_prefix="TRADER_",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
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
        """Take only what is passed: `settings.load` reads the sources."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @property
    def namespace(self) -> str:
        """The Temporal namespace of the mode in force."""
        return self.temporal_namespace.replace("{mode}", self.mode.value)

    @property
    def operators(self) -> tuple[str, ...]:
        """The ids of those who may command the bot; in demo mode the demo's author where nobody is named."""
        named = self.discord_operators or self.discord_operator_roles
        return self.discord_operators if named or self.mode is not Mode.DEMO else (DEMO_AUTHOR,)

    @property
    def allowlist(self) -> Allowlist:
        """Whose alerts may trade. Demo mode has its own ids where none are set, so that it works at once."""
        demo = self.mode is Mode.DEMO
        return Allowlist(
            authors=self.authors or ((DEMO_AUTHOR,) if demo else ()),
            channels=self.channels or ((DEMO_CHANNEL,) if demo else ()),
            guilds=self.guilds or ((DEMO_GUILD,) if demo else ()),
        )

    @property
    def stop_path(self) -> Path:
        """The file that stops every entry while it exists."""
        return self.stop_file or self.data_dir / "STOP"

    def limits(self) -> Limits:
        """Return the limits that an account starts with."""
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

    def entry_rules(self) -> EntryRules:
        """Return what the worker that sends checks of every entry."""
        return EntryRules(
            account=self.account,
            allowlist=self.allowlist,
            max_contracts=self.size_max_contracts,
            max_notional=self.size_max_notional,
        )

    def policy(self) -> Policy:
        """Return the rules of a trade that starts now, without its author's profile."""
        return Policy(
            mode=self.mode,
            cards=self.has_cards,
            closures=self.closures,
            allowlist=self.allowlist,
            ladder=self.ladder_policy,
            exits=self.exit_policy,
            sale=self.sale_policy,
            sizing=self.sizing_policy,
            safety=self.safety_policy,
        )
