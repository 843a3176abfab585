"""Watch the bid of what a trade holds, and answer when a stop is crossed or has risen; never with a price.

Every watched trade has one such activity, with a heartbeat, in the session. All of a worker read their
quotes together: reads that meet are one request for up to 100 contracts. The state is in the heartbeat, so
another worker continues within seconds where one has died; without it, the trade's own state is the start.
"""

import asyncio
import contextlib
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import TypeAdapter
from temporalio import activity
from temporalio.exceptions import ApplicationError

from alert_trader import clock
from alert_trader.activities.price_messages import WATCH_PRICE, PriceWatchAnswer, PriceWatchRequest
from alert_trader.broker.port import BrokerError, OrderReader
from alert_trader.domain.exits.watch import Crossed, NoPrice, Raised, Watch, WatchState
from alert_trader.domain.market.quotes import Quote

EVERY = timedelta(seconds=1)
"""Between two reads of a quote. The broker takes two such requests a second."""

HEARTBEAT = timedelta(seconds=2)
HANDOVER = timedelta(milliseconds=100)
"""Before another worker takes over from one that shuts down."""

_STATE = TypeAdapter(WatchState)


class PriceWatch:
    """Watches prices with the reads of one worker."""

    def __init__(self, reader: OrderReader, *, every: timedelta | None = None) -> None:
        """Read quotes with `reader`."""
        self._reader = reader
        self._every = every or EVERY

    @activity.defn(name=WATCH_PRICE)
    async def watch_price(self, request: PriceWatchRequest) -> PriceWatchAnswer:
        """Watch until a stop is crossed or has risen, there is no price for too long, or the session ends.

        Raise when this worker shuts down: the next attempt continues with what the last heartbeat has.
        """
        details = activity.info().heartbeat_details
        state = _STATE.validate_python(details[0]) if details else request.state
        feed = _Feed(self._reader, request, state)
        beating = asyncio.create_task(feed.beat())
        try:
            return await self._watch(request, feed)
        finally:
            beating.cancel()

    async def _watch(self, request: PriceWatchRequest, feed: "_Feed") -> PriceWatchAnswer:
        watch = Watch(plan=request.plan, ticks=request.ticks)
        while not activity.is_worker_shutdown():
            quote = await feed.read()
            now = feed.now
            if now >= request.session.closes_at:
                return PriceWatchAnswer(state=replace(feed.state, pending=None))
            feed.state, seen = watch.observe(feed.state, quote, now=now, session=request.session)
            if seen:
                return PriceWatchAnswer(
                    state=feed.state,
                    raised=next((each for each in seen if isinstance(each, Raised)), None),
                    crossed=next((each for each in seen if isinstance(each, Crossed)), None),
                    no_price=next((each for each in seen if isinstance(each, NoPrice)), None),
                )
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._every.total_seconds()):
                    await activity.wait_for_worker_shutdown()
        raise ApplicationError(
            "this worker shuts down; another worker watches the price",
            type="Leaving",
            next_retry_delay=HANDOVER,
        )


class _Feed:
    """The quotes of one watch, and what is known of them."""

    def __init__(self, reader: OrderReader, request: PriceWatchRequest, state: WatchState) -> None:
        self._reader = reader
        self._contract = request.contract
        self._started, self._began = activity.info().started_time, clock.steady()
        self._last: Quote | None = None
        self.state = state

    @property
    def now(self) -> datetime:
        """Temporal's time, from when the attempt started: a wrong clock of this machine must not end it."""
        return self._started + timedelta(seconds=clock.steady() - self._began)

    async def read(self) -> Quote | None:
        """Read the quote, with the moment of its arrival; the last one when the broker does not answer."""
        try:
            quote = await self._reader.quote(self._contract)
        except BrokerError as failed:
            activity.logger.warning("the quote of %s could not be read: %s", self._contract, failed)
        else:
            self._last = None if quote is None else replace(quote, at=self.now)
        return self._last

    async def beat(self) -> None:
        """Show that this worker lives, also while the broker does not answer; never ends by itself."""
        while True:
            activity.heartbeat(self.state)
            await asyncio.sleep(HEARTBEAT.total_seconds())
