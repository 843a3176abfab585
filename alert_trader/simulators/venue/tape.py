"""The tape: everything that happened at the venue, one JSON object a line, in the order it happened.

Append-only, each line flushed before the answer it belongs to leaves. `seq` rises by one from 1; `at` is UTC.
Lines, by `kind`:

    start     the venue began, with its seed and accounts
    request   a broker call arrived (never a control call or a secret); `call` numbers them from 1
    answer    the result of that call: HTTP status (None without an answer), acceptance, the fault that hit
    order     an order changed: its whole state after, the status before, and why
    fill      one execution
    cancel    a cancellation was requested, refused, lost to a fill, or done
    quote     a quote was set for a scripted symbol
    position  contracts held changed: `quantity` is the truth, `ledger` what the lagging position ledger shows
    session   before the next order or fill: the market has opened or closed since the last one
    fault     an armed fault acted
    stream    an account stream connected, closed, or was dropped
    control   a person or a test used the control API

A venue started on the tape of another continues its numbers; after its start line calls and streams are
numbered from 1 again, and so are orders, unless earlier ones were stored (`memory.py`). An accepted
request is one whose order (or cancellation, or replacement) took effect, whatever the client was answered.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TextIO

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from alert_trader.simulators.venue.orders import Action, Effect, Order, OrderType, Status, TimeInForce


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True)

    seq: int = 0
    at: datetime = datetime.min.replace(tzinfo=UTC)
    ran: float = 0.0
    """Seconds that the venue has run since its start, by its own timer: fewer than those on the clock where
    the machine was too busy."""


class StartLine(_Line):
    """The venue began."""

    kind: Literal["start"] = "start"
    seed: int
    accounts: tuple[str, ...]


class RequestLine(_Line):
    """A broker call arrived."""

    kind: Literal["request"] = "request"
    call: int
    method: str
    path: str
    query: dict[str, list[str]]
    body: dict[str, Any] | None
    client_id: str | None


class AnswerLine(_Line):
    """What was decided for a call."""

    kind: Literal["answer"] = "answer"
    call: int
    method: str
    path: str
    status: int | None
    accepted: bool
    client_id: str | None = None
    order_id: int | None = None
    error: str | None = None
    fault: str | None = None


class LegState(BaseModel):
    """One leg of an order at one moment."""

    model_config = ConfigDict(frozen=True)

    symbol: str
    action: Action
    sent: Action
    quantity: int
    filled: int


class OrderState(BaseModel):
    """One order at one moment; `quantity` and `filled` are lots, `limit` dollars a share."""

    model_config = ConfigDict(frozen=True)

    order_id: int
    account: str
    client_id: str | None
    source: str | None
    status: Status
    order_type: OrderType
    limit: Decimal | None
    effect: Effect | None
    time_in_force: TimeInForce
    strict: bool
    quantity: int
    filled: int
    legs: tuple[LegState, ...]
    replaces: int | None = None
    replaced_by: int | None = None
    reject_reason: str | None = None
    trigger: Decimal | None = None
    """Dollars a share, of a stop."""
    triggered: bool = False
    complex_id: int | None = None
    """The pair of which it is a side."""

    @property
    def symbol(self) -> str:
        """The series of the first leg."""
        return self.legs[0].symbol

    @property
    def action(self) -> Action:
        """What the first leg does."""
        return self.legs[0].action


class OrderLine(_Line):
    """An order changed."""

    kind: Literal["order"] = "order"
    order: OrderState
    before: Status | None
    why: str
    bid: Decimal | None = None
    """The bid as the order came, on its first line; None without a quote, and on every later line."""
    stopped: bool = False
    """Whether one of its series had stopped trading as the order came, on its first line."""


class FillLine(_Line):
    """One execution: contracts, dollars a share."""

    kind: Literal["fill"] = "fill"
    fill_id: str
    order_id: int
    account: str
    client_id: str | None
    symbol: str
    action: Action
    quantity: int
    price: Decimal
    fees: Decimal
    stopped: bool = False
    """Whether the series had stopped trading."""


CancelOutcome = Literal["requested", "refused", "lost to a fill", "done"]


class CancelLine(_Line):
    """A step of a cancellation."""

    kind: Literal["cancel"] = "cancel"
    order_id: int
    client_id: str | None
    outcome: CancelOutcome
    cancelled: int = 0


class QuoteLine(_Line):
    """A quote was set for a scripted symbol."""

    kind: Literal["quote"] = "quote"
    symbol: str
    bid: Decimal
    ask: Decimal
    bid_size: int
    ask_size: int
    missing: bool = False


class PositionLine(_Line):
    """Contracts held changed; short is negative."""

    kind: Literal["position"] = "position"
    account: str
    symbol: str
    quantity: int
    ledger: int


class SessionLine(_Line):
    """The session of the orders and fills that follow, until the next such line."""

    kind: Literal["session"] = "session"
    open: bool
    """Whether the regular session is open; some classes trade a quarter of an hour longer."""
    opened: datetime
    """When this day's session opened, or the next one opens: it names the session."""


class FaultLine(_Line):
    """An armed fault acted."""

    kind: Literal["fault"] = "fault"
    fault_id: int
    fault: str
    call: int | None
    target: str


class StreamLine(_Line):
    """An account stream connected, closed, or was dropped."""

    kind: Literal["stream"] = "stream"
    stream_id: int
    event: str
    accounts: tuple[str, ...] = ()


class ControlLine(_Line):
    """The control API was used."""

    kind: Literal["control"] = "control"
    command: str
    body: dict[str, Any]


TapeLine = Annotated[
    StartLine
    | RequestLine
    | AnswerLine
    | OrderLine
    | FillLine
    | CancelLine
    | QuoteLine
    | PositionLine
    | SessionLine
    | FaultLine
    | StreamLine
    | ControlLine,
    Field(discriminator="kind"),
]
_READER: TypeAdapter[TapeLine] = TypeAdapter(TapeLine)


def read_line(text: str | bytes) -> TapeLine:
    """Read one line; raises pydantic's ValidationError when it is none."""
    return _READER.validate_json(text)


def read_tape(path: Path) -> list[TapeLine]:
    """Read a tape. A last line cut short by a killed venue is left out: it was never acted on."""
    lines = path.read_bytes().split(b"\n")
    return [read_line(line) for line in lines[:-1] if line]


class Tape:
    """The writer, and the lines of this run in memory."""

    def __init__(
        self, clock: Callable[[], datetime], path: Path | None = None, *, kept_to: int | None = None
    ) -> None:
        """Open the file for appending, when there is one; an incomplete last line is cut off.

        `kept_to` is the last line that the venue's memory goes with: a change of an order or a position after
        it was never stored, so it was never answered, and is cut off too, with what follows.
        """
        self._clock = clock
        self.session: Callable[[], SessionLine] | None = None
        """Returns the session of this moment."""
        self._session: SessionLine | None = None
        self.ran = 0.0
        self.lines: list[TapeLine] = []
        self._seq = 0
        self._file: TextIO | None = None
        if path is not None:
            if path.exists():
                whole = path.read_bytes()
                os.truncate(path, whole.rfind(b"\n") + 1)
                self._seq = _last_of(path, kept_to)
            self._file = path.open("a", encoding="utf-8")

    @property
    def seq(self) -> int:
        """The number of the last line."""
        return self._seq

    def write(self, line: TapeLine) -> None:
        """Stamp a line with its number and time, keep it, and flush it."""
        if isinstance(line, OrderLine | FillLine) and self.session is not None:
            session = self.session()
            if session != self._session:
                self._session = session
                self.write(session)
        stamped = line.model_copy(
            update={"seq": self._seq + 1, "at": self._clock(), "ran": round(self.ran, 3)}
        )
        self._seq += 1
        self.lines.append(stamped)
        if self._file is not None:
            self._file.write(stamped.model_dump_json() + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _last_of(path: Path, kept_to: int | None) -> int:
    """Cut a tape to match the state file, and return its last line's number. Reads only the tape's end."""
    whole = path.read_bytes()
    last, end, cut = 0, len(whole), None
    while end > 0:
        begin = whole.rfind(b"\n", 0, end - 1) + 1
        line = read_line(whole[begin:end])
        last = max(last, line.seq)
        if kept_to is None or line.seq <= kept_to:
            break
        if isinstance(line, OrderLine | FillLine | CancelLine | PositionLine):
            # what follows a change that was not stored is cut off too
            cut, last = begin, line.seq - 1
        end = begin
    if cut is not None:
        os.truncate(path, cut)
    return last


def state_of(order: Order) -> OrderState:
    """Take an order's state for the tape."""
    return OrderState(
        order_id=order.order_id,
        account=order.account,
        client_id=order.external_identifier,
        source=order.source,
        status=order.status,
        order_type=order.order_type,
        limit=order.limit,
        effect=order.effect,
        time_in_force=order.time_in_force,
        strict=order.strict,
        quantity=order.size,
        filled=order.filled,
        legs=tuple(
            LegState(
                symbol=leg.symbol, action=leg.action, sent=leg.sent, quantity=leg.quantity, filled=leg.filled
            )
            for leg in order.legs
        ),
        replaces=order.replaces,
        replaced_by=order.replaced_by,
        reject_reason=order.reject_reason,
        trigger=order.trigger,
        triggered=order.triggered_at is not None,
        complex_id=order.complex_id,
    )
