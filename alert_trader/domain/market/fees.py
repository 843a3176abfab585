"""What buying an option costs beside its price, as it is set aside before the broker's own figure is known. Dollars, positive costs.

The commission of an equity option has a cap for each leg; that of an index option has none, and its exchange takes a fee of its own.
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
"""What the exchanges of single-listed index options take a contract. That of NDX is not known, and is taken as high as any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeTable:
    """What is set aside for fees when a position is opened."""

    commission: Decimal = Decimal("1.00")
    """A contract."""
    commission_cap: Decimal = Decimal(10)
    """The most that a leg of equity options pays in commission."""
    other: Decimal = Decimal("0.20")
    """Clearing and regulatory fees a contract, rounded up: the exact ones change several times a year."""
    index: dict[str, Decimal] = field(default_factory=lambda: dict(INDEX_FEES))
    """Proprietary fees a contract by underlying. What is listed here is an index, whose commission has no cap."""

    def __post_init__(self) -> None:
        """Refuse a fee below zero."""
        for name, fee in (
            ("commission", self.commission),
            ("cap", self.commission_cap),
            ("other fees", self.other),
            *self.index.items(),
        ):
            if fee < 0:
                raise ValueError(f"expected {name} of zero or more dollars, found {fee}")

    def tiers(self, underlying: str) -> tuple[tuple[Decimal, Decimal], ...]:
        """Give the ways fees are reckoned, as a fixed part and one a contract: the lowest holds."""
        if underlying in self.index:
            return ((Decimal(0), self.commission + self.other + self.index[underlying]),)
        return ((Decimal(0), self.commission + self.other), (self.commission_cap, self.other))

    def opening(self, quantity: int, underlying: str = "") -> Decimal:
        """Give the fees of buying so many contracts in one order."""
        return min(fixed + each * quantity for fixed, each in self.tiers(underlying))
