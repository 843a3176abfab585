"""BrokerReadWorkflow: one read at the broker for a person, by the account's worker.

A workflow of its own: a read changes nothing, and leaves nothing in the history of the account.
"""

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from typing import assert_never

    from alert_trader.activities.messages import READ_LIVE_ORDERS, READ_POSITIONS, READ_QUOTES
    from alert_trader.domain.market.quotes import Quote
    from alert_trader.domain.orders.order import OrderReport, Position
    from alert_trader.workflows import activity_options
    from alert_trader.workflows.activity_options import run_activity
    from alert_trader.workflows.interface import (
        BROKER_READ_WORKFLOW,
        NOT_ANSWERED,
        BrokerRead,
        BrokerReading,
        BrokerReadRequest,
    )


@workflow.defn(name=BROKER_READ_WORKFLOW)
class BrokerReadWorkflow:
    """One read at the broker."""

    @workflow.run
    async def run(self, request: BrokerReadRequest) -> BrokerReading:
        """Read, a few times if the broker does not answer; fails with NOT_ANSWERED then."""
        try:
            return await self._read(request)
        except ActivityError as failed:
            raise ApplicationError(
                f"The broker did not answer: {failed.cause}", type=NOT_ANSWERED
            ) from failed

    async def _read(self, request: BrokerReadRequest) -> BrokerReading:
        options = activity_options.READ
        match request.what:
            case BrokerRead.POSITIONS:
                positions: list[Position] = await run_activity(
                    READ_POSITIONS, answer=list[Position], options=options, summary="read every position"
                )
                return BrokerReading(positions=tuple(positions))
            case BrokerRead.ORDERS:
                orders: list[OrderReport] = await run_activity(
                    READ_LIVE_ORDERS,
                    answer=list[OrderReport],
                    options=options,
                    summary="read every working order",
                )
                return BrokerReading(orders=tuple(orders))
            case BrokerRead.QUOTES:
                quotes: dict[str, Quote] = await run_activity(
                    READ_QUOTES,
                    list(request.symbols),
                    answer=dict[str, Quote],
                    options=options,
                    summary=f"read {len(request.symbols)} quotes",
                )
                return BrokerReading(quotes=quotes)
            case _:
                assert_never(request.what)
