"""8. The account: limits, halt, resume.

Each account has one workflow. Every entry order needs its admission, which checks the limits and reserves the
money, so that alerts in the same second never commit more than the limits allow. A halt stops all entries
until a person resumes trading. Exits and cancels need no admission and always work.
"""

from decimal import Decimal

from alert_trader.control.commands import account_commands
from alert_trader.control.queries import account as account_queries
from alert_trader.control.queries.account import account_view
from alert_trader.domain.account.trading_state import AccountState
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from tests.support.harness import Harness


async def test_an_entry_reserves_its_money(harness: Harness) -> None:
    """Buy 4 contracts: what they cost is committed until they are sold or the day ends."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "the position", phase=Phase.HOLDING, bought=4)
    view = await account_queries.account_view(harness.client, harness.account)
    assert [each.trade for each in view.open_trades] == [trade.id]
    assert view.trades_today == 1
    assert view.committed >= 4 * Decimal(120)
    assert view.reference is not None
    assert view.committed < view.reference


async def test_a_limit_denies_an_entry(harness: Harness) -> None:
    """Allow no open trades: the next alert is denied with the name of the limit."""
    receipt = await account_commands.change_limits(
        harness.client, harness.account, by="ann", reason="a quiet day", changes={"max_open_trades": "0"}
    )
    assert [str(change) for change in receipt.changes] == ["max_open_trades: 50 -> 0"]
    await harness.quote("1.20", "1.20")
    view = await (await harness.alert(price="1.20")).result()
    assert view.outcome is Outcome.DENIED
    assert (view.reason or "").startswith("LIMIT_OPEN_TRADES")


async def test_a_halt_stops_entries_until_a_person_resumes(harness: Harness) -> None:
    """Halt, post an alert, resume, and post another."""
    await harness.quote("1.20", "1.20")
    halted = await account_commands.halt(harness.client, harness.account, by="ann", reason="odd fills")
    assert (halted.acknowledged, halted.state) == (True, AccountState.HALTED)

    # Once the halt is acknowledged, no worker sends an entry any more.
    view = await (await harness.alert(price="1.20")).result()
    assert view.outcome is Outcome.DENIED
    assert (view.reason or "").startswith("ACCOUNT_HALTED")
    assert harness.posts("e") == []

    # Only a person ends it, with a reason.
    resumed = await account_commands.resume(
        harness.client, harness.account, by="bob", changed="the feed is back"
    )
    assert resumed.done
    assert (await account_view(harness.client, harness.account)).state is AccountState.ACTIVE
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "the position", bought=4)
