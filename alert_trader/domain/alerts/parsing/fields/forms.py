"""The fields of a form: each named value fills its own field; words behind it are ignored."""

from alert_trader.domain.alerts.parsing.context import RoomDefaults
from alert_trader.domain.alerts.parsing.fields.values import FieldsDraft
from alert_trader.domain.alerts.parsing.outline import Form, FormLine
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import RIGHTS
from alert_trader.domain.alerts.parsing.vocabulary.form_names import Part
from alert_trader.domain.alerts.parsing.vocabulary.tickers import may_be_ticker

_MAY_HAVE_RIGHT = frozenset({Part.STRIKE, Part.RIGHT})
_NO_FIELDS = frozenset({Part.LEVEL, Part.COMMENT, Part.RESULT})

_FIELDS: dict[Part, tuple[str, frozenset[str]]] = {
    Part.EXPIRY: ("expiries", frozenset({"DATE", "DTE", "RELATIVE"})),
    Part.STRIKE: ("bare_strikes", frozenset({"NUMBER"})),
    Part.PRICE: ("prices", frozenset({"NUMBER"})),
    Part.QUANTITY: ("quantities", frozenset({"NUMBER", "QUANTITY"})),
}
"""The field of each part, and the kinds of token that fill it."""


def collect_form(form: Form, defaults: RoomDefaults | None = None) -> FieldsDraft:
    """Collect the fields of a form; the right may be in its title."""
    draft = FieldsDraft(defaults)
    for line in form.lines:
        if line.part is None or line.part is Part.ACTION:
            draft.rights += tuple(
                token
                for token in line.tokens
                if token.kind == "WORD" and token.lower in RIGHTS and len(token.lower) > 1
            )
        elif line.part not in _NO_FIELDS:
            _collect_line(draft, line.part, line)
    return draft


def _collect_line(draft: FieldsDraft, part: Part, line: FormLine) -> None:
    """Collect one value. A second number in a line that has its own is unexplained."""
    field, kinds = _FIELDS.get(part, ("", frozenset()))
    for token in line.tokens:
        kind = token.kind
        if kind in kinds and not (part is Part.PRICE and draft.prices):
            setattr(draft, field, (*getattr(draft, field), token))
        elif kind == "STRIKE" and part in _MAY_HAVE_RIGHT:
            draft.strikes += (token,)
        elif kind == "DATE" and part is Part.RIGHT:
            # "Contract: 70C 12/18"
            draft.expiries += (token,)
        elif kind == "PAIR" or (kind == "DATE" and part is not Part.EXPIRY):
            draft.pairs += (token,)
        elif kind in {"NUMBER", "PERCENT", "JUNK", "STRIKE"}:
            draft.unexplained += (token,)
        elif kind in {"WORD", "CASHTAG", "SHARE_CLASS"}:
            _collect_word(draft, part, token)
        elif kind == "AT" and part is Part.SYMBOL:
            # "A@D" is a typo for another ticker
            draft.symbols = ()
            return
    draft.price_is_marked = bool(draft.prices)


def _collect_word(draft: FieldsDraft, part: Part, token: Token) -> None:
    """Take a word as the ticker or as the right."""
    if part is Part.SYMBOL and not draft.symbols and may_be_ticker(token):
        draft.symbols += (token,)
    elif part in {Part.RIGHT, Part.STRIKE} and token.lower in RIGHTS:
        draft.rights += (token,)
