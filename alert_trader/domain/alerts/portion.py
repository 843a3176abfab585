"""How much of a position a person or an alert asks to be sold: all of it, a fraction, or a count of contracts.

What cannot be sold in whole contracts is rounded down: selling less than was meant can be mended, selling more cannot.
"""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

_FINE = Decimal("1e-9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """A part of what is held when it is sold. Neither fraction nor count means all of it."""

    fraction: Decimal | None = None
    """Above 0 and below 1."""
    count: int | None = None
    """Contracts, at least 1; never more are sold than are held."""

    def __post_init__(self) -> None:
        """Refuse what is no part."""
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
        """Whether it is all of it."""
        return self.fraction is None and self.count is None

    def of(self, held: int) -> int:
        """Count the contracts it stands for when `held` are held: from 0 to all of them."""
        if self.count is not None:
            return min(self.count, max(held, 0))
        if self.fraction is not None:
            # a third is written with a last digit: without rounding there, a third of three would be none
            return int((self.fraction * max(held, 0)).quantize(_FINE).to_integral_value(ROUND_FLOOR))
        return max(held, 0)

    def __str__(self) -> str:
        """Say it in words."""
        if self.count is not None:
            return f"{self.count} contract{'' if self.count == 1 else 's'}"
        return (
            "all of it" if self.fraction is None else f"{(self.fraction * 100).quantize(Decimal(1))} % of it"
        )


ALL = Portion()
HALF = Portion(fraction=Decimal("0.5"))


def read_portion(text: str) -> Portion:
    """Read a portion as people write one: "all", "half", "1/3", "25%", "3" (contracts). Raises ValueError for anything else."""
    said = text.strip().lower()
    if said in {"all", "everything", "rest"}:
        return ALL
    if said == "half":
        return HALF
    try:
        if said.endswith("%"):
            share = Decimal(said[:-1].strip()) / 100
            return ALL if share == 1 else Portion(fraction=share)
        if "/" in said:
            part, _, whole = said.partition("/")
            share = Decimal(int(part)) / Decimal(int(whole))
            return ALL if share == 1 else Portion(fraction=share)
        return Portion(count=int(said))
    except (ArithmeticError, ValueError) as error:
        raise ValueError(
            f"expected all, half, a fraction (1/3), a percentage (25%) or a count of contracts (3), found {text!r}"
        ) from error
