"""The state file of a venue: one SQLite file, written before an answer is sent.

Kept: accounts with their cash, flags, positions and ledgers; every order with its fills; the books; quotes
set by hand; series listed by name; how far the seeded market has walked; the trading day. Each row is one of
them as JSON. Everything that one call, timer or tick has changed is written in one transaction, before the
answer and the stream's messages are sent, so a killed venue has lost nothing that a client was answered. Only
a crash of the whole machine can lose the last moments: the system writes the file to the disk in its own
time. Not kept, as they are of one run: tokens, faults, paths of quotes, what `adjust` changed, and whether
streams are mute. What a run was waiting for (Live, Cancelled, the ledger) is not kept either: it follows from
the orders and positions, see `Exchange.recall`.

The stored state of an account has precedence over the configuration; accounts that are new in the
configuration are added.
"""

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from alert_trader.simulators.venue.account import Account, Transaction
from alert_trader.simulators.venue.chains import today
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.instruments import parse
from alert_trader.simulators.venue.market import Scripted
from alert_trader.simulators.venue.orders import Order

_VERSION = 1
"""The version of the rows' format: a file of another version is not read."""

_ACCOUNT: TypeAdapter[Account] = TypeAdapter(Account)
_ORDER: TypeAdapter[Order] = TypeAdapter(Order)
_QUOTE: TypeAdapter[Scripted] = TypeAdapter(Scripted)
_TRANSACTION: TypeAdapter[Transaction] = TypeAdapter(Transaction)

_Row = tuple[str, str, bytes]
T = TypeVar("T")


class StateFileError(Exception):
    """A state file cannot be used; the message says what was found and what to do."""


class _Times(BaseModel):
    """The one row about the venue as a whole."""

    model_config = ConfigDict(frozen=True)

    tape_seq: int
    """The last line of the tape that the rows go with."""
    opened: datetime
    forced: bool | None
    day_ended: date | None
    named: tuple[str, ...]
    walked: dict[str, tuple[int, float]]


class Memory:
    """The stored state of one exchange; without a path nothing is stored."""

    def __init__(self, path: Path | None) -> None:
        """Open or create the file; raises `StateFileError` when it is in use or of another version."""
        self._path = path
        self._base = _open(path) if path is not None else None
        self._exchange: Exchange | None = None
        self._booked: dict[str, int] = {}
        """How many rows of each account's books this run has stored."""
        self._times: _Times | None = None
        self._seen: object = None
        """What the row of times was last written from."""
        if self._base is not None:
            found = self._base.execute("SELECT body FROM kept WHERE kind = 'times'").fetchone()
            try:
                self._times = _read(TypeAdapter(_Times), found[0], path) if found is not None else None
            except StateFileError:
                self._base.close()
                raise

    @property
    def tape_seq(self) -> int | None:
        """The last line of the tape that this memory goes with; None when it is new."""
        return self._times.tape_seq if self._times is not None else None

    def attach(self, exchange: Exchange) -> None:
        """Restore an exchange, and store its changes from now on; raises `StateFileError`."""
        self._exchange = exchange
        if self._times is not None:
            self._recall(exchange, self._times)
        self.keep()

    def keep(self) -> None:
        """Write the changes since the last time; after an sqlite3.Error the next call writes them."""
        if self._base is None or self._exchange is None:
            return
        exchange, voice, market = self._exchange, self._exchange.announcer, self._exchange.market
        sessions = exchange.sessions
        seen = (
            sessions.opened,
            sessions.forced,
            exchange.day_ended,
            exchange.listings.version,
            market.walked,
        )
        if not (voice.orders or voice.accounts or market.changed) and seen == self._seen:
            return
        times = _Times(
            tape_seq=exchange.tape.seq,
            opened=sessions.opened,
            forced=sessions.forced,
            day_ended=exchange.day_ended,
            named=exchange.listings.named,
            walked=market.walked,
        )
        with self._base:
            self._base.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", self._changed(exchange))
            self._base.execute(
                "INSERT OR REPLACE INTO kept VALUES ('times', '', ?)", (times.model_dump_json().encode(),)
            )
            released = [(symbol,) for symbol in market.changed if symbol not in market.by_hand]
            self._base.executemany("DELETE FROM kept WHERE kind = 'quote' AND key = ?", released)
        self._booked.update((number, len(exchange.accounts[number].books)) for number in voice.accounts)
        for changes in (voice.orders, voice.accounts, market.changed):
            changes.clear()
        self._seen = seen

    def close(self) -> None:
        """Write the last changes, and close the file."""
        self.keep()
        if self._base is not None:
            self._base.close()
            self._base = None

    def _changed(self, exchange: Exchange) -> Iterator[_Row]:
        for order_id in exchange.announcer.orders:
            yield "order", str(order_id), _ORDER.dump_json(exchange.orders[order_id])
        for number in exchange.announcer.accounts:
            account = exchange.accounts[number]
            yield "account", number, _ACCOUNT.dump_json(account, exclude={"books"})
            for row in account.books[self._booked.get(number, 0) :]:
                yield "transaction", str(row.transaction_id), _TRANSACTION.dump_json(row)
        for symbol in exchange.market.changed & exchange.market.by_hand.keys():
            yield "quote", symbol, _QUOTE.dump_json(exchange.market.by_hand[symbol])

    def _rows(self, kind: str, model: TypeAdapter[Any]) -> list[Any]:
        assert self._base is not None
        # ids are of one length, or rise with it
        found = self._base.execute("SELECT body FROM kept WHERE kind = ? ORDER BY length(key), key", (kind,))
        return [_read(model, body, self._path) for (body,) in found]

    def _recall(self, exchange: Exchange, times: _Times) -> None:
        orders: dict[int, Order] = {each.order_id: each for each in self._rows("order", _ORDER)}
        accounts: dict[str, Account] = {each.number: each for each in self._rows("account", _ACCOUNT)}
        for row in self._rows("transaction", _TRANSACTION):
            accounts[orders[row.order_id].account].books.append(row)
        lost = {
            each.underlying for each in orders.values() if not each.status.terminal
        } - exchange.listings.underlyings.keys()
        if lost:
            raise StateFileError(
                f"working orders in {self._path} have underlyings that are not configured: "
                f"{', '.join(sorted(lost))}. Add them to the configuration"
            )
        exchange.sessions.opened, exchange.sessions.forced = times.opened, times.forced
        day = today(exchange)
        for series in (parse(symbol) for symbol in times.named):
            if (
                series is not None
                and series.day >= day
                and exchange.listings.underlying(series.root) is not None
            ):
                exchange.listings.add(series, day)
        exchange.market.recall(
            {each.quote.symbol: each for each in self._rows("quote", _QUOTE)}, times.walked
        )
        exchange.recall(orders.values(), accounts.values(), day_ended=times.day_ended)


def _open(path: Path) -> sqlite3.Connection:
    base: sqlite3.Connection | None = None
    try:
        # two venues on one file would overwrite each other's changes
        base = sqlite3.connect(path, timeout=0)
        base.execute("PRAGMA locking_mode = EXCLUSIVE")
        base.execute("PRAGMA journal_mode = WAL")
        # a killed process loses nothing that it wrote, so there is no need to wait for the disk
        base.execute("PRAGMA synchronous = NORMAL")
        with base:
            (version,) = base.execute("PRAGMA user_version").fetchone()
            if version == 0:
                base.execute(
                    "CREATE TABLE IF NOT EXISTS kept "
                    "(kind TEXT, key TEXT, body BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID"
                )
                base.execute(f"PRAGMA user_version = {_VERSION}")
    except sqlite3.Error as error:
        if base is not None:
            base.close()
        raise StateFileError(
            f"expected a state file that no other venue uses, found {path}: {error}. "
            "End the other venue, or use another file"
        ) from None
    if version not in {0, _VERSION}:
        base.close()
        raise StateFileError(
            f"expected a state file of version {_VERSION}, found version {version} in {path}: "
            "move it and its tape away to start with an empty venue"
        )
    return base


def _read(model: TypeAdapter[T], body: bytes, path: Path | None) -> T:
    try:
        return model.validate_json(body)
    except ValidationError as error:
        raise StateFileError(
            f"cannot read {path}: {error}. Move it away with its tape, and the venue begins anew"
        ) from None
