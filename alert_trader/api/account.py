"""Show the account's status, halt it and resume it."""

from dataclasses import dataclass, fields
from http import HTTPStatus

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from alert_trader.api.dependencies import ApiContext, HaltKey, ReadKey, TemporalClient, problem_responses
from alert_trader.control.commands import account_commands
from alert_trader.control.errors import UnreachableError
from alert_trader.control.queries import account as account_queries
from alert_trader.domain.account.view import AccountReceipt, AccountView, HaltReceipt
from alert_trader.runtime.kill_switch import kill_switch_of

router = APIRouter(prefix="/admin", tags=["account"])

_PROBLEMS = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.GATEWAY_TIMEOUT)


class HaltRequest(BaseModel):
    """Halt the account."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=500, description="Why. Written to the audit trail.")


class ResumeRequest(BaseModel):
    """Resume the account."""

    model_config = ConfigDict(extra="forbid")

    changed: str = Field(
        min_length=3,
        max_length=500,
        pattern=r"\S",
        description="What has changed. Written to the audit trail.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(AccountView):
    """The account, and whether it may trade now."""

    entries_allowed: bool
    """Whether a new alert could be bought now, so far as the account decides."""
    entries_blocked_by: tuple[str, ...]
    """Everything that stops a new trade now, by whom and since when."""


@router.get("/account", operation_id="account", summary="Show the account", responses=_PROBLEMS)
async def show(_: ReadKey, client: TemporalClient, context: ApiContext) -> Account:
    """Return the account's state, limits, today's counters, open trades and what blocks entries."""
    view = await account_queries.account_view(
        client, context.settings.account, kill_switch_of(context.settings)
    )
    known = {each.name: getattr(view, each.name) for each in fields(AccountView)}
    return Account(**known, entries_allowed=view.may_trade, entries_blocked_by=view.stops)


@router.post("/halt", operation_id="halt", summary="Halt the account", responses=_PROBLEMS)
async def halt(name: HaltKey, context: ApiContext, body: HaltRequest | None = None) -> HaltReceipt:
    """Stop all entries immediately, until a person resumes. Exits and cancels continue to work.

    There is no confirmation. Sending it again has no further effect.
    """
    reason = "" if body is None else body.reason
    try:
        return await account_commands.halt(
            await context.temporal.client(), context.settings.account, by=f"api:{name}", reason=reason
        )
    except UnreachableError as away:
        raise UnreachableError(
            f"{away}. {account_commands.stop_file_advice(context.settings.stop_path.absolute())}"
        ) from away


@router.post("/resume", operation_id="resume", summary="Resume a halted account", responses=_PROBLEMS)
async def resume(
    name: HaltKey, client: TemporalClient, context: ApiContext, body: ResumeRequest
) -> AccountReceipt:
    """Allow entries again. `changed` says what has changed since the halt."""
    return await account_commands.resume(
        client, context.settings.account, by=f"api:{name}", changed=body.changed
    )
