"""What a card says: the same facts in words, whatever the mode, and nothing that is not known."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.bot.actions import Action, Question, read_question
from alert_trader.bot.drawing import COLOURS, MODES, OUTCOMES, PHASES, Card, draw, state
from alert_trader.bot.words import quoted, safe
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.money import Price, Usd
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import Offer, OfferKind, TradeView
from tests.unit.bot.conftest import NOON, make_view

Maker = Callable[..., TradeView]
HOSTILE = "BTO SPY **600c** @everyone <@1> <@&2> <#3> [x](https://evil) `code` ```block``` ||spoiler|| > quote\n# head\n-# small \u202egnp\x00"


def said(card: Card) -> dict[str, str]:
    """Give a card's fields by name."""
    return {field.name: field.value for field in card.fields}


def test_a_card_says_alert_price_quote_fill_and_how_long_it_took(view: Maker) -> None:
    """The four numbers that tell how well an alert was traded stand beside each other."""
    card = draw(view(), 12)
    assert card.title == "SPY 600C 2026-12-18 · 📌 holding 4"
    assert said(card) == {
        "Alert price": "$1.20",
        "Quote then": "1.18 / 1.20",
        "Fill": "**4 of 4** at $1.20, 9.0 s after the alert",
        "Our bid": "from 1.19 to at most 1.32",
        "Exits": "2 working, 0 sold",
        "P&L": "none realised, 4 still held (their worth now is unknown)",
    }
    assert card.footer == "trade-1574672848276946944 · demo · account 5WT31673 · 12 events"


@pytest.mark.parametrize("mode", Mode)
def test_a_mode_is_told_in_words_as_well_as_in_colour(view: Maker, mode: Mode) -> None:
    """DRY-30: each mode has a colour and words of its own, and its name stands in the last line."""
    card = draw(view(mode=mode.value), 1)
    assert (card.heading, card.colour) == (MODES[mode], COLOURS[mode])
    assert mode.value.upper() in card.heading
    assert f" {mode.value} " in card.footer
    assert len({*MODES.values()}) == len({*COLOURS.values()}) == len(Mode)


@pytest.mark.parametrize("outcome", Outcome)
def test_every_end_has_its_words_and_no_buttons(view: Maker, outcome: Outcome) -> None:
    """A trade that is over says how it ended, and offers nothing any more."""
    card = draw(view(phase=Phase.DONE, outcome=outcome), 20)
    assert OUTCOMES[outcome] in card.title
    assert card.buttons == ()


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_its_words(view: Maker, phase: Phase) -> None:
    """No phase is left to be guessed."""
    assert state(view(phase=phase)).startswith(PHASES[phase])


def test_what_is_not_known_is_told_so(view: Maker) -> None:
    """Unknown is a word on the card, never a blank or a zero."""
    unknown = view(
        quote_bid=None,
        quote_ask=None,
        first_filled_at=None,
        alert_price=None,
        unknown_orders=1,
        unprotected=2,
        ceiling=None,
    )
    card = said(draw(unknown, 3))
    assert card["Quote then"] == "unknown"
    assert card["Alert price"] == "not said: the mid"
    assert "unknown after the alert" in card["Fill"]
    assert card["Our bid"] == "from 1.19 to at most unknown"
    assert card["❓ Unknown"] == "1 order of unknown outcome, counted as live"
    assert card["⚠️ Unprotected"] == "2 contracts without an exit yet"


def test_profit_and_loss_have_a_sign_and_their_fees(view: Maker) -> None:
    """A loss is a minus, and what is not known of the fees is said."""
    won = said(draw(view(pnl=Usd(Decimal("1065.5")), fees=Usd(Decimal("4.52")), position=0), 9))
    lost = said(draw(view(pnl=Usd(Decimal(-40)), sold=2, average_exit=Decimal("1.00"), position=2), 9))
    assert won["P&L"] == "**+$1,065.50** before fees of about $4.52"
    assert lost["P&L"] == "**-$40.00** fees unknown, 2 still held (their worth now is unknown)"


def test_buttons_are_those_that_make_sense(view: Maker) -> None:
    """Each state offers what can be asked of it, and an offer is answered by its own id."""

    def actions(**changes: object) -> list[Action]:
        return [each.action for each in draw(view(**changes), 1).buttons]

    offer = Offer(id="99", kind=OfferKind.ENTRY, text="buy 4", quantity=4, until=NOON)
    assert actions() == [Action.CLOSE_HALF, Action.CLOSE_ALL]
    assert actions(position=1) == [Action.CLOSE_ALL]
    assert actions(phase=Phase.PARSED, position=0) == [Action.CANCEL]
    assert actions(phase=Phase.ENTERING, position=0) == [Action.CONVERT, Action.CANCEL]
    assert actions(phase=Phase.AWAITING, position=0, offer=offer) == [
        Action.APPROVE,
        Action.APPROVE_HALF,
        Action.SKIP,
    ]
    assert actions(phase=Phase.CLOSING) == [Action.CLOSE_ALL]
    assert actions(phase=Phase.CLOSING, position=0) == []
    asked = draw(view(phase=Phase.AWAITING, position=0, offer=offer), 1)
    assert asked.buttons[0].custom_id == "trade:approve:1574672848276946944:99"
    assert all(len(each.custom_id) <= 100 for each in asked.buttons)


def test_a_question_is_read_back_from_the_name_of_its_answer() -> None:
    """What was asked, about how many, and when, survives any restart in the button's own name."""
    question = Question(action=Action.CLOSE_ALL, trade="x" * 30, seen=4, asked=1795500000)
    assert read_question(question.custom_id) == question
    assert len(question.custom_id) <= 100
    assert read_question("sure:close-all:../..:4:1") is None


@given(st.text(max_size=3000))
def test_no_text_can_format_ping_or_leave_its_block(text: str) -> None:
    """WHO-60: every sign that Discord acts on is escaped, and a block holds whatever is put into it."""
    shown = safe(text)
    bare = shown.replace("\\\\", "").replace("\\", "\0")
    for sign in "*_`~|<>@#[]()":
        assert all(bare[place - 1] == "\0" for place, each in enumerate(bare) if each == sign)
    assert "\n" not in shown
    assert len(shown) <= 1000
    block = quoted(text)
    assert block.count("`") == 6
    assert block.startswith("```\n")
    assert block.endswith("\n```")


def test_a_hostile_alert_fits_into_a_card_and_stays_text(view: Maker) -> None:
    """WHO-60: a card of the longest and worst message is within what Discord takes, and its text is inert."""
    card = draw(view(text=HOSTILE * 40, reason=HOSTILE * 40, phase=Phase.DONE, outcome=Outcome.DENIED), 5)
    assert len(card.text) < 4096
    assert all(len(field.value) <= 1024 for field in card.fields)
    assert "@everyone" not in said(card)["Why"].replace("\\@", "")
    assert (
        len(card.title) + len(card.text) + sum(len(each.name) + len(each.value) for each in card.fields)
        < 6000
    )


def test_an_exit_that_works_is_shown_with_its_price() -> None:
    """Contracts in working exits are told with what they are offered at."""
    from alert_trader.domain.ids import ClientOrderId, OrderId  # noqa: PLC0415 - used here alone
    from alert_trader.domain.trade.view import OrderView  # noqa: PLC0415

    order = OrderView(
        client_order_id=ClientOrderId("m-x1"),
        order_id=OrderId("7"),
        leg="exit",
        kind="limit",
        quantity=2,
        limit=Price(Decimal("2.40")),
        status="live",
        filled=0,
        average_price=None,
    )
    assert said(draw(make_view(orders=(order,)), 1))["Exits"] == "2 working (2 at 2.40), 0 sold"
