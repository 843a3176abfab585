"""The codec server for Temporal's Web UI: it decrypts payloads for the browser.

It exists only when TRADER_CODEC_TOKEN is set. The token is part of the address, because the Web UI sends no
header of ours: set the UI's codec endpoint to `http://127.0.0.1:<api port>/codec/<token>`. Requests without
an Origin header, or from an origin that is not in TRADER_CODEC_ORIGINS, are refused.
"""

import hmac
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from pydantic import BaseModel, ConfigDict, Field
from temporalio.api.common.v1 import Payload, Payloads

from alert_trader.api.dependencies import ApiContext, Context
from alert_trader.api.problems import Kind, ProblemError, responses
from alert_trader.control.errors import UnreadablePayloadError
from alert_trader.control.payload_codec import EncryptionCodec

PREFIX = "/codec"
router = APIRouter(prefix=PREFIX, tags=["codec"])

_PROBLEMS = responses(
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
)


Base64 = Annotated[str, Field(pattern=r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$")]


class WirePayload(BaseModel):
    """A Temporal payload in JSON, with bytes in base64."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    metadata: dict[str, Base64] = Field(default_factory=dict)
    data: Base64 = ""


class WirePayloads(BaseModel):
    """Payloads as the Web UI sends and receives them."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    payloads: list[WirePayload] = Field(default_factory=list)


Token = Annotated[str, Path(max_length=200)]
Origin = Annotated[str | None, Header(include_in_schema=False)]


@router.options("/{token}/{action}", include_in_schema=False)
async def preflight(
    request: Request, context: ApiContext, token: Token, action: str, origin: Origin = None
) -> Response:
    """Answer the browser's CORS preflight."""
    if action not in {"decode", "encode"}:
        raise ProblemError(HTTPStatus.NOT_FOUND, Kind.NOT_FOUND, "Not Found")
    _admit(context, token, origin)
    asked = request.headers.get("access-control-request-headers", "content-type")
    names = [
        name.strip()
        for name in asked.split(",")
        if name.strip().lower() in {"content-type", "x-namespace", "authorization"}
    ]
    headers = {
        **_cors(origin),
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": ", ".join(names),
    }
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)


@router.post(
    "/{token}/decode", operation_id="decode", summary="Decrypt payloads for the Web UI", responses=_PROBLEMS
)
async def decode(
    context: ApiContext, response: Response, token: Token, body: WirePayloads, origin: Origin = None
) -> WirePayloads:
    """Decrypt payloads. Payloads that are not encrypted are returned unchanged."""
    codec = _admit(context, token, origin)
    response.headers.update(_cors(origin))
    try:
        return _wire(await codec.decode(_payloads(body)))
    except UnreadablePayloadError as unreadable:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, Kind.INVALID, str(unreadable), _cors(origin)
        ) from None


@router.post(
    "/{token}/encode", operation_id="encode", summary="Encrypt payloads for the Web UI", responses=_PROBLEMS
)
async def encode(
    context: ApiContext, response: Response, token: Token, body: WirePayloads, origin: Origin = None
) -> WirePayloads:
    """Encrypt payloads, such as the argument of a signal sent from the Web UI."""
    codec = _admit(context, token, origin)
    response.headers.update(_cors(origin))
    return _wire(await codec.encode(_payloads(body)))


def _admit(context: Context, token: str, origin: str | None) -> EncryptionCodec:
    """Return the codec when token and origin are right. A wrong token gets 404, a wrong origin 403."""
    expected = context.settings.codec_token
    known = expected is not None and hmac.compare_digest(
        expected.get_secret_value().encode(), token.encode("utf-8", "surrogatepass")
    )
    if not known or context.codec is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, Kind.NOT_FOUND, "Not Found")
    if origin is None or origin not in context.settings.codec_origins:
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            Kind.UNAUTHORIZED,
            "expected an Origin header that is listed in TRADER_CODEC_ORIGINS; found another origin or none",
        )
    return context.codec


def _cors(origin: str | None) -> dict[str, str]:
    return {"access-control-allow-origin": origin or "", "vary": "Origin"}


def _payloads(body: WirePayloads) -> list[Payload]:
    try:
        return list(ParseDict(body.model_dump(), Payloads()).payloads)
    except (ParseError, ValueError):
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, Kind.INVALID, "expected payloads with bytes in base64"
        ) from None


def _wire(payloads: list[Payload]) -> WirePayloads:
    return WirePayloads.model_validate(MessageToDict(Payloads(payloads=payloads)))
