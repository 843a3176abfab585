"""The option chain: which contracts are listed, under which root, with which ticks.

An alert names an underlying, and an index can be listed under two roots on the same day: SPX (AM-settled) and
SPXW (PM-settled). Both are "SPX 6500c 12/18", and they are different contracts. If only one root lists the
contract, it is that one; if both do, the contract is ambiguous and reported as a gap.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import inf
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from alert_trader.broker.port import ChainGap
from alert_trader.domain.market.contract import INDEX_ROOTS, OptionContract, Settlement, from_occ
from alert_trader.domain.market.quotes import Listing, Tick, TickTable
from alert_trader.domain.money import CONTRACT_MULTIPLIER

_NEAREST = 4
"""Contracts named when the requested one is not listed: enough to see a typo in strike or date."""


class _Body(BaseModel):
    model_config = ConfigDict(
        alias_generator=lambda name: name.replace("_", "-"), extra="ignore", frozen=True
    )


class _Strike(_Body):
    call: str
    put: str


class _Expiration(_Body):
    expiration_date: date
    settlement_type: str | None = None
    strikes: tuple[_Strike, ...]


class _Deliverable(_Body):
    amount: Decimal | None = None


def _finite(threshold: object) -> object:
    return None if threshold in {"Infinity", "", inf} else threshold


class _TickRow(_Body):
    value: Decimal
    threshold: Annotated[Decimal | None, BeforeValidator(_finite)] = None


def _listed(rows: object) -> Any:
    # a single tick size may come as an object
    return (rows,) if isinstance(rows, dict) else rows


class _ChainItem(_Body):
    root_symbol: str
    option_chain_type: str = "Standard"
    shares_per_contract: int
    tick_sizes: Annotated[tuple[_TickRow, ...], BeforeValidator(_listed)]
    expirations: tuple[_Expiration, ...]
    deliverables: tuple[_Deliverable, ...] = ()

    @property
    def standard(self) -> bool:
        """Whether a contract delivers 100 shares and nothing else, by everything that the broker states."""
        amounts = [each.amount for each in self.deliverables]
        return (
            self.option_chain_type == "Standard"
            and self.shares_per_contract == CONTRACT_MULTIPLIER
            and amounts in ([], [None], [CONTRACT_MULTIPLIER])
        )


class ChainBody(_Body):
    """The items of a nested chain."""

    items: tuple[_ChainItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """All contracts of one root and expiration date."""

    root: str
    expiry: date
    settlement: Settlement | None
    """As the broker states it; None where it states neither AM nor PM."""
    standard: bool
    """Whether a contract delivers 100 shares and nothing else."""
    ticks: TickTable
    symbols: frozenset[str]
    """The OCC symbols."""


def series_of(body: ChainBody) -> tuple[Series, ...]:
    """Return the series of a chain; raises ValueError for an invalid tick table."""
    return tuple(
        Series(
            root=item.root_symbol,
            expiry=expiration.expiration_date,
            settlement=_settlement(expiration.settlement_type),
            standard=item.standard,
            ticks=TickTable(tuple(Tick(value=row.value, threshold=row.threshold) for row in item.tick_sizes)),
            symbols=frozenset(
                symbol for strike in expiration.strikes for symbol in (strike.call, strike.put)
            ),
        )
        for item in body.items
        for expiration in item.expirations
    )


def find(asked: OptionContract, chain: Iterable[Series]) -> Listing | ChainGap:
    """Look a contract up on the chain of its underlying, by its OCC symbol."""
    chain = tuple(chain)
    family = [series for series in chain if _same_name(asked.root, series.root)]
    listed = [(series, _with_root(asked, series.root)) for series in family if series.expiry == asked.expiry]
    hits = [
        (series, contract)
        for series, contract in listed
        if contract is not None and contract.occ_symbol in series.symbols
    ]
    standard = [(series, contract) for series, contract in hits if series.standard]
    if len(standard) == 1:
        series, contract = standard[0]
        return Listing(contract=contract, ticks=series.ticks, settlement=series.settlement)
    if standard:
        names = " and ".join(
            f"{series.root} ({series.settlement or 'unknown'} settlement)" for series, _ in standard
        )
        return ChainGap(
            reason=f"{asked} is listed as {names}; the alert does not say which",
            nearest=tuple(contract for _, contract in standard),
        )
    if hits or _adjusted(asked, chain):
        names = " and ".join(sorted({contract.root for _, contract in hits} | _adjusted(asked, chain)))
        return ChainGap(
            reason=(
                f"{asked} is listed as {names}, which does not deliver {CONTRACT_MULTIPLIER} shares of "
                f"{asked.underlying}"
            ),
            adjusted=True,
        )
    return _gap(asked, [series for series in family if series.standard])


def _adjusted(asked: OptionContract, chain: Iterable[Series]) -> set[str]:
    """Return the adjusted roots, such as AAPL1, that list a contract which no standard root lists."""
    found = set()
    for series in chain:
        if series.standard or series.expiry != asked.expiry or series.root.rstrip("0123456789") != asked.root:
            continue
        contract = _with_root(asked, series.root)
        if contract is not None and contract.occ_symbol in series.symbols:
            found.add(series.root)
    return found


def _gap(asked: OptionContract, family: list[Series]) -> ChainGap:
    if not family:
        return ChainGap(reason=f"no standard options are listed on {asked.root}")
    contracts = [
        contract
        for series in family
        for contract in map(_read, series.symbols)
        if contract and contract.right is asked.right
    ]
    that_day = [contract for contract in contracts if contract.expiry == asked.expiry]
    if that_day:
        nearest = sorted(
            that_day, key=lambda each: (abs(each.strike - asked.strike), each.strike, each.root)
        )[:_NEAREST]
        return ChainGap(
            reason=f"no strike {asked.strike:f}{asked.right} is listed for {asked.expiry}",
            nearest=_sorted(nearest),
        )
    that_strike = [contract for contract in contracts if contract.strike == asked.strike]
    nearest = sorted(
        that_strike, key=lambda each: (abs((each.expiry - asked.expiry).days), each.expiry, each.root)
    )[:_NEAREST]
    return ChainGap(
        reason=f"{asked.root} lists no options that expire on {asked.expiry}", nearest=_sorted(nearest)
    )


def _sorted(contracts: list[OptionContract]) -> tuple[OptionContract, ...]:
    return tuple(sorted(contracts, key=lambda each: (each.expiry, each.strike, each.root)))


def _same_name(asked: str, listed: str) -> bool:
    """Whether `asked` can mean the root `listed`: the root itself, or the weekly root of an index."""
    return _without_separators(listed) == _without_separators(asked) or INDEX_ROOTS.get(listed) == asked


def _settlement(stated: str | None) -> Settlement | None:
    return Settlement(stated.upper()) if stated is not None and stated.upper() in set(Settlement) else None


def _without_separators(root: str) -> str:
    # BRK.B, BRK/B and BRKB are the same
    return root.replace(".", "").replace("/", "")


def _with_root(asked: OptionContract, root: str) -> OptionContract | None:
    try:
        return OptionContract(root=root, expiry=asked.expiry, right=asked.right, strike=asked.strike)
    except ValueError:
        return None


def _read(symbol: str) -> OptionContract | None:
    try:
        return from_occ(symbol)
    except ValueError:
        return None
