"""How much of a position a person or an alert wants sold: all of it, a fraction, or a count of contracts.

What cannot be sold in whole contracts is rounded down: selling too little can be corrected, selling
more cannot.
"""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

_FINE = Decimal("1e-9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """A part of the position at the time of the sale. Neither fraction nor count means all of it."""

    fraction: Decimal | None = None
    """Above 0 and below 1."""
    count: int | None = None
    """Contracts, at least 1; never more are sold than are held."""

    def __post_init__(self) -> None:
        """Raise ValueError for an impossible part."""
        if self.fraction is not None and self.count is not None:
            raise ValueError(f"expected a fraction or a count, found both: {self.fraction} and {self.count}")
        if self.fraction is not None and not 0 < self.fraction < 1:
            raise ValueError(
                f"expected a fraction above 0 and below 1 (a half is 0.5), found {self.fraction}"
            )
        if self.count is not None and self.count < 1:
            raise ValueError(f"expected a count of at least 1 contract, found {self.count}")

    @property
    def everything(self) -> bool:
        """Whether this is the whole position."""
        return self.fraction is None and self.count is None

    def of(self, held: int) -> int:
        """Return the contracts to sell when `held` are held: from 0 to all of them."""
        if self.count is not None:
            return min(self.count, max(held, 0))
        if self.fraction is not None:
            # a third has a last digit as a decimal: without rounding it, a third of three would be none
            return int((self.fraction * max(held, 0)).quantize(_FINE).to_integral_value(ROUND_FLOOR))
        return max(held, 0)

    def __str__(self) -> str:
        """Return it in words."""
        if self.count is not None:
            return f"{self.count} contract{'' if self.count == 1 else 's'}"
        return (
            "all of it" if self.fraction is None else f"{(self.fraction * 100).quantize(Decimal(1))} % of it"
        )


ALL = Portion()
HALF = Portion(fraction=Decimal("0.5"))


def read_portion(text: str) -> Portion:
    """Read "all", "half", "1/3", "25%" or "3" (contracts). Raise ValueError for anything else."""
    written = text.strip().lower()
    if written in {"all", "everything", "rest"}:
        return ALL
    if written == "half":
        return HALF
    try:
        if written.endswith("%"):
            share = Decimal(written[:-1].strip()) / 100
            return ALL if share == 1 else Portion(fraction=share)
        if "/" in written:
            part, _, whole = written.partition("/")
            share = Decimal(int(part)) / Decimal(int(whole))
            return ALL if share == 1 else Portion(fraction=share)
        return Portion(count=int(written))
    except (ArithmeticError, ValueError) as error:
        raise ValueError(
            "expected all, half, a fraction (1/3), a percentage (25%) or a count of contracts (3), "
            f"found {text!r}"
        ) from error
