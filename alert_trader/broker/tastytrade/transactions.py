"""Transactions: how contracts were removed at expiration.

The names of the sub-types are those of the broker's exported histories; no captured body of one is known. A
sub-type that is not known here is left out, so that its contracts stay unvalued and a person looks.
"""

from decimal import Decimal

from pydantic import ValidationError

from alert_trader.broker.tastytrade.bodies import Amount, Body, UnreadableBodyError
from alert_trader.broker.tastytrade.session import Answer
from alert_trader.domain.execution.expiration import Removal, RemovalKind
from alert_trader.domain.market.contract import OptionContract, same_contract
from alert_trader.domain.money import Usd

_KINDS = {
    "Expiration": RemovalKind.EXPIRED,
    "Exercise": RemovalKind.EXERCISED,
    "Cash Settled Exercise": RemovalKind.CASH,
}


class _Transaction(Body):
    transaction_sub_type: str
    symbol: str
    quantity: Amount
    value: Amount
    value_effect: str = ""


def removals(answer: Answer, contract: OptionContract) -> list[Removal]:
    """Read the removals of a contract from a list of transactions; others are left out.

    Raises `UnreadableBodyError` for one that cannot be read: a missing amount is not a zero.
    """
    items = answer.items
    if items is None:
        raise UnreadableBodyError(f"expected a list of transactions, found {answer}")
    found = []
    for item in items:
        if not isinstance(item, dict) or item.get("transaction-sub-type") not in _KINDS:
            continue
        try:
            row = _Transaction.model_validate(item)
        except ValidationError as error:
            problem = error.errors(include_input=False, include_url=False)[0]
            raise UnreadableBodyError(f"expected a removal of {contract}, found {problem['msg']}") from None
        if same_contract(row.symbol, contract.occ_symbol):
            value = abs(row.value) if row.value_effect == "Credit" else -abs(row.value)
            kind = _KINDS[row.transaction_sub_type]
            found.append(Removal(kind=kind, quantity=int(abs(row.quantity)), value=Usd(value or Decimal(0))))
    return found
