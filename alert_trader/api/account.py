"""The account: how it stands, and to stop it and let it go on."""

from http import HTTPStatus

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from alert_trader.api.context import Connected, InForce, Reader, Stopper, guarded
from alert_trader.control.commands import account_commands
from alert_trader.control.errors import UnreachableError
from alert_trader.control.queries import account as account_queries
from alert_trader.domain.account.view import AccountReceipt, AccountView, HaltReceipt

router = APIRouter(prefix="/admin", tags=["account"])

_PROBLEMS = guarded(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.GATEWAY_TIMEOUT)


class HaltRequest(BaseModel):
    """Why entries stop."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=500, description="Goes on record.")


class ResumeRequest(BaseModel):
    """Why entries may go on."""

    model_config = ConfigDict(extra="forbid")

    changed: str = Field(
        min_length=3, max_length=500, pattern=r"\S", description="What is different now; goes on record."
    )


@router.get("/account", operation_id="account", summary="How the account stands", responses=_PROBLEMS)
async def show(_: Reader, client: Connected, context: InForce) -> AccountView:
    """Tell state, limits, the day's counters, open trades and what blocks entries."""
    return await account_queries.account_view(client, context.settings.account)


@router.post("/halt", operation_id="halt", summary="Stop every entry", responses=_PROBLEMS)
async def halt(name: Stopper, context: InForce, asked: HaltRequest | None = None) -> HaltReceipt:
    """Stop every entry, at once and until a person resumes. Exits and cancels go on. No confirmation is asked, and it may be sent again."""
    reason = "" if asked is None else asked.reason
    try:
        return await account_commands.halt(
            await context.temporal.client(), context.settings.account, by=f"api:{name}", reason=reason
        )
    except UnreachableError as away:
        raise UnreachableError(
            f"{away}. {account_commands.stop_file_advice(context.settings.stop_path.absolute())}"
        ) from away


@router.post(
    "/resume", operation_id="resume", summary="Let a halted account trade again", responses=_PROBLEMS
)
async def resume(name: Stopper, client: Connected, context: InForce, asked: ResumeRequest) -> AccountReceipt:
    """Let entries go on; `changed` says what is different now."""
    return await account_commands.resume(
        client, context.settings.account, by=f"api:{name}", changed=asked.changed
    )
