"""What the desk page shows: read once for everybody who looks, as often as somebody does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from temporalio.client import Client

from alert_trader import clock
from alert_trader.api.dependencies import Context
from alert_trader.control.errors import ControlError
from alert_trader.control.queries.status import Status, read_status
from alert_trader.control.queries.trade_views import Filter, TradeRow, list_trades, views_of
from alert_trader.domain.market.calendar import NEW_YORK
from alert_trader.domain.trade.view import TradeView
from alert_trader.runtime.kill_switch import kill_switch_of

MOST_TODAY = 200
"""Trades of a day that are shown, the newest first."""

FRESH_FOR = timedelta(seconds=1)
"""A snapshot is used again for so long: quotes and states are read at most once a second for all."""

_MOST_KEPT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The account and its trades at one moment."""

    status: Status
    closed: tuple[TradeRow, ...]
    """The trades of today that are over, the newest first."""

    @property
    def rows(self) -> tuple[TradeRow, ...]:
        """Every trade that is shown."""
        return (*self.status.trades, *self.closed)


def day_began(now: datetime) -> datetime:
    """Return the midnight of New York with which the day of `now` began."""
    return now.astimezone(NEW_YORK).replace(hour=0, minute=0, second=0, microsecond=0)


class SnapshotReader:
    """Reads snapshots. The view of a trade that is over never changes, and is read once."""

    def __init__(self, context: Context) -> None:
        """Read the account of the settings."""
        self._context = context
        self._over: dict[str, TradeView] = {}
        self._last: Snapshot | None = None

    def forget(self) -> None:
        """Read anew at the next request: a command has changed something."""
        self._last = None

    async def read(self) -> Snapshot:
        """Return a snapshot that is at most FRESH_FOR old; raise ControlError."""
        if self._last is not None and clock.now() - self._last.status.at < FRESH_FOR:
            return self._last
        client, settings = await self._context.temporal.client(), self._context.settings
        status = await read_status(client, settings.account, settings.mode.value, kill_switch_of(settings))
        opened = {row.workflow_id for row in status.trades}
        only = Filter(account=settings.account, since=day_began(status.at))
        today = await list_trades(client, only, limit=MOST_TODAY, views=False)
        closed = [row for row in today if row.workflow_id not in opened]
        self._last = Snapshot(status=status, closed=tuple(await self._with_views(client, closed)))
        return self._last

    async def _with_views(self, client: Client, rows: Sequence[TradeRow]) -> list[TradeRow]:
        unknown = [row.workflow_id for row in rows if row.workflow_id not in self._over]
        if unknown:
            found = await views_of(client, unknown)
            self._over |= {trade: view for trade, view in found.items() if view.outcome is not None}
            while len(self._over) > _MOST_KEPT:
                del self._over[next(iter(self._over))]
        return [replace(row, view=self._over.get(row.workflow_id)) for row in rows]


async def snapshot_or_error(reader: SnapshotReader) -> Snapshot | str:
    """Return a snapshot, or why there is none."""
    try:
        return await reader.read()
    except ControlError as error:
        return str(error)
