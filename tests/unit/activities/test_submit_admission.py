"""An entry is sent only with the account's admission and without a stop file."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from temporalio.testing import ActivityEnvironment

from alert_trader.activities.account_client import KillSwitch
from alert_trader.activities.messages import (
    SubmitResult,
)
from alert_trader.domain.denial import Code
from alert_trader.domain.money import Usd
from alert_trader.domain.not_sent import NotSentReason
from tests.support.paper_account import PaperAccount
from tests.support.paper_gateway import PaperGateway, reported
from tests.support.submitting import ADMISSION, ENTRY, EXIT, HELD, send


async def test_an_entry_is_sent_when_admitted(
    environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """RSK-20: what the account said is in the answer, so that history explains it.

    Its money is known to be reserved.
    """
    account = PaperAccount()
    answer = await send(environment, gateway, account=account)
    assert (answer.admitted.quantity, answer.admitted.first, answer.reserved) == (3, True, True)
    assert account.memory.committed == ADMISSION.cost


async def test_nothing_is_sent_for_a_halted_account(
    environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """HLT-10: the account says no in the sending itself; an exit asks nobody and goes (EXT-50)."""
    account = PaperAccount()
    account.halt()
    answer = await send(environment, gateway, account=account)
    assert (answer.result, answer.code, answer.reserved, gateway.placed) == (
        SubmitResult.NOT_SENT,
        Code.ACCOUNT_HALTED,
        False,
        [],
    )
    gateway.held = [HELD]
    assert (
        await send(environment, gateway, EXIT, account=account, stop=KillSwitch(always=True))
    ).result is SubmitResult.ACCEPTED
    assert len(account.asked) == 1


async def test_an_unreachable_account_stops_entries_only(
    environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """EXT-50: when in doubt an entry is not sent; the exit continues."""
    account = PaperAccount()
    account.away = True
    answer = await send(environment, gateway, account=account)
    assert (answer.result, answer.code, answer.reserved, gateway.placed) == (
        SubmitResult.NOT_SENT,
        Code.ACCOUNT_UNREACHABLE,
        True,
        [],
    )
    gateway.held = [HELD]
    assert (await send(environment, gateway, EXIT, account=account)).result is SubmitResult.ACCEPTED


async def test_an_expired_admission_is_requested_again_and_never_used(
    environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """HLT-10: a word that was good when the look began and is old when it ends lets nothing leave."""
    account = PaperAccount()
    account.slow = 1.0
    answer = await send(environment, gateway, account=account)
    assert (answer.result, answer.code, gateway.placed, len(account.asked)) == (
        SubmitResult.NOT_SENT,
        NotSentReason.GRANT_TOO_OLD,
        [],
        2,
    )
    assert answer.reserved


async def test_an_admission_for_fewer_contracts_is_a_new_intent(
    environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """ENT-40: what is sent is in history first.

    An entry that the account lowers is not sent as it is.
    """
    request = replace(ENTRY, admission=replace(ADMISSION, buying_power=Usd(Decimal(300))))
    answer = await send(environment, gateway, request)
    assert (answer.result, answer.code, answer.admitted.quantity, gateway.placed) == (
        SubmitResult.NOT_SENT,
        NotSentReason.ADMITTED_FEWER,
        2,
        [],
    )


async def test_a_stop_file_stops_entries_without_temporal(
    environment: ActivityEnvironment, gateway: PaperGateway, tmp_path: Path
) -> None:
    """HLT-10: the file is looked at in the sending.

    Nobody is asked, and what is at the venue already is adopted all the same.
    """
    account, stop = PaperAccount(), KillSwitch(file=tmp_path / "STOP")
    account.away = True
    (tmp_path / "STOP").touch()
    answer = await send(environment, gateway, account=account, stop=stop)
    assert (answer.result, answer.code, gateway.placed) == (SubmitResult.NOT_SENT, Code.STOPPED_BY_FILE, [])
    assert str(tmp_path / "STOP") in answer.detail
    gateway.known = [reported(ENTRY.intent)]
    assert (await send(environment, gateway, account=account, stop=stop)).adopted


async def test_a_stop_file_created_during_the_checks_stops_the_entry(
    environment: ActivityEnvironment, gateway: PaperGateway, tmp_path: Path
) -> None:
    """HLT-10: it is looked at once more right before the first byte."""
    gateway.before_look = (tmp_path / "STOP").touch
    answer = await send(environment, gateway, stop=KillSwitch(file=tmp_path / "STOP"))
    assert (answer.result, answer.code, gateway.placed) == (SubmitResult.NOT_SENT, Code.STOPPED_BY_FILE, [])


async def test_an_entry_without_admission_is_not_sent(
    environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """RSK-20: no way around the account, whatever history asks for."""
    answer = await send(environment, gateway, replace(ENTRY, admission=None))
    assert (answer.result, gateway.placed) == (SubmitResult.NOT_SENT, [])
