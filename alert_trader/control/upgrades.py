"""Which build runs an account's trades: what a person sees of it, and how a person changes it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio.client import Client

from alert_trader.control.deployments import Build, Deployment, open_trades, read_deployment, set_current
from alert_trader.control.errors import NotFoundError, NotPossibleError
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.market.calendar import NEW_YORK, eastern, session_closes_at
from alert_trader.workflows.timing import AFTER_CLOSE

LATE_CLOSE = timedelta(minutes=15)
"""Some contracts trade so long after the session's close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The builds of an account, and how many open trades each one ran last."""

    deployment: Deployment | None
    open_trades: dict[str, int]
    """Build ids without open trades are left out; empty key: trades that no build has run yet."""

    @property
    def waiting(self) -> int:
        """Open trades that have not continued on the current build yet."""
        current = None if self.deployment is None else self.deployment.current
        mine = "" if current is None else current.build_id
        return sum(count for build, count in self.open_trades.items() if current is None or build != mine)


async def versions(client: Client, account: AccountNumber) -> Versions:
    """Read the builds of an account and their open trades; raise UnreachableError."""
    deployment = await read_deployment(client, account)
    names = [] if deployment is None else [each.build_id for each in deployment.builds]
    return Versions(deployment=deployment, open_trades=await open_trades(client, account, names))


def usable(found: Versions, build_id: str) -> Build:
    """Return a build that can become current: registered, with a worker that polls.

    Raise NotFoundError or NotPossibleError.
    """
    build = None if found.deployment is None else found.deployment.build(build_id)
    if build is None:
        builds = () if found.deployment is None else found.deployment.builds
        known = ", ".join(each.build_id for each in builds) or "none"
        raise NotFoundError(f"no worker has registered build {build_id}. Registered: {known}")
    if not build.has_worker:
        last = (
            "none in the last minutes" if build.polled_at is None else f"the last {eastern(build.polled_at)}"
        )
        raise NotPossibleError(
            f"no worker of build {build_id} polls ({last}): trades would wait on it. Start its worker first"
        )
    return build


async def use(client: Client, account: AccountNumber, found: Versions, build: Build, *, by: str) -> None:
    """Make a build current; raise NotPossibleError if somebody else changed the deployment since `found`."""
    assert found.deployment is not None
    if not await set_current(client, account, build.build_id, by=by, token=found.deployment.token):
        raise NotPossibleError(
            "the builds were changed by somebody else meanwhile. Look again: `trader versions`"
        )


def moved_by(now: datetime) -> datetime:
    """Return when the last open trade will have continued on the current build, if workers run.

    A trade moves with its next workflow task. The latest one is the daily check after the session's close.
    """
    day = now.astimezone(NEW_YORK).date()
    while True:
        closes = session_closes_at(day)
        if closes is not None and (checked := closes + LATE_CLOSE + AFTER_CLOSE) > now:
            return checked
        day += timedelta(days=1)
