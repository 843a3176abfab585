"""The worker that sends holds every entry against its own settings, whatever the trade's input says."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from temporalio.testing import ActivityEnvironment

from alert_trader.activities.messages import SubmitRequest, SubmitResult
from alert_trader.domain.account.reservation import AdmitRequest
from alert_trader.domain.denial import Code
from alert_trader.domain.ids import AccountNumber, Leg, WorkflowId
from alert_trader.domain.money import Usd
from alert_trader.domain.not_sent import NotSentReason
from tests.support.paper_account import PaperAccount
from tests.support.paper_exchange import intent
from tests.support.paper_gateway import PaperGateway, reported
from tests.support.submitting import ADMISSION, ENTRY, SOURCE, send

Change = Callable[[SubmitRequest], SubmitRequest]


def admission(**changes: object) -> Change:
    """Change what the account is asked."""
    return lambda request: replace(request, admission=replace(ADMISSION, **changes))  # type: ignore[arg-type]


def source(**changes: object) -> Change:
    """Change where the entry comes from."""
    return lambda request: replace(request, source=replace(SOURCE, **changes))  # type: ignore[arg-type]


def of_quantity(quantity: int) -> Change:
    """Ask for so many contracts, and say so to the account."""
    return lambda request: replace(
        request,
        intent=intent(Leg.ENTRY, 1, quantity),
        admission=replace(ADMISSION, quantity=quantity, cost=Usd(ADMISSION.cost_each * quantity)),
    )


FORGED: dict[str, tuple[Change, str]] = {
    "another author": (source(author_id="666"), Code.AUTHOR_NOT_ALLOWED),
    "another channel": (source(channel_id="6"), Code.CHANNEL_NOT_ALLOWED),
    "another server": (source(guild_id="6"), Code.GUILD_NOT_ALLOWED),
    "no server": (source(guild_id=""), Code.GUILD_NOT_ALLOWED),
    "no source": (lambda request: replace(request, source=None), NotSentReason.WORKER_SETTINGS),
    "another account": (source(account=AccountNumber("5WT99999")), NotSentReason.WORKER_SETTINGS),
    "too many contracts": (of_quantity(11), NotSentReason.WORKER_SETTINGS),
    "admission of another trade": (admission(trade=WorkflowId("trade-m2")), NotSentReason.WORKER_SETTINGS),
    "admission of an allowed author": (admission(author="12"), NotSentReason.WORKER_SETTINGS),
    "admission of fewer contracts": (admission(quantity=1), NotSentReason.WORKER_SETTINGS),
    "admission at a lower price": (admission(notional_each=Usd(Decimal(1))), NotSentReason.WORKER_SETTINGS),
    "admission at a lower cost": (admission(cost=Usd(Decimal(1))), NotSentReason.WORKER_SETTINGS),
    "admission without cost": (admission(cost_each=Usd(Decimal(0))), NotSentReason.WORKER_SETTINGS),
}


@pytest.mark.parametrize("case", FORGED)
async def test_an_entry_that_the_settings_do_not_allow_is_not_sent(
    environment: ActivityEnvironment, gateway: PaperGateway, case: str
) -> None:
    """WHO-10, RSK-20: nobody is asked to admit it either. One that is at the broker is still adopted."""
    change, code = FORGED[case]
    request, account = change(ENTRY), PaperAccount()
    answer = await send(environment, gateway, request, account=account)
    assert (answer.result, answer.code, gateway.placed, account.asked) == (
        SubmitResult.NOT_SENT,
        code,
        [],
        [],
    )
    gateway.known = [reported(request.intent)]
    assert (await send(environment, gateway, request, account=account)).adopted


def test_every_admission_names_what_it_is_for() -> None:
    """The unchanged request is one that the settings allow: each case above differs in one thing."""
    assert isinstance(ENTRY.admission, AdmitRequest)
    assert ENTRY.admission.order == ENTRY.intent.client_order_id
