"""What becomes of contracts that are held until they stop trading: nothing is sold after that."""

from datetime import date

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import READ_QUOTE, READ_REMOVALS, QuoteAnswer, RemovalsRequest
    from alert_trader.domain.execution.expiration import (
        ExpirationOutcome,
        Removal,
        RemovalKind,
        Settled,
        expiration_outcome,
        settled,
    )
    from alert_trader.domain.market.contract import OptionContract
    from alert_trader.workflows import activity_options
    from alert_trader.workflows.activity_options import run_activity


async def outcome_at_last_close(contract: OptionContract) -> ExpirationOutcome:
    """Read the last quote of a contract, and judge by it what the contract is worth.

    Not known if it could not be read.
    """
    if contract.cash_settled:
        return expiration_outcome(None, cash_settled=True)
    try:
        answer = await run_activity(
            READ_QUOTE,
            contract,
            answer=QuoteAnswer,
            options=activity_options.READ,
            summary=f"read the last quote of {contract}",
        )
    except ActivityError:
        return ExpirationOutcome.NOT_KNOWN
    return expiration_outcome(answer.quote, cash_settled=False)


async def posted_settlement(
    contract: OptionContract, since: date, held: int
) -> tuple[Settled | None, tuple[str, ...]]:
    """Read what the `held` contracts of a trade came to; None while the broker has not posted that.

    Return the sub-types of what it posted that are not recognised, too.
    """
    try:
        removals = await run_activity(
            READ_REMOVALS,
            RemovalsRequest(contract=contract, since=since),
            answer=list[Removal],
            options=activity_options.READ,
            summary=f"read what {contract} came to at expiration",
        )
    except ActivityError:
        return None, ()
    unrecognised = dict.fromkeys(each.sub_type for each in removals if each.kind is RemovalKind.UNRECOGNISED)
    return settled(removals, held, cash_settled=contract.cash_settled), tuple(unrecognised)
