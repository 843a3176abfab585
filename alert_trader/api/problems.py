"""Errors as problem documents (RFC 9457): a kind from a closed set and a text, never a stack trace."""

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
from alert_trader.domain.errors import AlertTraderError

MEDIA_TYPE = "application/problem+json"
RETRY_SOON = {"retry-after": "5"}


class Kind(StrEnum):
    """Kind of a problem. Its `type` is `urn:alert-trader:problem:<kind>`."""

    INVALID = "invalid"
    """The request does not match the OpenAPI document; `errors` lists each fault."""
    UNAUTHORIZED = "unauthorized"
    """No admin key was sent, or an unknown one."""
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    NOT_POSSIBLE = "not-possible"
    """The request is not possible for the trade or the account in its present state."""
    TOO_SLOW = "too-slow"
    """The request's body did not arrive in time."""
    TOO_LARGE = "too-large"
    TOO_MANY = "too-many"
    """The rate limit of this key or address is reached; `retry-after` says for how many seconds."""
    UNEXPECTED = "unexpected"
    """An internal error; `detail` has the number under which the log has it."""
    UNAVAILABLE = "unavailable"
    """Temporal does not answer. Retrying is safe."""
    NO_ANSWER = "no-answer"
    """Temporal has the request, but no worker answered in time: it may still be carried out."""


class FieldError(BaseModel):
    """One fault of a request. The value sent is not repeated."""

    pointer: str = Field(description="Where: body, query, path or header, then the path of field names.")
    detail: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = None


class ProblemError(AlertTraderError):
    """End a request with a problem document."""

    def __init__(
        self, status: HTTPStatus, kind: Kind, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Keep the parts of the document; `detail` is for people."""
        super().__init__(detail)
        self.status, self.kind, self.detail, self.headers = status, kind, detail, dict(headers or {})

    def response(self) -> JSONResponse:
        """Return the response."""
        return problem(self.status, self.kind, self.detail, headers=self.headers)


def problem(
    status: HTTPStatus,
    kind: Kind,
    detail: str,
    *,
    errors: list[FieldError] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return a problem document as a response."""
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
"""Names of RFC 9110, which Python uses from 3.13 on: responses must not depend on the Python version."""


def _name(status: HTTPStatus) -> str:
    return _RENAMED.get(status, status.phrase)


def responses(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Document the problems that an operation can return."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status.value: {"description": _name(status), "content": content} for status in statuses}


_KINDS = {HTTPStatus.NOT_FOUND: Kind.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED: Kind.METHOD_NOT_ALLOWED}


def install_error_handlers(app: FastAPI, *, admit: Callable[[Request], object]) -> None:
    """Answer every error of `app` with a problem document. `admit` checks the key, see `_invalid`."""

    @app.exception_handler(ProblemError)
    async def _problem(_: Request, error: ProblemError) -> JSONResponse:
        return error.response()

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        # FastAPI answers 400 to a body that is not text
        status = (
            HTTPStatus.UNPROCESSABLE_ENTITY
            if error.status_code == HTTPStatus.BAD_REQUEST
            else HTTPStatus(error.status_code)
        )
        return problem(status, _KINDS.get(status, Kind.INVALID), str(error.detail), headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        if any(each["type"] == "json_invalid" for each in error.errors()):
            # FastAPI parses JSON before the key is checked: check it here, so that the request is counted
            try:
                admit(request)
            except ProblemError as refused:
                return refused.response()
        errors = [_field_error(request, each) for each in error.errors()]
        detail = "The request does not match this API; `errors` lists each fault."
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, Kind.INVALID, detail, errors=errors)

    @app.exception_handler(ControlError)
    async def _control(_: Request, error: ControlError) -> JSONResponse:
        return problem_of(error)


def _field_error(request: Request, found: Any) -> FieldError:
    """Describe one fault, with our own texts for a body or content type that is not JSON."""
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


def problem_of(error: ControlError) -> JSONResponse:
    """Return the problem document for an error of `control/`."""
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
