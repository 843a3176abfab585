"""The stop and the targets that an alert names: read, and used only where the author's profile says so."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, Embed, EmbedField
from alert_trader.domain.alerts.alert_text import levels_text
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.alerts.profile import LevelSource, Profile
from alert_trader.domain.money import Price

Posted = Callable[..., AlertMessage]

NAMED = [
    # text, stop, targets
    ("BTO KO 70c 12/18 @ 1.25 SL .80 PT1: 2.50 PT2: 3.50", "0.80", ["2.50", "3.50"]),
    (
        "BTO KO 70c 12/18 @ 1.25. Stop loss at 0.90, targets 1.80, 2.4 and 3",
        "0.90",
        ["1.80", "2.40", "3.00"],
    ),
    ("BTO KO 70c 12/18 @ 1.25 SL 20% TP 50%", "-20%", ["+50%"]),
    ("BTO KO 70c 12/18 @ 1.25 PT: 125% SL: 75%", "-75%", ["+125%"]),
    (
        "BTO KO 70c 12/18 @ 1.25, stop at 68.5, PT 72/75",
        "68.5 of the underlying",
        ["72 of the underlying", "75 of the underlying"],
    ),
    (
        "BTO KO 70c 12/18 @ 1.25 (swing), TP: 72, 73.5 (SL: under 68)",
        "68 of the underlying",
        ["72 of the underlying", "73.5 of the underlying"],
    ),
    ("KO 70c 12/18 @ 1.25 entry, 0.90 stop", "0.90", []),
    ("SPY 600p 0dte 1.12 entry, 1.50 first trim", None, ["1.50"]),
    ("BTO KO 70c 12/18 @ 1.25 tp 2.2 2.8", None, ["2.20", "2.80"]),
    ("BTO KO 70c 12/18 @ 1.25 SL.80", "0.80", []),
    ("BTO KO 70c 12/18 @ 1.25 no stop", None, []),
    ("BTO KO 70c 12/18 @ 1.25", None, []),
    ("BTO KO 70c 12/18 @ 1.25 TS 30%", None, []),
    ("BTO KO 70c 12/18 @ 1.25 risk 2%", None, []),
    ("BTO KO 70c 12/18 @ 1.25 stop 1.40", None, []),  # above the entry
    ("BTO KO 70c 12/18 @ 1.25 PT 1.00", None, []),  # below it
    ("BTO KO 70c 12/18 @ 1.25 stop .8, stops .6", None, []),  # two different ones
]


@pytest.mark.parametrize(("text", "stop", "targets"), NAMED, ids=[ascii(row[0][:60]) for row in NAMED])
def test_the_stop_and_the_targets_of_an_alert_are_read(
    posted: Posted, text: str, stop: str | None, targets: list[str]
) -> None:
    """Prices are of the option; a share counts from the entry; near the strike they are the underlying's."""
    parsed = parse(posted(text))
    assert parsed.kind is AlertKind.ENTRY, parsed.reason
    assert (None if parsed.stop is None else parsed.stop.text(stop=True)) == stop
    assert [each.text(stop=False) for each in parsed.targets] == targets
    spans = [span for span in parsed.spans if span.field in {"stop", "target"}]
    assert all(text[span.start : span.end] == span.text for span in spans)
    assert bool(spans) == bool(parsed.stop or parsed.targets)


def test_the_stop_and_targets_of_a_form_are_read(posted: Posted) -> None:
    """Each is a named value; a second number in the line of a stop leaves it unread."""
    fields = (
        EmbedField(name="Ticker", value="KO"),
        EmbedField(name="Contract", value="70C 12/18"),
        EmbedField(name="Entry", value="$1.25"),
        EmbedField(name="Stop Loss", value="$0.90"),
        EmbedField(name="Targets", value="$1.80 / $2.40"),
        EmbedField(name="TP3", value="3.10"),
    )
    parsed = parse(replace(posted(""), embeds=(Embed(title="Trade opened", fields=fields),)))
    assert levels_text(parsed) == "stop 0.90, targets 1.80, 2.40, 3.10"
    two = (*fields[:3], EmbedField(name="Stop", value="0.90 or 0.70"))
    assert parse(replace(posted(""), embeds=(Embed(title="Trade opened", fields=two),))).stop is None


@given(stop=st.integers(1, 124), targets=st.lists(st.integers(126, 900), max_size=4, unique=True))
def test_what_is_named_is_read_as_written(posted: Posted, stop: int, targets: list[int]) -> None:
    """Any stop under the entry and any targets above it are read, each exactly."""
    named = ", ".join(f"{each / 100:.2f}" for each in targets)
    text = f"BTO KO 70c 12/18 @ 1.25 SL {stop / 100:.2f}" + (f" targets {named}" if named else "")
    parsed = parse(posted(text))
    assert parsed.stop is not None
    assert parsed.stop.price == Decimal(stop) / 100
    assert [each.price for each in parsed.targets] == [Decimal(each) / 100 for each in targets]
    assert parsed.price == Price(Decimal("1.25"))


def test_they_are_used_only_where_the_profile_says_so(posted: Posted) -> None:
    """The exit plan counts by default: what an author writes changes nothing that was not agreed."""
    parsed = parse(posted("BTO KO 70c 12/18 @ 1.25 SL .80 PT 2.50"))
    assert Profile().stop_of(parsed) is None
    assert Profile(stops=LevelSource.ALERT).stop_of(parsed) == parsed.stop
