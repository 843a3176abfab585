"""Receive alerts: `POST /admin/alerts/process`, for webhooks, tools and people.

The process runs in one mode, and a request can only restrict it. In a mode that sends orders, a request with
`dry_run` starts nothing in that mode's namespace: the alert is parsed here and, if a dry-run worker runs,
becomes a trade of the dry-run namespace, whose worker cannot send orders.
"""

import asyncio
import base64
import contextlib
import dataclasses
import hashlib
import json
from datetime import UTC, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, assert_never

from fastapi import APIRouter, Depends, Header, Request, Response, Security
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StrictBool
from temporalio.client import Client

from alert_trader import clock
from alert_trader.api.dependencies import SCHEME, ApiContext, Context, problem_responses
from alert_trader.api.keys import HEADER, RateLimitBucket
from alert_trader.api.problems import Kind, ProblemError
from alert_trader.control.errors import ControlError
from alert_trader.control.intake.message import (
    Ignored,
    Intake,
    IntakeResult,
    PassedToTrade,
    TradeStarted,
    Unmatched,
    take,
)
from alert_trader.control.queries.trade_views import watch
from alert_trader.domain.alerts.alert import AlertMessage, ParsedAlert
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import MessageId, message_id
from alert_trader.domain.market.calendar import new_york_date
from alert_trader.domain.trade.view import TradeView

router = APIRouter(prefix="/admin/alerts", tags=["alerts"])

ID = r"^[A-Za-z0-9_-]{1,64}$"
KEY = r"^[!-~]([ -~]{0,198}[!-~])?$"
"""An idempotency key: printable ASCII, because it may be a header."""

DRY_RUN_TIMEOUT = timedelta(seconds=8)
"""Sizing makes three calls to the broker, each with a timeout.

A dry run that takes longer continues by itself.
"""


def _text(value: object) -> object:
    """Refuse a number as a time: it could be seconds or milliseconds."""
    if not isinstance(value, str):
        raise ValueError("expected a date and time with a time zone, such as 2026-11-24T14:30:00Z")  # noqa: TRY004 - a fault of the request
    return value


class AlertRequest(BaseModel):
    """A message to process."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    message: str = Field(
        min_length=1,
        max_length=4000,
        description="The alert's text, as it was written.",
    )
    channel_id: str = Field(
        pattern=ID, description="The channel it came from. Must be on the channel allowlist."
    )
    user_id: str = Field(pattern=ID, description="Its author. Must be on the author allowlist.")
    guild_id: str | None = Field(
        None, pattern=ID, description="The server it came from. Default: the first on the server allowlist."
    )
    dry_run: StrictBool | None = Field(
        None,
        description="True: dry run, in any mode. False: refused in mode dry-run. Default: as the mode says.",
    )
    idempotency_key: str | None = Field(
        None,
        pattern=KEY,
        description="The sender's own id for this alert, if it cannot set the header Idempotency-Key.",
    )
    posted_at: Annotated[AwareDatetime, BeforeValidator(_text)] | None = Field(
        None,
        description="When it was written. Default: now. Alerts that are too old are denied, "
        "so a sender that queues messages must set it.",
    )
    api_key: SecretStr | None = Field(
        None,
        description="An admin key, if the sender cannot set the header x-api-key, as TradingView.",
    )


class Result(StrEnum):
    """What was done with a message."""

    OPENED = "opened"
    """A trade was opened. A denied alert also has one, which records why."""
    DUPLICATE = "duplicate"
    """This message, or this idempotency key, has a trade already: nothing was started."""
    FORWARDED = "forwarded"
    """Sent to the author's open trade: an exit, an add or a correction."""
    UNMATCHED = "unmatched"
    """An exit or an add that fits no open trade of its author."""
    IGNORED = "ignored"
    """Not an alert: nothing was started."""
    DRY_RUN = "dry-run"
    """A dry-run trade was completed: `dry_run_trade` has the orders that would have been sent."""
    PARSED_ONLY = "parsed-only"
    """The message was parsed and nothing was started; `detail` says why."""


class AlertAnswer(BaseModel):
    """What was done with a message."""

    result: Result
    mode: Mode = Field(description="The mode of the trade. In dry-run no order can be sent.")
    message_id: str = Field(description="The id from which every id of the trade is derived.")
    workflow_id: str | None = None
    detail: str
    parsed: ParsedAlert
    dry_run_trade: TradeView | None = Field(
        None, description="The dry-run trade, if it was completed in time."
    )


async def sender(
    request: Request, context: ApiContext, _: Annotated[str | None, Security(SCHEME)] = None
) -> str:
    """Return the name of the admin key, from the header or the body.

    The key is checked before the rest of the body.
    """
    key = None
    if HEADER not in request.headers:
        with contextlib.suppress(ValueError):
            body = json.loads(await request.body())
            key = body.get("api_key") if isinstance(body, dict) else None
    return context.keys.admit(request, RateLimitBucket.ALERTS, key=key if isinstance(key, str) else None)


_PROBLEMS = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.GATEWAY_TIMEOUT)


@router.post(
    "/process",
    operation_id="processAlert",
    summary="Process an alert",
    responses={**_PROBLEMS, 201: {"model": AlertAnswer, "description": "A trade was opened."}},
)
async def process(
    body: AlertRequest,
    response: Response,
    context: ApiContext,
    name: Annotated[str, Depends(sender)],
    idempotency_key: Annotated[
        str | None,
        Header(
            pattern=KEY, description="The sender's own id for this alert. A repeat opens no second trade."
        ),
    ] = None,
) -> AlertAnswer:
    """Parse a message, then open a trade, forward it to an open one, or ignore it.

    Sending the same alert again changes nothing. Alerts are the same when they have the same idempotency key
    (per admin key) or, without one, the same text, user, channel and New York day.
    """
    key = _key_of(body, idempotency_key)
    message = _message(body, context, name, key)
    mode = context.settings.mode
    if body.dry_run is False and mode is Mode.DRY_RUN:
        raise ProblemError(
            HTTPStatus.CONFLICT,
            Kind.NOT_POSSIBLE,
            "this process runs in mode dry-run, which sends no orders: set dry_run to true or leave it out",
        )
    if body.dry_run and mode is not Mode.DRY_RUN:
        return await _dry_run(context, message)
    taken = await take(await context.temporal.client(), message, intake_of(context))
    answer = _answer(taken, message.message_id, mode, key=key)
    if answer.result is Result.OPENED:
        response.status_code = HTTPStatus.CREATED
    if answer.workflow_id is not None:
        response.headers["location"] = f"/admin/trades/{answer.workflow_id}"
    return answer


def intake_of(context: Context) -> Intake:
    """Return the rules for processing messages, from the settings."""
    settings = context.settings
    return Intake(policy=settings.policy(), account=settings.account, profiles=settings.author_profiles)


def _key_of(body: AlertRequest, header: str | None) -> str | None:
    if header is not None and body.idempotency_key not in {None, header}:
        raise ProblemError(
            HTTPStatus.CONFLICT,
            Kind.NOT_POSSIBLE,
            "the idempotency keys in the header and in the body differ: send one",
        )
    return header or body.idempotency_key


def _message(body: AlertRequest, context: Context, key_name: str, key: str | None) -> AlertMessage:
    now = clock.now()
    posted_at = now if body.posted_at is None else body.posted_at.astimezone(UTC)
    guilds = context.settings.allowlist.guilds
    parts = (
        ("key", key_name, key)
        if key is not None
        else ("words", body.channel_id, body.user_id, str(new_york_date(now)), body.message)
    )
    return AlertMessage(
        message_id=derived_id(*parts),
        text=body.message,
        author_id=body.user_id,
        channel_id=body.channel_id,
        guild_id=body.guild_id or (guilds[0] if guilds else ""),
        posted_at=posted_at,
        author_name=f"api:{key_name}",
    )


def derived_id(*parts: str) -> MessageId:
    """Return a message id that depends only on `parts`, so that a repeat finds its trade."""
    digest = hashlib.sha256("\0".join((str(len(parts)), *parts)).encode("utf-8", "surrogatepass")).digest()
    return message_id("w" + base64.b32encode(digest).decode().lower()[:26])


def _answer(taken: IntakeResult, message: MessageId, mode: Mode, *, key: str | None = None) -> AlertAnswer:
    workflow_id: str | None = None
    match taken:
        case TradeStarted(started=started):
            workflow_id, result = taken.workflow_id, Result.OPENED if started else Result.DUPLICATE
            # name the key: a webhook template with one constant key would trade only its first alert
            duplicate = (
                f"this message was processed before, as {workflow_id}"
                if key is None
                else f"this idempotency key was used before, for {workflow_id}: use a new key for each alert"
            )
            detail = f"{workflow_id} opened" if started else duplicate
        case PassedToTrade(receipt=receipt):
            workflow_id, result, detail = taken.workflow_id, Result.FORWARDED, receipt.text
        case Unmatched(why=why):
            result, detail = Result.UNMATCHED, why
        case Ignored():
            result, detail = Result.IGNORED, "not an alert"
        case _:
            assert_never(taken)
    return AlertAnswer(
        result=result,
        mode=mode,
        message_id=message,
        workflow_id=workflow_id,
        detail=detail,
        parsed=taken.parsed,
    )


async def _dry_run(context: Context, message: AlertMessage) -> AlertAnswer:
    """Parse an alert and trade it in the dry-run namespace; start nothing in the mode in force."""
    answer = AlertAnswer(
        result=Result.PARSED_ONLY,
        mode=Mode.DRY_RUN,
        message_id=message.message_id,
        detail="",
        parsed=parse(message),
    )
    try:
        if await context.dry_run_temporal.workers(context.settings.account) == 0:
            return answer.model_copy(update={"detail": _NO_DRY_RUN})
        client = await context.dry_run_temporal.client()
        intake = intake_of(context)
        rules = dataclasses.replace(intake.policy, mode=Mode.DRY_RUN)
        taken = await take(client, message, dataclasses.replace(intake, policy=rules))
    except ControlError as error:
        return answer.model_copy(update={"detail": f"{_NO_DRY_RUN} ({error})"})
    answer = _answer(taken, message.message_id, Mode.DRY_RUN)
    if answer.workflow_id is None:
        return answer
    view = await _ended(client, answer.workflow_id)
    if view is None:
        return answer.model_copy(
            update={"detail": f"{answer.workflow_id} is still running in namespace {client.namespace}"}
        )
    return answer.model_copy(
        update={"result": Result.DRY_RUN, "detail": view.last_event, "dry_run_trade": view}
    )


_NO_DRY_RUN = (
    "parsed only: no dry-run worker runs for this account. Start one with `TRADER_MODE=dry-run trader worker`"
)


async def _ended(client: Client, trade: str) -> TradeView | None:
    """Return the trade when it has ended, or None after DRY_RUN_TIMEOUT."""
    try:
        async with asyncio.timeout(DRY_RUN_TIMEOUT.total_seconds()):
            async for details in watch(client, trade):
                if details.row.closed_at is not None:
                    return details.view
    except TimeoutError:
        return None
    return None
