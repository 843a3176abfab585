"""Make a trade's card: its title, fields and buttons. Pure; `embeds` converts it for Discord.

Unknown values are written as "unknown", never left blank, and no meaning is in a colour alone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from alert_trader.bot.actions import Action, Button, Style
from alert_trader.bot.discord_text import LONGEST_FIELD, count, quoted, safe
from alert_trader.domain.account.stuck import StuckWorkflow
from alert_trader.domain.alerts.alert import AlertKind, ParsedAlert
from alert_trader.domain.alerts.alert_text import levels_text, words_text
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import message_of_workflow
from alert_trader.domain.money import plain
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import OfferKind, TradeView
from alert_trader.domain.trade.worth import WORKING

COLOURS = {Mode.DEMO: 0x5865F2, Mode.DRY_RUN: 0x95A5A6, Mode.SANDBOX: 0xE67E22, Mode.LIVE: 0x2ECC71}
"""Of a card while its trade is open. In every colour, the heading names the mode."""
GAIN, LOSS, ALARM, WAITING = 0x1F8B4C, 0x992D22, 0xED4245, 0xFEE75C
OUTCOME_COLOURS = {
    Outcome.DENIED: 0xA84300,
    Outcome.REJECTED: 0xA84300,
    Outcome.DRY_RUN: COLOURS[Mode.DRY_RUN],
    Outcome.WATCHED: COLOURS[Mode.DRY_RUN],
    Outcome.UNFILLED: 0x607D8B,
    Outcome.FLAT: 0x607D8B,
    Outcome.EXPIRED: 0x607D8B,
}
"""Of a card whose trade is over without a profit or a loss."""
MODES = {
    Mode.DEMO: "DEMO · simulated venue",
    Mode.DRY_RUN: "DRY-RUN · no orders are sent",
    Mode.SANDBOX: "SANDBOX · the broker's test system",
    Mode.LIVE: "LIVE · real money",
}
PHASES = {
    Phase.RECEIVED: "⏳ parsing the alert",
    Phase.PARSED: "⏳ checking",
    Phase.AWAITING: "✋ waiting for approval",
    Phase.ENTERING: "🛒 buying",
    Phase.HOLDING: "📌 holding",
    Phase.WATCHING: "👀 not filled, watching for late fills",
    Phase.CLOSING: "🚪 closing",
    Phase.DONE: "done",
}
OUTCOMES = {
    Outcome.DENIED: "⛔ denied",
    Outcome.REJECTED: "⛔ rejected by the broker",
    Outcome.DRY_RUN: "🧮 dry run, no orders sent",
    Outcome.WATCHED: "👀 watched only, no orders sent",
    Outcome.UNFILLED: "⚪ not filled",
    Outcome.FLAT: "🏁 closed",
    Outcome.EXPIRED: "⌛ expired",
}
STUCK = "🛑 stuck: it can do nothing until it is repaired"
BUYING = frozenset({Phase.RECEIVED, Phase.PARSED, Phase.AWAITING, Phase.ENTERING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a card."""

    name: str
    value: str
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card. Every text in it is already escaped."""

    heading: str
    title: str
    colour: int
    text: str
    fields: tuple[Field, ...]
    footer: str
    buttons: tuple[Button, ...]


def make_card(view: TradeView, events: int, stuck: StuckWorkflow | None = None) -> Card:
    """Return the card of a trade that has `events` events so far; `stuck` says how it is stuck."""
    mode = Mode(view.mode)
    who = safe(view.message.author_name, 80) or view.message.author_id
    return Card(
        heading=MODES[mode],
        title=f"{view.contract or _parsed_contract(view)} · {state_text(view) if stuck is None else STUCK}",
        colour=_colour(view, stuck),
        text=f"**Alert** by {who}\n{quoted(view.message.shown)}{_read_from(view.parsed)}",
        fields=(*_stuck(stuck), *_prices(view), *_position(view), *_attention(view), *_nearest(view.parsed)),
        footer=f"{view.workflow_id} · {view.mode} · account {view.account} · {count(events, 'event')}",
        buttons=buttons(view),
    )


def _colour(view: TradeView, stuck: StuckWorkflow | None) -> int:
    """Return the colour of what needs a look, or of the outcome; while a trade is open, that of its mode."""
    if stuck is not None or (view.outcome is None and (view.unprotected or view.unknown_orders)):
        return ALARM
    if view.outcome is None:
        return COLOURS[Mode(view.mode)] if view.offer is None else WAITING
    if view.outcome in {Outcome.FLAT, Outcome.EXPIRED} and view.pnl is not None and view.pnl != 0:
        return GAIN if view.pnl > 0 else LOSS
    return OUTCOME_COLOURS[view.outcome]


def _stuck(stuck: StuckWorkflow | None) -> tuple[Field, ...]:
    if stuck is None:
        return ()
    return (Field(name="🛑 What to do", value=safe(stuck.text, LONGEST_FIELD), wide=True),)


def state_text(view: TradeView) -> str:
    """Return the state of a trade for its title."""
    if view.outcome is not None:
        return OUTCOMES[view.outcome]
    if view.offer is not None:
        return PHASES[Phase.AWAITING]
    if view.phase is Phase.HOLDING:
        return f"{PHASES[view.phase]} {view.position}"
    return PHASES[view.phase] + (f" ({view.step})" if view.phase is Phase.ENTERING and view.step else "")


def _parsed_contract(view: TradeView) -> str:
    """Return the contract as parsed, while it is not confirmed."""
    parsed = view.parsed
    if parsed is None or parsed.symbol is None:
        return "Alert"
    return safe(f"{parsed.symbol} {parsed.strike or '?'}{parsed.right or '?'} {parsed.expiry or '?'}", 120)


def _read_from(parsed: ParsedAlert | None) -> str:
    """Return the words that each field was read from, with the stop and targets that the alert names."""
    if parsed is None or not parsed.spans or parsed.kind is AlertKind.REFUSED:
        return ""
    levels = levels_text(parsed)
    named = f"\nThe alert names: {safe(levels, 300)}" if levels else ""
    return f"\n-# Read from: {safe(words_text(parsed), 500)}{named}"


def _nearest(parsed: ParsedAlert | None) -> tuple[Field, ...]:
    """Return what a refused alert was considered to be, and the nearest text that would be read."""
    if parsed is None or parsed.kind is not AlertKind.REFUSED:
        return ()
    fields = []
    if len(parsed.considered) > 1:
        lines = "\n".join(safe(f"{each.what}: {each.why_not}", 300) for each in parsed.considered)
        fields.append(Field(name="Considered", value=lines[:LONGEST_FIELD], wide=True))
    if parsed.nearest:
        fields.append(Field(name="Would be read", value=quoted(parsed.nearest, 200), wide=True))
    return tuple(fields)


def _prices(view: TradeView) -> tuple[Field, ...]:
    """Return the alert price, the quote and the fill as fields side by side."""
    if view.parsed is None or view.parsed.kind is AlertKind.REFUSED:
        return ()
    alerted = "none: uses the mid" if view.alert_price is None else _dollars(view.alert_price)
    quote = (
        "unknown"
        if view.quote_bid is None or view.quote_ask is None
        else f"{plain(view.quote_bid)} / {plain(view.quote_ask)}"
    )
    fields = (Field(name="Alert price", value=alerted), Field(name="Quote at alert", value=quote))
    if view.first_limit is None:
        return fields if view.outcome is None else fields[:1]
    return (*fields, Field(name="Fill", value=_fill(view)))


def _fill(view: TradeView) -> str:
    if view.bought == 0 or view.average_entry is None:
        ended = view.outcome is not None or view.phase is Phase.WATCHING
        return f"0 of {view.quantity}" + ("" if ended else " so far")
    fill = f"**{view.bought} of {view.quantity}** at {_dollars(view.average_entry)}"
    if view.first_filled_at is None:
        return f"{fill} · time of the first fill unknown"
    return f"{fill} · first fill {seconds(view.first_filled_at - view.message.posted_at)} after the alert"


def _position(view: TradeView) -> tuple[Field, ...]:
    if view.first_limit is None:
        return ()
    ceiling = "unknown" if view.ceiling is None else plain(view.ceiling)
    step = f" · step: {view.step}" if view.phase is Phase.ENTERING and view.step else ""
    fields = [Field(name="Limit price", value=f"first {plain(view.first_limit)} · ceiling {ceiling}{step}")]
    if view.bought:
        sold = f"{view.sold} sold" + (
            f" at {_dollars(view.average_exit)}" if view.average_exit is not None else ""
        )
        working = [
            f"{order.quantity - order.filled} at {plain(order.limit)}"
            for order in view.orders
            if order.leg == "exit" and order.limit is not None and order.status in WORKING
        ]
        at = f" ({', '.join(working)})" if working else ""
        fields.append(Field(name="Exits", value=f"{view.exits_working} working{at}, {sold}"))
        fields.append(Field(name="P&L", value=_pnl(view)))
    return tuple(fields)


def _pnl(view: TradeView) -> str:
    held = f", {view.position} still held (not valued)" if view.position else ""
    if view.unvalued:
        held = f", {view.unvalued} held to expiration (may be exercised, not valued)"
    elif view.settlement is not None:
        held = f", {view.position} settled at expiration for ${view.settlement:,.2f}"
    elif view.outcome is Outcome.EXPIRED:
        held = f", {view.position} expired worthless"
    if view.pnl is None:
        return f"nothing realised{held}"
    fees = "fees unknown" if view.fees is None else f"before fees of about ${view.fees:,.2f}"
    sign = "+" if view.pnl >= 0 else "-"
    return f"**{sign}${abs(view.pnl):,.2f}** {fees}{held}"


def _attention(view: TradeView) -> tuple[Field, ...]:
    fields = []
    if view.offer is not None:
        what = "Buy?" if view.offer.kind is OfferKind.ENTRY else "Sell?"
        fields.append(
            Field(
                name=f"✋ {what}",
                value=f"{safe(view.offer.text)}\nuntil {discord_time(view.offer.until)}",
                wide=True,
            )
        )
    if view.unknown_orders:
        fields.append(
            Field(
                name="❓ Unknown order",
                value=f"{count(view.unknown_orders, 'order')} with unknown outcome, counted as working",
                wide=True,
            )
        )
    if view.protection and not view.without_exit:
        fields.append(Field(name="🛡️ Sold by", value=safe(view.protection, LONGEST_FIELD), wide=True))
    if view.unprotected:
        fields.append(
            Field(name="⚠️ No exit", value=f"{count(view.unprotected)} without a working exit yet", wide=True)
        )
    if view.without_exit:
        text = (
            f"Nothing will sell {count(view.without_exit)}: the exit plan has no exit for it. Held until "
            "somebody closes the trade, or it expires"
        )
        fields.append(Field(name="⚠️ No exit planned", value=text, wide=True))
    if view.reason:
        fields.append(Field(name="Why", value=safe(view.reason, LONGEST_FIELD), wide=True))
    return tuple(fields)


def buttons(view: TradeView) -> tuple[Button, ...]:
    """Return the buttons for what can be done with a trade now."""
    trade = message_of_workflow(view.workflow_id)

    def make(action: Action, label: str, style: Style, offer: str = "") -> Button:
        return Button(action=action, label=label, style=style, trade=trade, offer=offer)

    found: list[Button] = []
    if view.outcome is not None:
        return ()
    if view.offer is not None:
        offered = view.offer
        verb = "Buy" if offered.kind is OfferKind.ENTRY else "Sell"
        found.append(make(Action.APPROVE, f"{verb} {offered.quantity or 'it'}", Style.SUCCESS, offered.id))
        if offered.quantity != 1:
            found.append(make(Action.APPROVE_HALF, f"{verb} half", Style.SECONDARY, offered.id))
        found.append(make(Action.SKIP, "Skip", Style.SECONDARY, offered.id))
    elif view.phase is Phase.ENTERING:
        found.append(make(Action.CONVERT, "Convert now", Style.PRIMARY))
    if view.phase in BUYING and (view.offer is None or view.offer.kind is not OfferKind.ENTRY):
        found.append(make(Action.CANCEL, "Cancel entry", Style.SECONDARY))
    if view.phase in {Phase.ENTERING, Phase.HOLDING} and view.position > 0:
        if view.position > 1:
            found.append(make(Action.CLOSE_HALF, "Close half", Style.SECONDARY))
        found.append(make(Action.CLOSE_ALL, f"Close all {view.position}", Style.DANGER))
    elif view.phase is Phase.CLOSING and view.position > 0:
        found.append(make(Action.CLOSE_ALL, f"Close all {view.position} now", Style.DANGER))
    return tuple(found)


def seconds(span: timedelta) -> str:
    """Return a duration for people: seconds, then minutes, then hours."""
    whole = span.total_seconds()
    if whole < 120:
        return f"{whole:.1f} s"
    return f"{whole / 60:.0f} min" if whole < 7200 else f"{whole / 3600:.1f} h"


def discord_time(at: datetime) -> str:
    """Return a moment in Discord's markup, which shows it in each reader's own time zone."""
    return f"<t:{int(at.timestamp())}:T>"


def _dollars(price: Decimal) -> str:
    return f"${plain(round(price, 4))}"
