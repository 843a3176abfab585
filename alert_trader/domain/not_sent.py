"""Our own reasons for not sending an order, beside the denial codes, and which of them are retried.

A denial says that an order may not be sent. These reasons say why a permitted order did not leave this
process.
"""

from enum import StrEnum

from alert_trader.domain.denial import MEANINGS, Meaning


class NotSentReason(StrEnum):
    """A reason for which an order provably did not leave this process. `NOT_SENT_MEANINGS` explains each."""

    NO_WORKER = "NO_WORKER"
    LOOKUP_FAILED = "LOOKUP_FAILED"
    WRONG_MODE = "WRONG_MODE"
    WORKER_SETTINGS = "WORKER_SETTINGS"
    TOO_LATE = "TOO_LATE"
    STEP_DELAYED = "STEP_DELAYED"
    GRANT_TOO_OLD = "GRANT_TOO_OLD"
    ADMITTED_FEWER = "ADMITTED_FEWER"
    QUOTE_UNAVAILABLE = "QUOTE_UNAVAILABLE"
    POSITION_UNAVAILABLE = "POSITION_UNAVAILABLE"
    POSITION_NOT_FREE = "POSITION_NOT_FREE"
    BROKER_NOT_REACHED = "BROKER_NOT_REACHED"


NOT_SENT_MEANINGS: dict[NotSentReason, Meaning] = {
    NotSentReason.NO_WORKER: Meaning(
        means="No worker took the step that sends the order in time.",
        to_do="Start a worker: trader worker. Find out why none was running: trader doctor.",
    ),
    NotSentReason.LOOKUP_FAILED: Meaning(
        means="The broker did not list the account's orders, so an earlier attempt could not be ruled out.",
        to_do="Check the broker's status and the credentials: trader doctor.",
    ),
    NotSentReason.WRONG_MODE: Meaning(
        means="The worker that took the order runs in another mode than the trade.",
        to_do="Run one mode for each account: compare TRADER_MODE of its workers.",
    ),
    NotSentReason.WORKER_SETTINGS: Meaning(
        means="The worker's own settings do not allow the entry: its account, size, admission or input.",
        to_do="Compare the settings of the worker and of what sent the alert. If they agree, somebody "
        "else reaches Temporal: trader halt.",
    ),
    NotSentReason.TOO_LATE: Meaning(
        means="The latest time for sending the order had passed.",
        to_do="Nothing; if it happens often, find out what delays the worker or the broker.",
    ),
    NotSentReason.STEP_DELAYED: Meaning(
        means="The worker was delayed past the time limit of the step that sends the order.",
        to_do="Check the load of the worker's machine.",
    ),
    NotSentReason.GRANT_TOO_OLD: Meaning(
        means="The account's permission for the entry expired before the order could leave.",
        to_do="Nothing; if it happens often, check the worker's load and the broker's response times.",
    ),
    NotSentReason.ADMITTED_FEWER: Meaning(
        means="The account allows fewer contracts than the order had; the entry is sent again for those.",
        to_do="Nothing, or raise the limit that applies: trader limits.",
    ),
    NotSentReason.QUOTE_UNAVAILABLE: Meaning(
        means="The quote that a conversion needs could not be read.",
        to_do="Check the quote stream and the broker's status: trader doctor.",
    ),
    NotSentReason.POSITION_UNAVAILABLE: Meaning(
        means="The position that an exit needs could not be read.",
        to_do="Nothing: the exit is tried again. Check the broker's status if it continues.",
    ),
    NotSentReason.POSITION_NOT_FREE: Meaning(
        means="The account does not hold enough contracts that no other closing order is working on.",
        to_do="Nothing: the exit is tried again. Check for closing orders from elsewhere: trader account.",
    ),
    NotSentReason.BROKER_NOT_REACHED: Meaning(
        means="There was no connection to the broker, or no access token.",
        to_do="Check the network, the broker's status and the credentials: trader doctor.",
    ),
}
"""Every reason, with no exception: the table of the specs is written from it."""

_MEANINGS: dict[str, Meaning] = {
    code.value: said for each in (MEANINGS, NOT_SENT_MEANINGS) for code, said in each.items()
}

SEND_SAME_ORDER = frozenset({NotSentReason.NO_WORKER, NotSentReason.LOOKUP_FAILED})
"""The same order is sent again under its own id, entry or exit: the broker may already have that id."""

DECIDE_ENTRY_AGAIN = frozenset(
    {
        NotSentReason.QUOTE_UNAVAILABLE,
        NotSentReason.STEP_DELAYED,
        NotSentReason.BROKER_NOT_REACHED,
        NotSentReason.GRANT_TOO_OLD,
        NotSentReason.ADMITTED_FEWER,
    }
)
"""The price ladder decides again and may send a new order. For any other reason the entry is given up."""


def is_not_sent_reason(code: str | None) -> bool:
    """Return whether a code is one of our own reasons for not sending."""
    return code in NotSentReason.__members__


def meaning_of(code: str | None) -> Meaning | None:
    """Return what a denial or a reason for not sending means; None for a code of the broker."""
    return None if code is None else _MEANINGS.get(code)


def retry_rule(reason: NotSentReason) -> str:
    """Return what happens to an entry after this reason, in words for the table of the specs."""
    if reason in SEND_SAME_ORDER:
        return "the same order is sent again, until its latest time"
    return "the entry is decided again" if reason in DECIDE_ENTRY_AGAIN else "the entry is given up"
