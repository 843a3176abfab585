"""What an order costs in fees, by the venue's schedule. All amounts are dollars, positive costs."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from alert_trader.simulators.venue.config import FeeSchedule, UnderlyingConfig
from alert_trader.simulators.venue.instruments import SHARES_PER_CONTRACT
from alert_trader.simulators.venue.orders import Action

_CENT = Decimal("0.01")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """Fees by kind, each rounded to a cent."""

    commission: Decimal = _ZERO
    clearing: Decimal = _ZERO
    orf: Decimal = _ZERO
    taf: Decimal = _ZERO
    sec: Decimal = _ZERO
    proprietary: Decimal = _ZERO

    @property
    def regulatory(self) -> Decimal:
        """What regulators take."""
        return self.orf + self.taf + self.sec

    @property
    def total(self) -> Decimal:
        """Everything."""
        return self.commission + self.clearing + self.regulatory + self.proprietary

    def __add__(self, other: "Fees") -> "Fees":
        """Add two sets of fees, kind by kind."""
        return Fees(
            commission=self.commission + other.commission,
            clearing=self.clearing + other.clearing,
            orf=self.orf + other.orf,
            taf=self.taf + other.taf,
            sec=self.sec + other.sec,
            proprietary=self.proprietary + other.proprietary,
        )

    def __sub__(self, other: "Fees") -> "Fees":
        """Subtract what was charged before, kind by kind."""
        return Fees(
            commission=self.commission - other.commission,
            clearing=self.clearing - other.clearing,
            orf=self.orf - other.orf,
            taf=self.taf - other.taf,
            sec=self.sec - other.sec,
            proprietary=self.proprietary - other.proprietary,
        )


def leg_fees(
    schedule: FeeSchedule, row: UnderlyingConfig, action: Action, contracts: int, proceeds: Decimal
) -> Fees:
    """Return the fees of a leg; `proceeds` is the dollars received by a sale, unused for a purchase.

    The commission cap is a leg's: to charge a slice, subtract the fees of what was filled before from those
    of all that is filled now.
    """
    rate = schedule.commission_open if action.opening else schedule.commission_close
    commission = rate * contracts
    if not row.is_index:
        commission = min(commission, schedule.commission_cap_per_leg)
    sold = not action.buying
    return Fees(
        commission=_cents(commission),
        clearing=_cents(schedule.clearing * contracts),
        orf=_cents(schedule.orf * contracts),
        taf=_cents(schedule.taf_on_sells * contracts) if sold else _ZERO,
        sec=_cents(schedule.sec_rate_on_sells * proceeds) if sold else _ZERO,
        proprietary=_cents(schedule.proprietary.get(row.symbol, _ZERO) * contracts),
    )


def dollars(price: Decimal, contracts: int) -> Decimal:
    """Turn a price a share into dollars for so many contracts."""
    return price * contracts * SHARES_PER_CONTRACT


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
