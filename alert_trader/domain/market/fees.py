"""Estimated fees of an opening order, used until the broker's figure is known. Dollars; a cost is positive.

The commission on equity options is capped per leg. Index options have no cap, and their exchange charges a
fee of its own.
"""

from dataclasses import dataclass, field
from decimal import Decimal

INDEX_FEES = {
    "SPX": Decimal("0.65"),
    "VIX": Decimal("0.65"),
    "OEX": Decimal("0.40"),
    "XEO": Decimal("0.40"),
    "RUT": Decimal("0.18"),
    "DJX": Decimal("0.18"),
    "NDX": Decimal("0.65"),
}
"""Exchange fee per contract of single-listed index options. The fee of NDX is not known; the highest is
assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeTable:
    """The fees assumed when a position is opened."""

    commission: Decimal = Decimal("1.00")
    """Per contract."""
    commission_cap: Decimal = Decimal(10)
    """The most commission for one leg of equity options."""
    other: Decimal = Decimal("0.20")
    """Clearing and regulatory fees per contract, rounded up: the exact ones change several times a year."""
    index: dict[str, Decimal] = field(default_factory=lambda: dict(INDEX_FEES))
    """Exchange fees per contract by underlying. An underlying listed here is an index: no cap on its
    commission."""

    def __post_init__(self) -> None:
        """Raise ValueError for a negative fee."""
        for name, fee in (
            ("commission", self.commission),
            ("cap", self.commission_cap),
            ("other fees", self.other),
            *self.index.items(),
        ):
            if fee < 0:
                raise ValueError(f"expected {name} of zero or more dollars, found {fee}")

    def tiers(self, underlying: str) -> tuple[tuple[Decimal, Decimal], ...]:
        """Return the fee formulas as (fixed dollars, dollars per contract); the cheapest applies."""
        if underlying in self.index:
            return ((Decimal(0), self.commission + self.other + self.index[underlying]),)
        return ((Decimal(0), self.commission + self.other), (self.commission_cap, self.other))

    def opening(self, quantity: int, underlying: str = "") -> Decimal:
        """Return the fees of buying `quantity` contracts in one order."""
        return min(fixed + each * quantity for fixed, each in self.tiers(underlying))
