"""Makes the one reading of a message: finds its action, lets the fields be collected and judged, and words the answer."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from operator import itemgetter
from typing import NamedTuple

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, ParsedAlert, Span
from alert_trader.domain.alerts.parsing import vocabulary
from alert_trader.domain.alerts.parsing.action import Action
from alert_trader.domain.alerts.parsing.action_context import first_action_doubt, opening, stamped
from alert_trader.domain.alerts.parsing.ambiguity import Doubt, first_doubt, quoted, shown
from alert_trader.domain.alerts.parsing.exits import read_addition, read_average, read_exit, read_plain_exit
from alert_trader.domain.alerts.parsing.expiry import by_rule, resolve
from alert_trader.domain.alerts.parsing.field_collector import collect
from alert_trader.domain.alerts.parsing.fields import Fields, Unsaid
from alert_trader.domain.alerts.parsing.forms import Form, read_form
from alert_trader.domain.alerts.parsing.normalize import Seen, seen
from alert_trader.domain.alerts.parsing.references import Told, span
from alert_trader.domain.alerts.parsing.tokens import Token, tokenize
from alert_trader.domain.alerts.parsing.validate import (
    CHECKS,
    Entry,
    entry_of,
    judge,
    right_token,
    strike_in,
    symbol_of,
)
from alert_trader.domain.alerts.profile import RoomRule
from alert_trader.domain.denial import Code
from alert_trader.domain.market.calendar import new_york_date

CHATTER = ParsedAlert(kind=AlertKind.CHATTER)

_WORD = re.compile(r"[a-z]+")
_STRIKE = re.compile(r"[0-9]\$?\s?(?:c|p|calls?|puts?|ce|pe)\b|\b[cp] ?[0-9]{2}|[0-9]dte|[+-][0-9]+ \$")
"""Without one of these, or a word of `words.TELLING`, a message is chatter: most are, and cost no more than this search."""

_GLUED_STRIKE = re.compile(r"[0-9][cp]")
_TICKED_OFF = re.compile("[\u2611\u2705\u2714\u274c\u274e\u2716]")
"""Check marks and crosses: on a bare contract they tell a result; before an action word they are decoration."""

_MOST_OF_A_BARE_ENTRY = 100
"""Contracts; a bare contract with more of them is somebody's flow on the tape, not an author's trade."""

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


class ActionMatch(NamedTuple):
    """An action's words: what they do, and the places of the first and last token."""

    action: Action
    first: int
    last: int


class MessageText(NamedTuple):
    """A message made ready to be read."""

    sight: Seen
    tokens: list[Token]
    """Without markup; ends of lines stay."""
    hits: list[ActionMatch]
    form: Form | None
    posted: date | None
    """The message's New York date, or None for a time no alert can have."""
    unsaid: Unsaid | None = None
    """What the author's room means without saying it."""
    alone: bool = True
    """Whether a bare contract is an alert there."""


def read(message: AlertMessage, room: RoomRule, *, longest: int) -> ParsedAlert:
    """Give the one reading of a message; texts over `longest` characters are not cut into tokens."""
    text = message.shown
    letter = opened(text, message.posted_at, room, longest)
    if letter is None:
        return CHATTER
    if len(text) > longest:
        return _refused(
            Doubt(
                Code.PARSE_TOO_LONG,
                f"expected an alert of at most {longest} characters, found {len(text)}: send it alone",
            )
        )
    found = _reading(letter)
    return found if letter.sight.text is text else _placed(found, text, letter.sight)


def opened(text: str, moment: datetime, room: RoomRule, longest: int) -> MessageText | None:
    """Make a message ready to be read; None when nothing in it is worth reading."""
    sight = seen(text if len(text) <= longest else text[:longest])
    if vocabulary.TELLING.isdisjoint(_WORD.findall(sight.lower)) and not _STRIKE.search(sight.lower):
        return None
    tokens = [token for token in tokenize(sight) if token.kind != "MARKUP"]
    posted = _posted(moment)
    return MessageText(
        sight, tokens, _actions(tokens), read_form(sight, tokens), posted, _unsaid(room, posted), room.alone
    )


def _unsaid(room: RoomRule, posted: date | None) -> Unsaid | None:
    if posted is None or (room.right is None and room.expiry is None):
        return None
    return Unsaid(room.right, None if room.expiry is None else by_rule(room.expiry, posted))


def _reading(letter: MessageText) -> ParsedAlert:
    hits, form = letter.hits, letter.form
    fields = None if form is None else form.fields
    first = hits[0] if hits else None
    if first is not None and first.action is Action.AVERAGE:
        if not _contract_like(letter.tokens):
            return CHATTER
        return _addition(
            letter, read_average(letter.tokens, range(first.first, first.last + 1), fields, letter.posted)
        )
    buys = any(hit.action is Action.BUY or hit.action is Action.OTHER for hit in hits)
    if buys and not _sold_first(letter):
        return (
            _entry(letter)
            if _contract_like(letter.tokens) or _bare_order(letter)
            else _plainly(letter, fields)
        )
    sale = next((hit for hit in hits if hit.action is Action.SELL), None)
    if sale is not None:
        if quoted(letter.sight):
            return _refused(
                Doubt(
                    Code.PARSE_NOT_FIRST_HAND,
                    "expected the author's own exit, found a quoted line: send it as a new message",
                )
            )
        return _answered(read_exit(letter.tokens, range(sale.first, sale.last + 1), fields, letter.posted))
    return _plainly(letter, fields)


def _plainly(letter: MessageText, fields: Fields | None) -> ParsedAlert:
    """Read a message without an action word of its own: a bare contract with its price, an addition, an exit, or talk."""
    found = _bare_entry(letter) if letter.form is None and not letter.hits else None
    if found is not None:
        return found
    if quoted(letter.sight):
        return CHATTER
    said = letter.tokens if letter.form is None else letter.form.title
    added = read_addition(said, fields, letter.posted)
    return (
        _answered(read_plain_exit(said, fields, letter.posted)) if added is None else _addition(letter, added)
    )


_UNDOES_ADDITION = frozenset(
    {Code.PARSE_CONDITIONAL, Code.PARSE_NEGATED, Code.PARSE_NOT_FIRST_HAND, Code.PARSE_SPREAD}
)


def _addition(letter: MessageText, added: Told) -> ParsedAlert:
    """Answer an addition, unless it is thought of, taken back or somebody else's: an author's profile may have it bought."""
    settled = max(added.used, default=None) if added.alert.price is not None else None
    doubt = first_doubt(letter.sight, letter.tokens, range(0), settled)
    return _refused(doubt) if doubt is not None and doubt.code in _UNDOES_ADDITION else added.alert


def _answered(found: Told | Doubt | None) -> ParsedAlert:
    if found is None:
        return CHATTER
    return _refused(found) if isinstance(found, Doubt) else found.alert


def _sold_first(letter: MessageText) -> bool:
    """Whether a sale to close opens the message, and buying is only talked about behind it."""
    hits = letter.hits
    later = hits[1:]
    return (
        hits[0].action is Action.SELL
        and all(
            hit.action is not Action.BUY or letter.tokens[hit.first].lower in {"buy", "buying"}
            for hit in later
        )
        and all(hit.action is not Action.OTHER for hit in later)
    )


def _posted(moment: datetime) -> date | None:
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return new_york_date(aware) if _EARLIEST <= aware < _LATEST else None


def _actions(tokens: list[Token]) -> list[ActionMatch]:
    """Find the action phrases; AVG acts only as the first word, elsewhere it names a number. A signed count acts only in front."""
    hits: list[ActionMatch] = []
    past = -1
    start = -1
    for index, token in enumerate(tokens):
        if index <= past or token.lower not in vocabulary.FIRST_OF_ACTION:
            if token.kind != "SIGNED":
                continue
            start = opening(tokens) if start < 0 else start
            if index == start:
                hits.append(ActionMatch(Action.BUY if token.text[0] == "+" else Action.SELL, index, index))
            continue
        for said, action in vocabulary.ACTIONS_BY_FIRST[token.lower]:
            length = len(said)
            if length > 1 and said != tuple([found.lower for found in tokens[index : index + length]]):
                continue
            if action is Action.AVERAGE:
                start = opening(tokens) if start < 0 else start
                if index != start:
                    continue
            past = index + length - 1
            hits.append(ActionMatch(action, index, past))
            break
    return hits


def _contract_like(tokens: list[Token]) -> bool:
    """Whether a message names something like an option: a strike with its right, or a right or date with a number."""
    kinds = {token.kind for token in tokens}
    if "STRIKE" in kinds or (
        "JUNK" in kinds
        and any(token.kind == "JUNK" and _GLUED_STRIKE.search(token.lower) for token in tokens)
    ):
        return True
    dated = "DATE" in kinds or "DTE" in kinds
    right = any(
        token.kind == "WORD" and token.lower in vocabulary.RIGHTS and len(token.text) > 1 for token in tokens
    )
    return (dated or right) and not kinds.isdisjoint({"NUMBER", "PAIR", "JUNK"})


def _bare_order(letter: MessageText) -> bool:
    """Whether a number stands behind "BTO", or behind any buying where the room's rule fills in what is missing."""
    said = letter.tokens[letter.hits[0].first].lower == "bto" or letter.unsaid is not None
    return said and any(token.kind == "NUMBER" for token in letter.tokens)


def _entry(letter: MessageText) -> ParsedAlert:
    """Read an entry with its action word, or refuse it."""
    hit = letter.hits[0]
    action = range(hit.first, hit.last + 1)
    fields = fields_of(letter, action)
    for _, doubt in entry_checks(letter, fields, action):
        if doubt is not None:
            return _refused(doubt)
    return _answer(entry_of(fields), fields, letter.tokens, action)


def entry_checks(letter: MessageText, fields: Fields, action: range) -> Iterator[tuple[str, Doubt | None]]:
    """Give the checks of an entry by name, each with its doubt; one is run only when the last has passed."""
    tokens, form = letter.tokens, letter.form
    if form is None:
        settled = fields.settled
        yield "no word takes it back", first_doubt(letter.sight, tokens, action, settled)
        yield "one action, in front", first_action_doubt(tokens, letter.hits, settled)
    else:
        acting = tokens[action.start : action.stop]
        strict = [token for token in (*form.title, *form.said) if token not in acting]
        result = Doubt(
            Code.PARSE_NOT_NOW,
            "expected an entry, found the result of a trade: send the alert alone",
            form.result,
        )
        yield "the form has no result", None if form.result is None else result
        yield "no word takes it back", first_doubt(letter.sight, strict, range(0), None)
        yield "no word of the comments takes it back", first_doubt(letter.sight, form.talk, range(0), 0)
        hits = [hit for hit in letter.hits if tokens[hit.first] in form.title]
        yield (
            "one action",
            first_action_doubt(tokens, hits, None, anywhere=True) if hits else _no_title(letter),
        )
    today = _today(letter)
    if isinstance(today, Doubt):
        yield "it is of the day it says", today
        return
    for name, check in CHECKS:
        yield name, check(fields, today)


def _no_title(letter: MessageText) -> Doubt:
    return Doubt(
        Code.PARSE_UNCLEAR,
        "expected the action in the form's title, found it in a value",
        letter.tokens[letter.hits[0].first],
    )


def _today(letter: MessageText) -> date | Doubt:
    """Give the day that 0DTE counts from: the message's own, or the one that its head line says, which is never an earlier one."""
    if letter.posted is None:
        return Doubt(
            Code.PARSE_BAD_EXPIRY,
            "expected a message from this century, found another time: check the sender's clock",
        )
    stamp = stamped(letter.tokens)
    if stamp is None:
        return letter.posted
    day = resolve(stamp, letter.posted)
    if isinstance(day, date):
        return day
    reason = f"expected a message of {letter.posted.isoformat()}, found one that says it is of {shown(stamp.text)}: send a new one"
    return Doubt(Code.PARSE_NOT_NOW, reason, stamp)


def fields_of(letter: MessageText, action: range) -> Fields:
    """Collect the fields of an entry."""
    if letter.form is not None:
        letter.form.fields.unsaid = letter.unsaid
        return letter.form.fields
    fields = collect(letter.tokens, action.stop, letter.unsaid)
    counted = letter.tokens[action.start]
    if counted.kind == "SIGNED":
        fields.quantities.append(counted)
    return fields


def _bare_entry(letter: MessageText) -> ParsedAlert | None:
    """Read a bare contract as an entry: only when it is the whole message, with no word of commentary, and its price or exact date."""
    tokens = letter.tokens
    closes = any(token.lower in vocabulary.PARTS for token in tokens)
    if letter.posted is None or closes or _TICKED_OFF.search(letter.sight.text):
        return None
    start = opening(tokens, vocabulary.BOUGHT)
    fields = collect(tokens, start)
    if fields.commentary or not fields.contract_complete or not fields.symbols[0].text.isupper():
        return None
    if not fields.strikes or not (fields.prices or _told_alone(letter, fields, start)):
        return None
    if first_doubt(letter.sight, tokens, range(start), None) is not None:
        return None
    if not any(token.lower in vocabulary.BOUGHT for token in tokens[:start]):
        # without an action word the number after @ may as well be a level to watch: the stricter bound holds
        fields.price_is_marked = False
    found = judge(fields, letter.posted)
    if isinstance(found, Doubt) or (found.quantity is not None and found.quantity > _MOST_OF_A_BARE_ENTRY):
        return None
    return _answer(found, fields, tokens, range(0))


_ALONE = frozenset({"WORD", "CASHTAG", "STRIKE", "DATE", "DTE", "RELATIVE", "NOISE", "SHARE_CLASS"})


def _told_alone(letter: MessageText, fields: Fields, start: int) -> bool:
    """Whether a bare contract without a price is all there is: in a room of alerts that is one. An emoji may as well be a cheer.

    Its day must be sure: a date, or the day of the message. "1DTE" is counted by some in calendar days.
    """
    tokens = [token for token in letter.tokens if token.kind != "NEWLINE"]
    act = any(token.lower in vocabulary.BOUGHT for token in tokens[:start])
    sure = (
        fields.expiries[0].kind == "DATE"
        or resolve(fields.expiries[0], letter.posted or date.min, symbol_of(fields.symbols[0]))
        == letter.posted
    )
    plain = letter.sight.text.isascii() and all(
        token.kind in _ALONE or token.text in ":-" for token in tokens
    )
    one_line = letter.sight.text.strip().count("\n") == 0
    return letter.alone and plain and one_line and sure and not act and not fields.unexplained


def _answer(found: Entry, fields: Fields, tokens: list[Token], action: range) -> ParsedAlert:
    """Word an entry, with the spans it rests on in the order of the text."""
    label, spans = _label(tokens, action.start if action else len(tokens))
    strike, right = strike_in(fields), right_token(fields)
    assert strike is not None
    spans += [span("action", tokens[index]) for index in action if tokens[index].kind == "WORD"]
    spans += (span("symbol", fields.symbols[0]), span("strike", strike))
    for name, found_in in (
        ("right", right),
        ("expiry", _first(fields.expiries)),
        ("price", _first(fields.prices)),
    ):
        if found_in is not None:
            spans.append(span(name, found_in))
    if fields.quantities:
        spans.append(span("quantity", fields.quantities[0]))
    spans.sort(key=_BY_PLACE)
    return ParsedAlert(
        kind=AlertKind.ENTRY,
        symbol=found.symbol,
        strike=found.strike,
        right=found.right,
        expiry=found.expiry,
        price=found.price,
        quantity=found.quantity,
        label=label,
        spans=tuple(spans),
    )


def _first(tokens: list[Token]) -> Token | None:
    return tokens[0] if tokens else None


_BY_PLACE = itemgetter(1, 2)


def _label(tokens: list[Token], before: int) -> tuple[str | None, list[Span]]:
    """Find the label that opens a message ("Super Lotto:"), or a remark anywhere that says how large it is traded ("lotto")."""
    found: str | None = None
    spans: list[Span] = []
    if before >= 2:
        spoken = [token for token in tokens[:before] if token.kind == "WORD" or token.text == ":"][:3]
        said = [token.lower for token in spoken]
        for phrase, label in vocabulary.LABELS.items():
            length = len(phrase)
            if found is None and tuple(said[:length]) == phrase and said[length : length + 1] == [":"]:
                found, spans = label, [span("label", token) for token in spoken[:length]]
    if found is not None and found != "Alert":
        return found, spans
    remarks = [index for index, token in enumerate(tokens) if token.lower in vocabulary.FIRST_OF_REMARK]
    if not remarks:
        return found, spans
    for phrase, label in vocabulary.SIZE_REMARKS.items():
        for index in remarks:
            meant = tokens[index : index + len(phrase)]
            if tuple([token.lower for token in meant]) == phrase:
                return label, [span("label", token) for token in meant]
    return found, spans


def _refused(doubt: Doubt) -> ParsedAlert:
    spans = () if doubt.token is None else (span("doubt", doubt.token),)
    return ParsedAlert(kind=AlertKind.REFUSED, code=str(doubt.code), reason=doubt.reason, spans=spans)


def _placed(found: ParsedAlert, text: str, sight: Seen) -> ParsedAlert:
    """Give a reading with its spans in the text as it came."""
    spans = []
    for each in found.spans:
        start, end = sight.place(each.start, each.end)
        spans.append(Span(each.field, start, end, text[start:end]))
    return replace(found, spans=tuple(spans))
