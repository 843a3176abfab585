"""The fields of a form: each named value fills its own field; words behind it are ignored."""

from itertools import zip_longest

from alert_trader.domain.alerts.parsing.context import RoomDefaults
from alert_trader.domain.alerts.parsing.fields.prose import collect_prose
from alert_trader.domain.alerts.parsing.fields.values import FieldsDraft
from alert_trader.domain.alerts.parsing.outline import Form, FormLine
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import RIGHTS, UNITS
from alert_trader.domain.alerts.parsing.vocabulary.form_names import Part
from alert_trader.domain.alerts.parsing.vocabulary.tickers import may_be_ticker, names_position
from alert_trader.domain.alerts.parsing.vocabulary.values import symbol_of

_MAY_HAVE_RIGHT = frozenset({Part.STRIKE, Part.RIGHT})
_NO_FIELDS = frozenset({Part.LEVEL, Part.COMMENT, Part.RESULT, Part.RUNNING, Part.STATUS, Part.UNKNOWN})
_DAYS = frozenset({"DATE", "DTE", "RELATIVE"})
_NUMBERS = frozenset({"NUMBER", "PERCENT", "PAIR"})
_STRIKES = frozenset({"STRIKE", "NUMBER", "PAIR"})
_BESIDE_TICKER = frozenset({"STRIKE", "NUMBER", "DATE", "DTE", "RELATIVE"})

_FIELDS: dict[Part, tuple[str, frozenset[str]]] = {
    Part.EXPIRY: ("expiries", frozenset({"DATE", "DTE", "RELATIVE"})),
    Part.STRIKE: ("bare_strikes", frozenset({"NUMBER"})),
    Part.PRICE: ("prices", frozenset({"NUMBER"})),
    Part.QUANTITY: ("quantities", frozenset({"NUMBER", "QUANTITY"})),
}
"""The field of each part, and the kinds of token that fill it."""


def collect_form(form: Form, defaults: RoomDefaults | None = None) -> FieldsDraft:
    """Collect the fields of a form; what its named values lack may be in its title."""
    draft = FieldsDraft(defaults)
    if not any(line.part is Part.SYMBOL for line in form.lines):
        _collect_contracts(draft, form)
    for line in form.lines:
        if line.part is None or line.part is Part.ACTION:
            draft.rights += tuple(
                token
                for token in line.tokens
                if token.kind == "WORD" and token.lower in RIGHTS and len(token.lower) > 1
            )
        elif line.part is Part.STOP or line.part is Part.TARGET:
            draft.levels += _levels(line)
        elif line.part not in _NO_FIELDS:
            _collect_line(draft, line.part, line)
    _collect_title(draft, form)
    return draft


def _collect_title(draft: FieldsDraft, form: Form) -> None:
    """Complete a form by its title: "$KO" in one line and "70C 12/18" in the next, "Bullish trade: KO"."""
    lines = [line.tokens for line in form.lines if line.part is None]
    if not draft.symbols:
        named = [token for tokens in lines for token in _named_in(tokens)]
        draft.symbols = tuple(named) if len({symbol_of(token) for token in named}) == 1 else ()
    if draft.strikes or draft.bare_strikes or draft.rights:
        return
    draft.strikes = tuple([token for tokens in lines for token in tokens if token.kind == "STRIKE"])
    if draft.strikes and not draft.expiries:
        draft.expiries = tuple([token for tokens in lines for token in tokens if token.kind in _DAYS])


def _named_in(tokens: tuple[Token, ...]) -> list[Token]:
    """Return the tickers in a line: with their $, alone in it, or at its end behind a colon or dash."""
    tagged = [token for token in tokens if token.kind == "CASHTAG"]
    if tagged:
        return tagged
    spoken = [token for token in tokens if token.kind not in {"NEWLINE", "NOISE"}]
    if not spoken or spoken[-1].kind == "STRIKE" or not names_position(spoken[-1]):
        return []
    alone = len(spoken) == 1
    behind = len(spoken) > 1 and spoken[-2].text in {":", "-"}
    mixed = any(token.kind == "WORD" and not token.text.isupper() for token in spoken)
    return [spoken[-1]] if alone or (behind and mixed) else []


def _levels(line: FormLine) -> tuple[tuple[str, Token], ...]:
    """Return the numbers of a stop or of targets; two in the line of a stop name none."""
    found = [
        (str(line.part), token)
        for token, behind in zip_longest(line.tokens, line.tokens[1:])
        if token.kind in _NUMBERS and not (behind is not None and behind.lower in UNITS)
    ]
    return () if line.part is Part.STOP and len(found) > 1 else tuple(found)


def _collect_contracts(draft: FieldsDraft, form: Form) -> None:
    """Collect the contract from "Option: KO 70 C 12/18", or from a title such as "SWING - KO 70C 12/18"."""
    written = [_with_ticker(line.tokens) for line in form.lines if line.part is Part.RIGHT]
    titles = [line.tokens for line in form.lines if line.part is None or line.part is Part.ACTION]
    for tokens in (*written, *titles):
        start = next((index for index, token in enumerate(tokens) if _begins_contract(tokens, index)), None)
        if start is None or not any(token.kind in _STRIKES for token in tokens[start:]):
            continue
        found = collect_prose(tokens, start)
        first = not draft.symbols
        draft.symbols += found.symbols
        if tokens in titles:
            # the contract's own lines are collected with the other values
            draft.strikes += found.strikes
            draft.bare_strikes += found.bare_strikes
            draft.rights += found.rights
            draft.expiries += found.expiries
            draft.prices += found.prices
            draft.pairs += found.pairs
            draft.other_strikes += found.other_strikes
            draft.other_symbols += found.other_symbols
            draft.price_is_marked = draft.price_is_marked or (first and found.price_is_marked)


def _with_ticker(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Return the tokens of a contract with its ticker in front marked as one: "ON 71 C" is no preposition."""
    if len(tokens) < 2 or tokens[0].kind != "WORD" or not tokens[0].text.isupper() or len(tokens[0].text) > 5:
        return tokens
    if tokens[1].kind not in {"STRIKE", "NUMBER", "DATE", "DTE"}:
        return tokens
    return (tokens[0]._replace(kind="CASHTAG"), *tokens[1:])


def _begins_contract(tokens: tuple[Token, ...], index: int) -> bool:
    """Whether a ticker in capitals stands here, next to a strike or date."""
    token = tokens[index]
    if not names_position(token) or token.kind == "STRIKE":
        return False
    beside = (*tokens[max(index - 2, 0) : index], *tokens[index + 1 : index + 3])
    return any(each.kind in _BESIDE_TICKER for each in beside)


def _collect_line(draft: FieldsDraft, part: Part, line: FormLine) -> None:
    """Collect one value. A second number in a line that has its own is unexplained."""
    field, kinds = _FIELDS.get(part, ("", frozenset()))
    priced = False
    for token in line.tokens:
        kind = token.kind
        if kind in kinds and not priced:
            priced = part is Part.PRICE
            setattr(draft, field, (*getattr(draft, field), token))
        elif kind == "STRIKE" and part in _MAY_HAVE_RIGHT:
            draft.strikes += (token,)
        elif kind in {"DATE", "DTE", "RELATIVE"} and part is Part.RIGHT:
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
