"""Profiles and portions: rules about size, exits and the defaults of a room."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, Nature, ParsedAlert, Share
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.alerts.parsing.corrections import may_correct
from alert_trader.domain.alerts.portion import ALL, HALF, Portion, read_portion
from alert_trader.domain.alerts.profile import DefaultExpiry, Habits, Profile, RoomRule
from alert_trader.domain.execution.policy import Mode, Policy
from alert_trader.domain.market.contract import Right

Posted = Callable[..., AlertMessage]

MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)
EARLY_FRIDAY = datetime(2026, 11, 27, 15, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 28, 15, tzinfo=UTC)


@given(
    held=st.integers(0, 500),
    portion=st.one_of(
        st.just(ALL),
        st.integers(1, 900).map(lambda count: Portion(count=count)),
        st.decimals("0.01", "0.99", places=2).map(lambda share: Portion(fraction=share)),
    ),
)
def test_a_portion_is_never_more_than_is_held(held: int, portion: Portion) -> None:
    """EXT-10: any portion is a whole number of contracts between none and all."""
    assert 0 <= portion.of(held) <= held
    assert not portion.everything or portion.of(held) == held


@pytest.mark.parametrize(
    ("said", "held", "contracts"),
    [("1/3", 3, 1), ("1/3", 6, 2), ("2/3", 3, 2), ("1/7", 7, 1), ("1/3", 4, 1), ("1/3", 2, 0)],
)
def test_a_recurring_fraction_gives_whole_contracts(said: str, held: int, contracts: int) -> None:
    """A third of three is one: rounding of the decimal must not lose a contract."""
    assert read_portion(said).of(held) == contracts


@pytest.mark.parametrize(
    ("said", "portion"),
    [
        ("all", ALL),
        ("Half", HALF),
        ("1/2", HALF),
        ("50%", HALF),
        ("100%", ALL),
        ("3", Portion(count=3)),
        ("2/2", ALL),
    ],
)
def test_portions_are_read_as_people_write_them(said: str, portion: Portion) -> None:
    """A word, a fraction, a percentage or a count."""
    assert read_portion(said) == portion


@pytest.mark.parametrize("said", ["", "0", "-1", "0%", "150%", "1/0", "3/2", "some", "1.5", "nan%"])
def test_an_invalid_portion_is_refused(said: str) -> None:
    """A typo sells nothing."""
    with pytest.raises(ValueError, match="expected all, half"):
        read_portion(said)


@pytest.mark.parametrize(
    ("text", "entry_quantity", "portion"),
    [
        ("STC KO 70c 12/18 @ 2 all out", None, ALL),
        ("STC KO 70c 12/18 @ 2", None, ALL),
        ("STC KO 70c 12/18 @ 2 half", None, HALF),
        ("STC KO 70c 12/18 @ 2 partial", None, Portion(fraction=Decimal("0.4"))),
        ("STC 2 KO 70c 12/18 @ 2", 8, Portion(fraction=Decimal("0.25"))),
        ("STC 2 KO 70c 12/18 @ 2", 2, ALL),
        ("STC 2 KO 70c 12/18 @ 2", None, Portion(fraction=Decimal("0.4"))),
    ],
)
def test_an_authors_exit_sells_the_same_part_of_our_position(
    posted: Posted, text: str, entry_quantity: int | None, portion: Portion
) -> None:
    """A count is a share of the author's quantity, or `partial` where the entry had none."""
    assert Profile(partial=Decimal("0.4")).portion(parse(posted(text)), entry_quantity) == portion


def test_a_label_scales_every_cap() -> None:
    """RSK-10: a lotto has a share of the allocation, contracts and dollars, and at least one contract."""
    policy = Policy(mode=Mode.DEMO, profile=Profile(factors={"lotto": Decimal("0.05")}))
    small = policy.sizing_of("Lotto")
    assert (small.allocation, small.max_contracts, small.max_notional) == (
        Decimal("0.0010"),
        1,
        Decimal("100.00"),
    )
    assert policy.sizing_of("Alert") == policy.sizing


@pytest.mark.parametrize(("label", "factor"), [("lotto", "1.5"), ("lotto", "0"), ("rocket", "0.5")])
def test_a_factor_never_enlarges_a_trade(label: str, factor: str) -> None:
    """A factor above 1 and an unknown label are errors."""
    with pytest.raises(ValueError, match="expected a"):
        Profile(factors={label: Decimal(factor)})


@pytest.mark.parametrize(
    ("text", "room", "at", "contract"),
    [
        ("BTO KO 70c @ 1.25", RoomRule(expiry=DefaultExpiry.TODAY), MONDAY, "KO 70C 2026-11-23 1.25"),
        ("BTO KO 70c @ 1.25", RoomRule(expiry=DefaultExpiry.WEEKLY), MONDAY, "KO 70C 2026-11-27 1.25"),
        ("BTO KO 70c @ 1.25", RoomRule(expiry=DefaultExpiry.MONTHLY), MONDAY, "KO 70C 2026-12-18 1.25"),
        ("BTO KO 70c 12/18 @ 1.25", RoomRule(expiry=DefaultExpiry.TODAY), MONDAY, "KO 70C 2026-12-18 1.25"),
        ("BTO KO 70 12/18 @ 1.25", RoomRule(right=Right.CALL), MONDAY, "KO 70C 2026-12-18 1.25"),
        ("BTO KO 70p 12/18 @ 1.25", RoomRule(right=Right.CALL), MONDAY, "KO 70P 2026-12-18 1.25"),
        (
            "BTO KO 70 @ 1.25",
            RoomRule(right=Right.PUT, expiry=DefaultExpiry.TODAY),
            MONDAY,
            "KO 70P 2026-11-23 1.25",
        ),
    ],
)
def test_a_rooms_defaults_complete_an_alert(
    posted: Posted, text: str, room: RoomRule, at: datetime, contract: str
) -> None:
    """WHO-40: a default is used only for a part that the message does not name."""
    parsed = parse(posted(text, at), room)
    assert f"{parsed.symbol} {parsed.strike}{parsed.right} {parsed.expiry} {parsed.price}" == contract


@pytest.mark.parametrize(
    ("text", "room", "at"),
    [
        ("BTO KO 70c @ 1.25", RoomRule(), MONDAY),
        ("BTO KO 70c @ 1.25", RoomRule(expiry=DefaultExpiry.WEEKLY), EARLY_FRIDAY),
        ("BTO KO 70c @ 1.25", RoomRule(expiry=DefaultExpiry.TODAY), SATURDAY),
        ("BTO KO 70 72 @ 1.25", RoomRule(right=Right.CALL, expiry=DefaultExpiry.TODAY), MONDAY),
        ("BTO KO 70 12/18", RoomRule(expiry=DefaultExpiry.TODAY), MONDAY),
        ("KO 70 @ 1.25", RoomRule(right=Right.CALL, expiry=DefaultExpiry.TODAY), MONDAY),
        ("BTO KO 70c @ 1.25 nice 12/18 12/24", RoomRule(expiry=DefaultExpiry.TODAY), MONDAY),
    ],
)
def test_a_rooms_defaults_never_decide_between_two_readings(
    posted: Posted, text: str, room: RoomRule, at: datetime
) -> None:
    """WHO-40: two numbers, no trading day, the last day of a weekly, no action word: no entry."""
    assert parse(posted(text, at), room).kind is not AlertKind.ENTRY


@pytest.mark.parametrize("nature", [each for each in Nature if each is not Nature.FIRST])
@pytest.mark.parametrize("text", ["BTO KO 70c 12/18 @ 1.25", "AVG KO 70c 12/18 @ 1.40, added @ .98"])
def test_only_a_first_message_opens_a_trade(posted: Posted, text: str, nature: Nature) -> None:
    """WHO-20: the same words as a reply, forward, quote or edit are refused, with the spans they had."""
    message = posted(text)
    again = AlertMessage(**{name: getattr(message, name) for name in message.__slots__} | {"nature": nature})
    parsed = parse(again)
    assert (parsed.kind, parsed.code) == (AlertKind.REFUSED, "PARSE_NOT_FIRST_HAND")
    assert parsed.spans == parse(message).spans


@pytest.mark.parametrize(
    "text",
    ["2.03**", "*165p", "4/09*", "meant puts", "sorry 165c", "typo, 4/09", "165p", "2.03", "puts", "@ 2.03"],
)
def test_a_possible_correction_is_detected(text: str) -> None:
    """One field, marked or alone, or a word of correcting."""
    assert may_correct(text)


@pytest.mark.parametrize(
    "text",
    ["", "nice win", "good morning everyone", "**loading up here**", "up 20% already, great call " * 4],
)
def test_chatter_is_not_a_correction(text: str) -> None:
    """A false alarm is acceptable; ordinary talk is none."""
    assert not may_correct(text)


@pytest.mark.parametrize(
    "text",
    ["KO 70C 12/18", "$KO 12/18 70c", "SPY P 590 daily", "Lotto: SPY 600C 11/23", "@everyone KO 70C 12/18"],
)
def test_a_contract_alone_is_an_alert_unless_the_profile_forbids_it(posted: Posted, text: str) -> None:
    """WHO-40: in a room of alerts, a message of one contract and nothing else is an entry at the mid."""
    parsed = parse(posted(text))
    assert (parsed.kind, parsed.price) == (AlertKind.ENTRY, None)
    assert parse(posted(text), RoomRule(alone=False)).kind is AlertKind.REFUSED


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Lotto: BTO KO 70c 12/18 @ 1.25", "Lotto"),
        ("Alert: BTO KO 70c 12/18 @ 1.25 lotto", "Lotto"),
        ("BTO KO 70c 12/18 @ 1.25 super lotto", "Super Lotto"),
        ("BTO KO 70c 12/18 @ 1.25 (half size)", "Half size"),
        ("BTO KO 70c 12/18 @ 1.25 1/2 size", "Half size"),
        ("Half size: BTO KO 70c 12/18 @ 1.25", "Half size"),
        ("Alert: BTO KO 70c 12/18 @ 1.25", "Alert"),
        ("BTO KO 70c 12/18 @ 1.25", None),
    ],
)
def test_a_size_is_read_as_a_label_or_as_a_remark(posted: Posted, text: str, label: str | None) -> None:
    """RSK-10: "lotto" behind the alert has the same effect as in front of it."""
    parsed = parse(posted(text))
    assert (parsed.kind, parsed.label) == (AlertKind.ENTRY, label)
    factor = Profile().factor(parsed.label)
    assert (factor < 1) is (label not in {None, "Alert"})


def test_average_is_the_price_where_that_is_agreed(posted: Posted) -> None:
    """WHO-40: without the agreement an average is refused or an addition; with it, it is the price."""
    for text in ("spy 600C avg 1.36 0dte", "LOTTO SPY 0DTE 600 C AVG 1.36", "AVG KO 70c 12/18 1.36"):
        assert parse(posted(text)).kind is not AlertKind.ENTRY
        parsed = parse(posted(text), RoomRule(average_is_price=True))
        assert (parsed.kind, str(parsed.price)) == (AlertKind.ENTRY, "1.36"), text


def test_a_room_has_get_ready_and_entry_words_of_its_own(posted: Posted) -> None:
    """WHO-40: a word that only announces refuses whatever else is said; one that reports is an act."""
    room = RoomRule(get_ready=("in", "warm"), entry_words=("loading",))
    assert parse(posted("in KO 70c 12/18 @ 1.25"), room).kind is AlertKind.REFUSED
    assert parse(posted("BTO KO 70c 12/18 @ 1.25 warm"), room).kind is AlertKind.REFUSED
    assert parse(posted("KO 70c 12/18 1.25 warm"), room).kind is AlertKind.REFUSED
    assert parse(posted("loading KO 70c 12/18 @ 1.25"), room).kind is AlertKind.ENTRY
    assert parse(posted("loading KO 70c 12/18 @ 1.25")).kind is AlertKind.REFUSED


@pytest.mark.parametrize(("ready", "entry"), [("two words", "in"), ("in", "IN")])
def test_a_word_means_one_thing(ready: str, entry: str) -> None:
    """A word of a room is one word, and does not both announce and report."""
    with pytest.raises(ValueError, match="expected"):
        RoomRule(get_ready=(ready,), entry_words=(entry,))


def test_a_count_of_nothing_is_no_count() -> None:
    """EXT-10: an exit of 0 contracts, were one read, sells no more than a part."""
    parsed = ParsedAlert(kind=AlertKind.EXIT, portion=Share.COUNT, quantity=0)
    assert Profile().portion(parsed, 5).fraction == Decimal("0.5")


@pytest.mark.parametrize(
    ("text", "departure"),
    [
        ("BTO KO 70c 12/18 @ 1.25", None),
        ("bought KO 70c 12/18", None),
        ("BTO KO 70c 12/18 @ 0.20", "price 0.20, usually 0.50 or more"),
        ("BTO KO 70c 12/18 @ 9.90", "price 9.90, usually 5.00 or less"),
        ("BTO 50 KO 70c 12/18 @ 1.25", "50 contracts, usually 10 or fewer"),
        ("snagged KO 70c 12/18 @ 1.25", "'snagged', usually bto or bought"),
        ("KO 70c 12/18 @ 1.25 SL 0.9", "'no act', usually bto or bought"),
    ],
)
def test_an_entry_that_differs_from_the_authors_usual_ones_is_named(
    posted: Posted, text: str, departure: str | None
) -> None:
    """WHO-40: price, size and act are compared with what the profile calls usual."""
    usual = Habits(
        lowest_price=Decimal("0.50"),
        highest_price=Decimal("5.00"),
        most_contracts=10,
        words=("BTO", "bought"),
    )
    parsed = parse(posted(text))
    assert parsed.kind is AlertKind.ENTRY
    assert usual.departure(parsed) == departure
    assert Habits().departure(parsed) is None


def test_bounds_that_nothing_can_meet_are_no_habits() -> None:
    """A lowest price above the highest is a mistake in the settings."""
    with pytest.raises(ValueError, match="expected a lowest price"):
        Habits(lowest_price=Decimal(2), highest_price=Decimal(1))


def test_an_authors_own_names_of_values_are_read(posted: Posted) -> None:
    """WHO-40: a name that only this author uses is refused, and read as what is agreed."""
    text = "New trade\nAsset: KO\nContract: 70C 12/18\nTrigger: 1.25\nBail: 0.90"
    assert parse(posted(text)).kind is AlertKind.REFUSED
    agreed = (("Asset", "symbol"), ("Trigger", "price"), ("bail", "level"))
    parsed = parse(posted(text), RoomRule(field_names=agreed))
    assert (parsed.kind, parsed.symbol, str(parsed.price)) == (AlertKind.ENTRY, "KO", "1.25")
    with pytest.raises(ValueError, match="expected one of symbol, expiry"):
        RoomRule(field_names=(("Trigger", "magic"),))
