"""What an answer other than a success proves.

A status alone proves little: a proxy may answer 4xx or 5xx for a request that arrived. Only the broker's own
error envelope `{"error": {"code", "message", "errors"}}` does, with a status that is given before an order is
created:

    status            with the envelope                      otherwise
    400, 403, 422     rejected, unless it says "duplicate"    unknown
    406               rejected: the version is not served     unknown
    401, sent twice   rejected                                rejected: nothing is accepted without a token
    404, 408, 409     unknown: the answer may be about an order that was created a moment ago
    429               unknown: no captured answer shows at which point the limit is applied
    5xx, 3xx          unknown
"""

import re
from typing import Any

from alert_trader.broker.port import RejectedError, UnavailableError
from alert_trader.broker.tastytrade.session import Answer

_EXAMINED = frozenset({400, 403, 406, 422})
_UNAUTHORIZED = 401
_NOT_FOUND = 404
_MAY_EXIST = re.compile(
    r"duplicat|already (been|exist|taken|used|in use|submitted|received|placed|accepted)", re.IGNORECASE
)
"""Texts of a rejection that may be about an earlier arrival of the same request."""


def rejection(answer: Answer) -> RejectedError | None:
    """Return the broker's rejection, or None when the answer does not prove one."""
    if answer.status == _UNAUTHORIZED:
        _, detail = error_of(answer) or ("", "the broker does not accept the access token")
        return RejectedError("unauthorized", detail, status=answer.status)
    found = error_of(answer)
    if answer.status not in _EXAMINED or found is None:
        return None
    code, detail = found
    return (
        None if _MAY_EXIST.search(f"{code} {detail}") else RejectedError(code, detail, status=answer.status)
    )


def cancel_rejection(answer: Answer) -> RejectedError | None:
    """Return that the order can no longer be cancelled, or None when the answer does not prove it."""
    found = error_of(answer)
    if answer.status not in {404, 422} or found is None:
        return None
    return RejectedError(found[0], found[1], status=answer.status)


def is_missing(answer: Answer) -> bool:
    """Return whether the broker states that there is no such order or pair."""
    return answer.status == _NOT_FOUND and (error_of(answer) or ("",))[0] == "record_not_found"


def checked(answer: Answer) -> dict[str, Any]:
    """Return the data of a dry-run that found no error; raise RejectedError or UnavailableError."""
    if not answer.ok:
        raise rejection(answer) or UnavailableError(f"the dry-run was not answered: {answer}")
    data = answer.data or {}
    errors = data.get("errors")
    if isinstance(errors, list) and errors:
        first = errors[0] if isinstance(errors[0], dict) else {}
        raise RejectedError(
            str(first.get("code", "dry_run_error")),
            str(first.get("message", errors[0])),
            status=answer.status,
        )
    return data


def error_of(answer: Answer) -> tuple[str, str] | None:
    """Return the broker's code and message, or None when there is no error envelope.

    A failed preflight lists its causes; the code is that of the first.
    """
    error = None if answer.json is None else answer.json.get("error")
    if not isinstance(error, dict) or not isinstance(error.get("code"), str | int) or not error["code"]:
        return None
    # the code of a refused version is a number
    code = str(error["code"])
    causes = [cause for cause in _list(error.get("errors")) if isinstance(cause, dict)]
    words = [_cause(cause) for cause in causes] or [str(error.get("message", ""))]
    if causes and isinstance(causes[0].get("code"), str):
        code = causes[0]["code"]
    return _clean(code), _clean("; ".join(words))


def _cause(cause: dict[str, Any]) -> str:
    if "message" in cause:
        return str(cause["message"])
    return f"{cause.get('domain', '')} {cause.get('reason', '')}".strip()


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _clean(text: str) -> str:
    return " ".join(text.split())[:300]
