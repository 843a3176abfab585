"""A report as people see it: what is other people's text stays text, and nothing is left out."""

import struct
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

from alert_trader.control.reports.page import page
from alert_trader.control.reports.picture import LIGHT, picture, timeline_picture
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.ids import message_id
from alert_trader.domain.reports.calculation import make_report
from alert_trader.domain.reports.figures import Grouping, Scope, Share
from alert_trader.domain.reports.shadow import Shadow, score
from alert_trader.domain.reports.timeline import timeline_of
from alert_trader.domain.reports.trade_record import ReportedTrade
from tests.support.reported_trades import DAY, DENIED, OPEN, Trades

EVIL = '<script>alert("x")</script> $a_b$ {{ 7*7 }}'
NOW = OPEN + timedelta(hours=8)
SCOPE = Scope(grouping=Grouping.DAY, title=EVIL, since=DAY, until=DAY)


class Tags(HTMLParser):
    """Collects the tags, and the addresses that a page would load."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self.tags: set[str] = set()
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.add(tag)
        self.loads += [value or "" for name, value in attrs if name in {"src", "href"}]


def test_a_page_is_self_contained_and_runs_no_script(bought: ReportedTrade, trade: Trades) -> None:
    """WHO-60: names and alerts are text in it; it has no script, and loads nothing from anywhere."""
    missed = trade("m2", DENIED, author_name=EVIL, contract=EVIL, outcome="denied", closed_at=OPEN)
    trades = [replace(bought, author_name=EVIL), missed]
    written = page(make_report(trades, SCOPE, made_at=NOW), timeline=timeline_of(trades, DAY, NOW))
    found = Tags()
    found.feed(written)
    assert "script" not in found.tags
    assert all(address.startswith("data:image/png;base64,") for address in found.loads)
    assert "{{ 7*7 }}" in written
    assert all(words in written for words in ("+248.00", "QUOTE_STALE", "bump 1", "nine of ten within"))


def test_pictures_are_drawn_of_a_day_and_of_no_trades(bought: ReportedTrade) -> None:
    """A picture is a PNG 1280 wide, also without any trade, and with names that would be formulas."""
    trades = [replace(bought, author_name=EVIL, contract=EVIL)]
    line = timeline_of(trades, DAY, NOW)
    drawn = [
        picture(make_report(trades, SCOPE, made_at=NOW), timeline=line),
        picture(make_report([], SCOPE, made_at=NOW), palette=LIGHT),
        timeline_picture(line),
        timeline_picture(timeline_of([], DAY, NOW)),
    ]
    for each in drawn:
        assert each.startswith(b"\x89PNG")
        assert struct.unpack(">I", each[16:20])[0] == 1280


def said(*texts: str) -> Shadow:
    """Score messages of one author, a minute apart."""
    begun = datetime(2026, 11, 24, 15, tzinfo=UTC)
    messages = [
        AlertMessage(
            message_id=message_id(f"m{number}"),
            text=text,
            author_id="7",
            channel_id="1",
            guild_id="2",
            posted_at=begun + timedelta(minutes=number),
        )
        for number, text in enumerate(texts)
    ]
    return score([(message, parse(message)) for message in messages])


def test_a_channel_is_scored_from_its_messages() -> None:
    """Entries are paired with the exits written of them.

    An exit of something else, or without a price, has no result.
    """
    report = said(
        "BTO SPY 600c 12/18 @ 1.00",
        "BTO QQQ 500c 12/18 @ 2.00",
        "STC SPY 600c 12/18 @ 1.60",
        "STC QQQ 500c 12/18 @ 1.50",
        "STC IWM 200c 12/18 @ 9.00",
        "BTO AAPL 300c 12/18 @ 1.00",
        "good morning",
        "BTO SPY 12/18/2026 607 @ 2.00",
    )
    [author] = report.authors
    assert (author.entries, author.denied, author.exits, author.unmatched_exits) == (3, 1, 3, 1)
    assert (author.exited, author.won, author.reached_half, author.reached_double) == (
        Share(count=2, of=3),
        Share(count=1, of=2),
        Share(count=1, of=2),
        Share(count=0, of=2),
    )
    assert author.median_gain == Decimal("0.175")
    assert report.denials == {"PARSE_NO_RIGHT": 1}


def test_an_exit_belongs_to_the_newest_matching_entry() -> None:
    """The same contract bought twice: the exit is of the second, and never of one that comes after it."""
    report = said(
        "STC SPY 600c 12/18 @ 5.00",
        "BTO SPY 600c 12/18 @ 1.00",
        "BTO SPY 600c 12/18 @ 2.00",
        "STC SPY 600c 12/18 @ 3.00",
    )
    [author] = report.authors
    assert (author.unmatched_exits, author.exited, author.median_gain) == (
        1,
        Share(count=1, of=2),
        Decimal("0.500"),
    )


def test_a_picture_runs_no_file_of_the_current_folder(tmp_path: Path) -> None:
    """Matplotlib reads a `matplotlibrc` of the current folder.

    Which can even have other programs draw the text; it has no say here.
    """
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nfont.size: 40\n")
    code = (
        "import matplotlib, alert_trader.control.reports.picture; "
        "print(matplotlib.rcParams['text.usetex'], matplotlib.rcParams['font.size'])"
    )
    drawn = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert drawn.stdout.split() == ["False", "10.0"]
