"""Words around an alert: talk that changes nothing, and words that refuse it."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage
from alert_trader.domain.alerts.parser import parse

Posted = Callable[..., AlertMessage]

ALERT = "BTO KO 70c 12/18 @ 1.25"

HARMLESS = [
    "not financial advice",
    "NFA",
    ":)",
    "\U0001f680\U0001f680",
    "<@&123> <:go:55> https://example.com/chart?x=1",
    "(a day trade, maybe a swing)",
    "scalp ( may turn into a swing, big call volume)",
    "SL set at 0.7 RISKY",
    "stop below 69.5",
    "no stop on this one",
    "don't chase",
    "small size, only what you can lose",
    "only risking 1% of my account",
    "(2% position)",
    "1/2 size",
    "sell at 2.50",
    "looking for 2.00, 2.50",
    "targets 1.50 2.00 2.50",
    "PT 72/75",
    "will add on dips if it holds",
    "will trim half when it doubles",
    "stop if it closes below the 9ema",
    "holding support at 69.50",
    "not gonna hold this overnight",
    "earnings tomorrow",
    "buying the dip",
    "back above vwap, out if it turns",
    "5m chart looks great",
    "added. new avg 1.42",
    "risky, a short squeeze trade",
    "don't want to miss this one",
    "won't add more, not a full position",
    "let's see if bulls can hold this",
    "should bounce here",
    "thinking we bounce",
    "holding into the close",
    "a gap up tomorrow would be nice",
    "same play as yesterday",
    "like I said",
    "missed the first entry",
    "got filled",
    "took 3",
    "trade #2",
    "1 more",
    "PT 72 then 75",
    "100% target",
    "looking for a break over 72",
    "I think we see 72",
]


@pytest.mark.parametrize("talk", HARMLESS)
def test_chatter_after_a_complete_alert_changes_nothing(posted: Posted, talk: str) -> None:
    """WHO-50: disclaimers, stops, targets, sizes and plans for later change no contract and no price."""
    plain, talked = parse(posted(ALERT)), parse(posted(f"{ALERT} {talk}"))
    assert talked.kind is AlertKind.ENTRY, talked.reason
    assert (talked.symbol, talked.strike, talked.expiry, talked.price) == (
        plain.symbol,
        plain.strike,
        plain.expiry,
        Decimal("1.25"),
    )


@pytest.mark.parametrize(
    "front",
    [
        "Good morning! ",
        "ok guys, ",
        "I was hoping for this all day :grin: ",
        "<@&123> ",
        "\U0001f4c8 ",
        "1\ufe0f\u20e3 ",
        "@Room | Monday - 11-23-2026  09:35 AM EST\n@Pro\n",
        "That looks strong.\n",
    ],
)
def test_a_finished_sentence_before_an_alert_changes_nothing(posted: Posted, front: str) -> None:
    """A greeting, a mention, a time stamp or a whole sentence in front changes nothing."""
    parsed = parse(posted(front + ALERT))
    assert parsed.kind is AlertKind.ENTRY, parsed.reason
    assert parsed.price == Decimal("1.25")


@pytest.mark.parametrize(
    "talk",
    [
        "if it holds 69",
        "on a break of 70",
        "only when it dips",
        "above 70",
        "at open",
        "tomorrow",
        "did not fill",
        "won't take it",
        "cancel that",
        "jk",
        "was my entry this morning",
        "closed at 2.00",
        "sold half already at 2",
        "hit 2.50",
        "congrats all",
        "now 2.50",
        "up 50% already",
        "from 0.80",
        "or 1.10",
        "and 75c too",
        "and DIS 112c",
        "need to see volume first",
        "as a spread with the 75c",
        "STC DIS 112c 12/18 @ 2",
        "sell the 75c",
        "?",
    ],
)
def test_words_that_contradict_an_alert_refuse_it(posted: Posted, talk: str) -> None:
    """WHO-40: a condition, negation, result, second number or contract behind an alert refuses it."""
    assert parse(posted(f"{ALERT} {talk}")).kind is AlertKind.REFUSED


@pytest.mark.parametrize(
    "front",
    [
        "John: ",
        "John says ",
        "if it holds ",
        "Watching ",
        "Trade idea: ",
        "was ",
        "Not taking ",
        "5 minutes ago ",
        "my entry was ",
        "KO looks great ",
    ],
)
def test_words_of_doubt_before_an_alert_refuse_it(posted: Posted, front: str) -> None:
    """WHO-40: a quotation, a condition or the past in front of an alert refuses it."""
    assert parse(posted(front + ALERT)).kind is AlertKind.REFUSED


def test_a_harmless_clause_is_allowed_only_after_a_complete_alert(posted: Posted) -> None:
    """The same words in front of an action, or without a price, may be its condition."""
    assert parse(posted("will add if it dips: BTO KO 70c 12/18 @ 1.25")).kind is AlertKind.REFUSED
    assert parse(posted("BTO KO 70c 12/18 will add if it dips")).kind is AlertKind.REFUSED


def test_a_bots_date_stamp_counts_for_its_day(posted: Posted) -> None:
    """0DTE counts from the date in the header line; an alert with an earlier date is refused."""
    text = "@Room | {day}  09:35 AM EST\nBuy To Open\nKO 70C 0DTE $0.71"
    assert str(parse(posted(text.format(day="Monday - 11-23-2026"))).expiry) == "2026-11-23"
    assert parse(posted(text.format(day="Friday - 11-20-2026"))).kind is AlertKind.REFUSED


@pytest.mark.parametrize(
    "talk",
    [
        "not filled",
        "looking for a break over 72 before entering",
        "at the close",
        "tomorrow",
        "if it breaks 72",
        "you should wait",
        "switch to 72",
        "meant 72",
        "or the 72",
        "*72",
        "up to 1.40",
        "filled earlier",
        "needs to clear 72 first",
    ],
)
def test_a_possible_withdrawal_after_an_alert_refuses_it(posted: Posted, talk: str) -> None:
    """WHO-40: words close to the harmless phrases are refused: a condition, another strike, a time."""
    assert parse(posted(f"{ALERT} {talk}")).kind is AlertKind.REFUSED


@pytest.mark.parametrize(
    "front", ["we should ", "let's see if we ", "looking for ", "will let you know if we ", "tomorrow "]
)
def test_harmless_text_after_an_alert_is_not_harmless_before_it(posted: Posted, front: str) -> None:
    """WHO-40: in front of the action the same words are a plan."""
    assert parse(posted(f"{front}{ALERT}")).kind is AlertKind.REFUSED
