"""The stage: the fields of a candidate, from prose or from a form."""

from alert_trader.domain.alerts.parsing.candidates import Candidate, Shape
from alert_trader.domain.alerts.parsing.context import Context
from alert_trader.domain.alerts.parsing.fields.forms import collect_form
from alert_trader.domain.alerts.parsing.fields.prose import collect_prose
from alert_trader.domain.alerts.parsing.fields.values import Fields, FieldsDraft
from alert_trader.domain.alerts.parsing.vocabulary.action_words import BOUGHT
from alert_trader.domain.alerts.parsing.vocabulary.tickers import may_be_ticker

ARROWS = frozenset(map(chr, [*range(0x2190, 0x2200), 0x27A1, 0x2794, 0x279C]))


def collect_fields(candidate: Candidate, context: Context) -> Fields:
    """Collect the fields of the contract that a candidate names."""
    match candidate.shape:
        case Shape.ENTRY:
            draft = _of_entry(candidate, context)
        case Shape.BARE_ENTRY:
            draft = _of_bare_entry(candidate)
        case _:
            draft = _of_position(candidate)
    return draft.freeze()


def _of_entry(candidate: Candidate, context: Context) -> FieldsDraft:
    """Collect an entry; the room's defaults complete it, and a signed count is its quantity."""
    form = candidate.outline.form
    if form is not None:
        return collect_form(form, context.defaults)
    draft = collect_prose(candidate.tokens, candidate.start, context.defaults)
    action = candidate.tokens[candidate.action.start]
    if action.kind == "SIGNED":
        draft.quantities += (action,)
    return draft


def _of_bare_entry(candidate: Candidate) -> FieldsDraft:
    """Collect a contract without an action word; the room's defaults do not complete it."""
    draft = collect_prose(candidate.tokens, candidate.start)
    if not any(token.lower in BOUGHT for token in candidate.tokens[: candidate.start]):
        # the number behind @ may as well be a level to watch: the stricter bound applies
        draft.price_is_marked = False
    return draft


def _of_position(candidate: Candidate) -> FieldsDraft:
    """Collect the contract of an exit or addition, as far as it is named."""
    tokens, form = candidate.tokens, candidate.outline.form
    if form is None:
        draft = collect_prose(tokens, candidate.start)
        if not (draft.strikes and draft.symbols):
            draft = _in_another_line(candidate, draft)
    else:
        draft = collect_form(form)
    if any(token.text in ARROWS for token in tokens):
        # "1.59 -> 1.75" is a course, not a price
        draft.prices = ()
    return draft


def _in_another_line(candidate: Candidate, draft: FieldsDraft) -> FieldsDraft:
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
    found = collect_prose(tokens, start)
    found.prices = draft.prices or found.prices
    return found
