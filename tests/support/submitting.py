"""Orders for the submit activities, and how tests send them."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from temporalio.testing import ActivityEnvironment

from alert_trader import clock
from alert_trader.activities.account_client import KillSwitch
from alert_trader.activities.messages import (
    ConversionGuard,
    SubmitRequest,
)
from alert_trader.activities.orders import EntryGuards, OrderActivities
from alert_trader.domain.account.entry_rules import EntryRules, EntrySource
from alert_trader.domain.account.reservation import AdmitRequest
from alert_trader.domain.alerts.allowlist import Allowlist
from alert_trader.domain.execution.policy import LadderPolicy, Mode, SafetyPolicy
from alert_trader.domain.ids import Leg, trade_workflow_id
from alert_trader.domain.market.quotes import PENNY, Quote
from alert_trader.domain.money import Price, Usd
from alert_trader.domain.orders.order import Position
from tests.support.instants import STATED
from tests.support.paper_account import PaperAccount
from tests.support.paper_exchange import MESSAGE, SYMBOL, intent
from tests.support.paper_gateway import ACCOUNT, PaperGateway

SINCE = date(2026, 11, 22)
ADMISSION = AdmitRequest(
    trade=trade_workflow_id(MESSAGE),
    order=intent(Leg.ENTRY, 1, 3).client_order_id,
    author="11",
    contract=intent(Leg.ENTRY, 1, 3).contract,
    alert_price=Price(Decimal("1.20")),
    quantity=3,
    notional_each=Usd(Decimal(132)),
    cost_each=Usd(Decimal("133.20")),
    cost=Usd(Decimal("399.60")),
    buying_power=Usd(Decimal(1000)),
    read_at=STATED,
)
RULES = EntryRules(
    account=ACCOUNT,
    allowlist=Allowlist(authors=("11",), channels=("22",), guilds=("33",)),
    max_contracts=10,
    max_notional=Decimal(2000),
)
SOURCE = EntrySource(author_id="11", channel_id="22", guild_id="33", account=ACCOUNT)
ENTRY = SubmitRequest(
    intent=intent(Leg.ENTRY, 1, 3),
    mode=Mode.DEMO,
    search_from=SINCE,
    admission=ADMISSION,
    source=SOURCE,
)
EXIT = SubmitRequest(
    intent=intent(Leg.EXIT, 2, 2, "2.40"), mode=Mode.DEMO, search_from=SINCE, check_position=True
)
GUARD = ConversionGuard(
    ladder=LadderPolicy(),
    safety=SafetyPolicy(),
    highest=Price(Decimal("1.32")),
    last_limit=Price(Decimal("1.20")),
    ticks=PENNY,
)
HELD = Position(symbol=SYMBOL, quantity=2)


def send(
    environment: ActivityEnvironment,
    gateway: PaperGateway,
    request: SubmitRequest = ENTRY,
    *,
    account: PaperAccount | None = None,
    stop: KillSwitch | None = None,
) -> Any:
    """Send an order by the activity of its leg."""
    guards = EntryGuards(rules=RULES, stop=stop or KillSwitch())
    orders = OrderActivities(gateway, Mode.DEMO, account or PaperAccount(), guards)
    if request.conversion is not None:
        return environment.run(orders.convert_entry, request)
    return environment.run(
        orders.submit_entry if request.intent.client_order_id.startswith("m1-e") else orders.submit_exit,
        request,
    )


def quoted(bid: str, ask: str, *, age: float = 0.0, halted: bool = False) -> Quote:
    """Quote a contract as it was `age` seconds ago."""
    at = clock.now() - timedelta(seconds=age)
    return Quote(
        bid=Price(Decimal(bid)), ask=Price(Decimal(ask)), at=at, bid_size=1, ask_size=1, halted=halted
    )
