"""What a card says: the same facts in words, whatever the mode, and nothing that is not known."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.bot.actions import Action, Question, read_question
from alert_trader.bot.card_layout import COLOURS, MODES, OUTCOMES, PHASES, Card, make_card, state_text
from alert_trader.bot.discord_text import quoted, safe
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.money import Price, Usd
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import Offer, OfferKind, TradeView
from tests.unit.bot.conftest import NOON, make_view

Maker = Callable[..., TradeView]
HOSTILE = (
    "BTO SPY **600c** @everyone <@1> <@&2> <#3> [x](https://evil) `code` ```block``` "
    "||spoiler|| > quote\n# head\n-# small \u202egnp\x00"
)


def said(card: Card) -> dict[str, str]:
    """Return a card's fields by name."""
    return {field.name: field.value for field in card.fields}


def test_a_card_shows_alert_price_quote_fill_and_duration(view: Maker) -> None:
    """The numbers that show how well an alert was traded are side by side."""
    card = make_card(view(), 12)
    assert card.title == "SPY 600C 2026-12-18 · 📌 holding 4"
    assert said(card) == {
        "Alert price": "$1.20",
        "Quote at alert": "1.18 / 1.20",
        "Fill": "**4 of 4** at $1.20 · first fill 9.0 s after the alert",
        "Limit price": "first 1.19 · ceiling 1.32",
        "Exits": "2 working, 0 sold",
        "P&L": "nothing realised, 4 still held (not valued)",
    }
    assert card.footer == "trade-1574672848276946944 · demo · account 5WT31673 · 12 events"


@pytest.mark.parametrize("mode", Mode)
def test_a_mode_is_shown_in_text_and_colour(view: Maker, mode: Mode) -> None:
    """DRY-30: each mode has its own colour and text, and its name is in the last line."""
    card = make_card(view(mode=mode.value), 1)
    assert (card.heading, card.colour) == (MODES[mode], COLOURS[mode])
    assert mode.value.upper() in card.heading
    assert f" {mode.value} " in card.footer
    assert len({*MODES.values()}) == len({*COLOURS.values()}) == len(Mode)


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_its_text_and_no_buttons(view: Maker, outcome: Outcome) -> None:
    """A trade that is over says how it ended, and offers nothing any more."""
    card = make_card(view(phase=Phase.DONE, outcome=outcome), 20)
    assert OUTCOMES[outcome] in card.title
    assert card.buttons == ()


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_its_text(view: Maker, phase: Phase) -> None:
    """No phase is left to be guessed."""
    assert state_text(view(phase=phase)).startswith(PHASES[phase])


def test_what_is_not_known_is_written_as_unknown(view: Maker) -> None:
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
    card = said(make_card(unknown, 3))
    assert card["Quote at alert"] == "unknown"
    assert card["Alert price"] == "none: uses the mid"
    assert "time of the first fill unknown" in card["Fill"]
    assert card["Limit price"] == "first 1.19 · ceiling unknown"
    assert card["❓ Unknown order"] == "1 order with unknown outcome, counted as working"
    assert card["⚠️ No exit"] == "2 contracts without a working exit yet"


def test_the_card_says_when_nothing_will_sell_what_is_held(view: Maker) -> None:
    """Half of one contract is none: nobody has to find out at expiration that it had no exit."""
    card = said(make_card(view(bought=1, position=1, exits_working=0, without_exit=1), 3))
    assert card["⚠️ No exit planned"] == (
        "Nothing will sell 1 contract: the exit plan has no exit for it. Held until somebody closes the "
        "trade, or it expires"
    )
    assert "⚠️ No exit planned" not in said(make_card(view(), 3))


def test_a_cash_settlement_is_not_called_worthless(view: Maker) -> None:
    """What the broker paid at expiration is in the P&L, and the card says so."""
    over: dict[str, object] = {"phase": Phase.DONE, "outcome": Outcome.EXPIRED, "position": 2}
    paid = said(make_card(view(**over, pnl=Usd(Decimal(2260)), settlement=Usd(Decimal(2500))), 9))
    assert paid["P&L"] == "**+$2,260.00** fees unknown, 2 settled at expiration for $2,500.00"
    lost = said(make_card(view(**over, pnl=Usd(Decimal(-240))), 9))
    assert lost["P&L"] == "**-$240.00** fees unknown, 2 expired worthless"


def test_profit_and_loss_have_a_sign_and_fees(view: Maker) -> None:
    """A loss is a minus, and what is not known of the fees is said."""
    won = said(make_card(view(pnl=Usd(Decimal("1065.5")), fees=Usd(Decimal("4.52")), position=0), 9))
    lost = said(make_card(view(pnl=Usd(Decimal(-40)), sold=2, average_exit=Decimal("1.00"), position=2), 9))
    assert won["P&L"] == "**+$1,065.50** before fees of about $4.52"
    assert lost["P&L"] == "**-$40.00** fees unknown, 2 still held (not valued)"


def test_buttons_are_those_of_possible_commands(view: Maker) -> None:
    """Each state offers what can be asked of it, and an offer is answered by its own id."""

    def actions(**changes: object) -> list[Action]:
        return [each.action for each in make_card(view(**changes), 1).buttons]

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
    asked = make_card(view(phase=Phase.AWAITING, position=0, offer=offer), 1)
    assert asked.buttons[0].custom_id == "trade:approve:1574672848276946944:99"
    assert all(len(each.custom_id) <= 100 for each in asked.buttons)


def test_a_question_is_restored_from_its_button_id() -> None:
    """Action, number of contracts and time are all in the button's custom id, so they survive a restart."""
    question = Question(action=Action.CLOSE_ALL, trade="x" * 30, contracts=4, asked_at=1795500000)
    assert read_question(question.custom_id) == question
    assert len(question.custom_id) <= 100
    assert read_question("confirm:close-all:../..:4:1") is None


@given(st.text(max_size=3000))
def test_no_text_can_format_ping_or_end_its_block(text: str) -> None:
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
    card = make_card(
        view(text=HOSTILE * 40, reason=HOSTILE * 40, phase=Phase.DONE, outcome=Outcome.DENIED), 5
    )
    assert len(card.text) < 4096
    assert all(len(field.value) <= 1024 for field in card.fields)
    assert "@everyone" not in said(card)["Why"].replace("\\@", "")
    assert (
        len(card.title) + len(card.text) + sum(len(each.name) + len(each.value) for each in card.fields)
        < 6000
    )


def test_a_working_exit_is_shown_with_its_price() -> None:
    """Working exits are shown with their limit price."""
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
    assert said(make_card(make_view(orders=(order,)), 1))["Exits"] == "2 working (2 at 2.40), 0 sold"


def test_a_card_shows_the_words_that_were_read_and_what_the_alert_names(view: Maker) -> None:
    """Each field has the words it came from; the author's stop and targets are named, also where not used."""
    text = "BTO SPY 600c 12/18 @ 1.20 SL .80 PT 2.50"
    parsed = parse(replace(view().message, text=text))
    card = make_card(view(message=replace(view().message, text=text), parsed=parsed), 5)
    assert safe("strike and right '600c', expiry '12/18', price '1.20'") in card.text
    assert f"The alert names: {safe('stop 0.80, target 2.50')}" in card.text


def test_a_card_of_a_refused_alert_shows_the_nearest_text_that_would_be_read(view: Maker) -> None:
    """WHO-40: what it was considered to be, and how it could have been written."""
    text = "watching SPY 600c 12/18 @ 1.20"
    parsed = parse(replace(view().message, text=text))
    fields = said(make_card(view(parsed=parsed, phase=Phase.DONE, outcome=Outcome.DENIED), 3))
    assert "BTO SPY 600C 12/18/2026 @ 1.20" in fields["Would be read"]
    assert len(parsed.considered) > 1
    assert fields["Considered"].splitlines() == [
        safe(f"{each.what}: {each.why_not}") for each in parsed.considered
    ]
