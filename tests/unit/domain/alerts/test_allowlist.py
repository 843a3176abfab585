"""WHO-10: author, channel and guild are each on their list, by id, or nothing is traded."""

from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.alerts.allowlist import Allowlist, check_allowlist
from alert_trader.domain.denial import Code
from alert_trader.domain.ids import MessageId

IDS = st.sampled_from(["", "1", "2", "3", "11", " 1"])
LISTS = st.lists(st.sampled_from(["", "1", "2", "11"]), max_size=3).map(tuple)


def message(author: str = "1", channel: str = "2", guild: str = "3") -> AlertMessage:
    """Make a message from somebody, somewhere."""
    return AlertMessage(
        message_id=MessageId("9"),
        text="BTO SPY 450c 12/18 @ 1.20",
        author_id=author,
        channel_id=channel,
        guild_id=guild,
        posted_at=datetime(2026, 11, 23, 15, tzinfo=UTC),
        author_name="1",
    )


@given(ids=st.tuples(IDS, IDS, IDS), authors=LISTS, channels=LISTS, guilds=LISTS)
def test_only_a_message_with_all_three_on_their_lists_passes(
    ids: tuple[str, str, str], authors: tuple[str, ...], channels: tuple[str, ...], guilds: tuple[str, ...]
) -> None:
    """WHO-10: each id must be on its own list, exactly as written; an empty id is on none."""
    denied = check_allowlist(message(*ids), Allowlist(authors=authors, channels=channels, guilds=guilds))
    on_lists = [
        bool(found) and found in allowed
        for found, allowed in zip(ids, (authors, channels, guilds), strict=True)
    ]
    assert (denied is None) == all(on_lists)
    if denied is not None:
        first = (Code.AUTHOR_NOT_ALLOWED, Code.CHANNEL_NOT_ALLOWED, Code.GUILD_NOT_ALLOWED)[
            on_lists.index(False)
        ]
        assert denied.code is first


@pytest.mark.parametrize("given_", [each for each in product([(), ("1", "2", "3")], repeat=3) if () in each])
def test_an_empty_list_allows_no_author(given_: tuple[tuple[str, ...], ...]) -> None:
    """WHO-10: an empty list denies every message, whatever is on the other two."""
    authors, channels, guilds = given_
    assert (
        check_allowlist(message(), Allowlist(authors=authors, channels=channels, guilds=guilds)) is not None
    )


def test_a_name_is_not_an_id() -> None:
    """WHO-10: the author's name decides nothing."""
    denied = check_allowlist(message(author="7"), Allowlist(authors=("1",), channels=("2",), guilds=("3",)))
    assert denied is not None
    assert (denied.code, denied.facts) == (Code.AUTHOR_NOT_ALLOWED, {"author": "7", "allowlisted": "1"})
