"""Errors as documents (RFC 9457): what went wrong, in words, of a kind from a closed set, and never a trace of the program."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from alert_trader.control.errors import (
    ControlError,
    NoAnswerError,
    NotFoundError,
    NotPossibleError,
    UnreachableError,
)

MEDIA_TYPE = "application/problem+json"
RETRY_SOON = {"retry-after": "5"}


class Kind(StrEnum):
    """What a problem is. Its `type` is `urn:alert-trader:problem:<kind>`."""

    INVALID = "invalid"
    """The request is not what the document of this API says; `errors` names each fault."""
    UNAUTHORIZED = "unauthorized"
    """No admin key was given, or none that is known."""
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    NOT_POSSIBLE = "not-possible"
    """The trade or the account said no: what was asked makes no sense for it now."""
    TOO_SLOW = "too-slow"
    """The request's body did not arrive in time."""
    TOO_LARGE = "too-large"
    TOO_MANY = "too-many"
    """The rate of this key or address is used up; `retry-after` says for how long."""
    UNEXPECTED = "unexpected"
    """A fault in the product; the log has it under the instance's number."""
    UNAVAILABLE = "unavailable"
    """Temporal is away. Asking again is safe."""
    NO_ANSWER = "no-answer"
    """Temporal has it, but no worker answered in time: what was asked may still happen."""


class FieldError(BaseModel):
    """One fault of a request; what was given is not repeated."""

    pointer: str = Field(description="Where: body, query, path or header, then the names that lead to it.")
    detail: str


class Problem(BaseModel):
    """An error."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = None


class ProblemError(Exception):
    """Ends a request with a problem."""

    def __init__(
        self, status: HTTPStatus, kind: Kind, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Say what is wrong in `detail`, for people."""
        super().__init__(detail)
        self.status, self.kind, self.detail, self.headers = status, kind, detail, dict(headers or {})

    def response(self) -> JSONResponse:
        """Give the answer."""
        return problem(self.status, self.kind, self.detail, headers=self.headers)


def problem(
    status: HTTPStatus,
    kind: Kind,
    detail: str,
    *,
    errors: list[FieldError] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Write a problem."""
    body = Problem(
        type=f"urn:alert-trader:problem:{kind}",
        title=_name(status),
        status=status,
        detail=detail,
        errors=errors,
    )
    return JSONResponse(
        body.model_dump(exclude_none=True),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers=dict(headers or {}),
    )


_RENAMED = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Content Too Large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Unprocessable Content",
}
"""As RFC 9110 names them; Python does from 3.13 on, and an answer must not depend on that."""


def _name(status: HTTPStatus) -> str:
    return _RENAMED.get(status, status.phrase)


def responses(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Document the problems that an operation can answer with."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status.value: {"description": _name(status), "content": content} for status in statuses}


_KINDS = {HTTPStatus.NOT_FOUND: Kind.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED: Kind.METHOD_NOT_ALLOWED}


def install(app: FastAPI, *, admit: Callable[[Request], object]) -> None:
    """Answer every error of `app` with a problem. `admit` lets a request in, or raises a problem: see `_invalid`."""

    @app.exception_handler(ProblemError)
    async def _problem(_: Request, error: ProblemError) -> JSONResponse:
        return error.response()

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        # the framework's word for a body that is not even text
        status = (
            HTTPStatus.UNPROCESSABLE_ENTITY
            if error.status_code == HTTPStatus.BAD_REQUEST
            else HTTPStatus(error.status_code)
        )
        return problem(status, _KINDS.get(status, Kind.INVALID), str(error.detail), headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        if any(each["type"] == "json_invalid" for each in error.errors()):
            # the framework reads JSON before it asks anything else: a stranger hears of the key, and is counted
            try:
                admit(request)
            except ProblemError as refused:
                return refused.response()
        errors = [_field_error(request, each) for each in error.errors()]
        detail = "The request is not what this API expects; `errors` names each fault."
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, Kind.INVALID, detail, errors=errors)

    @app.exception_handler(ControlError)
    async def _control(_: Request, error: ControlError) -> JSONResponse:
        return told(error)


def _field_error(request: Request, found: Any) -> FieldError:
    """Word one fault; the framework's words for a body that is no JSON, or is not called so, tell a sender nothing."""
    kind, place = found["type"], "/".join(map(str, found["loc"]))
    if kind == "json_invalid":
        return FieldError(
            pointer="body",
            detail=f"expected JSON, found at character {found['loc'][-1]}: {found['ctx']['error']}",
        )
    if place == "body" and kind == "model_attributes_type":
        given = request.headers.get("content-type", "")
        called = (
            ""
            if "json" in given
            else f" under the header content-type: application/json, found {given[:100] or 'no such header'}"
        )
        return FieldError(pointer="body", detail=f"expected a JSON object{called}")
    return FieldError(pointer=place, detail=found["msg"])


def told(error: ControlError) -> JSONResponse:
    """Word what a use-case ended in."""
    match error:
        case NotFoundError():
            return problem(HTTPStatus.NOT_FOUND, Kind.NOT_FOUND, str(error))
        case NotPossibleError():
            return problem(HTTPStatus.CONFLICT, Kind.NOT_POSSIBLE, str(error))
        case NoAnswerError():
            return problem(HTTPStatus.GATEWAY_TIMEOUT, Kind.NO_ANSWER, str(error), headers=RETRY_SOON)
        case UnreachableError():
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, Kind.UNAVAILABLE, str(error), headers=RETRY_SOON)
        case _:
            return problem(HTTPStatus.INTERNAL_SERVER_ERROR, Kind.UNEXPECTED, str(error))
