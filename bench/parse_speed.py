"""How many messages the parser reads a second on one core.

    python bench/parse_speed.py [--seconds 2] [--json]

The texts are ours, in the shapes and the mix of real channels: most messages are talk, one in eight opens a
trade. Dates and prices differ from message to message. Each kind is measured alone too. Time is CPU time of
this process, so that other load on the machine counts little; the best of five rounds is printed, after a
first one that is not counted.
"""

import argparse
import json
import time
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice

from alert_trader.domain.alerts.alert import AlertMessage, Embed
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.ids import MessageId
from alert_trader.domain.market.calendar import is_trading_day

POSTED = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
ROUNDS = 5
ROOM = 400
"""Messages of one pass."""

ENTRIES = (
    "Alert: BTO KO {strike}p {date} @ 0.{cents}",
    "BTO DIS {date} {strike}c @ 2.{cents} (risky)",
    "Super Lotto: BTO DIS {strike}c 1DTE @ 0.{cents}",
    "buy DIS Calls Dec 18 {strike} calls for 4.{cents} @everyone",
    "**$KO {date} {strike}c 1.{cents}x10**",
    "Buy To Open\nDIS {strike}C 0DTE $0.{cents}\n@gateway",
)
TALKED = (
    "BTO KO {strike}c {date} @ 1.{cents} SL .80 PT1: 2.50 PT2: 3.50, not financial advice",
    "\U0001f680 BTO KO {strike}c {date} @ 1.{cents} loading up for a swing, will trim half into strength",
)
EXITS = (
    "STC DIS {date} {strike}c @ 2.{cents} half out, stop to breakeven",
    "STC KO {strike}p {date} @ 1.{cents} all out",
    "trim 50% of KO here",
    "out of DIS",
    "closed DIS {date} {strike} calls at 2.{cents}",
)
REFUSED = (
    "BTO KO {strike}c {date} @ 1.{cents}-1.99",
    "BTO KO {strike}c @ 1.{cents}",
    "BTO KO {strike}/99c {date} spread @ 1.{cents}",
)
TALK = (
    "good morning everyone, futures are flat",
    "KO looks strong into the close, watching {strike} as support",
    "that was a great call, thanks for the trade today",
    "SPY {strike}.{cents} now, no trade here until the level breaks",
    "I'm up 45% on the day and calling it quits, see you all tomorrow",
    "anyone else having trouble with their platform? mine froze at the open",
    (
        "remember to size properly and never risk more than you can afford to lose on a single position, "
        "the market is always here"
    ),
    "lol",
)
FORM = Embed(
    title="CALL buy to open",
    description="**Ticker:** KO\n**Expiry:** 12/18\n**Strike:** 70\n**Entry:** 1.25\n**Stop loss:** 20%",
)


def texts(shapes: tuple[str, ...], count: int) -> list[AlertMessage]:
    """Make messages in these shapes, each with its own strike, date and cents."""
    days = [day for day in (date(2026, 11, 24) + timedelta(days=n) for n in range(90)) if is_trading_day(day)]
    made = []
    for number, shape in enumerate(islice(cycle(shapes), count)):
        day = days[number * 7 % len(days)]
        made.append(
            message(
                shape.format(strike=60 + number % 40, date=f"{day:%m/%d/%y}", cents=f"{number % 90 + 10}")
            )
        )
    return made


def message(text: str, *embeds: Embed) -> AlertMessage:
    """Make a message posted on the bench's day."""
    return AlertMessage(
        message_id=MessageId("1"),
        text=text,
        author_id="",
        channel_id="",
        guild_id="",
        posted_at=POSTED,
        embeds=embeds,
    )


def rate(messages: list[AlertMessage], seconds: float) -> int:
    """Return the messages read a second of the process's time: the best of some rounds."""
    best = 0.0
    for number in range(ROUNDS + 1):
        read, began = 0, time.process_time()
        while time.process_time() - began < seconds / ROUNDS:
            for each in messages:
                parse(each)
            read += len(messages)
        if number > 0:
            best = max(best, read / (time.process_time() - began))
    return round(best)


def main() -> None:
    """Measure, and print what was measured."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=2.0, help="to measure each kind")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    eighth = ROOM // 8
    kinds = {
        "room": texts(TALK, 5 * eighth)
        + texts(EXITS, eighth)
        + texts(REFUSED, eighth)
        + texts(ENTRIES + TALKED, eighth),
        "plain entries": texts(ENTRIES, ROOM),
        "entries with talk": texts(TALKED, ROOM),
        "exits": texts(EXITS, ROOM),
        "refused": texts(REFUSED, ROOM),
        "talk": texts(TALK, ROOM),
        "forms in embeds": [message("", FORM)] * ROOM,
    }
    rates = {name: rate(messages, chosen.seconds) for name, messages in kinds.items()}
    if chosen.json:
        print(json.dumps(rates))
        return
    for name, read in rates.items():
        print(f"{name:18} {read:>8,} messages a second")


if __name__ == "__main__":
    main()
