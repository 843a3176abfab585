"""Settings of a trade: price ladder, exits, size, safety checks and the calendar."""

from decimal import Decimal
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, Field, field_validator, model_validator

from alert_trader.domain.execution.policy import (
    Conversion,
    ExitPolicy,
    LadderPolicy,
    NearClose,
    SafetyPolicy,
    SalePolicy,
    SizingPolicy,
)
from alert_trader.domain.market.fees import FeeTable
from alert_trader.domain.market.trading_hours import Closures
from alert_trader.settings.exit_rules import BreakEvenRule, SingleRule, StopRule, TimeRules, TrailRule
from alert_trader.settings.values import DayList, Duration, EarlyCloseList, FeeList, fees

_LADDER = LadderPolicy()
_SALE = SalePolicy()
_SIZING = SizingPolicy()
_SAFETY = SafetyPolicy()


class ExitPreset(StrEnum):
    """The two readings of "50% profit take"."""

    HALF_AT_DOUBLE = "half-at-double"
    """Sell half of the filled contracts at twice the entry price."""
    ALL_AT_HALF = "all-at-half"
    """Sell everything at one and a half times the entry price."""


_PRESETS = {
    ExitPreset.HALF_AT_DOUBLE: (Decimal("0.5"), Decimal("1.0")),
    ExitPreset.ALL_AT_HALF: (Decimal("1.0"), Decimal("0.5")),
}
"""Fraction sold and gain of each preset."""


class TradingSettings(BaseModel):
    """The rules of every trade, without its author's profile."""

    ladder_step: Duration = Field(
        _LADDER.step, ge=0, description="Seconds an entry order works before its price is raised."
    )
    ladder_bumps: int = Field(
        _LADDER.bumps, ge=0, le=20, description="Most one-tick price raises of an entry."
    )
    ladder_window: Duration = Field(
        _LADDER.window, ge=0, description="Seconds from the first entry order to the conversion."
    )
    ladder_grace: Duration = Field(
        _LADDER.grace, ge=0, description="Seconds after the window in which the conversion may still be sent."
    )
    ladder_ceiling: Decimal = Field(
        _LADDER.ceiling, ge=0, le=1, description="Most paid above the alert's price, as a fraction of it."
    )
    ladder_conversion: Conversion = Field(
        _LADDER.conversion,
        description="What to do with the unfilled remainder when the window ends: marketable-limit (a limit "
        "at the ceiling), cancel, or unbounded-market, which may fill above the ceiling.",
    )
    ladder_convert_within_ticks: int | None = Field(
        None,
        ge=0,
        description="Convert only while the ask is at most this many ticks above the last limit; empty: "
        "only the ceiling applies.",
    )
    ladder_conversion_wait: Duration = Field(
        _LADDER.conversion_wait,
        ge=0,
        description="Seconds a converted order has to fill where it is not immediate-or-cancel.",
    )
    ladder_near_close: NearClose = Field(
        _LADDER.near_close,
        description="Entry whose window does not fit into the rest of the session: refuse it, or shorten its "
        "window.",
    )
    exit_preset: ExitPreset = Field(ExitPreset.HALF_AT_DOUBLE, description="half-at-double or all-at-half.")
    exit_fraction: Decimal | None = Field(
        None,
        gt=0,
        le=1,
        description="Share of the filled contracts to sell at the target; empty: by exit_preset.",
    )
    exit_gain: Decimal | None = Field(
        None,
        gt=0,
        le=100,
        description="Target above the fill price, as a fraction (1.0 is twice the price); empty: by "
        "exit_preset.",
    )
    exit_min_quantity: int = Field(1, ge=1, description="Smallest exit order, in contracts.")
    exit_stop: StopRule | None = Field(
        None,
        description="Stop loss: sell everything when the bid is this far under the average entry, as -30%; "
        "empty: none.",
    )
    exit_break_even: BreakEvenRule | None = Field(
        None,
        description="Raise the stop to the average entry after the target (1), or when the bid has gained "
        "(+50%); empty: never.",
    )
    exit_trail: TrailRule | None = Field(
        None,
        description="Trailing stop: how far under the highest bid, as 20% or 0.15, perhaps from a gain on "
        "(20% from +50%); empty: none.",
    )
    exit_times: TimeRules = Field(
        (),
        description="Times by which everything is sold, separated by commas: 15:45 (New York, on the day of "
        "the entry), 30m before close, 2d before expiry, 45m held.",
    )
    exit_single: SingleRule | None = Field(
        None,
        description="What one contract gets, of which a share is none: first target, stop or nothing; empty: "
        "the first target where a stop is set, else nothing.",
    )
    sale_floor: Decimal = Field(
        _SALE.floor,
        gt=0,
        le=1,
        description="Lowest price of a close or a partial exit, as a fraction of the bid when it began. Its "
        "order keeps working there, and a person is paged.",
    )
    sale_step: Duration = Field(
        _SALE.step, ge=0, description="Seconds such a sale is offered before its price is lowered."
    )
    sale_steps: int = Field(
        _SALE.steps, ge=1, le=100, description="Most steps from the bid to the floor, of a tick at least."
    )
    size_allocation: Decimal = Field(
        _SIZING.allocation, gt=0, le=1, description="Share of the day's buying power that one trade may use."
    )
    size_max_contracts: int = Field(_SIZING.max_contracts, ge=1, description="Most contracts of one trade.")
    size_max_notional: Decimal = Field(
        _SIZING.max_notional, gt=0, description="Most dollars of one trade, at the ceiling price."
    )
    size_commission: Decimal = Field(
        _SIZING.fees.commission, ge=0, description="Commission to open one contract, in dollars."
    )
    size_commission_cap: Decimal = Field(
        _SIZING.fees.commission_cap,
        ge=0,
        description="Most commission for one leg of equity options, in dollars; index options have no cap.",
    )
    size_other_fees: Decimal = Field(
        _SIZING.fees.other,
        ge=0,
        description="Clearing and regulatory fees reserved for one contract, in dollars.",
    )
    size_index_fees: FeeList = Field(
        tuple(f"{name}={fee}" for name, fee in _SIZING.fees.index.items()),
        description="Exchange fees of index options in dollars a contract, as SPX=0.65, separated by commas; "
        "symbols named here count as an index.",
    )
    safety_max_alert_age: Duration = Field(
        _SAFETY.max_alert_age, ge=0, description="Seconds after which an alert is too old to trade."
    )
    safety_max_quote_age: Duration = Field(
        _SAFETY.max_quote_age, ge=0, description="Seconds after which a quote is stale."
    )
    safety_max_price_gap: Decimal = Field(
        _SAFETY.max_price_gap,
        gt=0,
        description="Deny an alert when the mid is further from its price than this fraction.",
    )
    safety_late_fill_watch: Duration = Field(
        _SAFETY.late_fill_watch,
        ge=0,
        description="Seconds a trade without a fill stays open in case a fill is reported late.",
    )
    safety_approval_window: Duration = Field(
        _SAFETY.approval_window, ge=0, description="Seconds a trade waits for a person's approval."
    )
    safety_correction_window: Duration = Field(
        _SAFETY.correction_window,
        ge=0,
        description="Seconds after an alert in which its author's next message may correct it.",
    )
    calendar_closures: DayList = Field(
        (),
        description="Announced market closures that no holiday rule gives, as 2027-01-09, separated by "
        "commas (New York).",
    )
    calendar_early_closes: EarlyCloseList = Field(
        (),
        description="Announced early closes with their New York time, as 2027-07-02=13:00, separated by "
        "commas.",
    )

    @field_validator(
        "ladder_step",
        "ladder_window",
        "ladder_conversion_wait",
        "sale_step",
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
                f"expected a ladder_window of at least {climb.total_seconds():g} s, the time of "
                f"{self.ladder_bumps} bumps and the first "
                f"price at a ladder_step of {self.ladder_step.total_seconds():g} s; found "
                f"{self.ladder_window.total_seconds():g} s"
            )
        return self

    @model_validator(mode="after")
    def _exits_are_possible(self) -> Self:
        assert self.exit_policy is not None  # raises for parts that cannot be together
        return self

    @model_validator(mode="after")
    def _closures_are_possible(self) -> Self:
        assert self.closures is not None  # raises for impossible ones
        return self

    @property
    def closures(self) -> Closures:
        """Announced closures and early closes, beside the calendar's rules."""
        return Closures(days=self.calendar_closures, early=self.calendar_early_closes)

    @property
    def ladder_policy(self) -> LadderPolicy:
        """The rules of price discovery."""
        return LadderPolicy(
            step=self.ladder_step,
            bumps=self.ladder_bumps,
            window=self.ladder_window,
            grace=self.ladder_grace,
            ceiling=self.ladder_ceiling,
            conversion=self.ladder_conversion,
            convert_within_ticks=self.ladder_convert_within_ticks,
            conversion_wait=self.ladder_conversion_wait,
            near_close=self.ladder_near_close,
        )

    @property
    def exit_policy(self) -> ExitPolicy:
        """What sells a position: the preset's profit-take, where nothing else is set."""
        fraction, gain = _PRESETS[self.exit_preset]
        return ExitPolicy(
            fraction=fraction if self.exit_fraction is None else self.exit_fraction,
            gain=gain if self.exit_gain is None else self.exit_gain,
            min_quantity=self.exit_min_quantity,
            stop=self.exit_stop,
            break_even=self.exit_break_even,
            trail=self.exit_trail,
            times=self.exit_times,
            single=self.exit_single,
        )

    @property
    def sale_policy(self) -> SalePolicy:
        """The rules of sales that are no target."""
        return SalePolicy(floor=self.sale_floor, step=self.sale_step, steps=self.sale_steps)

    @property
    def sizing_policy(self) -> SizingPolicy:
        """The caps of one trade, and the fees it is sized with."""
        return SizingPolicy(
            allocation=self.size_allocation,
            max_contracts=self.size_max_contracts,
            max_notional=self.size_max_notional,
            fees=FeeTable(
                commission=self.size_commission,
                commission_cap=self.size_commission_cap,
                other=self.size_other_fees,
                index=fees(self.size_index_fees),
            ),
        )

    @property
    def safety_policy(self) -> SafetyPolicy:
        """The checks before and around an entry."""
        return SafetyPolicy(
            max_alert_age=self.safety_max_alert_age,
            max_quote_age=self.safety_max_quote_age,
            max_price_gap=self.safety_max_price_gap,
            late_fill_watch=self.safety_late_fill_watch,
            approval_window=self.safety_approval_window,
            correction_window=self.safety_correction_window,
        )
