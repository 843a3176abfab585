"""`GET /docs`: the OpenAPI document as a page, with a curl line for each request. It needs no key."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from alert_trader.api.pages import page

router = APIRouter(include_in_schema=False)

_EXAMPLES = {
    "message": "BTO SPY 600c 12/18 @ 1.20",
    "channel_id": "200000000000000002",
    "user_id": "100000000000000001",
    "portion": "half",
    "changed": "the feed is back",
    "reason": "lunch",
    "account": "5WT00001",
    "payloads": [],
}
"""Values for the fields of an example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDescription:
    """A field of a request."""

    name: str
    place: str
    type: str
    description: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A request that the API answers."""

    id: str
    method: str
    path: str
    description: str
    fields: tuple[FieldDescription, ...]
    curl: str


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Return the page."""
    document = request.app.openapi()
    address = str(request.base_url).rstrip("/")
    return page(
        "docs.html.jinja",
        description=document["info"]["description"],
        operations=list(operations(document, address)),
    )


def operations(document: Mapping[str, Any], address: str) -> Iterator[Operation]:
    """Yield every request of an OpenAPI document; `address` begins its curl lines."""
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, given in methods.items():
            body = _body(given, schemas)
            yield Operation(
                id=given["operationId"],
                method=method.upper(),
                path=path,
                description=given.get("description", given["summary"]).replace("\n", " "),
                fields=(*_parameters(given), *_properties(body)),
                curl=_curl(address, method.upper(), path, body, keyed="security" in given),
            )


def _body(given: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema of the body; None without one."""
    if "requestBody" not in given:
        return None
    schema = given["requestBody"]["content"]["application/json"]["schema"]
    [name] = [
        each["$ref"].rpartition("/")[2] for each in (schema, *schema.get("anyOf", ())) if "$ref" in each
    ]
    found: Mapping[str, Any] = schemas[name]
    return found


def _parameters(given: Mapping[str, Any]) -> Iterator[FieldDescription]:
    for each in given.get("parameters", ()):
        yield FieldDescription(
            name=each["name"],
            place=each["in"],
            type=_type(each["schema"]),
            description=each.get("description", ""),
            required=each.get("required", False),
        )


def _properties(body: Mapping[str, Any] | None) -> Iterator[FieldDescription]:
    for name, schema in ({} if body is None else body["properties"]).items():
        yield FieldDescription(
            name=name,
            place="body",
            type=_type(schema),
            description=schema.get("description", ""),
            required=body is not None and name in body.get("required", ()),
        )


def _type(schema: Mapping[str, Any]) -> str:
    """Return a type in words, without null, which is the same as leaving the field out."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    kinds = [schema, *schema.get("anyOf", ())]
    found = [
        str(each.get("format", each["type"])) for each in kinds if each.get("type") not in {None, "null"}
    ]
    return " or ".join(dict.fromkeys(found))


def _curl(address: str, method: str, path: str, body: Mapping[str, Any] | None, *, keyed: bool) -> str:
    lines = [f"curl -X {method} {address}{path}"]
    if keyed:
        lines.append("-H 'x-api-key: YOUR_KEY'")
    if body is not None:
        wanted = [*body.get("required", ()), *(["reason"] if "reason" in body["properties"] else [])]
        example = {name: _EXAMPLES.get(name, "...") for name in wanted}
        lines += ["-H 'content-type: application/json'", f"-d '{json.dumps(example)}'"]
    return " \\\n  ".join(lines)
