"""How long an entry may be sent on an account's admission, and when a halt is certain.

    an admission is for one epoch: the count of halts before it
    within `ADMISSION_VALIDITY` of its question it may be used as it is
    later, up to `ADMISSION_LIFETIME`, only while the account's published epoch is still that of the
    admission, as read from the server at most `ADMISSION_VALIDITY` ago
    the account stops publishing an epoch in the same step in which it halts: `ADMISSION_VALIDITY` after that
    nothing can be sent, however long ago it was admitted
    a halt that is recorded but that no worker has carried out is certain after `ADMISSION_LIFETIME`

Every span is measured by one clock, from before a request was sent; only the rates of the clocks matter.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

ADMISSION_VALIDITY = timedelta(milliseconds=600)
"""How long after its question, or after the last confirmation of its epoch, an entry may be sent. A halt that
a worker carries out waits this long, so it must be well below a second; both requests take about 10 ms."""

ADMISSION_LIFETIME = timedelta(milliseconds=2500)
"""How long after its question an admitted entry may be sent at all: longer than a busy moment, shorter than
a person waits for the answer to a halt while no worker runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochReading:
    """The epoch that an account publishes, read from the server."""

    epoch: int | None
    """None while the account is halted."""
    asked: float
    """When it was asked, by the reader's steady clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWindow:
    """The time within which an admitted entry may be sent, by the asker's steady clock."""

    epoch: int
    asked: float
    """Before the question was sent."""
    confirmed: float
    """The last moment at which the epoch was certainly in force."""

    @property
    def until(self) -> float:
        """When it ends, unless it is confirmed again."""
        return min(self.confirmed + ADMISSION_VALIDITY.total_seconds(), self.expires)

    @property
    def expires(self) -> float:
        """When it ends whatever is confirmed."""
        return self.asked + ADMISSION_LIFETIME.total_seconds()

    def confirmed_by(self, found: EpochReading) -> Self:
        """Return the window as a reading leaves it: longer if the epoch is still the same, else unchanged."""
        if found.epoch != self.epoch:
            return self
        return replace(self, confirmed=max(self.confirmed, found.asked))


def halt_certain_after(halted_at: datetime, last_admitted_at: datetime | None) -> timedelta:
    """Return how long to wait, from when the epoch's end is published, until no entry can be sent."""
    if last_admitted_at is None:
        return timedelta(0)
    left = last_admitted_at + ADMISSION_LIFETIME - halted_at
    return max(min(ADMISSION_VALIDITY, left), timedelta(0))
