"""Read the parts of an exit plan as people write them: in commands, in the card's form, in settings.

Every function raises ValueError that names what was expected and what was found.
"""

import re
from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal

from alert_trader.domain.exits.plan import BreakEven, Single, StopLoss, Target, TimeExit, Trail
from alert_trader.domain.money import Price

# at most 8 digits each: a longer number is a mistake, and never a reason to compute for long
_NUMBER = r"(?:[0-9]{1,8}(?:\.[0-9]{0,8})?|\.[0-9]{1,8})"
_STOP = re.compile(rf"(?:-(?P<loss>{_NUMBER}) ?%|\$?(?P<price>{_NUMBER}))")
_TARGET = re.compile(rf"(?P<share>{_NUMBER}) ?% ?@ ?\+?(?P<gain>{_NUMBER}) ?%")
_TRAIL = re.compile(
    rf"-?(?:(?P<share>{_NUMBER}) ?%|\$?(?P<amount>{_NUMBER}))(?: from \+?(?P<gain>{_NUMBER}) ?%)?"
)
_BREAK_EVEN = re.compile(
    rf"(?:(?:after )?(?P<targets>[0-9]{{1,2}})|\+?(?P<gain>{_NUMBER}) ?%)(?: \+\$?(?P<plus>{_NUMBER}))?"
)
_CLOCK = re.compile(r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})")
_BEFORE_CLOSE = re.compile(r"(?P<minutes>[0-9]{1,4}) ?m(?:in)? before (?:the )?close")
_HELD = re.compile(r"(?P<minutes>[0-9]{1,5}) ?m(?:in)? held")
_BEFORE_EXPIRY = re.compile(r"(?P<days>[0-9]{1,3}) ?d(?:ays?)? before expiry(?: (?:at )?(?P<clock>[0-9:]+))?")
_STOP_WORD = r"(?:move |raise )?(?:sl|stops?|stop loss|stop-loss)"
_ALONE = r"(?:be|b/e|breakeven|break even|break-even)"
_ENTRY_WORD = rf"(?:{_ALONE}|entry)"
_AUTHOR_STOP = re.compile(
    rf"(?:{_STOP_WORD}(?: (?:to|at|now|now at))? (?:{_ENTRY_WORD}|\$?(?P<price>{_NUMBER}))|{_ALONE})"
)

_STOP_FORMS = "a loss such as -30% or a price such as 0.90"
_TARGET_FORMS = "a share and a gain such as 50%@+100%"
_TRAIL_FORMS = "a share such as 20% or dollars such as 0.15, then perhaps a gain such as 'from +50%'"
_BREAK_EVEN_FORMS = "a number of targets such as 1 or a gain such as +50%, then perhaps dollars such as +0.05"
_TIME_FORMS = "a New York time such as 15:45, '30m before close', '2d before expiry' or '45m held'"


def read_stop(text: str) -> StopLoss:
    """Read "-30%" or "0.90"."""
    found = _match(_STOP, text, _STOP_FORMS)
    if found["loss"] is not None:
        return StopLoss(loss=_fraction(found["loss"]))
    return StopLoss(price=Price(Decimal(found["price"])))


def read_target(text: str) -> Target:
    """Read "50%@+100%"."""
    found = _match(_TARGET, text, _TARGET_FORMS)
    return Target(share=_fraction(found["share"]), gain=_fraction(found["gain"]))


def read_trail(text: str) -> Trail:
    """Read "20%", "0.15" or "20% from +50%"."""
    found = _match(_TRAIL, text, _TRAIL_FORMS)
    from_gain = Decimal(0) if found["gain"] is None else _fraction(found["gain"])
    if found["share"] is not None:
        return Trail(share=_fraction(found["share"]), from_gain=from_gain)
    return Trail(amount=Decimal(found["amount"]), from_gain=from_gain)


def read_break_even(text: str) -> BreakEven:
    """Read "1", "after 1", "+50%" or "+50% +0.05"; an empty text is after the first target."""
    found = _match(_BREAK_EVEN, text or "1", _BREAK_EVEN_FORMS)
    plus = Decimal(found["plus"] or 0)
    if found["targets"] is not None:
        return BreakEven(after_targets=int(found["targets"]), plus=plus)
    return BreakEven(gain=_fraction(found["gain"]), plus=plus)


def read_time(text: str) -> TimeExit:
    """Read "15:45", "30m before close", "2d before expiry", "2d before expiry 15:30" or "45m held"."""
    written = _normal(text)
    if (found := _BEFORE_CLOSE.fullmatch(written)) is not None:
        return TimeExit(before_last_trade=timedelta(minutes=int(found["minutes"])))
    if (found := _HELD.fullmatch(written)) is not None:
        return TimeExit(held=timedelta(minutes=int(found["minutes"])))
    if (found := _BEFORE_EXPIRY.fullmatch(written)) is not None:
        at = None if found["clock"] is None else _clock(found["clock"], text)
        return TimeExit(days_before_expiry=int(found["days"]), at=at)
    return TimeExit(at=_clock(written, text))


def read_single(text: str) -> Single:
    """Read "first target", "stop" or "nothing"."""
    try:
        return Single(_normal(text))
    except ValueError:
        raise ValueError(f"expected {', '.join(Single)}, found {text!r}") from None


def _normal(text: str) -> str:
    return " ".join(text.lower().split())


def _match(pattern: re.Pattern[str], text: str, forms: str) -> re.Match[str]:
    found = pattern.fullmatch(_normal(text))
    if found is None:
        raise ValueError(f"expected {forms}, found {text!r}")
    return found


def _fraction(percentage: str) -> Decimal:
    return Decimal(percentage) / 100


def _clock(written: str, text: str) -> time:
    found = _CLOCK.fullmatch(written)
    if found is None or int(found["hour"]) > 23 or int(found["minute"]) > 59:
        raise ValueError(f"expected {_TIME_FORMS}, found {text!r}")
    return time(int(found["hour"]), int(found["minute"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorStop:
    """A stop that an author writes about a trade: at a price, or at the entry (None)."""

    price: Price | None = None


def read_author_stop(text: str) -> AuthorStop | None:
    """Read "BE", "SL to entry", "stop .90" or "SL at BE"; None for any other text.

    The whole text must be it: a remark that only mentions a stop moves nothing.
    """
    found = _AUTHOR_STOP.fullmatch(_normal(text).rstrip(".!"))
    if found is None:
        return None
    written = found["price"]
    if written is None:
        return AuthorStop()
    price = Price(Decimal(written))
    return AuthorStop(price=price) if price > 0 else None
