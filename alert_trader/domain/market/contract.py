"""An option contract and its symbols.

Orders use the OCC symbol: root padded to six, date as yymmdd, C or P, strike in thousandths padded to eight
("SPXW  261218C06500000"). Quote streams use the streamer symbol (".SPXW261218C6500"). The root is not always
the underlying: PM-settled index weeklies have a root of their own (SPXW on SPX).
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

_OCC = re.compile(r"([A-Z0-9./]{1,6}) *([0-9]{6})([CP])([0-9]{8})")
_STREAMER = re.compile(r"\.([A-Z0-9/]{1,6}?)([0-9]{6})([CP])([0-9]{1,5}(?:\.[0-9]{1,3})?)")
_ROOT = re.compile(r"[A-Z][A-Z0-9./]{0,5}")

INDEX_ROOTS = {
    "SPXW": "SPX",
    "NDXP": "NDX",
    "RUTW": "RUT",
    "VIXW": "VIX",
    "DJXW": "DJX",
    "XEOW": "XEO",
    "OEXW": "OEX",
}
"""Roots of PM-settled or weekly index options, and the underlying each trades on."""


# fmt: off
CASH_SETTLED = frozenset({
    "DJX", "DJXW", "MNX", "MRUT", "MXEA", "MXEF", "NDX", "NDXP", "NQX", "OEX", "OEXW", "RUT", "RUTW", "RVX",
    "SPX", "SPXW", "VIX", "VIXW", "XEO", "XEOW", "XND", "XSP",
})
# fmt: on
"""Roots of index options, which settle in cash. Source: the broker's help on cash-settled indexes, and Cboe's
and Nasdaq's product pages. A root that is missing here counts as settled in shares."""


class Settlement(StrEnum):
    """When the settlement price of a series is determined."""

    AM = "AM"
    """At the open of the expiration day; trading ends the day before."""
    PM = "PM"
    """At the close of the expiration day."""


class Right(StrEnum):
    """What the holder may do."""

    CALL = "C"
    """Buy the underlying at the strike."""
    PUT = "P"
    """Sell the underlying at the strike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionContract:
    """One listed option series: root symbol, expiration date (New York), right and strike in dollars."""

    root: str
    expiry: date
    right: Right
    strike: Decimal

    def __post_init__(self) -> None:
        """Raise ValueError for a root or strike that no symbol can express."""
        if not _ROOT.fullmatch(self.root):
            raise ValueError(f"expected a root symbol of 1 to 6 capitals or digits, found {self.root!r}")
        thousandths = self.strike * 1000
        if thousandths != thousandths.to_integral_value() or not 0 < thousandths < 10**8:
            raise ValueError(
                f"expected a strike above 0 and below 100000 in thousandths of a dollar, found {self.strike}"
            )

    @property
    def underlying(self) -> str:
        """The symbol the option settles on."""
        return INDEX_ROOTS.get(self.root, self.root)

    @property
    def cash_settled(self) -> bool:
        """Whether it becomes cash at expiration, by a settlement value that no quote of it shows."""
        return self.root in CASH_SETTLED

    @property
    def occ_symbol(self) -> str:
        """The 21-character symbol used in orders."""
        return f"{self.root:<6}{self.expiry:%y%m%d}{self.right}{int(self.strike * 1000):08d}"

    @property
    def streamer_symbol(self) -> str:
        """The symbol used in quote streams."""
        strike = format(self.strike.normalize(), "f")
        return f".{self.root.replace('.', '/')}{self.expiry:%y%m%d}{self.right}{strike}"

    def __str__(self) -> str:
        """Return the contract as traders write it: SPY 450C 2026-12-18."""
        return f"{self.root} {format(self.strike.normalize(), 'f')}{self.right} {self.expiry.isoformat()}"


def from_occ(symbol: str) -> OptionContract:
    """Parse an OCC symbol; raises ValueError for anything else."""
    found = _OCC.fullmatch(symbol)
    if found is None:
        raise ValueError(f"expected an OCC symbol such as 'SPY   261218C00450000', found {symbol!r}")
    # share classes are written BRK/B or BRK.B; we use BRK.B
    return _contract(found[1].replace("/", "."), found[2], found[3], Decimal(found[4]) / 1000)


def same_contract(symbol: str, other: str) -> bool:
    """Whether two OCC symbols are the same contract, however each pads its root or writes a share class."""
    try:
        return symbol == other or from_occ(symbol) == from_occ(other)
    except ValueError:
        return False


def from_streamer(symbol: str) -> OptionContract:
    """Parse a streamer symbol; raises ValueError for anything else."""
    found = _STREAMER.fullmatch(symbol)
    if found is None:
        raise ValueError(f"expected a streamer symbol such as '.SPY261218C450', found {symbol!r}")
    return _contract(found[1].replace("/", "."), found[2], found[3], Decimal(found[4]))


def _contract(root: str, yymmdd: str, right: str, strike: Decimal) -> OptionContract:
    try:
        expiry = date(2000 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:]))
    except ValueError as wrong:
        raise ValueError(f"expected an expiration as yymmdd, found {yymmdd!r}") from wrong
    return OptionContract(root=root, expiry=expiry, right=Right(right), strike=strike.normalize())
