"""What the buttons of a card would do, in words with numbers, and the command that each sends.

Discord and the desk page ask and act by these.
"""

from typing import assert_never

from temporalio.client import Client

from alert_trader.bot.actions import Action
from alert_trader.bot.discord_text import count
from alert_trader.control.commands import trade_commands
from alert_trader.domain.account.view import AccountView
from alert_trader.domain.alerts.portion import ALL, HALF, Portion
from alert_trader.domain.money import plain
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.workflows.interface import Command, CommandReceipt


async def run_action(
    client: Client, action: Action, trade: str, command: Command, offer: str
) -> CommandReceipt:
    """Send a trade the command of a button."""
    match action:
        case Action.CANCEL:
            receipt = trade_commands.cancel(client, trade, command)
        case Action.CONVERT:
            receipt = trade_commands.convert_now(client, trade, command)
        case Action.CLOSE_HALF:
            receipt = trade_commands.sell(client, trade, command, HALF)
        case Action.CLOSE_ALL:
            receipt = trade_commands.close(client, trade, command)
        case Action.APPROVE:
            receipt = trade_commands.approve(client, trade, command, offer=offer)
        case Action.APPROVE_HALF:
            receipt = trade_commands.approve(client, trade, command, half=True, offer=offer)
        case Action.SKIP:
            receipt = trade_commands.skip(client, trade, command, offer=offer)
        case _:
            assert_never(action)
    return await receipt


def contracts_affected(action: Action, view: TradeView) -> int:
    """Return how many contracts an action would buy, or sell from."""
    return view.quantity - view.bought if action is Action.CONVERT else view.position


def effect(action: Action, view: TradeView) -> str:
    """Return what an action would do now, with its numbers."""
    if action is not Action.CONVERT:
        return effect_of_selling(HALF if action is Action.CLOSE_HALF else ALL, view)
    ceiling = "unknown" if view.ceiling is None else f"${plain(view.ceiling)}"
    return (
        f"Buy the remaining {count(contracts_affected(action, view))} of {view.contract or 'the contract'} "
        f"now. What is not offered within the ceiling ({ceiling}) is cancelled instead."
    )


def effect_of_selling(portion: Portion, view: TradeView) -> str:
    """Return what selling a portion of the position would do now, with its numbers."""
    selling = portion.of(view.position)
    left = view.position - selling
    what = f"Sell {count(selling)} of {view.contract or 'the contract'}, from the bid down."
    unknown = " The price is not known in advance."
    exits = f" Working exits ({count(view.exits_working)}) are cancelled first." if view.exits_working else ""
    entry = " The rest of the entry is cancelled." if view.phase is Phase.ENTERING and not left else ""
    rest = f" The exit plan applies again to the other {count(left)}." if left else " This closes the trade."
    return f"{what}{unknown}{exits}{entry}{rest}"


def effect_of_resuming(view: AccountView) -> str:
    """Return what would be traded after the account is resumed; `view` knows the stop file."""
    left = view.stops_after_resume
    if not left:
        return "After resuming, new alerts are traded again."
    return f"After resuming, entries stay blocked: {'; '.join(left)}."


def effect_of_flattening(view: AccountView) -> str:
    """Return what flattening the account would do now, with its numbers."""
    held = sum(each.position for each in view.open_trades)
    return (
        f"Halt account {view.account}, cancel all entries and sell {count(held)} in "
        f"{count(len(view.open_trades), 'open trade')}, from the bid down, until it is flat. "
        "The prices are not known in advance. No entries until someone resumes the account."
    )


def impossible(action: Action, view: TradeView) -> str | None:
    """Return why an action is not possible for a trade now; None when it is."""
    if view.outcome is not None:
        return f"Nothing to do: this trade is closed ({view.outcome})."
    if contracts_affected(action, view) == 0 or (action is Action.CLOSE_HALF and HALF.of(view.position) == 0):
        return (
            "Nothing left to buy."
            if action is Action.CONVERT
            else f"Nothing to sell: the trade holds {count(view.position)}."
        )
    return None


def confirm_label(action: Action) -> str:
    """Return the label of the button that confirms an action."""
    return "Yes, buy up to the ceiling" if action is Action.CONVERT else "Yes, sell"
