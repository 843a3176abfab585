"""From a message in the channel to its card in it: `python bench/message_to_card.py [ALERTS]`.

The whole product runs, the bundled chat in place of Discord, on this machine and over real sockets. The
chat's own transcript has the times: a message was posted, its reaction was added, its card was posted, its
card first said what was bought. Not included is what Discord itself takes: its network, and its rate limit of
five new messages in five seconds in one channel.
"""

import asyncio
import json
import statistics
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from alert_trader import clock
from alert_trader.domain.market.calendar import new_york_date
from alert_trader.runtime.local.stack import Stack
from alert_trader.settings.load import load
from alert_trader.settings.model import DEMO_AUTHOR, DEMO_CHANNEL
from alert_trader.simulators.chat.client import ChatControl
from alert_trader.simulators.venue.client import VenueControl
from tests.support.harness import next_monthly

APART = 1.0
"""Seconds between two alerts."""

UNLIMITED = {"calls": 100_000, "seconds": 1.0}
LIMITS = {"posts": UNLIMITED, "edits": UNLIMITED, "reactions": UNLIMITED}


async def measure(alerts: int) -> dict[str, list[float]]:
    """Post so many alerts, each about a contract of its own, and return the seconds to reaction and card."""
    with tempfile.TemporaryDirectory() as directory:
        own = {
            "mode": "demo",
            "data_dir": Path(directory),
            "size_allocation": "0.001",
            "size_max_contracts": 1,
            "limit_trades_per_author": 10_000,
        }
        settings = load(environment={}, directory=Path(directory), flags=own).settings
        venue = {"accounts": [{"number": settings.account, "cash": 10_000_000}]}
        async with (
            Stack(
                settings, use_free_ports=True, with_chat=True, venue_config=venue, chat_config=LIMITS
            ) as stack,
            ChatControl(str(stack.chat_url)) as chat,
            VenueControl(str(stack.venue_url)) as market,
        ):
            expiry = next_monthly(clock.now())
            assert expiry > new_york_date(clock.now())
            for number in range(alerts + WARM):
                strike, price = 300 + number, f"{1 + number / 100:.2f}"
                await market.set_quote(f"SPY   {expiry:%y%m%d}C{strike * 1000:08d}", bid=price, ask=price)
                await chat.say(f"BTO SPY {expiry:%m/%d/%Y} {strike}c @ {price}", user=DEMO_AUTHOR)
                await asyncio.sleep(APART)
            await asyncio.sleep(SETTLE)
            return times(await chat.transcript())


SETTLE = 10
"""Seconds for the last cards."""

WARM = 5
"""Alerts before those that count: the first ones run on processes that have just started."""


def times(transcript: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Read the seconds from each alert to its reaction and to its card."""
    posted: dict[str, datetime] = {}
    found: dict[str, list[float]] = {"reaction": [], "card": []}
    for line in transcript:
        at = datetime.fromisoformat(line["at"])
        message: Any = line.get("message")
        if line["kind"] == "posted" and message["channel_id"] == DEMO_CHANNEL:
            if message["author"]["id"] == DEMO_AUTHOR:
                posted[message["id"]] = at
            elif message["embeds"]:
                alert = message["embeds"][0]["footer"]["text"].split(" ")[0].removeprefix("trade-")
                found["card"].append((at - posted[alert]).total_seconds())
        elif line["kind"] == "reacted":
            found["reaction"].append((at - posted[line["message"]]).total_seconds())
    return {what: each[WARM:] for what, each in found.items()}


def main() -> None:
    """Measure and print, in milliseconds."""
    alerts = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    found = asyncio.run(measure(alerts))
    for what, values in found.items():
        cuts = statistics.quantiles(values, n=100)
        print(
            json.dumps(
                {
                    "to": what,
                    "of": len(values),
                    "p50_ms": round(cuts[49] * 1000),
                    "p99_ms": round(cuts[98] * 1000),
                    "max_ms": round(max(values) * 1000),
                }
            )
        )


if __name__ == "__main__":
    main()
