"""The API against its own document: whatever the document accepts is answered as the document says.

TRADER_API_EXAMPLES=1000 makes it long (`make soak-api`).
"""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case, HookContext

from alert_trader.api.app import make_app
from alert_trader.settings.load import load
from tests.admin.conftest import CODEC_TOKEN, OPS, Api

DOCUMENT = Path(__file__).resolve().parents[2] / "specs/001-automated-alert-trading/contracts/openapi.json"
EXAMPLES = int(os.environ.get("TRADER_API_EXAMPLES", "12"))

schema = schemathesis.openapi.from_path(DOCUMENT)


@schema.hook
def filter_query(_context: HookContext, query: dict[str, Any] | None) -> bool:
    """Leave out an empty list.

    Nothing of it is in the address, and the request that should be refused arrives as a good one.
    """
    return [] not in (query or {}).values()


@pytest.fixture(scope="module", autouse=True)
async def resumed(api: Api) -> AsyncIterator[None]:
    """Let the account trade again, which the requests below halt."""
    yield
    await api("POST", "/admin/resume", json={"changed": "the requests are over"})


def test_the_openapi_document_in_the_specs_is_current() -> None:
    """Bring it up to date with `make specs`."""
    assert json.loads(DOCUMENT.read_text()) == make_app(load(environment={}).settings).openapi()


def test_every_operation_documents_its_errors() -> None:
    """Each error is documented as a problem; guarded operations need the key and name 401, 413, 429, 503."""
    for path, operations in json.loads(DOCUMENT.read_text())["paths"].items():
        for operation in operations.values():
            errors = {code: answer for code, answer in operation["responses"].items() if int(code) >= 400}
            assert all(
                list(answer["content"]) == ["application/problem+json"] for answer in errors.values()
            ), path
            if path.startswith("/admin"):
                assert operation["security"] == [{"AdminKey": []}]
                assert errors.keys() >= {"401", "413", "422", "429", "500", "503"}, path


@pytest.mark.timeout(60 + EXAMPLES * 5)
@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_responses_conform_to_the_openapi_document(case: Case[Any], api_url: str) -> None:
    """Any request is answered with a status, a type and a body that the document names.

    None ends in a fault.
    """
    if "token" in (case.path_parameters or {}):
        case.path_parameters["token"] = CODEC_TOKEN
        case.headers["origin"] = "http://127.0.0.1:8233"
    case.call_and_validate(base_url=api_url, headers={"x-api-key": OPS} if "admin" in case.path else {})
