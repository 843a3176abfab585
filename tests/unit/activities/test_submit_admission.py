"""An entry is sent only with the account's admission and without a stop file."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from temporalio.testing import ActivityEnvironment

from alert_trader import clock
from alert_trader.activities.account_client import KillSwitch
from alert_trader.activities.messages import (
    SubmitResult,
)
from alert_trader.activities.orders import ASKS, SENDS
from alert_trader.domain.account.admission import ADMISSION_LIFETIME
from alert_trader.domain.account.trading_state import TradingStateCommand
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
    """HLT-10: where every answer and every confirmation comes too late, nothing leaves."""
    account = PaperAccount()
    account.slow = account.slow_reading = 1.0
    answer = await send(environment, gateway, account=account)
    assert (answer.result, answer.code, gateway.placed) == (
        SubmitResult.NOT_SENT,
        NotSentReason.GRANT_TOO_OLD,
        [],
    )
    assert len(account.asked) == 1 + SENDS * ASKS
    assert answer.reserved


async def test_an_admission_that_became_old_is_confirmed_and_used(
    environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """A busy moment costs a reading of the epoch: no second question, and no second attempt."""
    account = PaperAccount()
    account.slow = 1.0
    answer = await send(environment, gateway, account=account)
    assert (answer.result, len(account.asked), account.confirmations) == (SubmitResult.ACCEPTED, 1, 1)


async def test_an_admission_past_its_lifetime_is_requested_again(
    environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """HLT-10: a halt that no worker has carried out yet relies on the lifetime."""
    account = PaperAccount()
    account.slow = ADMISSION_LIFETIME.total_seconds()
    answer = await send(environment, gateway, account=account)
    assert (answer.code, gateway.placed, account.confirmations) == (NotSentReason.GRANT_TOO_OLD, [], 0)


async def test_a_halt_while_an_admission_is_confirmed_stops_the_entry(
    environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """HLT-10: the epoch has ended, and the question that follows is denied."""
    account = PaperAccount()
    account.slow, account.while_confirming = 1.0, account.halt
    answer = await send(environment, gateway, account=account)
    assert (answer.result, answer.code, gateway.placed) == (
        SubmitResult.NOT_SENT,
        Code.ACCOUNT_HALTED,
        [],
    )


async def test_an_admission_of_an_earlier_epoch_is_not_used_after_a_resume(
    environment: ActivityEnvironment, gateway: PaperGateway
) -> None:
    """HLT-10: what was admitted before a halt is requested again in the new epoch."""
    account = PaperAccount()

    def halt_and_resume() -> None:
        account.while_confirming, account.slow = None, 0.0
        account.halt()
        account.memory.change_state(TradingStateCommand.RESUME, clock.now(), by="ann", reason="a test")

    account.slow, account.while_confirming = 1.0, halt_and_resume
    answer = await send(environment, gateway, account=account)
    assert (answer.result, answer.admitted.epoch, len(account.asked)) == (SubmitResult.ACCEPTED, 1, 2)


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
