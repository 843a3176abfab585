"""How long the workflows wait and how often they try again, with the reason for each.

The timeouts and retries of activities are in `activity_options`.
"""

from datetime import timedelta

SEARCH_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 15, 60))
"""Before each search for an order of unknown outcome. The first come soon, because most answers are lost
after the order was accepted. A request can also arrive late: only the last of them, after the settling
time, may find that the order is absent."""

EXIT_SEARCH_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 10))
"""The same for an exit, which leaves contracts unprotected meanwhile. The last comes after every call that
Temporal has timed out: 17 s with the longest `TRADER_BROKER_TIMEOUT`."""

EXIT_LATE_SEARCH_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 10, 20, 28))
"""Before an exit that is absent is searched for again while the next one works: until 83 s after its answer
was lost, as an entry is. One that appears is cancelled."""

LONG_PAUSES = (*[timedelta(minutes=30)] * 96, *[timedelta(hours=2)] * 36, timedelta(days=1))
"""How every series of pauses continues that may last as long as the contract. The last pause repeats; the
history stays small."""

SESSION_PAUSES = (*[timedelta(seconds=15)] * 10, *[timedelta(minutes=5)] * 72)
"""How such a series begins if an answer is needed within the session: some minutes of short pauses, then six
hours."""

SHORT_PAUSE = timedelta(minutes=1)
"""Pauses up to this long are the same whether the market is open or closed: most failures are over within
minutes."""

PAUSE_WHILE_CLOSED = timedelta(hours=1)
"""The shortest of the longer pauses while the market is closed: nothing can be bought or sold before it
opens."""

SUBMIT_PAUSES = (
    *(timedelta(seconds=seconds) for seconds in (0.5, 1, 2, 4, 8)),
    *SESSION_PAUSES,
    *LONG_PAUSES,
)
"""Before an order is submitted again for which an earlier attempt could not be ruled out. An entry ends with
its own time, long before; an exit is tried until its contract has stopped trading."""

LATE_SEARCH_PAUSES = (*[timedelta(minutes=1)] * 10, *[timedelta(minutes=10)] * 36, *LONG_PAUSES)
"""Before a lost order is searched for again: an entry that is absent until the end of its day; an order for
which no search was answered, until one is, or its contract has stopped trading."""

CANCEL_READS = tuple(timedelta(milliseconds=each) for each in (150, 300, 600, 1500, 3000))
"""Before each read of an order after a cancel request. Usually the stream reports the end first."""

CANCEL_PAUSES = (*(timedelta(seconds=each) for each in (1, 2, 5)), *SESSION_PAUSES, *LONG_PAUSES)
"""Between cancel requests, until the order has ended or its contract has stopped trading: longer than a
night, a weekend, or an outage of the broker. Tests hold what they cost in history events."""

EXIT_PAUSES = (
    *(timedelta(seconds=seconds) for seconds in (0, 0.4, 0.8, 1.5, 3, 5, 10, 30, 60, 120, 300, 900)),
    *LONG_PAUSES,
)
"""Before an exit is sent again after so many failures in a row. The first are short: the broker's positions
lag a fill by parts of a second. An exit is never given up: the last pause repeats until the contract
expires."""

PAGE_AFTER = 5
"""Exits rejected in a row after which a person is paged; attempts of anything else that the broker does not
answer, too."""

SLOW_AFTER = 12
"""Exits rejected in a row after which the pause is half an hour: a person is paged again."""

PAGE_EVERY = 48
"""Further rejections after which a person is paged again: about a day of them."""

MAX_EXIT_ORDERS = 3000
"""Far more exits than rejections in years; above it the trade fails, before its history is full."""

SALE_READS = (*(timedelta(seconds=seconds) for seconds in (0.3, 1, 2, 5, 15, 60, 300)), *LONG_PAUSES)
"""Before each read of a sale that has not ended: the stream may have stopped reporting."""

SALE_QUOTE_PAUSES = (
    *(timedelta(seconds=seconds) for seconds in (1, 1, 2, 4, 8)),
    *SESSION_PAUSES,
    *LONG_PAUSES,
)
"""Before a quote is read again that showed no price to sell at."""

MISSING_FILL_READS = (
    *(timedelta(seconds=seconds) for seconds in (0.2, 0.5, 1, 3, 10)),
    *SESSION_PAUSES,
    *LONG_PAUSES,
)
"""Before each read of an order whose reports do not agree, such as a filled one whose fills were not shown
yet."""

EXIT_CANCEL_WAIT = timedelta(seconds=10)
"""How long a close waits for the exits to end before it sells the contracts that are free of them."""

ENTRY_CANCEL_WAIT = timedelta(minutes=1)
"""How long the trade waits for its last entry to be cancelled; after that the cancel continues in the
background."""

AFTER_CLOSE = timedelta(minutes=15)
"""After the session's close: when the daily check runs, and the end of a day counts as reached. Late reports
are in by then."""

AFTER_EXPIRATION = timedelta(hours=1)
"""After the contract has stopped trading: the last reports are in by then."""

SETTLEMENT_READS = (*(timedelta(hours=hours) for hours in (1, 2, 4)), timedelta(hours=6))
"""Before each read of what contracts came to at expiration, which the broker posts overnight. The last
repeats."""

SETTLED_BEFORE_OPEN = timedelta(hours=1)
"""Before the next open: how long that is waited for. After it a trade that waited would count as open."""

POSITION_RECHECK = timedelta(seconds=60)
"""Between two reads of a position that seems closed: the broker's positions may lag."""

COMMAND_WAIT = timedelta(seconds=20)
"""How long a command's caller waits for it to be done; the command continues after that."""

TASK_TIMEOUT = timedelta(seconds=3)
"""How long a worker may take for one workflow task. When a worker dies within one, the workflow continues
elsewhere after this. It bounds a replay, too: on a busy machine that of a trade with 1,150 events took up to
3 s, with four at once (`alert_trader.worker.wiring.TASKS_AT_ONCE`)."""

COMMAND_MAX_AGE = timedelta(minutes=2)
"""A command that adds risk is refused when it is carried out later than this: no worker ran meanwhile."""

ACCOUNT_RUN = timedelta(hours=24)
"""One run of an account's workflow, or less if Temporal suggests it: its history stays small, and its whole
state is carried over."""

MAX_HISTORY = 1500
"""Events after which an account's workflow continues as new: a worker that takes it over replays them all."""

MAX_TRADE_HISTORY = 800
"""Events after which a trade continues as new, at the next moment at which nothing is in flight."""

MAX_TRADE_HISTORY_BYTES = 400_000
"""The same, by what has been added to its history since the run began."""

MAX_TURNS = 2000
"""Turns of one run of an account's workflow: a bound, far above those of a day."""

DAY_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 15, 60, 300))
"""Before an account is read again whose reading or preflight failed. The last pause repeats."""

HALT_RECEIPT_WITHIN = timedelta(milliseconds=700)
"""When a halt is answered at the latest, whatever is still being cancelled: a person waits for it."""

FLATTEN_PAUSES = (*[timedelta(seconds=15)] * 8, *[timedelta(minutes=2)] * 30, timedelta(minutes=30))
"""Between reports of the progress of a flattening. The last pause repeats until the account is flat. Each
trade is signalled to close once in a run, and again when a person requests it."""
