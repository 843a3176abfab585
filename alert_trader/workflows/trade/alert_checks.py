"""Whether an alert that was read may open a trade at all."""

from alert_trader.domain.alerts.alert import AlertKind, ParsedAlert
from alert_trader.domain.alerts.profile import OnAdd
from alert_trader.domain.denial import Code, Denied
from alert_trader.workflows.interface import TradeRequest


def check_opens_trade(parsed: ParsedAlert, request: TradeRequest) -> Denied | None:
    """Deny what is no entry.

    An add counts as one if it was matched with its trade, the profile wants adds, and nothing is missing.
    """
    if parsed.kind is AlertKind.ENTRY:
        return None
    if parsed.code is None and request.corrects is not None:
        reason = (
            f"expected a complete alert, found words that may correct {request.corrects}: check that "
            "trade, and send a complete alert"
        )
        return Denied(code=Code.ALERT_CORRECTS, reason=reason, facts={"corrects": request.corrects})
    if (
        parsed.kind is AlertKind.ADD
        and request.adds_to is not None
        and request.policy.profile.adds is not OnAdd.IGNORED
    ):
        named = {
            "symbol": parsed.symbol,
            "strike": parsed.strike,
            "right": parsed.right,
            "expiry": parsed.expiry,
            "price": parsed.price,
        }
        missing = ", ".join(name for name, value in named.items() if value is None)
        if not missing:
            return None
        reason = f"expected an add that names its contract and price, found none of: {missing}"
        return Denied(
            code=Code.ADD_INCOMPLETE, reason=reason, facts={"missing": missing, "adds_to": request.adds_to}
        )
    code = Code(parsed.code) if parsed.code is not None else Code.ALERT_NOT_ENTRY
    return Denied(
        code=code,
        reason=parsed.reason or f"expected an entry, found {parsed.kind}",
        facts={"kind": parsed.kind},
    )
