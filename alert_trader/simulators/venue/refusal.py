"""How the venue rejects a request: an HTTP status, a code and words, in the broker's envelope.

Codes and words are the broker's where a capture or its documentation shows them; the ones marked `invented`
below are not, and nobody should decide on their exact text.
"""

from typing import Any


class VenueRefusalError(Exception):
    """The venue refuses a request, and nothing was changed."""

    def __init__(
        self, status: int, code: str, message: str, errors: list[dict[str, str]] | None = None
    ) -> None:
        """Keep what the answer says."""
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    @property
    def reason(self) -> str:
        """The most specific code: the first inner one, else the outer one."""
        return (self.errors or [{}])[0].get("code", self.code)

    def body(self) -> dict[str, Any]:
        """Render the broker's error envelope."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.errors is not None:
            error["errors"] = self.errors
        return {"error": error}


def preflight(code: str, message: str) -> VenueRefusalError:
    """Refuse an order by a preflight check."""
    return VenueRefusalError(
        422,
        "preflight_check_failure",
        "One or more preflight checks failed",
        [{"code": code, "message": message}],
    )


def invalid(domain: str, reason: str) -> VenueRefusalError:
    """Refuse a request whose field cannot be read."""
    return VenueRefusalError(
        422, "validation_error", "Request validation failed", [{"domain": domain, "reason": reason}]
    )


def not_found(what: str) -> VenueRefusalError:
    """Refuse a request for something that is not there (wording invented)."""
    return VenueRefusalError(404, "record_not_found", f"Couldn't find {what}")


def cannot_update(how: str = "cancelled") -> VenueRefusalError:
    """Refuse to change an order that is done."""
    return VenueRefusalError(422, "cannot_update_order", f"the order could not be {how}")


def through_market() -> VenueRefusalError:
    """Refuse a stop that the market would trigger at once (code invented)."""
    return preflight("stop_trigger_through_market", "The stop trigger is through the market.")


def short_of_buying_power() -> VenueRefusalError:
    """Refuse an order the account cannot pay for."""
    return preflight(
        "margin_check_failed", "Your account does not have sufficient buying power available for this order."
    )
