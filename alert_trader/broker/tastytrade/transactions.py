"""Transactions: how contracts were removed at expiration.

The names of the sub-types are those of the broker's exported histories; no captured body of one is known. So
their case and hyphens do not matter, and one that is not known here is returned as such: its contracts stay
unvalued, and a person looks.
"""

from decimal import Decimal

from pydantic import ValidationError

from alert_trader.broker.tastytrade.bodies import Amount, Body, UnreadableBodyError
from alert_trader.broker.tastytrade.session import Answer
from alert_trader.domain.execution.expiration import Removal, RemovalKind
from alert_trader.domain.market.contract import OptionContract, same_contract
from alert_trader.domain.money import Usd

_KINDS = {
    "expiration": RemovalKind.EXPIRED,
    "exercise": RemovalKind.EXERCISED,
    "cash settled exercise": RemovalKind.CASH,
}

_TRADES = frozenset({"buy to open", "buy to close", "sell to open", "sell to close"})
"""Executions: no removals."""


class _Transaction(Body):
    quantity: Amount
    value: Amount
    value_effect: str = ""


def removals(answer: Answer, contract: OptionContract) -> list[Removal]:
    """Read the removals of a contract from a list of transactions; its executions are left out.

    Raises `UnreadableBodyError` for one that cannot be read: a missing amount is not a zero. One of an
    unrecognised sub-type has no amounts here.
    """
    items = answer.items
    if items is None:
        raise UnreadableBodyError(f"expected a list of transactions, found {answer}")
    found = []
    for item in items:
        if not isinstance(item, dict) or not same_contract(str(item.get("symbol")), contract.occ_symbol):
            continue
        sub_type = str(item.get("transaction-sub-type"))
        kind = _KINDS.get(_plain(sub_type), RemovalKind.UNRECOGNISED)
        if _plain(sub_type) in _TRADES:
            continue
        if kind is RemovalKind.UNRECOGNISED:
            found.append(Removal(kind=kind, quantity=0, value=Usd(Decimal(0)), sub_type=sub_type))
            continue
        try:
            row = _Transaction.model_validate(item)
        except ValidationError as error:
            problem = error.errors(include_input=False, include_url=False)[0]
            raise UnreadableBodyError(f"expected a removal of {contract}, found {problem['msg']}") from None
        value = abs(row.value) if row.value_effect == "Credit" else -abs(row.value)
        found.append(Removal(kind=kind, quantity=int(abs(row.quantity)), value=Usd(value or Decimal(0))))
    return found


def _plain(sub_type: str) -> str:
    return " ".join(sub_type.casefold().replace("-", " ").replace("_", " ").split())
