"""Settings of the account's limits, and of the stop that works without Temporal."""

from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, Field

from alert_trader.domain.account.limits import Limits
from alert_trader.settings.values import Duration, IdList

_LIMITS = Limits()


class LimitSettings(BaseModel):
    """The limits a new account starts with, and the kill switch."""

    limit_open_trades: int = Field(
        _LIMITS.max_open_trades, ge=0, description="Most trades that are buying or holding at the same time."
    )
    limit_trades_per_day: int = Field(
        _LIMITS.max_trades_per_day, ge=0, description="Most trades opened in one day."
    )
    limit_trades_per_author: int = Field(
        _LIMITS.max_trades_per_author, ge=0, description="Most trades of one author in one day."
    )
    limit_notional_per_day: Decimal = Field(
        _LIMITS.max_notional_per_day,
        ge=0,
        description="Most dollars of all trades of one day, at their ceiling prices.",
    )
    limit_orders_per_minute: int = Field(
        _LIMITS.max_orders_per_minute,
        ge=0,
        description="Most entry orders in a minute, price raises and conversions included.",
    )
    limit_loss_per_day: Decimal = Field(
        _LIMITS.max_loss_per_day,
        gt=0,
        description="Realised loss of one day that halts the account, in dollars.",
    )
    limit_no_entry_after_open: Duration = Field(
        _LIMITS.no_entry_after_open,
        ge=0,
        description="Seconds after the open without entries.",
    )
    limit_no_entry_before_close: Duration = Field(
        _LIMITS.no_entry_before_close,
        ge=0,
        description="Seconds before the close without entries.",
    )
    limit_halted_symbols: IdList = Field((), description="Underlyings without entries, separated by commas.")
    limit_deny_reposts: bool = Field(
        _LIMITS.deny_reposts,
        description="Deny the same author, contract and price again until the contract expires.",
    )
    stop: bool = Field(
        False, description="true: a worker that starts with it sends no entry, whatever Temporal says."
    )
    stop_file: Path | None = Field(
        None,
        description="While this file exists no entry is sent, even without Temporal; empty: STOP in "
        "data_dir.",
    )
