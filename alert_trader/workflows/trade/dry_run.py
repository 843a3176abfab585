"""What a trade would do that sends nothing: in dry-run, and for authors who are only watched."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import ADMIT_ENTRY, AdmitAnswer, SizedEntry
    from alert_trader.domain.alerts.alert import AlertMessage
    from alert_trader.domain.denial import Code, Denied
    from alert_trader.domain.execution.exits import exit_target
    from alert_trader.domain.execution.ladder import bumped
    from alert_trader.domain.execution.policy import Policy
    from alert_trader.domain.ids import Leg, client_order_id
    from alert_trader.domain.money import plain
    from alert_trader.workflows import activity_options
    from alert_trader.workflows.activity_options import run_activity


async def ask_admission(sized: SizedEntry, alert: AlertMessage) -> AdmitAnswer:
    """Ask the account to admit a dry run; an account that is not reached denies it."""
    try:
        return await run_activity(
            ADMIT_ENTRY,
            sized.admission(alert, client_order_id(alert.message_id, Leg.ENTRY, 1), sized.sizing.quantity),
            answer=AdmitAnswer,
            options=activity_options.READ,
            summary="ask the account to admit a dry run",
        )
    except ActivityError as failed:
        reason = f"The account did not answer: {failed.cause}"
        return AdmitAnswer(denied=Denied(code=Code.ACCOUNT_UNREACHABLE, reason=reason))


def planned_orders(sized: SizedEntry, policy: Policy) -> tuple[str, dict[str, object]]:
    """Return the orders that would be sent, as a text and as facts."""
    limit = sized.first_limit
    steps = [plain(limit)]
    for _ in range(policy.ladder.bumps):
        limit = bumped(limit, sized.listing.ticks, sized.ceiling)
        steps.append(plain(limit))
    target = sized.listing.ticks.sell(sized.first_limit * (1 + policy.exits.gain))
    exits = exit_target(sized.sizing.quantity, policy.exits)
    text = (
        f"Would buy {sized.sizing.quantity} {sized.listing.contract.occ_symbol} at {' > '.join(steps)}, "
        f"then {policy.ladder.conversion} up to {plain(sized.ceiling)}; and sell {exits} at "
        f"{plain(target)}. Nothing was sent"
    )
    facts = {
        "quantity": sized.sizing.quantity,
        "steps": " ".join(steps),
        "exit": target,
        "fees": sized.check.total,
    }
    return text, facts
