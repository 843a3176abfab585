"""The pages of the desk, and how a person signs in."""

from datetime import timedelta
from http import HTTPStatus
from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, FastAPI, Path, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from alert_trader import clock
from alert_trader.api.dependencies import ApiContext, TemporalClient
from alert_trader.api.desk import actions, live, report
from alert_trader.api.desk.live import DeskState
from alert_trader.api.desk.session import (
    Reader,
    SignInNeededError,
    begin_session,
    end_session,
    form_of,
    require_form,
    session_of,
)
from alert_trader.api.desk.shown import parts, trade_values
from alert_trader.api.desk.snapshot import SnapshotReader, snapshot_or_error
from alert_trader.api.keys import RateLimitBucket
from alert_trader.api.pages import page
from alert_trader.api.problems import ProblemError
from alert_trader.api.trades import NAME
from alert_trader.control.errors import ControlError
from alert_trader.control.queries.trade_names import find_trade
from alert_trader.control.queries.trade_views import events_of, show
from alert_trader.control.queries.worth import with_worth
from alert_trader.domain.account.limits import Limits, written
from alert_trader.domain.account.trading_state import AccountState
from alert_trader.runtime.desk_link import LINK_LIFETIME, PassKind, read_pass

router = APIRouter(include_in_schema=False)
Trade = Annotated[str, Path(pattern=NAME)]
_LIMITS = tuple(Limits.__dataclass_fields__)
_STATIC = {"desk.css": "text/css", "desk.js": "text/javascript"}


def add_desk(app: FastAPI) -> None:
    """Add the desk page to the API."""
    app.state.desk = DeskState(SnapshotReader(app.state.context))
    for each in (router, actions.router, live.router, report.router):
        app.include_router(each)

    @app.exception_handler(SignInNeededError)
    async def _sign_in(request: Request, _: SignInNeededError) -> Response:
        if request.method == "GET" and request.url.path == "/desk/events":
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        return sign_in_page(request, next_page=request.url.path if request.method == "GET" else "/desk")


@router.get("/")
async def home() -> RedirectResponse:
    """Lead to the desk page."""
    return RedirectResponse("/desk", HTTPStatus.SEE_OTHER)


@router.get("/desk/{name}.{kind}")
async def static(name: str, kind: str) -> Response:
    """Return our style or script."""
    file = f"{name}.{kind}"
    if file not in _STATIC:
        return Response(status_code=HTTPStatus.NOT_FOUND)
    text = (files("alert_trader.api") / "static" / file).read_text()
    return Response(text, media_type=_STATIC[file], headers={"cache-control": "no-cache"})


@router.get("/desk")
async def desk_page(request: Request, session: Reader, context: ApiContext) -> HTMLResponse:
    """Show the account, the trades of today and what needs a person."""
    desk: DeskState = request.app.state.desk
    found = await snapshot_or_error(desk.reader)
    away = found if isinstance(found, str) else None
    shown = {} if isinstance(found, str) else parts(found, session)
    return page("desk.html.jinja", session=session, away=away, parts=shown, mode=context.settings.mode.value)


@router.get("/desk/trade/{trade}")
async def trade_page(session: Reader, client: TemporalClient, trade: Trade) -> HTMLResponse:
    """Show one trade with all its events and its orders."""
    try:
        details = await with_worth(client, await show(client, await find_trade(client, trade)))
    except ControlError as error:
        return page(
            "result.html.jinja",
            code=HTTPStatus.NOT_FOUND,
            session=session,
            text=str(error),
            done=False,
            lines=[],
        )
    return page(
        "trade.html.jinja",
        session=session,
        details=details,
        each=trade_values(details.row),
        rows=details.events,
    )


@router.get("/desk/trade/{trade}/events")
async def trade_events(session: Reader, client: TemporalClient, trade: Trade) -> Response:
    """Return the events of a trade as a list, for a part of the page."""
    del session
    try:
        events = await events_of(client, trade)
    except ControlError as error:
        return Response(str(error), status_code=HTTPStatus.SERVICE_UNAVAILABLE, media_type="text/plain")
    return page("events.html.jinja", rows=events)


@router.get("/desk/account")
async def account_page(request: Request, session: Reader) -> HTMLResponse:
    """Show the account: limits, checks, differences, other orders and its last events."""
    desk: DeskState = request.app.state.desk
    found = await snapshot_or_error(desk.reader)
    away = found if isinstance(found, str) else found.status.note
    status = None if isinstance(found, str) else found.status
    view = None if status is None else status.view
    limits = [] if view is None else [(name, written(getattr(view.limits, name))) for name in _LIMITS]
    return page(
        "account.html.jinja",
        session=session,
        away=away,
        status=status,
        halted=view is not None and view.state is not AccountState.ACTIVE,
        limits=limits,
    )


def sign_in_page(
    request: Request,
    *,
    next_page: str = "/desk",
    problem: str = "",
    link: str = "",
    status: HTTPStatus = HTTPStatus.UNAUTHORIZED,
) -> HTMLResponse:
    """Return the page on which a person enters a key, or uses a link."""
    has_keys = bool(request.app.state.context.settings.api_key_ring)
    return page(
        "sign_in.html.jinja",
        code=status,
        session=None,
        next_page=next_page,
        problem=problem,
        link=link,
        has_keys=has_keys,
    )


@router.get("/desk/sign-in")
async def sign_in(request: Request, context: ApiContext) -> HTMLResponse:
    """Show the form; with a link, a button: what only previews the link uses nothing up."""
    link = request.query_params.get("pass", "")
    given = read_pass(context.settings, link, PassKind.LINK, clock.now())
    if link and given is None:
        return sign_in_page(request, problem="This link has expired. Ask the bot for another: /desk")
    return sign_in_page(request, link=link, status=HTTPStatus.OK)


@router.post("/desk/sign-in")
async def signed_in(request: Request, context: ApiContext) -> Response:
    """Begin a session for a named key, or for a link that was not used yet."""
    fields = await form_of(request)
    after = fields.get("next", "/desk")
    after = after if after.startswith("/desk") and "\\" not in after and "\n" not in after else "/desk"
    if fields.get("pass"):
        name = _use_link(request, fields["pass"])
        if name is None:
            return sign_in_page(
                request, problem="This link was used or has expired. Ask the bot again: /desk"
            )
    else:
        try:
            name = context.keys.admit(request, RateLimitBucket.READS, key=fields.get("key") or None)
        except ProblemError as refused:
            text = (
                refused.detail if refused.status is HTTPStatus.TOO_MANY_REQUESTS else "This key is unknown."
            )
            return sign_in_page(request, next_page=after, problem=text, status=refused.status)
    response = RedirectResponse(after, HTTPStatus.SEE_OTHER)
    begin_session(response, context, name)
    return response


def _use_link(request: Request, text: str) -> str | None:
    """Return the name of a link and use it up; None when it is not valid any more."""
    desk: DeskState = request.app.state.desk
    now = clock.now()
    given = read_pass(request.app.state.context.settings, text, PassKind.LINK, now)
    desk.used_links = {nonce: until for nonce, until in desk.used_links.items() if until > now.timestamp()}
    if given is None or given.nonce in desk.used_links:
        return None
    desk.used_links[given.nonce] = (now + LINK_LIFETIME + timedelta(seconds=1)).timestamp()
    return given.name


@router.post("/desk/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session in this browser."""
    if session_of(request) is not None:
        await require_form(request)
    response = RedirectResponse("/desk/sign-in", HTTPStatus.SEE_OTHER)
    end_session(response)
    return response
