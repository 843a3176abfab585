"""Find the trade that a person names: by its id, by a part of it, or by its contract."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from temporalio.client import Client

from alert_trader.control.errors import NotFoundError
from alert_trader.control.queries import trade_views
from alert_trader.control.queries.trade_views import Filter, check_name
from alert_trader.domain.ids import WorkflowId
from alert_trader.domain.trade.view import TradeView

SHORTEST = 3
"""Characters of the shortest part of an id that is looked for."""

SHOWN = 6
"""Characters of a short id, where they are enough to tell the listed trades apart."""

LOOK_BACK = 1000
"""How many trades are compared with a part of an id, the newest first."""

_NAMED = 8
"""How many trades an ambiguous name lists."""

_CONTRACT = re.compile(r"([A-Za-z][A-Za-z.]{0,5})\s*([0-9]+(?:\.[0-9]+)?)?\s*([CPcp])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedContract:
    """A contract as a person names it; None matches any."""

    symbol: str
    strike: Decimal | None
    right: str | None

    def fits(self, view: TradeView) -> bool:
        """Return whether a trade is of this contract."""
        parsed = view.parsed
        return (
            parsed is not None
            and parsed.symbol == self.symbol
            and (self.strike is None or parsed.strike == self.strike)
            and (self.right is None or parsed.right == self.right)
        )


def read_contract(text: str) -> NamedContract | None:
    """Read SPY600C, "SPY 600c" or SPY; None for anything else."""
    found = _CONTRACT.fullmatch(text.strip())
    if found is None:
        return None
    symbol, strike, right = found.groups()
    return NamedContract(
        symbol=symbol.upper(),
        strike=None if strike is None else Decimal(strike),
        right=None if right is None else right.upper(),
    )


def short_ids(workflow_ids: Sequence[str]) -> dict[str, str]:
    """Return the last characters of each trade's id, as many as tell these trades apart."""
    names = {each: each.removeprefix("trade-") for each in workflow_ids}
    longest = max(map(len, names.values()), default=0)
    for length in range(SHOWN, longest):
        short = {each: name[-length:].lstrip("-_") for each, name in names.items()}
        if len(set(short.values())) == len(short):
            return short
    return names


async def find_trade(client: Client, text: str) -> WorkflowId:
    """Return the id of the trade that `text` names.

    It is an id, with or without `trade-`, its beginning or its end, or a contract. Of trades in one contract
    an open one is meant. Raises NotFoundError when none fits, or more than one.
    """
    contract, wanted = read_contract(text), text.strip().removeprefix("trade-")
    # the index may lack a trade that has just begun: its whole id must never name another trade
    if " " not in wanted and await trade_views.exists(client, wanted):
        return check_name(wanted)
    rows = await trade_views.list_trades(client, Filter(), limit=LOOK_BACK, views=False)
    ids = [WorkflowId(row.workflow_id) for row in rows]
    if len(wanted) >= SHORTEST and (found := [each for each in ids if _is_part(wanted, each)]):
        return _only(text, found)
    if contract is not None and (fitting := await _of_contract(client, contract)):
        return _only(text, fitting)
    # older than the listed ones, or not there: the read that follows says so
    return check_name(wanted)


def _is_part(wanted: str, workflow_id: str) -> bool:
    name = workflow_id.removeprefix("trade-")
    return name.startswith(wanted) or name.endswith(wanted)


async def _of_contract(client: Client, contract: NamedContract) -> list[WorkflowId]:
    """Return the open trades of a contract; where none is open, the closed ones."""
    for open_only in (True, False):
        only = Filter(symbol=contract.symbol, open_only=open_only)
        rows = await trade_views.list_trades(client, only, limit=LOOK_BACK, views=True)
        found = [each for each in rows if each.view is not None and contract.fits(each.view)]
        if found:
            return [WorkflowId(each.workflow_id) for each in found]
    return []


def _only(text: str, found: Sequence[WorkflowId]) -> WorkflowId:
    if len(found) == 1:
        return found[0]
    named = ", ".join(found[:_NAMED]) + ("" if len(found) <= _NAMED else ", …")
    raise NotFoundError(f"{text!r} names {len(found)} trades: {named}. Write more of the id")
