"""Alerts in: `POST /admin/alerts/process`, for webhooks, tools and people.

The process has one mode, and a request can only narrow it. In a mode that sends, `dry_run` never starts anything in that mode's namespace:
the alert is read here, and rehearsed as a trade of the dry-run namespace, whose worker has no way to send, where one works.
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
"""An idempotency key: printable ASCII, as a header can carry it."""

DRY_RUN_TIMEOUT = timedelta(seconds=8)
"""Sizing asks the broker three things, each bounded; a rehearsal that takes longer goes on by itself."""


def _text(value: object) -> object:
    """Refuse a time that is not written as one: a bare number may be seconds, or milliseconds, or anything."""
    if not isinstance(value, str):
        raise ValueError("expected a date and time with its zone, as 2026-11-24T14:30:00Z")  # noqa: TRY004 - a fault of the request
    return value


class AlertRequest(BaseModel):
    """A message to take in."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    message: str = Field(
        min_length=1,
        max_length=4000,
        description="The alert's text, as it was written. It is data and nothing else.",
    )
    channel_id: str = Field(
        pattern=ID, description="The channel it came from; must be on the list of channels."
    )
    user_id: str = Field(pattern=ID, description="Who wrote it; must be on the list of authors.")
    guild_id: str | None = Field(
        None, pattern=ID, description="The server it came from; without it, the first on the list of servers."
    )
    dry_run: StrictBool | None = Field(
        None,
        description="True: rehearse only, whatever the mode. False: refused where the mode sends nothing. Without it, the mode decides.",
    )
    idempotency_key: str | None = Field(
        None,
        pattern=KEY,
        description="The sender's own name for this alert, for senders that cannot set the header Idempotency-Key.",
    )
    posted_at: Annotated[AwareDatetime, BeforeValidator(_text)] | None = Field(
        None,
        description="When it was written; without it, now. An alert that is too old is refused, so a sender that queues says when.",
    )
    api_key: SecretStr | None = Field(
        None,
        description="An admin key, for senders that cannot set the header x-api-key, such as TradingView.",
    )


class Result(StrEnum):
    """What became of a message."""

    OPENED = "opened"
    """A trade began; it may be its refusal on record."""
    KNOWN = "known"
    """This message, or this idempotency key, has its trade already: nothing new was started."""
    PASSED_ON = "passed-on"
    """The author's open trade was told."""
    UNMATCHED = "unmatched"
    """An exit or an add without an open trade it could be about."""
    LEFT_ALONE = "left-alone"
    """No alert: nothing was started."""
    REHEARSED = "rehearsed"
    """A dry-run trade was worked out to its end: `rehearsal` has the orders that would have been sent."""
    READ_ONLY = "read-only"
    """It was read, and nothing was started; `detail` says why it went no further."""


class AlertAnswer(BaseModel):
    """What became of a message."""

    result: Result
    mode: Mode = Field(
        description="The mode of what was started; dry-run when nothing of this can have been sent."
    )
    message_id: str = Field(description="What every id of the trade derives from.")
    workflow_id: str | None = None
    detail: str
    reading: ParsedAlert
    rehearsal: TradeView | None = Field(
        None, description="The dry-run trade, when it was worked out in time."
    )


async def sender(
    request: Request, context: ApiContext, _: Annotated[str | None, Security(SCHEME)] = None
) -> str:
    """Let in who holds a key, in the header or in the body; gives its name. It comes before the body is checked for anything else."""
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
    summary="Take an alert in",
    responses={**_PROBLEMS, 201: {"model": AlertAnswer, "description": "A trade began."}},
)
async def process(
    asked: AlertRequest,
    response: Response,
    context: ApiContext,
    name: Annotated[str, Depends(sender)],
    idempotency_key: Annotated[
        str | None,
        Header(pattern=KEY, description="The sender's own name for this alert: a repeat finds its trade."),
    ] = None,
) -> AlertAnswer:
    """Read a message, and open its trade, tell an open one, or leave it alone.

    Sending the same again changes nothing. What is the same is said by the idempotency key (of this admin key); without one, the same words
    by the same user in the same channel on the same New York day are one alert.
    """
    key = _key_of(asked, idempotency_key)
    message = _message(asked, context, name, key)
    mode = context.settings.mode
    if asked.dry_run is False and mode is Mode.DRY_RUN:
        raise ProblemError(
            HTTPStatus.CONFLICT,
            Kind.NOT_POSSIBLE,
            "expected dry_run true or absent: this process is in mode dry-run, which sends nothing",
        )
    if asked.dry_run and mode is not Mode.DRY_RUN:
        return await _dry_run(context, message)
    taken = await take(await context.temporal.client(), message, intake_of(context))
    answer = _answer(taken, message.message_id, mode, key=key)
    if answer.result is Result.OPENED:
        response.status_code = HTTPStatus.CREATED
    if answer.workflow_id is not None:
        response.headers["location"] = f"/admin/trades/{answer.workflow_id}"
    return answer


def intake_of(context: Context) -> Intake:
    """Give the rules that a message is taken in by now."""
    settings = context.settings
    return Intake(policy=settings.policy(), account=settings.account, profiles=settings.author_profiles)


def _key_of(asked: AlertRequest, header: str | None) -> str | None:
    if header is not None and asked.idempotency_key not in {None, header}:
        raise ProblemError(
            HTTPStatus.CONFLICT,
            Kind.NOT_POSSIBLE,
            "expected one idempotency key, found another in the header than in the body",
        )
    return header or asked.idempotency_key


def _message(asked: AlertRequest, context: Context, key_name: str, key: str | None) -> AlertMessage:
    now = clock.now()
    posted_at = now if asked.posted_at is None else asked.posted_at.astimezone(UTC)
    guilds = context.settings.allowlist.guilds
    parts = (
        ("key", key_name, key)
        if key is not None
        else ("words", asked.channel_id, asked.user_id, str(new_york_date(now)), asked.message)
    )
    return AlertMessage(
        message_id=derived_id(*parts),
        text=asked.message,
        author_id=asked.user_id,
        channel_id=asked.channel_id,
        guild_id=asked.guild_id or (guilds[0] if guilds else ""),
        posted_at=posted_at,
        author_name=f"api:{key_name}",
    )


def derived_id(*parts: str) -> MessageId:
    """Name a message by what makes it the same one: a pure function, so that a repeat finds its trade."""
    digest = hashlib.sha256("\0".join((str(len(parts)), *parts)).encode("utf-8", "surrogatepass")).digest()
    return message_id("w" + base64.b32encode(digest).decode().lower()[:26])


def _answer(taken: IntakeResult, message: MessageId, mode: Mode, *, key: str | None = None) -> AlertAnswer:
    workflow_id: str | None = None
    match taken:
        case TradeStarted(started=started):
            workflow_id, result = taken.workflow_id, Result.OPENED if started else Result.KNOWN
            # a template with one key for every alert would trade the first and nothing after it, in silence
            known = (
                "message has its trade already"
                if key is None
                else "idempotency key has its trade already; another alert needs another key"
            )
            detail = f"{workflow_id} began" if started else f"this {known}: {workflow_id}"
        case PassedToTrade(receipt=receipt):
            workflow_id, result, detail = taken.workflow_id, Result.PASSED_ON, receipt.text
        case Unmatched(why=why):
            result, detail = Result.UNMATCHED, why
        case Ignored():
            result, detail = Result.LEFT_ALONE, "this is no alert"
        case _:
            assert_never(taken)
    return AlertAnswer(
        result=result,
        mode=mode,
        message_id=message,
        workflow_id=workflow_id,
        detail=detail,
        reading=taken.parsed,
    )


async def _dry_run(context: Context, message: AlertMessage) -> AlertAnswer:
    """Read an alert, and work it out in the dry-run namespace; nothing is started in the mode that sends."""
    read = AlertAnswer(
        result=Result.READ_ONLY,
        mode=Mode.DRY_RUN,
        message_id=message.message_id,
        detail="",
        reading=parse(message),
    )
    try:
        if await context.rehearsal.workers(context.settings.account) == 0:
            return read.model_copy(update={"detail": _NO_DRY_RUN})
        client = await context.rehearsal.client()
        intake = intake_of(context)
        rules = dataclasses.replace(intake.policy, mode=Mode.DRY_RUN)
        taken = await take(client, message, dataclasses.replace(intake, policy=rules))
    except ControlError as error:
        return read.model_copy(update={"detail": f"{_NO_DRY_RUN} ({error})"})
    answer = _answer(taken, message.message_id, Mode.DRY_RUN)
    if answer.workflow_id is None:
        return answer
    view = await _ended(client, answer.workflow_id)
    if view is None:
        return answer.model_copy(
            update={"detail": f"{answer.workflow_id} is being worked out in namespace {client.namespace}"}
        )
    return answer.model_copy(
        update={"result": Result.REHEARSED, "detail": view.last_event, "rehearsal": view}
    )


_NO_DRY_RUN = "read, and not rehearsed: no worker of mode dry-run takes this account's work; start one with TRADER_MODE=dry-run trader worker"


async def _ended(client: Client, trade: str) -> TradeView | None:
    """Wait for the end of a rehearsal; None when it takes longer."""
    try:
        async with asyncio.timeout(DRY_RUN_TIMEOUT.total_seconds()):
            async for picture in watch(client, trade):
                if picture.row.closed_at is not None:
                    return picture.view
    except TimeoutError:
        return None
    return None
