"""The types of settings and how each is written: lists with commas, durations in seconds."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, SecretStr
from pydantic_settings import NoDecode

from alert_trader.domain.market.calendar import NEW_YORK
from alert_trader.domain.market.trading_hours import EarlyClose


def split_list(value: object) -> object:
    """Read `a, b` as two items; a list of a TOML file passes as it is, numbers in it read as text."""
    if isinstance(value, str):
        return tuple(part for part in (part.strip() for part in value.split(",")) if part)
    if isinstance(value, int):
        return (str(value),)
    if isinstance(value, Sequence):
        return tuple(str(part) if isinstance(part, int) else part for part in value)
    return value


def _duration(value: object) -> object:
    """Read a number as seconds."""
    if isinstance(value, timedelta):
        return value
    try:
        seconds = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"expected a number of seconds, found {value!r}") from None
    if not seconds.is_finite():
        raise ValueError(f"expected a number of seconds, found {value!r}")
    return timedelta(microseconds=int(seconds * 1_000_000))


def seconds_text(value: timedelta) -> str:
    """Write a duration as the number of seconds it is set by."""
    return format((Decimal(value // timedelta(microseconds=1)) / 1_000_000).normalize(), "f")


_ARCHIVES = ("file", "s3", "gs", "gcs", "abfs", "abfss", "hdfs", "viewfs")
"""The URI schemes that pyarrow has a filesystem for."""


def _redis_url(value: SecretStr) -> SecretStr:
    """Check a Redis address. The message does not repeat it, as it may contain a password."""
    try:
        found = urlsplit(value.get_secret_value())
        usable = found.scheme == "unix" or (
            found.scheme in {"redis", "rediss"} and bool(found.hostname) and found.port != 0
        )
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(
            "expected an address such as redis://127.0.0.1:6379/0 or rediss://name:password@host:6380/0, "
            "found another form"
        )
    return value


def _archive(value: str) -> str:
    scheme, is_uri, path = value.partition("://")
    if is_uri and (scheme not in _ARCHIVES or not path.strip("/")):
        raise ValueError(
            f"expected a folder, or a URI such as s3://bucket/folder of one of {', '.join(_ARCHIVES)}; "
            f"found {scheme}://…"
        )
    return value


def _discord_ids(ids: tuple[str, ...]) -> tuple[str, ...]:
    """Check that ids are Discord's. Elsewhere an id may be any text."""
    wrong = [each for each in ids if not (each.isascii() and each.isdigit())]
    if wrong:
        raise ValueError(
            f"expected Discord ids, which are numbers such as 123456789012345678, found {wrong[0]!r}: in "
            "Discord, switch on Developer Mode, and copy the id from the menu of the person or role"
        )
    return ids


RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]
ArchivePlace = Annotated[str, AfterValidator(_archive)]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")


def named_secrets(text: str) -> tuple[tuple[str, str], ...]:
    """Read `name:secret, name:secret` in order.

    Raises ValueError, which shows no secret, for anything else.
    """
    pairs = []
    for number, part in enumerate((each.strip() for each in text.split(",") if each.strip()), start=1):
        name, colon, secret = part.partition(":")
        if not colon or not secret or not _NAME.fullmatch(name):
            raise ValueError(
                f"entry {number} is not name:secret; a name has letters, digits, _, . or -, "
                "and entries are separated by commas"
            )
        pairs.append((name, secret))
    names = [name for name, _ in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"expected every name once, found {', '.join(twice)} twice")
    return tuple(pairs)


def encryption_key(name: str, text: str) -> bytes:
    """Read an AES-256 key written in base64; raises ValueError, which does not show it."""
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != 32:
        raise ValueError(
            f"expected key {name} to be 32 bytes in base64 (make one with `openssl rand -base64 32`), found "
            "something else"
        )
    return key


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of every day in New York; they may extend over midnight."""

    start: time
    end: time

    def __str__(self) -> str:
        """Write it as it is set: 22:00-07:00."""
        return f"{self.start:%H:%M}-{self.end:%H:%M}"

    def contains(self, at: datetime) -> bool:
        """Return whether a moment lies in these hours."""
        now = at.astimezone(NEW_YORK).time()
        return self.start <= now < self.end if self.start <= self.end else now >= self.start or now < self.end


def _hours(value: object) -> object:
    """Read `22:00-07:00`."""
    if not isinstance(value, str):
        return value
    try:
        start, end = (time.fromisoformat(part.strip()) for part in value.split("-"))
    except ValueError:
        raise ValueError(f"expected hours such as 22:00-07:00, found {value!r}") from None
    return Hours(start, end)


QuietHours = Annotated[Hours, BeforeValidator(_hours), PlainSerializer(str)]
"""Hours of every day, as 22:00-07:00."""

IdList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_list), PlainSerializer(",".join)]
"""Ids separated by commas."""
DiscordIdList = Annotated[IdList, AfterValidator(_discord_ids)]
"""Ids of people or roles of Discord, separated by commas."""


def fees(items: Sequence[str]) -> dict[str, Decimal]:
    """Read `SPX=0.65` as dollars by symbol; raises ValueError for anything else."""
    found = {}
    for item in items:
        name, _, amount = item.partition("=")
        try:
            fee = Decimal(amount)
        except InvalidOperation:
            fee = Decimal("NaN")
        if not name.strip() or not fee.is_finite() or fee < 0:
            raise ValueError(f"expected fees as SPX=0.65, found {item!r}")
        found[name.strip().upper()] = fee
    return found


def _checked_fees(items: tuple[str, ...]) -> tuple[str, ...]:
    fees(items)
    return items


FeeList = Annotated[
    tuple[str, ...],
    NoDecode,
    BeforeValidator(split_list),
    AfterValidator(_checked_fees),
    PlainSerializer(",".join),
]
"""Dollars by symbol, as SPX=0.65, separated by commas."""


def _day(text: object) -> date:
    """Read `2027-01-09`; a date of a TOML file passes as it is."""
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(str(text).strip())
    except ValueError:
        raise ValueError(f"expected a date such as 2027-01-09, found {text!r}") from None


def _days(value: object) -> object:
    """Read `2027-01-09, 2027-05-05` as days."""
    found = split_list(value)
    return tuple(map(_day, found)) if isinstance(found, tuple) else found


def _early_closes(value: object) -> object:
    """Read `2027-07-02=13:00` as a day that closes early."""
    found = split_list(value)
    return tuple(map(_early_close, found)) if isinstance(found, tuple) else found


def _early_close(item: object) -> object:
    if not isinstance(item, str):
        return item
    day, _, at = item.partition("=")
    try:
        closes = datetime.strptime(at.strip(), "%H:%M").time()  # noqa: DTZ007 - a time of day in New York
    except ValueError:
        raise ValueError(
            f"expected a day and the New York time it closes at, such as 2027-07-02=13:00, found {item!r}"
        ) from None
    return EarlyClose(day=_day(day), at=closes)


def _early_closes_text(value: Sequence[EarlyClose]) -> str:
    return ",".join(f"{each.day.isoformat()}={each.at:%H:%M}" for each in value)


DayList = Annotated[
    tuple[date, ...],
    NoDecode,
    BeforeValidator(_days),
    PlainSerializer(lambda days: ",".join(each.isoformat() for each in days)),
]
"""Days, as 2027-01-09, separated by commas."""

EarlyCloseList = Annotated[
    tuple[EarlyClose, ...], NoDecode, BeforeValidator(_early_closes), PlainSerializer(_early_closes_text)
]
"""Days that close early, as 2027-07-02=13:00, separated by commas."""

Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(seconds_text)]
"""A time in seconds, fractions allowed."""
