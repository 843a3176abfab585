"""OrderStreamWorkflow: keeps one activity following an account's order stream, whichever worker is alive."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.messages import FOLLOW_ORDERS, FollowRequest
    from workflows.interface import ORDER_STREAM_WORKFLOW

HEARTBEAT_TIMEOUT = timedelta(seconds=6)
"""Three missed heartbeats: the worker is gone, and another takes the stream over."""

RECONNECT = RetryPolicy(
    initial_interval=timedelta(milliseconds=500),  # a dropped socket is the common case: come back at once
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=15),  # a broker that is down for long is asked four times a minute
)

RUN = timedelta(hours=24)
"""One run of this workflow: its history stays short however often the stream reconnects."""


@workflow.defn(name=ORDER_STREAM_WORKFLOW)
class OrderStreamWorkflow:
    """Follows one account's orders for ever. It holds no state: trades do."""

    @workflow.run
    async def run(self, request: FollowRequest) -> None:
        """Follow until the run is a day old, then start afresh."""
        workflow.set_current_details(f"Order reports of account `{request.account}` go to their trades.")
        follow = workflow.start_activity(
            FOLLOW_ORDERS,
            request,
            summary=f"follow the orders of {request.account}",
            start_to_close_timeout=2 * RUN,  # the run ends it; this only bounds it
            heartbeat_timeout=HEARTBEAT_TIMEOUT,
            retry_policy=RECONNECT,
        )
        _, still_following = await workflow.wait([follow], timeout=RUN.total_seconds())
        for each in still_following:
            each.cancel()
        workflow.continue_as_new(request)
