"""Who uses the desk page: sessions in a signed cookie, and the token that every form must contain."""

import hmac
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request
from starlette.responses import Response

from alert_trader import clock
from alert_trader.api.dependencies import Context, context_of
from alert_trader.api.keys import RateLimitBucket
from alert_trader.api.problems import Kind, ProblemError
from alert_trader.runtime.desk_link import (
    SESSION_LIFETIME,
    DeskPass,
    PassKind,
    desk_address,
    form_token,
    new_pass,
    read_pass,
    signed_pass,
)

COOKIE = "desk"
_MOST_FIELDS = 20


class SignInNeededError(Exception):
    """The request has no valid session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in person."""

    given: DeskPass
    token: str
    """What every form of this session must contain."""

    @property
    def name(self) -> str:
        """The name of the key, or of the person on Discord."""
        return self.given.name

    @property
    def signature(self) -> str:
        """The name as it is written to the audit trail."""
        return f"desk:{self.given.name}"


def session_of(request: Request) -> Session | None:
    """Return the session of a request; None without a valid one."""
    settings = context_of(request).settings
    given = read_pass(settings, request.cookies.get(COOKIE), PassKind.SESSION, clock.now())
    return None if given is None else Session(given=given, token=form_token(settings, given))


def require_session(request: Request) -> Session:
    """Return the session of a request, counted as a read. Raise SignInNeededError without one."""
    found = session_of(request)
    if found is None:
        raise SignInNeededError
    context_of(request).keys.count(request, RateLimitBucket.READS, found.name)
    return found


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form; a repeated field counts once. Raise ProblemError for another body."""
    check_origin(request)
    try:
        body = (await request.body()).decode()
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, Kind.INVALID, str(error)) from None


def check_origin(request: Request) -> None:
    """Raise ProblemError for a form that another site sent. Browsers name the origin of every form."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise ProblemError(
            HTTPStatus.FORBIDDEN, Kind.NOT_POSSIBLE, "this form was sent by another site: nothing was done"
        )


async def require_form(request: Request) -> "Form":
    """Return a form of a signed-in person, counted as a command. Raise ProblemError without its token."""
    found = session_of(request)
    if found is None:
        raise SignInNeededError
    fields = await form_of(request)
    if not hmac.compare_digest(fields.pop("token", "").encode(), found.token.encode()):
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            Kind.NOT_POSSIBLE,
            "this form is not of your session: nothing was done. Load the page again",
        )
    bucket = RateLimitBucket.HALTS if request.url.path.endswith("/account") else RateLimitBucket.COMMANDS
    context_of(request).keys.count(request, bucket, found.name)
    return Form(session=found, fields=fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form of a signed-in person; its token was right."""

    session: Session
    fields: dict[str, str]

    def text(self, name: str, most: int = 500) -> str:
        """Return a field, shortened; empty without it."""
        return self.fields.get(name, "").strip()[:most]


Reader = Annotated[Session, Depends(require_session)]
Posted = Annotated[Form, Depends(require_form)]


def begin_session(response: Response, context: Context, name: str) -> None:
    """Set the cookie of a new session."""
    settings = context.settings
    response.set_cookie(
        COOKIE,
        signed_pass(settings, new_pass(PassKind.SESSION, name, clock.now())),
        max_age=int(SESSION_LIFETIME.total_seconds()),
        path="/desk",
        httponly=True,
        samesite="lax",
        secure=desk_address(settings).startswith("https:"),
    )


def end_session(response: Response) -> None:
    """Remove the cookie."""
    response.delete_cookie(COOKIE, path="/desk", httponly=True, samesite="lax")
