"""The stage: the fields of a candidate, from prose or from a form."""

from alert_trader.domain.alerts.parsing.candidates.candidate import Candidate, Shape
from alert_trader.domain.alerts.parsing.context import Context
from alert_trader.domain.alerts.parsing.fields.forms import collect_form
from alert_trader.domain.alerts.parsing.fields.prose import collect_prose
from alert_trader.domain.alerts.parsing.fields.values import Fields, FieldsDraft
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import RIGHTS
from alert_trader.domain.alerts.parsing.vocabulary.expirations import expiration_of, may_expire
from alert_trader.domain.alerts.parsing.vocabulary.portions import is_amount, is_fraction
from alert_trader.domain.alerts.parsing.vocabulary.tickers import may_be_ticker, names_position
from alert_trader.domain.alerts.parsing.vocabulary.values import symbol_of

_OF_POSITION = frozenset({Shape.ADDITION, Shape.AVERAGE, Shape.CONDITIONAL_EXIT, Shape.ALL_BUT})
ARROWS = frozenset(map(chr, [*range(0x2190, 0x2200), 0x27A1, 0x2794, 0x279C]))


def collect_fields(candidate: Candidate, context: Context) -> Fields:
    """Collect the fields of the contract that a candidate names."""
    match candidate.shape:
        case Shape.ENTRY | Shape.SPOKEN_ENTRY | Shape.FORM_ENTRY:
            draft = _of_entry(candidate, context)
        case Shape.BARE_ENTRY | Shape.UNREAD:
            draft = _of_bare_entry(candidate, context)
        case _:
            draft = _of_position(candidate, context)
    if not draft.symbols and context.ticker is not None and candidate.shape not in _OF_POSITION:
        draft.symbols = (context.ticker,)
    return draft.freeze()


def _of_entry(candidate: Candidate, context: Context) -> FieldsDraft:
    """Collect an entry; the room's defaults complete it, and a signed count is its quantity."""
    form = candidate.outline.form
    if form is not None:
        return collect_form(form, context.defaults)
    draft = collect_prose(
        candidate.tokens, candidate.start, context.defaults, average_is_price=context.average_is_price
    )
    if candidate.action and candidate.tokens[candidate.action.start].kind == "SIGNED":
        draft.quantities += (candidate.tokens[candidate.action.start],)
    subject = candidate.outline.entry.subject
    if candidate.start == candidate.outline.entry.end and subject is not None:
        draft.symbols, draft.other_symbols = draft.symbols or (subject,), (*draft.other_symbols, subject)
    return draft


def _of_bare_entry(candidate: Candidate, context: Context) -> FieldsDraft:
    """Collect a contract without an action word."""
    draft = collect_prose(
        candidate.tokens,
        candidate.start,
        context.defaults,
        average_is_price=context.average_is_price,
        acted=False,
    )
    # the number behind @ may as well be a level to watch: the stricter bound applies
    draft.price_is_marked = False
    return draft


def _of_position(candidate: Candidate, context: Context) -> FieldsDraft:
    """Collect the contract of an exit or addition, as far as it is named."""
    tokens, form = candidate.tokens, candidate.outline.form
    if form is not None:
        draft = collect_form(form)
        if form.names_entry:
            # the price that was paid is not the price of the exit
            draft.prices = ()
    else:
        amounts = _amounts(tokens, context)
        start = _start_of_position(tokens, candidate)
        draft = collect_prose(_without(candidate.subject + tokens[start:], amounts), 0)
        if not (draft.strikes and draft.symbols):
            draft = _in_another_line(candidate, draft, amounts)
        draft.unexplained += tokens[candidate.start : start]
    signed = tuple([token for token in draft.unexplained if token.kind == "SIGNED"])
    if signed and not draft.quantities:
        # "SOLD -3 KO" in an order line
        draft.quantities = signed
    if any(token.text in ARROWS for token in tokens):
        # "1.59 -> 1.75" is a course, not a price
        draft.prices = ()
    return draft


def _amounts(tokens: tuple[Token, ...], context: Context) -> frozenset[int]:
    """Return the offsets of the fractions that say how much is closed: "3/5 70c" is no date months away."""
    fractions = [token for token in tokens if token.kind == "DATE" and is_fraction(token)]
    if not fractions:
        return _NO_AMOUNTS
    dated = any(token.kind == "DATE" and not is_fraction(token) for token in tokens)
    found = []
    for index, token in enumerate(tokens):
        if is_fraction(token):
            day = None if context.posted is None else expiration_of(token, context.posted)
            if dated or not may_expire(day, context.posted) or is_amount(tokens, index):
                found.append(token.start)
    return frozenset(found)


def _without(tokens: tuple[Token, ...], amounts: frozenset[int]) -> tuple[Token, ...]:
    return tuple([token for token in tokens if token.start not in amounts]) if amounts else tokens


def _start_of_position(tokens: tuple[Token, ...], candidate: Candidate) -> int:
    """Return the index of the position behind an act: a ticker in capitals, or one before a strike."""
    if candidate.subject:
        return candidate.start
    for index in range(candidate.start, len(tokens)):
        token = tokens[index]
        if token.text in _ENDS_SENTENCE:
            break
        if token.kind in _OF_CONTRACT or names_position(token):
            return index
        behind = tokens[index + 1] if index + 1 < len(tokens) else token
        if may_be_ticker(token) and (behind.kind in _OF_CONTRACT or behind.lower in RIGHTS):
            return index
    return candidate.start


_NO_AMOUNTS: frozenset[int] = frozenset()
_ENDS_SENTENCE = frozenset(".!;\n\r")
_OF_CONTRACT = frozenset({"STRIKE", "DATE", "DTE", "RELATIVE", "CASHTAG"})


def _in_another_line(candidate: Candidate, draft: FieldsDraft, amounts: frozenset[int]) -> FieldsDraft:
    """Collect the contract from the line with the strike; a price behind the action is kept."""
    tokens = candidate.tokens
    strike = next((index for index, token in enumerate(tokens) if token.kind == "STRIKE"), None)
    if strike is None:
        return draft
    start = strike
    while start > 0 and tokens[start - 1].kind != "NEWLINE":
        start -= 1
    while (
        start < strike
        and tokens[start].kind not in {"CASHTAG", "DATE", "DTE"}
        and not may_be_ticker(tokens[start])
    ):
        start += 1
    found = collect_prose(_without(tokens[start:], amounts), 0)
    if draft.symbols and found.symbols and not _same(draft.symbols[0], found.symbols[0]):
        # the act names a ticker, and the strike belongs to another one
        return draft
    found.prices = draft.prices or found.prices
    return found


def _same(one: Token, other: Token) -> bool:
    return symbol_of(one) == symbol_of(other)
