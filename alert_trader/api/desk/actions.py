"""What a person does on the desk page: a question first where something is bought or sold.

Labels, questions and their 60 seconds are those of the cards in Discord.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse
from temporalio.client import Client

from alert_trader import clock
from alert_trader.api.dependencies import ApiContext, Context, TemporalClient
from alert_trader.api.desk.live import DeskState
from alert_trader.api.desk.session import Form, Posted
from alert_trader.api.pages import page
from alert_trader.bot.actions import CONFIRM_WITHIN, Action
from alert_trader.bot.discord_text import count
from alert_trader.bot.effects import (
    confirm_label,
    contracts_affected,
    effect,
    effect_of_flattening,
    effect_of_resuming,
    effect_of_selling,
    impossible,
    run_action,
)
from alert_trader.control.commands import account_commands, trade_commands
from alert_trader.control.errors import ControlError
from alert_trader.control.queries import account as account_queries
from alert_trader.control.queries.trade_views import check_name, view_of
from alert_trader.domain.account.view import AccountReceipt
from alert_trader.domain.alerts.portion import read_portion
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.trade.view import TradeView
from alert_trader.runtime.kill_switch import kill_switch_of
from alert_trader.workflows.interface import Command, CommandReceipt

router = APIRouter(include_in_schema=False)

SELL = "sell"
"""The action that sells a part which is named in the form; the others are those of the cards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question before a command."""

    heading: str
    text: str
    label: str
    fields: dict[str, str]
    """Hidden fields of the answer."""
    portion: bool = False
    """Whether the person says which part is sold."""
    reason: bool = True


@router.post("/desk/trade")
async def trade_action(request: Request, form: Posted, client: TemporalClient) -> HTMLResponse:
    """Ask before an action on a trade, or do it; what the form confirms must still be true."""
    try:
        trade = check_name(form.text("trade"))
        name = form.text("action", 20)
        if name == SELL:
            return await _sell(request, form, client, trade)
        action = Action(name)
    except (ControlError, ValueError) as error:
        return _result(form, str(error), done=False)
    try:
        if action.needs_confirmation:
            view = await view_of(client, trade)
            answer = _unconfirmed(form, view, contracts_affected(action, view)) or impossible(action, view)
            if answer is not None:
                return answer if isinstance(answer, HTMLResponse) else _result(form, answer, done=False)
            if "contracts" not in form.fields:
                return _ask(form, _question(action, view))
        return await _run(
            request, form, lambda command: run_action(client, action, trade, command, form.text("offer"))
        )
    except ControlError as error:
        return _result(form, f"Not done: {error}", done=False)


def _unconfirmed(form: Form, view: TradeView, contracts: int) -> HTMLResponse | None:
    """Return the answer to a confirmation that came too late, or after a fill; None when it holds."""
    if "contracts" not in form.fields:
        return None
    asked_at = form.text("asked_at")
    if not asked_at.isdigit() or clock.now().timestamp() - int(asked_at) > CONFIRM_WITHIN:
        text = f"Nothing was done: this question expired after {CONFIRM_WITHIN} s. Press the button again."
        return _result(form, text, done=False)
    if form.text("contracts") != str(contracts):
        text = (
            f"Nothing was done: there was a fill since you were asked. {view.contract or 'The trade'} holds "
            f"{count(view.position)} now. Press the button again."
        )
        return _result(form, text, done=False)
    return None


def _question(action: Action, view: TradeView) -> Question:
    return Question(
        heading=f"{view.mode.upper()} · {view.contract or view.workflow_id}",
        text=f"{effect(action, view)} Confirm within {CONFIRM_WITHIN} s.",
        label=confirm_label(action),
        fields=_confirming(action.value, view, contracts_affected(action, view)),
    )


def _confirming(action: str, view: TradeView, contracts: int) -> dict[str, str]:
    return {
        "action": action,
        "trade": view.workflow_id,
        "contracts": str(contracts),
        "asked_at": str(int(clock.now().timestamp())),
        # a form that is sent twice is one command
        "command": secrets.token_hex(8),
    }


async def _sell(request: Request, form: Form, client: Client, trade: str) -> HTMLResponse:
    """Ask which part to sell, then what that would do, then sell it."""
    view = await view_of(client, trade)
    heading = f"{view.mode.upper()} · {view.contract or view.workflow_id}"
    if not form.text("portion") and view.position:
        text = f"Which part of {count(view.position)}? From the bid down; the price is not known in advance."
        fields = {"action": SELL, "trade": trade}
        return _ask(form, Question(heading=heading, text=text, label="Next", fields=fields, portion=True))
    part = read_portion(form.text("portion", 20) or "all")
    if view.outcome is not None or part.of(view.position) == 0:
        text = f"Nothing to sell: the trade holds {count(view.position)} ({part})."
        return _result(form, text, done=False)
    answer = _unconfirmed(form, view, view.position)
    if answer is not None:
        return answer
    if "contracts" not in form.fields:
        fields = {**_confirming(SELL, view, view.position), "portion": form.text("portion", 20)}
        text = f"{effect_of_selling(part, view)} Confirm within {CONFIRM_WITHIN} s."
        return _ask(form, Question(heading=heading, text=text, label="Yes, sell", fields=fields))
    if part.everything:
        return await _run(request, form, lambda command: trade_commands.close(client, trade, command))
    return await _run(request, form, lambda command: trade_commands.sell(client, trade, command, part))


async def _run(
    request: Request, form: Form, act: Callable[[Command], Awaitable[CommandReceipt]]
) -> HTMLResponse:
    """Send a command, and show its receipt. A form that is sent twice acts once."""
    reason = form.text("reason") or f"{form.text('action')} on the desk page"
    named = form.text("command", 64)
    command = Command(by=form.session.signature, reason=reason, id=f"desk-{named}" if named.isalnum() else "")
    try:
        receipt = await act(command)
    except ControlError as error:
        return _result(form, f"Not done: {error}", done=False)
    finally:
        _shared(request).wake()
    return _result(form, _said(receipt), done=receipt.accepted)


def _said(receipt: CommandReceipt | AccountReceipt) -> str:
    return receipt.text if receipt.done else f"{receipt.text}. Not finished yet: follow it on the page."


@router.post("/desk/account")
async def account_action(
    request: Request, form: Posted, client: TemporalClient, context: ApiContext
) -> HTMLResponse:
    """Halt at once; ask before the account is resumed or flattened."""
    account, by, reason = context.settings.account, form.session.signature, form.text("reason")
    try:
        match form.text("action", 20):
            case "halt":
                return await _halt(form, client, account)
            case "resume" if "confirmed" not in form.fields or not reason:
                return _ask(form, await _resume_question(context, client))
            case "flatten" if "confirmed" not in form.fields:
                return _ask(form, await _flatten_question(context, client))
            case "resume":
                receipt = await account_commands.resume(client, account, by=by, changed=reason)
            case "flatten":
                reason = reason or "flattened on the desk page"
                receipt = await account_commands.flatten(client, account, by=by, reason=reason)
            case other:
                return _result(form, f"expected halt, resume or flatten, found {other!r}", done=False)
        return _result(form, _said(receipt), done=True)
    except ControlError as error:
        return _result(form, f"Not done: {error}", done=False)
    finally:
        _shared(request).wake()


async def _halt(form: Form, client: Client, account: AccountNumber) -> HTMLResponse:
    reason = form.text("reason") or "halted on the desk page"
    halted = await account_commands.halt(client, account, by=form.session.signature, reason=reason)
    lines = [f"cancelled: {each}" for each in halted.cancelled]
    lines += [f"remaining: {each}" for each in halted.remaining]
    return _result(form, halted.text, done=True, lines=lines)


async def _resume_question(context: Context, client: Client) -> Question:
    settings = context.settings
    view = await account_queries.account_view(client, settings.account, kill_switch_of(settings))
    why = "" if view.halted_by is None else f" by {view.halted_by} (reason: {view.halt_reason})"
    return Question(
        heading=f"{view.mode.upper()} · account {view.account}",
        text=f"The account is {view.state}{why}. {effect_of_resuming(view)} Say what has changed.",
        label="Yes, resume",
        fields={"action": "resume", "confirmed": "yes"},
    )


async def _flatten_question(context: Context, client: Client) -> Question:
    view = await account_queries.account_view(client, context.settings.account)
    return Question(
        heading=f"{view.mode.upper()} · account {view.account}",
        text=effect_of_flattening(view),
        label="Yes, flatten",
        fields={"action": "flatten", "confirmed": "yes"},
    )


def _shared(request: Request) -> DeskState:
    found: DeskState = request.app.state.desk
    return found


def _ask(form: Form, question: Question) -> HTMLResponse:
    path = "/desk/trade" if "trade" in question.fields else "/desk/account"
    return page("question.html.jinja", session=form.session, question=question, path=path)


def _result(form: Form, text: str, *, done: bool, lines: list[str] | None = None) -> HTMLResponse:
    status = HTTPStatus.OK if done else HTTPStatus.CONFLICT
    return page(
        "result.html.jinja", code=status, session=form.session, text=text, done=done, lines=lines or []
    )
