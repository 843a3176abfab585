"""A thread's lines: numbered, short enough, and readable back."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from alert_trader.bot.cards import NONCE_LENGTH, nonce
from alert_trader.bot.thread_lines import last_sequence, thread_messages
from alert_trader.domain.audit.event import EventKind, TradeEvent
from tests.unit.bot.conftest import NOON


def event(sequence: int, text: str = "Bought 4 at 1.20") -> TradeEvent:
    """Make an event, as many seconds after the alert as its number."""
    return TradeEvent(
        sequence=sequence, at=NOON + timedelta(seconds=sequence), kind=EventKind.FILLED, text=text
    )


def test_a_line_has_number_time_and_text() -> None:
    """The number counts, the time is since the alert, the words are inert."""
    assert thread_messages([event(3, "Alert: *x*")], NOON) == ["`3` `3.0 s` 🟢 Alert\\: \\*x\\*"]


@given(st.lists(st.text(max_size=1500), min_size=1, max_size=40))
def test_a_thread_shows_the_last_posted_event(texts: list[str]) -> None:
    """For any events, each message is within Discord's limit and the last number is read back from them."""
    events = [event(place, text) for place, text in enumerate(texts, 1)]
    messages = thread_messages(events, NOON)
    assert last_sequence(messages) == len(events)
    assert all(len(each) <= 2000 for each in messages)
    assert last_sequence([]) == 0


def test_a_message_cannot_forge_a_later_event() -> None:
    """A number in an event's text never counts: only those that begin a line do."""
    assert last_sequence(thread_messages([event(1, "`99` x\n`100` y")], NOON)) == 1


def test_nonces_are_the_same_for_the_same_part_and_fit() -> None:
    """The name of a message that is made once follows from the alert and the part alone, in 25 characters."""
    names = {nonce("1574672848276946944", part) for part in ("c", "1", "120")} | {
        nonce("cli-" + "x" * 26, part) for part in ("c", "1")
    }
    assert len(names) == 5
    assert all(len(each) <= NONCE_LENGTH for each in names)
    assert nonce("m1", "c") == nonce("m1", "c")
