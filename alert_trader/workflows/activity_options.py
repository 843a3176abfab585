"""How each activity is run: its timeouts and retries in named bundles, and the only calls that start one.

Every bundle has a start-to-close timeout. One that is retried has also an end: a schedule-to-close timeout, a
number of attempts, or the run of the workflow that it belongs to.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy

with workflow.unsafe.imports_passed_through():
    from alert_trader.domain.ids import AccountNumber
    from alert_trader.workflows import timing
    from alert_trader.workflows.interface import cards_queue

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityOptions:
    """The timeouts, the retry policy and the task queue of one kind of activity."""

    start_to_close: timedelta
    """The longest time of one attempt."""
    schedule_to_close: timedelta | None = None
    """The longest time of all attempts together, waiting for a worker included."""
    schedule_to_start: timedelta | None = None
    """The longest wait for a worker."""
    heartbeat: timedelta | None = None
    retry: RetryPolicy | None = None
    """None: retried as Temporal does by default, without an end."""
    task_queue: str | None = None
    """None: the workflow's own."""
    priority: Priority = Priority.default
    """Which of the tasks that wait in a queue goes first; by default the workflow's."""


PROTECTS, READS, BUYS, TELLS = (Priority(priority_key=key) for key in (1, 2, 3, 5))
"""The order in which waiting tasks go to a worker that has no time for all of them: exits, cancels and the
order stream; what is read for them; entries, at the priority of a workflow that names none; notices and
cards. The server knows 1 to 5."""

ONCE = RetryPolicy(maximum_attempts=1)
"""What changes something at the broker is never retried by Temporal: after a lost answer the workflow looks
for the order first."""

PARSE = ActivityOptions(start_to_close=timedelta(seconds=2))
"""Parsing is pure and takes microseconds; this only bounds a stuck worker."""

SIZE_LIMIT = timedelta(seconds=30)
"""An alert that takes longer to size is too old to trade well; its age is checked again when the order is
sent."""

SIZE = ActivityOptions(
    priority=BUYS,
    start_to_close=timedelta(seconds=12),
    schedule_to_close=SIZE_LIMIT,
    retry=RetryPolicy(
        initial_interval=timedelta(milliseconds=300), backoff_coefficient=2, maximum_attempts=4
    ),
)
"""Three calls to the broker one after another, each within its own call timeout."""

SUBMIT_EXIT = ActivityOptions(start_to_close=timedelta(seconds=10), retry=ONCE, priority=PROTECTS)
"""Above the broker's call timeout, so that no HTTP call outlives its activity; short, because a lost worker
is noticed only here. An exit waits for a worker as long as it takes."""

SUBMIT_ENTRY = replace(SUBMIT_EXIT, schedule_to_start=timedelta(seconds=15), priority=BUYS)
"""An entry that waited this long for a worker is not sent: it is decided again."""

READ = ActivityOptions(
    priority=READS,
    start_to_close=timedelta(seconds=8),
    schedule_to_close=timedelta(seconds=25),
    retry=RetryPolicy(
        initial_interval=timedelta(milliseconds=300),
        backoff_coefficient=2,
        maximum_interval=timedelta(seconds=4),
    ),
)
"""A read is repeated, but not for long: the workflow that waits for it must continue without the answer."""

QUOTE_TO_SELL_AT = replace(READ, schedule_to_close=timedelta(seconds=8), retry=ONCE, priority=PROTECTS)
"""Read again with the next step of a sale, which does not wait for it."""

CANCEL = replace(READ, retry=ONCE, priority=PROTECTS)
"""The workflow reads the order after a cancel request, and then requests it again."""

NOTIFY_LIMIT = timedelta(minutes=2)
"""A notice never delays a trade, and is given up after this time: the events are in the history anyway."""

NOTIFY = ActivityOptions(
    priority=TELLS,
    start_to_close=timedelta(seconds=5),
    schedule_to_close=NOTIFY_LIMIT,
    retry=RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_attempts=6),
)

CARD = ActivityOptions(
    priority=TELLS,
    start_to_close=timedelta(seconds=20),
    schedule_to_close=timedelta(minutes=1),
    retry=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        backoff_coefficient=2,
        maximum_interval=timedelta(seconds=10),
    ),
)
"""A few calls to Discord, within its rate limits. If the bot cannot be reached for longer, the next change
shows the card again, or the bot does when it is online again. The end of a trade waits this long at most,
twice."""

READ_ACCOUNT = replace(READ, start_to_close=timedelta(seconds=25), schedule_to_close=timedelta(seconds=60))
"""Ten calls to the broker, a few at once, each within its own call timeout."""

FOLLOW_ORDERS = ActivityOptions(
    priority=PROTECTS,
    start_to_close=2 * timing.ACCOUNT_RUN,
    heartbeat=timedelta(seconds=6),
    retry=RetryPolicy(
        initial_interval=timedelta(milliseconds=500),
        backoff_coefficient=2,
        maximum_interval=timedelta(seconds=15),
    ),
)
"""The order stream. The end of the account's run ends it. Three missed heartbeats mean that its worker is
lost. A dropped socket is common: it reconnects at once, and four times a minute while the broker is down."""

WATCH_PRICE = replace(
    FOLLOW_ORDERS,
    start_to_close=timedelta(hours=12),
    retry=RetryPolicy(
        initial_interval=timedelta(milliseconds=200),
        backoff_coefficient=2,
        maximum_interval=timedelta(seconds=2),
    ),
)
"""The watch of a held contract's bid, for one session at most; it waits for a worker as long as it takes. A
lost worker is noticed by three missed heartbeats."""

WATCH_TRADES = replace(
    FOLLOW_ORDERS,
    priority=TELLS,
    retry=RetryPolicy(
        initial_interval=timedelta(milliseconds=500),
        backoff_coefficient=2,
        maximum_interval=timedelta(seconds=5),
    ),
)
"""The search for stuck trades. The end of the account's run ends it; people must hear of a stuck trade within
30 s, so a lost worker is noticed as soon as that of the order stream."""

HOUSEKEEPING = ActivityOptions(
    start_to_close=timedelta(minutes=3),
    schedule_to_close=timedelta(minutes=15),
    heartbeat=timedelta(seconds=30),
    retry=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        backoff_coefficient=2,
        maximum_interval=timedelta(seconds=30),
    ),
)
"""One page of trades, with a heartbeat for each; merging a day's files takes longest between two of them."""


def card_of(account: AccountNumber) -> ActivityOptions:
    """Return the options of showing a card: on the task queue that the bot of `account` serves."""
    return replace(CARD, task_queue=cards_queue(account))


async def run_activity(
    activity: str, *args: object, answer: type[_T], options: ActivityOptions, summary: str
) -> _T:
    """Run an activity and return its answer; `summary` names it in the Web UI.

    Raise ActivityError when it failed.
    """
    found: _T = await workflow.execute_activity(
        activity,
        args=args,
        result_type=answer,
        task_queue=options.task_queue,
        start_to_close_timeout=options.start_to_close,
        schedule_to_close_timeout=options.schedule_to_close,
        schedule_to_start_timeout=options.schedule_to_start,
        heartbeat_timeout=options.heartbeat,
        retry_policy=options.retry,
        priority=options.priority,
        summary=summary,
    )
    return found


async def run_local_activity(
    activity: str, *args: object, answer: type[_T], options: ActivityOptions, summary: str
) -> _T:
    """Run a local activity and return its answer."""
    found: _T = await workflow.execute_local_activity(
        activity,
        args=args,
        result_type=answer,
        start_to_close_timeout=options.start_to_close,
        schedule_to_close_timeout=options.schedule_to_close,
        retry_policy=options.retry,
        summary=summary,
    )
    return found


def start_activity(
    activity: str, *args: object, options: ActivityOptions, summary: str
) -> workflow.ActivityHandle[Any]:
    """Start an activity that the workflow does not wait for."""
    return workflow.start_activity(
        activity,
        args=args,
        start_to_close_timeout=options.start_to_close,
        schedule_to_close_timeout=options.schedule_to_close,
        heartbeat_timeout=options.heartbeat,
        retry_policy=options.retry,
        priority=options.priority,
        summary=summary,
    )
