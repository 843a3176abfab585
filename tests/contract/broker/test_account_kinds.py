"""Entries sized on accounts as there are.

Small, cash, margin, flagged, frozen, closing only, without options; indices and their fees.

The real adapter against the real venue; the account's own rules beside them, with several alerts in the same
instant.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from alert_trader import clock
from alert_trader.activities.messages import SizeAnswer, SizedEntry, SizeRequest
from alert_trader.activities.sizing import SizeActivity
from alert_trader.broker.tastytrade.client import TastytradeGateway
from alert_trader.domain.account.account import new_account
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, ParsedAlert
from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.execution.policy import Mode, Policy, SizingPolicy
from alert_trader.domain.ids import ClientOrderId, Leg, client_order_id, message_id
from alert_trader.domain.market.calendar import weekly_expiry
from alert_trader.domain.market.contract import OptionContract, Right, Settlement
from alert_trader.domain.money import Price, Usd
from alert_trader.domain.orders.order import OrderIntent, OrderKind, Side, TimeInForce
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.simulators.venue.config import AccountConfig, VenueConfig
from alert_trader.simulators.venue.server import start
from tests.support.harness import next_monthly
from tests.support.paper_account import PaperAccount

WHOLE = Policy(
    mode=Mode.DEMO, sizing=SizingPolicy(allocation=Decimal(1), max_contracts=100, max_notional=Decimal(10**6))
)
"""Rules under which money alone decides."""


class Opened:
    """A broker's account of one kind, and how entries are sized on it."""

    def __init__(self, gateway: TastytradeGateway, control: VenueControl, reference: Decimal) -> None:
        """Size by `gateway`."""
        self.gateway, self.control = gateway, control
        self.account = PaperAccount()
        self.account.memory = new_account(Limits(max_contracts=100, max_notional=Decimal(10**6)), clock.now())
        self.account.memory.open_day(Usd(reference), clock.now())
        self.account.memory.day.preflight_at = clock.now()

    async def size(
        self, number: int = 1, *, root: str = "SPY", strike: int = 600, price: str = "1.00"
    ) -> SizeAnswer:
        """Size an alert on a contract quoted at its price."""
        contract = OptionContract(root=root, expiry=_expiry(root), right=Right.CALL, strike=Decimal(strike))
        listed = replace(contract, root={"SPX": "SPXW"}.get(root, root))
        await self.control.set_quote(listed.occ_symbol, bid=price, ask=price, bid_size=500, ask_size=500)
        message = AlertMessage(
            message_id=message_id(f"k{number}"),
            text="",
            author_id="11",
            channel_id="2",
            guild_id="3",
            posted_at=clock.now(),
        )
        parsed = ParsedAlert(
            kind=AlertKind.ENTRY,
            symbol=root,
            strike=contract.strike,
            right=Right.CALL,
            expiry=contract.expiry,
            price=Price(Decimal(price)),
        )
        activity = SizeActivity(self.gateway, self.account).size_entry
        answer: SizeAnswer = await ActivityEnvironment().run(
            activity, SizeRequest(alert=message, parsed=parsed, policy=WHOLE)
        )
        return answer

    async def place(self, entry: SizedEntry, name: ClientOrderId, quantity: int) -> None:
        """Send an entry at its ceiling."""
        await self.gateway.place(
            OrderIntent(
                client_order_id=name,
                contract=entry.listing.contract,
                side=Side.BUY_TO_OPEN,
                quantity=quantity,
                kind=OrderKind.LIMIT,
                limit=entry.ceiling,
                time_in_force=TimeInForce.DAY,
            )
        )


def _expiry(root: str) -> date:
    # an index has two contracts of one name in its monthly week
    return (
        next_monthly(clock.now())
        if root == "SPY"
        else weekly_expiry(next_monthly(clock.now()) - timedelta(days=7))
    )


@contextlib.asynccontextmanager
async def opened_gateway(**kind: Any) -> AsyncIterator[Opened]:
    """Open a venue with one account of a kind."""
    account = AccountConfig(**kind)
    venue = await start(VenueConfig(accounts=(account,)))
    gateway = TastytradeGateway(
        client_secret="secret",
        refresh_token="token",
        account=account.number,
        is_test=False,
        venue_url=venue.base_url,
        call_timeout=timedelta(seconds=6),
    )
    try:
        async with VenueControl(venue.base_url) as control:
            yield Opened(gateway, control, account.cash)
    finally:
        await gateway.aclose()
        await venue.close()


@pytest.mark.parametrize(
    ("kind", "quantity"),
    [
        # at a ceiling of 1.10 a contract takes 110 dollars, and 1.20 in fees up to the commission's cap
        ({"cash": "111.20", "margin": False}, 1),
        ({"cash": "1112", "margin": False}, 10),
        ({"cash": "1112", "margin": True}, 10),
        ({"cash": "2214", "margin": True}, 20),
        ({"cash": "30000", "margin": True, "pattern_day_trader": True}, 100),
        ({"cash": "600", "margin": False, "pattern_day_trader": True}, 5),
        ({"cash": "600", "margin": True, "day_trade_count": 3}, 5),
    ],
)
async def test_an_account_buys_what_it_can_pay_including_fees(kind: dict[str, Any], quantity: int) -> None:
    """RSK-10: to the last contract, and the broker's own check agrees."""
    async with opened_gateway(**kind) as gateway:
        answer = await gateway.size()
        assert answer.entry is not None, answer.denied
        assert answer.entry.sizing.quantity == quantity
        assert answer.entry.sizing.cost <= Decimal(kind["cash"])
        assert answer.entry.check.commission == min(Decimal(quantity), Decimal(10))


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ({"cash": "111.19"}, Code.SIZE_ZERO, "111.20 dollars"),
        ({"cash": "-50"}, Code.SIZE_ZERO, "allocation"),
        ({"frozen": True}, Code.ACCOUNT_RESTRICTED, "frozen"),
        ({"closed": True}, Code.ACCOUNT_RESTRICTED, "closed"),
        ({"closing_only": True}, Code.ACCOUNT_RESTRICTED, "closing only"),
        ({"options_level": "No Options"}, Code.OPTIONS_LEVEL, "No Options"),
        (
            {"cash": "24000", "margin": True, "pattern_day_trader": True},
            Code.ACCOUNT_RESTRICTED,
            "pattern day trader",
        ),
    ],
)
async def test_a_restricted_account_is_denied_with_its_restriction(
    kind: dict[str, Any], code: Code, words: str
) -> None:
    """RSK-10: each with its own code and the numbers or flags it rests on."""
    async with opened_gateway(**kind) as gateway:
        answer = await gateway.size()
        assert answer.denied is not None
        assert answer.denied.code is code
        assert words in answer.denied.reason


async def test_an_index_option_has_an_exchange_fee_and_no_commission_cap() -> None:
    """RSK-10: twenty contracts of an index cost twenty commissions and the exchange's own fee.

    The broker's check says the same.
    """
    async with opened_gateway(cash="100000") as gateway:
        answer = await gateway.size(root="SPX", strike=6000, price="10.00")
        assert answer.entry is not None, answer.denied
        entry = answer.entry
        assert entry.check.commission == entry.sizing.quantity
        assert entry.sizing.cost - entry.sizing.notional == Decimal("1.85") * entry.sizing.quantity
        assert entry.sizing.cost - entry.sizing.notional >= entry.check.total


async def test_a_series_is_sized_with_the_settlement_its_chain_states() -> None:
    """WHO-50: what a contract's last trading moment rests on comes from the chain.

    Is written to history with the listing.
    """
    async with opened_gateway(cash="100000") as gateway:
        answer = await gateway.size(root="SPX", strike=6000, price="10.00")
        assert answer.entry is not None, answer.denied
        assert answer.entry.listing.settlement is Settlement.PM


async def test_simultaneous_alerts_share_the_buying_power() -> None:
    """RSK-20: all sized against the same balance, admitted one by one.

    The broker takes every order that was admitted.
    """
    async with opened_gateway(cash="1000", margin=False) as gateway:
        answers = await asyncio.gather(*(gateway.size(number, strike=600 + number) for number in range(8)))
        assert [answer.entry.sizing.quantity for answer in answers if answer.entry] == [8] * 8
        taken = Decimal(0)
        for number, answer in enumerate(answers):
            assert answer.entry is not None
            message = message_id(f"k{number}")
            alert = AlertMessage(
                message_id=message,
                text="",
                author_id="11",
                channel_id="2",
                guild_id="3",
                posted_at=clock.now(),
            )
            name = client_order_id(message, Leg.ENTRY, 1)
            said = gateway.account.memory.admit(
                answer.entry.admission(alert, name, min(3, answer.entry.sizing.quantity)), clock.now()
            )
            if isinstance(said, Denied):
                assert said.code is Code.LIMIT_BUYING_POWER
                continue
            await gateway.place(answer.entry, name, said.quantity)
            taken += said.reserved
        assert taken <= 1000
        assert taken > 800
        left = (await gateway.gateway.balances()).derivative_buying_power
        assert left >= 0
