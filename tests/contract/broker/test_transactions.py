"""What the books say of contracts that were removed at expiration."""

from datetime import date
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from alert_trader.broker.port import UnavailableError
from alert_trader.domain.execution.expiration import Removal, RemovalKind
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.money import Usd

PATH = "/accounts/5WT00042/transactions"
DAY = date(2026, 12, 18)
SPX = OptionContract(root="SPX", expiry=DAY, right=Right.CALL, strike=Decimal(6500))


def ok(items: list[dict[str, Any]]) -> httpx2.Response:
    """Answer with a list in the envelope."""
    return httpx2.Response(200, json={"data": {"items": items}})


def removed(kind: str, symbol: str, quantity: str = "2.0", value: str = "0.0", **more: Any) -> dict[str, Any]:
    """Write a removal as the books show it."""
    return {
        "id": 1,
        "transaction-type": "Receive Deliver",
        "transaction-sub-type": kind,
        "symbol": symbol,
        "quantity": quantity,
        "value": value,
        "value-effect": "Credit" if value != "0.0" else "None",
    } | {name.replace("_", "-"): each for name, each in more.items()}


async def test_removals_at_expiration_are_read_from_the_transactions(gateway: Any, script: Any) -> None:
    """UNK-30: of this contract; a kind that is not known is named, and a missing amount is no zero."""
    symbol = SPX.occ_symbol
    items = [
        removed("Cash-settled exercise", symbol, value="2500.0"),
        removed("Sell to Close", symbol, value="2500.0"),
        removed("Expiration", " ".join(symbol.split()), quantity="1"),
        removed("Exercise", symbol, quantity=3),  # type: ignore[arg-type]
        removed("Cash Settled Assignment", symbol, value="9.0"),
        removed("Expiration", "SPXW  261218C06500000"),
        {"transaction-type": "Money Movement", "transaction-sub-type": "Balance Adjustment", "value": "1.0"},
    ]
    wrong = removed("Cash Settled Exercise", symbol)
    del wrong["value"]
    script.on("GET", PATH, ok(items), ok([]), ok([wrong]))
    assert await gateway.removals(SPX, DAY) == [
        Removal(kind=RemovalKind.CASH, quantity=2, value=Usd(Decimal(2500))),
        Removal(kind=RemovalKind.EXPIRED, quantity=1, value=Usd(Decimal(0))),
        Removal(kind=RemovalKind.EXERCISED, quantity=3, value=Usd(Decimal(0))),
        Removal(
            kind=RemovalKind.UNRECOGNISED,
            quantity=0,
            value=Usd(Decimal(0)),
            sub_type="Cash Settled Assignment",
        ),
    ]
    assert await gateway.removals(SPX, DAY) == []
    with pytest.raises(UnavailableError, match="expected a removal"):
        await gateway.removals(SPX, DAY)
