"""The versions of the order API: the adapter names one on purpose, and the venue serves both or refuses."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest

from alert_trader.broker.port import RejectedError, UnavailableError
from alert_trader.broker.tastytrade.client import ORDER_VERSION, TastytradeGateway
from alert_trader.cli.doctor_order_version import order_version_finding
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import ClientOrderId
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.money import price
from alert_trader.domain.orders.order import OrderIntent, OrderKind, Side, TimeInForce
from alert_trader.settings import broker
from alert_trader.settings.model import Settings
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.simulators.venue.commands import Adjust
from alert_trader.simulators.venue.config import Timing, VenueConfig
from alert_trader.simulators.venue.server import RunningVenue, start
from tests.support.instants import STATED

SINCE = STATED.date() - timedelta(days=2)
NAMED = [None, "20250813", "20251101", ORDER_VERSION, "20280101"]
BUY = OrderIntent(
    client_order_id=ClientOrderId("1234-e1"),
    contract=OptionContract(
        root="SPY", expiry=STATED.date() + timedelta(days=30), right=Right.CALL, strike=Decimal(600)
    ),
    side=Side.BUY_TO_OPEN,
    quantity=1,
    kind=OrderKind.LIMIT,
    limit=price("1.50"),
    time_in_force=TimeInForce.DAY,
)


@pytest.fixture
async def running() -> AsyncIterator[RunningVenue]:
    """Return a venue whose market moves only by hand."""
    found = await start(VenueConfig(timing=Timing(quote_interval=3600)))
    async with VenueControl(found.base_url) as control:
        await control.set_quote(BUY.contract.occ_symbol, bid="2.00", ask="2.05")
    yield found
    await found.close()


def adapter(running: RunningVenue, version: str | None) -> TastytradeGateway:
    """Return an adapter that names a version."""
    return TastytradeGateway(
        client_secret="client-secret-value",
        refresh_token="refresh-token-value",
        account="5WT00042",
        is_test=False,
        venue_url=running.base_url,
        order_version=version,
    )


async def served(running: RunningVenue, *versions: str) -> None:
    """Have the venue serve these versions only."""
    async with VenueControl(running.base_url) as control:
        await control.adjust(Adjust(order_versions=versions))


@pytest.mark.parametrize("version", NAMED)
async def test_each_version_carries_every_order_call(running: RunningVenue, version: str | None) -> None:
    """An order is checked, sent, listed, read and cancelled under both versions."""
    trader = adapter(running, version)
    await trader.check(BUY)
    placed = await trader.place(BUY)
    assert len(await trader.orders_since(SINCE)) == len(await trader.live_orders()) == 1
    assert await trader.order(placed.order_id) is not None
    await trader.cancel(placed.order_id)
    await trader.aclose()


@pytest.mark.parametrize("version", NAMED)
async def test_only_an_old_version_is_refused_once_it_is_removed(
    running: RunningVenue, version: str | None
) -> None:
    """WHO-50: a version that is not served proves that no order was accepted; others trade on."""
    await served(running, ORDER_VERSION)
    trader = adapter(running, version)
    if version is None or version >= ORDER_VERSION:
        assert (await trader.place(BUY)).order_id
    else:
        with pytest.raises(RejectedError, match="not supported") as no:
            await trader.place(BUY)
        assert no.value.status == 406
        with pytest.raises(UnavailableError, match="set TRADER_BROKER_ORDER_VERSION"):
            await trader.live_orders()
        # other calls have their own versions
        assert (await trader.balances()).cash > 0
    await trader.aclose()


async def test_the_venue_holds_the_new_version_to_its_rule(running: RunningVenue) -> None:
    """From 20261012 on a list of orders needs its start."""
    trader = adapter(running, ORDER_VERSION)
    path = "/accounts/5WT00042/orders"
    assert (await trader._session().send("GET", path)).status == 400
    assert (await trader._session().send("GET", path, params={"start-date": SINCE.isoformat()})).ok
    await trader.aclose()


@pytest.mark.parametrize(
    ("mode", "setting", "sent", "ok"),
    [
        (Mode.DRY_RUN, "auto", ORDER_VERSION, True),
        (Mode.SANDBOX, "auto", None, True),
        (Mode.SANDBOX, "20261012", "20261012", True),
        (Mode.DRY_RUN, "none", None, False),
        (Mode.DRY_RUN, "20250813", "20250813", False),
        (Mode.DRY_RUN, "20270101", "20270101", True),
    ],
)
def test_the_doctor_warns_of_a_version_that_will_not_be_served(
    mode: Mode, setting: str, sent: str | None, ok: bool
) -> None:
    """The default is the newest version; in the sandbox, which may refuse one, none."""
    assert broker.ORDER_VERSION == ORDER_VERSION
    settings = Settings.model_construct(mode=mode, broker_order_version=setting)
    assert settings.order_version == sent
    finding = order_version_finding(settings)
    assert (finding.ok, finding.needed and not finding.ok) == (ok, False)
    assert bool(finding.fix) is not ok
