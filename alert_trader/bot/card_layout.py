"""Draw a trade's card: what stands where, in which words. Pure: a view in, a card out; Discord's own shapes come later.

A card never says more than is known. What was not read, or not said, is told in words, and never left to a blank or a colour.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from alert_trader.bot.actions import Action, Button, Style
from alert_trader.bot.discord_text import LONGEST_FIELD, count, quoted, safe
from alert_trader.domain.alerts.alert import AlertKind
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import message_of_workflow
from alert_trader.domain.money import plain
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import OfferKind, TradeView

COLOURS = {Mode.DEMO: 0x5865F2, Mode.DRY_RUN: 0x95A5A6, Mode.SANDBOX: 0xE67E22, Mode.LIVE: 0x2ECC71}
MODES = {
    Mode.DEMO: "DEMO · play money",
    Mode.DRY_RUN: "DRY-RUN · nothing is sent",
    Mode.SANDBOX: "SANDBOX · the broker's test system",
    Mode.LIVE: "LIVE · real money",
}
PHASES = {
    Phase.RECEIVED: "⏳ reading the alert",
    Phase.PARSED: "⏳ checking",
    Phase.AWAITING: "✋ waits for a person",
    Phase.ENTERING: "🛒 buying",
    Phase.HOLDING: "📌 holding",
    Phase.WATCHING: "👀 nothing bought, watching for late fills",
    Phase.CLOSING: "🚪 closing",
    Phase.DONE: "done",
}
OUTCOMES = {
    Outcome.DENIED: "⛔ not traded",
    Outcome.REFUSED: "⛔ refused by the venue",
    Outcome.DRY_RUN: "🧮 worked out, nothing sent",
    Outcome.WATCHED: "👀 watched only, nothing sent",
    Outcome.UNFILLED: "⚪ not filled",
    Outcome.FLAT: "🏁 closed",
    Outcome.EXPIRED: "⌛ expired",
}
WORKING = frozenset({"pending", "live", "cancelling", "unrecognised"})
"""Statuses of an order that can still fill."""
BUYING = frozenset({Phase.RECEIVED, Phase.PARSED, Phase.AWAITING, Phase.ENTERING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A named part of a card."""

    name: str
    value: str
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card, ready to be put into Discord's shape. Every text in it is safe to show."""

    heading: str
    title: str
    colour: int
    text: str
    fields: tuple[Field, ...]
    footer: str
    buttons: tuple[Button, ...]


def make_card(view: TradeView, events: int) -> Card:
    """Draw a trade as it stands after so many events."""
    mode = Mode(view.mode)
    who = safe(view.message.author_name, 80) or view.message.author_id
    return Card(
        heading=MODES[mode],
        title=f"{view.contract or _parsed_contract(view)} · {state_text(view)}",
        colour=COLOURS[mode],
        text=f"**Alert** of {who}\n{quoted(view.message.shown)}",
        fields=(*_prices(view), *_position(view), *_attention(view)),
        footer=f"{view.workflow_id} · {view.mode} · account {view.account} · {count(events, 'event')}",
        buttons=buttons(view),
    )


def state_text(view: TradeView) -> str:
    """Say where a trade stands."""
    if view.outcome is not None:
        return OUTCOMES[view.outcome]
    if view.offer is not None:
        return "✋ waits for a person"
    if view.phase is Phase.HOLDING:
        return f"{PHASES[view.phase]} {view.position}"
    return PHASES[view.phase] + (f" ({view.step})" if view.phase is Phase.ENTERING and view.step else "")


def _parsed_contract(view: TradeView) -> str:
    """Say what the alert was read as, where the contract is not confirmed."""
    parsed = view.parsed
    if parsed is None or parsed.symbol is None:
        return "Alert"
    return safe(f"{parsed.symbol} {parsed.strike or '?'}{parsed.right or '?'} {parsed.expiry or '?'}", 120)


def _prices(view: TradeView) -> tuple[Field, ...]:
    """Tell alert, quote and fill beside each other."""
    if view.parsed is None or view.parsed.kind is AlertKind.REFUSED:
        return ()
    alerted = "not said: the mid" if view.alert_price is None else _dollars(view.alert_price)
    quoted_then = (
        "unknown"
        if view.quote_bid is None or view.quote_ask is None
        else f"{plain(view.quote_bid)} / {plain(view.quote_ask)}"
    )
    fields = (Field(name="Alert price", value=alerted), Field(name="Quote then", value=quoted_then))
    if view.first_limit is None:
        return fields if view.outcome is None else fields[:1]
    return (*fields, Field(name="Fill", value=_fill(view)))


def _fill(view: TradeView) -> str:
    if view.bought == 0 or view.average_entry is None:
        return (
            f"none of {view.quantity}"
            if view.outcome is not None or view.phase is Phase.WATCHING
            else f"none of {view.quantity} yet"
        )
    after = (
        "unknown" if view.first_filled_at is None else seconds(view.first_filled_at - view.message.posted_at)
    )
    return f"**{view.bought} of {view.quantity}** at {_dollars(view.average_entry)}, {after} after the alert"


def _position(view: TradeView) -> tuple[Field, ...]:
    if view.first_limit is None:
        return ()
    limits = f"from {plain(view.first_limit)} to at most {plain(view.ceiling) if view.ceiling is not None else 'unknown'}"
    fields = [
        Field(
            name="Our bid",
            value=limits + (f", now {view.step}" if view.phase is Phase.ENTERING and view.step else ""),
        )
    ]
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
    held = f", {view.position} still held (their worth now is unknown)" if view.position else ""
    if view.unvalued:
        held = f", {view.unvalued} held to expiration: subject to exercise, worth unknown"
    elif view.outcome is Outcome.EXPIRED:
        held = f", {view.position} expired worthless"
    if view.pnl is None:
        return f"none realised{held}"
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
                name="❓ Unknown",
                value=f"{count(view.unknown_orders, 'order')} of unknown outcome, counted as live",
                wide=True,
            )
        )
    if view.unprotected:
        fields.append(
            Field(name="⚠️ Unprotected", value=f"{count(view.unprotected)} without an exit yet", wide=True)
        )
    if view.reason:
        fields.append(Field(name="Why", value=safe(view.reason, LONGEST_FIELD), wide=True))
    return tuple(fields)


def buttons(view: TradeView) -> tuple[Button, ...]:
    """Give what can be asked of a trade now."""
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
    """Write a time as people read it."""
    whole = span.total_seconds()
    if whole < 120:
        return f"{whole:.1f} s"
    return f"{whole / 60:.0f} min" if whole < 7200 else f"{whole / 3600:.1f} h"


def discord_time(at: datetime) -> str:
    """Write a moment so that each reader sees it in their own time."""
    return f"<t:{int(at.timestamp())}:T>"


def _dollars(price: Decimal) -> str:
    return f"${plain(round(price, 4))}"
