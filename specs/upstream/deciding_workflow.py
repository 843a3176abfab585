"""The workflow of the minimal case: a module of its own, because the sandbox imports it."""

from datetime import timedelta

from temporalio import workflow

WINDOW = timedelta(seconds=3)
"""Between the signal and this the workflow decides by its clock."""


@workflow.defn
class Deciding:
    """Decides by its clock when a signal arrives."""

    def __init__(self) -> None:
        """Begin without the signal."""
        self._signalled = False

    @workflow.run
    async def run(self) -> str:
        """Return which activity was due."""
        until = workflow.now() + WINDOW
        await workflow.wait_condition(lambda: self._signalled)
        due = "early" if workflow.now() < until else "late"
        await workflow.execute_activity(due, start_to_close_timeout=timedelta(seconds=5))
        return due

    @workflow.signal
    def go(self) -> None:
        """Let it decide."""
        self._signalled = True

    @workflow.query
    def state(self) -> bool:
        """Return whether it was signalled."""
        return self._signalled
