"""How long the workflows wait and how often they try again, with the reason for each. `activity_options` has the activities' own."""

from datetime import timedelta

LOOKS = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 15, 60))
"""When an order of unknown outcome is looked for: soon, because most answers are lost after acceptance; and until the settling time is
over, because a request can land late. Only after the last of them is "not found" believed."""

FOR_DAYS = (*[timedelta(minutes=30)] * 96, *[timedelta(hours=2)] * 36, timedelta(days=1))
"""How every series of pauses goes on that lasts as long as the contract: the last value holds, at a pace that a history bears for years."""

FOR_A_SESSION = (*[timedelta(seconds=15)] * 10, *[timedelta(minutes=5)] * 72)
"""How such a series begins where an answer is wanted within the session: quickly for minutes, then for six hours."""

QUICK = timedelta(minutes=1)
"""Pauses up to this long are the same whether the market is open or shut: most failures are over within minutes."""

WHILE_SHUT = timedelta(hours=1)
"""The least of all longer pauses while the market is shut: nothing can be bought or sold before it opens."""

LOOK_AGAIN = (*(timedelta(seconds=seconds) for seconds in (0.5, 1, 2, 4, 8)), *FOR_A_SESSION, *FOR_DAYS)
"""Before an order is asked to be sent again whose look for an earlier try was not answered. An entry's own time ends this much sooner; an
exit goes on until its contract has stopped trading."""

SWEEPS = (*[timedelta(minutes=1)] * 10, *[timedelta(minutes=10)] * 36, *FOR_DAYS)
"""When an order that nobody could find is looked for again: an entry that is not there until the end of its day, one whose look was never
answered until it is answered or its contract has stopped trading."""

CANCEL_CHECKS = tuple(timedelta(milliseconds=each) for each in (150, 300, 600, 1500, 3000))
"""When an order is read after its cancel was asked for. The stream usually says it first."""

CANCEL_PAUSES = (*(timedelta(seconds=each) for each in (1, 2, 5)), *FOR_A_SESSION, *FOR_DAYS)
"""Between rounds of asking for a cancel, until the order has ended or its contract has stopped trading: a night, a weekend and an unwell
venue are outlasted. What a round costs in history, and what a month of them, stands in the tests."""

EXIT_BACKOFF = (
    *(timedelta(seconds=seconds) for seconds in (0, 0.4, 0.8, 1.5, 3, 5, 10, 30, 60, 120, 300, 900)),
    *FOR_DAYS,
)
"""Before the n-th exit in a row is tried, after refusals. The first ones are close together: the position ledger lags a fill by
parts of a second. An exit is never given up, so the last value holds until the contract expires, at a pace that a history bears."""

PAGE_AFTER = 5
"""Exits refused in a row after which a person is called; tries of anything else that the venue does not answer, too."""

SLOW_AFTER = 12
"""Exits refused in a row after which the next is tried half an hour later: a person is called again."""

PAGE_EVERY = 48
"""Further refusals after which a person is called once more: about a day of them."""

MAX_EXIT_ORDERS = 3000
"""Far more exits than refusals in years; past it a person must take over, before the history is full."""

SALE_READS = (*(timedelta(seconds=seconds) for seconds in (0.3, 1, 2, 5, 15, 60, 300)), *FOR_DAYS)
"""When a sale is read that has not ended: a stream that is mute must not hide it."""

FILL_READS = (*(timedelta(seconds=seconds) for seconds in (0.2, 0.5, 1, 3, 10)), *FOR_A_SESSION, *FOR_DAYS)
"""When an order is read whose reports do not add up yet, such as a filled one whose fills are still to come."""

EXIT_PATIENCE = timedelta(seconds=10)
"""How long a sale of everything waits for the exits to end before it sells what is free of them."""

ENTRY_PATIENCE = timedelta(minutes=1)
"""How long the story waits for its last entry to be taken back; that goes on beside the story."""

AFTER_CLOSE = timedelta(minutes=15)
"""When the daily check runs after the session closes, and when the end of a day counts as reached: late reports are in by then."""

EXPIRY_SETTLES = timedelta(hours=1)
"""After the contract stops trading at the latest: the last reports come in."""

GONE_TWICE = timedelta(seconds=60)
"""Between two looks at a position that seems gone: the broker's ledger may lag."""

COMMAND_WAIT = timedelta(seconds=20)
"""How long a command's caller waits for it to be done; it goes on after that."""

ACCOUNT_RUN = timedelta(hours=24)
"""One run of an account's workflow, or less where Temporal suggests it: its history stays short, and everything is carried over."""

MOST_UPDATES = 1500
"""Answers of one run of an account's workflow: Temporal takes two thousand, and suggests a fresh start at nine tenths of them."""

MOST_MOMENTS = 2000
"""Moments at which one run of an account's workflow has something to do by itself, at most: a bound, far above a day's."""

DAY_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 15, 60, 300))
"""Before a day's beginning is read again whose reading failed, or whose preflight was not all right. The last value holds."""

HALT_ANSWER = timedelta(milliseconds=700)
"""When a halt is answered at the latest, whatever is still being cancelled: a person waits for it."""

FLATTEN_PAUSES = (*[timedelta(seconds=15)] * 8, *[timedelta(minutes=2)] * 30, timedelta(minutes=30))
"""Between reports of how far a flattening is. The last value holds until it is flat. Each trade is told to close once in a run, and again
when a person asks for it: a trade that was told goes on by itself."""
