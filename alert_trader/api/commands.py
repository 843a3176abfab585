"""Commands to a trade and to the account, with the names and the effects of `trader`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path
from pydantic import BaseModel, ConfigDict, Field
from temporalio.client import Client

from alert_trader.api.alerts import KEY, derived_id
from alert_trader.api.dependencies import ApiContext, HaltKey, TemporalClient, problem_responses, require_key
from alert_trader.api.keys import RateLimitBucket
from alert_trader.api.problems import Kind, ProblemError
from alert_trader.api.trades import NAME
from alert_trader.control.commands import account_commands, trade_commands
from alert_trader.control.queries.trade_names import find_trade
from alert_trader.domain.account.view import AccountReceipt
from alert_trader.domain.alerts.portion import read_portion
from alert_trader.workflows.interface import Command, CommandReceipt

router = APIRouter(tags=["commands"])

CommandKey = Annotated[str, Depends(require_key(RateLimitBucket.COMMANDS))]
Trade = Annotated[
    str, Path(pattern=NAME, description="The trade's id, the beginning or end of it, or its contract.")
]
IdempotencyKey = Annotated[
    str | None,
    Header(pattern=KEY, description="The sender's own id for this command. A repeat has no further effect."),
]
_PROBLEMS = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.GATEWAY_TIMEOUT)


class TradeCommandRequest(BaseModel):
    """A command to a trade."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=500, description="Why. Written to the audit trail.")


class SellRequest(TradeCommandRequest):
    """Sell a part of a position."""

    portion: str = Field(
        min_length=1,
        max_length=20,
        description="Part of the position: all, half, 1/3, 25%, or a number of contracts.",
    )


class ApproveRequest(TradeCommandRequest):
    """Approve what a trade waits for."""

    half: bool = Field(False, description="Approve half of it.")
    offer: str = Field(
        "", max_length=64, description="The id of the offer that was seen, from `view.offer.id`; empty: any."
    )


class SkipRequest(TradeCommandRequest):
    """Reject what a trade waits for."""

    offer: str = Field(
        "", max_length=64, description="The id of the offer that was seen, from `view.offer.id`; empty: any."
    )


class FlattenRequest(TradeCommandRequest):
    """Close every position."""

    account: str = Field(
        max_length=32, description="The number of the account, so that no other one is flattened by mistake."
    )


class TradeReceipt(BaseModel):
    """What a command has led to when it is answered."""

    workflow_id: str
    done: bool = Field(description="Whether everything requested has happened; false while it continues.")
    text: str


Act = Callable[[Client, str, Command], Awaitable[CommandReceipt]]


@dataclass(frozen=True, slots=True)
class NamedTrade:
    """The trade that a request names, and who commands it."""

    by: CommandKey
    client: TemporalClient
    trade: Trade
    idempotency_key: IdempotencyKey = None

    async def send(self, act: Act, body: TradeCommandRequest | None, what: str) -> TradeReceipt:
        """Send a command. Raise ProblemError with 409 when the trade rejects it."""
        workflow_id, key = await find_trade(self.client, self.trade), self.idempotency_key
        command_id = "" if key is None else f"api-{derived_id('command', self.by, workflow_id, what, key)}"
        reason = "" if body is None else body.reason
        receipt = await act(
            self.client, workflow_id, Command(by=f"api:{self.by}", reason=reason, id=command_id)
        )
        if not receipt.accepted:
            raise ProblemError(HTTPStatus.CONFLICT, Kind.NOT_POSSIBLE, receipt.text)
        return TradeReceipt(workflow_id=workflow_id, done=receipt.done, text=receipt.text)


Named = Annotated[NamedTrade, Depends()]


@router.post(
    "/admin/trades/{trade}/cancel",
    operation_id="cancelEntry",
    summary="Cancel an entry",
    responses=_PROBLEMS,
)
async def cancel(trade: Named, body: TradeCommandRequest | None = None) -> TradeReceipt:
    """Cancel the rest of the entry. Contracts already bought keep their exits."""
    return await trade.send(trade_commands.cancel, body, "cancel")


@router.post(
    "/admin/trades/{trade}/close", operation_id="closeTrade", summary="Close a trade", responses=_PROBLEMS
)
async def close(trade: Named, body: TradeCommandRequest | None = None) -> TradeReceipt:
    """Close a trade: cancel its orders and sell its position, from the bid down."""
    return await trade.send(trade_commands.close, body, "close")


@router.post(
    "/admin/trades/{trade}/convert", operation_id="convertEntry", summary="Buy now", responses=_PROBLEMS
)
async def convert(trade: Named, body: TradeCommandRequest | None = None) -> TradeReceipt:
    """Buy the rest of the entry now, up to the ceiling."""
    return await trade.send(trade_commands.convert_now, body, "convert")


@router.post(
    "/admin/trades/{trade}/sell", operation_id="sellPart", summary="Sell a part", responses=_PROBLEMS
)
async def sell(trade: Named, body: SellRequest) -> TradeReceipt:
    """Sell part of a position, from the bid down. The exit plan applies again to the rest."""
    try:
        part = read_portion(body.portion)
    except ValueError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, Kind.INVALID, str(error)) from None

    async def act(client: Client, workflow_id: str, command: Command) -> CommandReceipt:
        return await trade_commands.sell(client, workflow_id, command, part)

    return await trade.send(act, body, f"sell {part}")


@router.post("/admin/trades/{trade}/approve", operation_id="approve", summary="Approve", responses=_PROBLEMS)
async def approve(trade: Named, body: ApproveRequest | None = None) -> TradeReceipt:
    """Approve what a trade waits for: its entry, or an exit by its author."""
    given = body or ApproveRequest()

    async def act(client: Client, workflow_id: str, command: Command) -> CommandReceipt:
        return await trade_commands.approve(client, workflow_id, command, half=given.half, offer=given.offer)

    return await trade.send(act, given, "approve")


@router.post("/admin/trades/{trade}/skip", operation_id="skip", summary="Skip", responses=_PROBLEMS)
async def skip(trade: Named, body: SkipRequest | None = None) -> TradeReceipt:
    """Reject what a trade waits for."""
    given = body or SkipRequest()

    async def act(client: Client, workflow_id: str, command: Command) -> CommandReceipt:
        return await trade_commands.skip(client, workflow_id, command, offer=given.offer)

    return await trade.send(act, given, "skip")


@router.post("/admin/flatten", operation_id="flatten", summary="Flatten the account", responses=_PROBLEMS)
async def flatten(
    name: HaltKey, client: TemporalClient, context: ApiContext, body: FlattenRequest
) -> AccountReceipt:
    """Halt, cancel all entries and close all positions, until the account is flat."""
    account = context.settings.account
    if body.account != account:
        text = f"this API trades another account than {body.account}: nothing was done"
        raise ProblemError(HTTPStatus.CONFLICT, Kind.NOT_POSSIBLE, text)
    return await account_commands.flatten(client, account, by=f"api:{name}", reason=body.reason)
