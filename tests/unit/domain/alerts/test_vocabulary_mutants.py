"""A mutation check of the vocabulary: without any one of its words, a reading that matters changes."""

from collections.abc import Callable

import pytest

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.alerts.parsing.candidates import closing
from alert_trader.domain.alerts.parsing.checks import bare, wording
from alert_trader.domain.alerts.parsing.vocabulary import entry_words, marks
from alert_trader.domain.alerts.parsing.vocabulary.doubtful_words import (
    DOUBTFUL_BEHIND_ENTRY,
    DOUBTFUL_WORDS,
)
from alert_trader.domain.alerts.parsing.vocabulary.entry_words import ACTS, RESULTS
from alert_trader.domain.alerts.parsing.vocabulary.exit_words import CLOSING, TRIMMING

Posted = Callable[..., AlertMessage]

# "sold" is an action as well, and "filled" behind an entry is harmless
ALERT = "BTO KO 70c 12/18 @ 1.25"
BARE = "KO 70c 12/18 @ 1.25 lotto"


@pytest.mark.parametrize("word", sorted(DOUBTFUL_BEHIND_ENTRY - {"sold", "filled"}))
def test_each_doubtful_word_behind_an_entry_refuses_it(
    posted: Posted, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    """WHO-40: with the word the alert is refused; a table without it would trade."""
    message = posted(f"{ALERT} {word}")
    assert parse(message).kind is AlertKind.REFUSED
    monkeypatch.setattr(wording, "DOUBTFUL_BEHIND_ENTRY", DOUBTFUL_BEHIND_ENTRY - {word})
    monkeypatch.setattr(wording, "DOUBTFUL_WORDS", {k: v for k, v in DOUBTFUL_WORDS.items() if k != word})
    negation = word.endswith("n't") or "'" in word
    assert negation or parse(message).kind is AlertKind.ENTRY


@pytest.mark.parametrize("word", sorted(RESULTS - DOUBTFUL_BEHIND_ENTRY - {"high", "now", "volume"}))
def test_each_word_of_a_result_makes_a_bare_contract_none(
    posted: Posted, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    """WHO-40: a contract with a price and this word is a result or a remark, and no purchase."""
    message = posted(f"{BARE} {word}")
    assert parse(message).kind is not AlertKind.ENTRY
    monkeypatch.setattr(bare, "RESULTS", RESULTS - {word})
    assert parse(message).kind is AlertKind.ENTRY


@pytest.mark.parametrize("mark", sorted(marks.STOPPING), ids=ascii)
def test_each_mark_of_a_stop_in_front_refuses_an_alert(
    posted: Posted, monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    """WHO-40: a stop sign, a skull, eyes or money in front make an alert something else."""
    message = posted(f"{mark} {ALERT}")
    assert parse(message).kind is AlertKind.REFUSED
    monkeypatch.setattr(marks, "STOPPING", marks.STOPPING - {mark})
    assert parse(message).kind is AlertKind.ENTRY


@pytest.mark.parametrize("act", sorted(" ".join(act) for act in ACTS))
def test_each_act_of_buying_opens_an_entry(posted: Posted, act: str) -> None:
    """WHO-50: with the act in front, a whole contract with its price is an entry."""
    text = f"{act}: KO 70c 12/18 @ 1.25" if act in {"open", "entry"} else f"{act} KO 70c 12/18 @ 1.25 today"
    assert parse(posted(text)).kind is AlertKind.ENTRY


@pytest.mark.parametrize("act", sorted(CLOSING | TRIMMING))
def test_each_act_of_closing_is_an_exit(posted: Posted, monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    """With the act in front of a contract it is an exit; a table without it would leave the position."""
    message = posted(f"{act} KO 70c")
    assert parse(message).kind is AlertKind.EXIT
    monkeypatch.setattr(closing, "CLOSING", CLOSING - {act})
    monkeypatch.setattr(closing, "TRIMMING", TRIMMING - {act})
    assert parse(message).kind is not AlertKind.EXIT


def test_the_words_of_getting_ready_are_no_acts() -> None:
    """WHO-40: no act of buying is also a word of getting ready."""
    assert {word for act in ACTS for word in act}.isdisjoint(entry_words.GET_READY)
