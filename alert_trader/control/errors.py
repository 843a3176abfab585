"""The errors that a request about trades or an account can end in.

Every interface (bot, command line, API) shows their messages as they are.

ControlError
├── UnreachableError              Temporal or the archive did not answer, or refused the call
├── NotFoundError                 there is no such trade or account
├── NotPossibleError              the trade or account refused the request, or is over
├── NoAnswerError                 Temporal has the request, but no worker's answer came
│   ├── NoWorkerError             no worker answered in time
│   └── QueryFailedError          a worker answered with a failure of its own
├── BadQueryError                 the SQL, filter or cursor cannot be used
├── UnwritableError               a file cannot be written
└── UnreadableError               stored data cannot be read as what it should be
    ├── UnreadableHistoryError    a file does not hold a workflow's history
    ├── UnreadableRecordError     a history is not that of a trade
    └── UnreadablePayloadError    a payload is encrypted with a key that this process does not have

`alert_trader.control.rpc_errors` turns what Temporal's client raises into the first four.
"""

from alert_trader.domain.errors import AlertTraderError


class ControlError(AlertTraderError):
    """The root. Messages say what happened, then the numbers, then what to do."""


class UnreachableError(ControlError):
    """Temporal or the archive did not answer, or refused the call; it may be tried again."""


class NotFoundError(ControlError):
    """There is no such trade or account."""


class NotPossibleError(ControlError):
    """The trade or account refused the request, with its reason, or is over."""


class NoAnswerError(ControlError):
    """Temporal has the request, but no worker's answer came."""


class NoWorkerError(NoAnswerError):
    """No worker answered in time. Temporal keeps an accepted command: it may still be carried out."""


class QueryFailedError(NoAnswerError):
    """A worker answered with a failure of its own: its code may not fit the workflow's history."""


class BadQueryError(ControlError):
    """The SQL, the filter or the cursor cannot be used."""


class UnwritableError(ControlError):
    """A file cannot be written."""


class UnreadableError(ControlError):
    """Stored data cannot be read as what it should be."""


class UnreadableHistoryError(UnreadableError):
    """A file does not hold a workflow's history."""


class UnreadableRecordError(UnreadableError):
    """A history is not that of a trade; the message names the trade and the fault."""


class UnreadablePayloadError(UnreadableError):
    """A payload cannot be decrypted: its key is not in the settings, or its bytes were changed."""
