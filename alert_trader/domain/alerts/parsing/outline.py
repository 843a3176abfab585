"""Stage 3: where the actions of a message are, what precedes its contract, and the named values of a form.

A form is one named value a line: "Ticker: KO", "Expiry: 12/18", "Strike: 70". Bots write them, mostly in
embeds.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from alert_trader.domain.alerts.parsing.context import Context
from alert_trader.domain.alerts.parsing.normalize import NormalizedText
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.action_words import (
    ACTIONS_BY_FIRST,
    BEFORE_ACTION,
    FIRST_OF_ACTION,
    MAY_PRECEDE,
    Action,
    length_of_opening,
)
from alert_trader.domain.alerts.parsing.vocabulary.doubtful_words import SPREADS
from alert_trader.domain.alerts.parsing.vocabulary.entry_words import (
    BEFORE_CONTRACT,
    FIRST_OF_ACT,
    INTRODUCING,
    Opening,
    act_at,
)
from alert_trader.domain.alerts.parsing.vocabulary.form_names import LEVELS, Part, part_of
from alert_trader.domain.alerts.parsing.vocabulary.tickers import BEFORE_STRIKE, names_position
from alert_trader.domain.alerts.parsing.word_order import with_act_first

_IS_FORM = re.compile(r"\b(?:ticker|symbol|stock|underlying)\b[^\w\n]{0,6}[:=]")
_LINE = re.compile(r"[^\n\r|]+")
_NAME_ENDS = re.compile(r"[:=]")
_LONGEST_NAME = 40
_NAMED_LINES_OF_FORM = 2
_MOST_WORDS_OF_NAME = 4
_OF_CONTRACT = frozenset({"STRIKE", "DATE", "DTE", "RELATIVE", "CASHTAG", "AT", "PAIR"})
_NO_COMMENT = frozenset({"no", "none", "nope"})
_ONLY_LEVELS = frozenset({"NUMBER", "PERCENT", "PUNCTUATION", "NEWLINE", "CUT"})
_BESIDE_HEADING = MAY_PRECEDE | {"LABEL"}


class ActionPhrase(NamedTuple):
    """The words of an action, by the indexes of their first and last token."""

    action: Action
    first: int
    last: int


class FormLine(NamedTuple):
    """A line of a form: what its value is, and the tokens of the value."""

    part: Part | None
    """None for a line without a known name: its tokens are the whole line."""
    tokens: tuple[Token, ...]
    own_entry: bool = False
    """Whether the value is named the author's own entry."""


class Form(NamedTuple):
    """The lines of a form, and its tokens by the weight that their words have."""

    lines: tuple[FormLine, ...]
    title: tuple[Token, ...]
    """Outside the named values, or the value of the action: only here an action counts."""
    contract: tuple[Token, ...]
    """Inside the values that make the contract."""
    comments: tuple[Token, ...]
    """Inside comments, stops, targets and results."""
    result: Token | None
    """The start of a profit or loss, where the form has one."""
    running: tuple[Token, ...] = ()
    """Inside the prices since the entry: "Current: 5.10"."""
    unnamed: tuple[Token, ...] = ()
    """Numbers inside values whose name is not known."""
    names_entry: bool = False
    """Whether a value is named the author's own entry, not only a price."""


class Outline(NamedTuple):
    """A message as tokens, with its action phrases and its form."""

    text: NormalizedText
    tokens: tuple[Token, ...]
    """Without markup; line ends stay."""
    kinds: frozenset[str]
    """The kinds of the tokens."""
    words: frozenset[str]
    """The tokens in lower case."""
    opening: int
    """How many tokens at the start may precede an action."""
    actions: tuple[ActionPhrase, ...]
    headings: tuple[ActionPhrase, ...]
    """Actions that are a line of their own and only repeat another."""
    entry: Opening
    """What precedes the contract of an entry, with the act in other words than "BTO"."""
    form: Form | None
    """None where the message is prose."""


def outline(text: NormalizedText, tokens: Sequence[Token], context: Context) -> Outline:
    """Find the action phrases, the opening and the form of a message."""
    kinds = frozenset([token.kind for token in tokens])
    if "MARKUP" in kinds:
        kinds -= {"MARKUP"}
        tokens = [token for token in tokens if token.kind != "MARKUP"]
    kept = tuple(tokens)
    if "STRIKE" in kinds and not BEFORE_STRIKE.isdisjoint([token.text for token in kept]):
        kept = _with_tickers(kept)
    if "STRIKE" in kinds:
        kept = with_act_first(kept)
    opening = length_of_opening(kept)
    found = _actions(kept, opening, signed="SIGNED" in kinds)
    actions = _without_headings(kept, found) if len(found) > 1 else found
    headings = (
        tuple([phrase for phrase in found if phrase not in actions]) if len(found) > len(actions) else ()
    )
    words = frozenset([token.lower for token in kept])
    if actions and actions[0].first == opening:
        entry = Opening(opening, range(0))
    elif FIRST_OF_ACT.isdisjoint(words) and context.acts.isdisjoint(words):
        entry = _opening_from(kept, 0, context)
    else:
        entry = _opening_of_entry(kept, context)
    form = _form(text, kept, context.names)
    if form is not None and actions:
        # "Buy Price: 1.25" is no act
        actions = tuple([phrase for phrase in actions if _is_in_value(form, kept[phrase.first])])
    return Outline(text, kept, kinds, words, opening, actions, headings, entry, form)


def _is_in_value(form: Form, token: Token) -> bool:
    return any(token in line.tokens for line in form.lines)


def _with_tickers(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Mark the words in capitals that are tickers before a strike: "ON 71c" is no preposition."""
    found = [
        index
        for index, token in enumerate(tokens)
        if token.text in BEFORE_STRIKE and _strike_next(tokens, index)
    ]
    if not found:
        return tokens
    marked = list(tokens)
    for index in found:
        marked[index] = tokens[index]._replace(kind="CASHTAG")
    return tuple(marked)


def _strike_next(tokens: tuple[Token, ...], index: int) -> bool:
    """Whether a strike follows, with only its date or a dash between."""
    for token in tokens[index + 1 : index + 3]:
        if token.kind == "STRIKE":
            return token.text[0] in "$0123456789"
        if token.kind not in {"DATE", "DTE"} and token.text != "-":
            return False
    return False


def _opening_of_entry(tokens: tuple[Token, ...], context: Context) -> Opening:
    """Find what precedes the contract, at the start or behind an introduction: "Good morning! Bought ..."."""
    first = _opening_from(tokens, 0, context)
    if first.act:
        return first
    words = True
    for index, token in enumerate(tokens[:-1]):
        if token.kind in _OF_CONTRACT or token.text == "?":
            break
        if token.kind == "WORD":
            words = words and (token.lower in BEFORE_ACTION or token.lower in INTRODUCING)
        ends = token.kind == "NEWLINE" or token.text in {".", "!"}
        if (ends and tokens[index - 1].text != ":") or (words and token.text in {":", "-", ","}):
            opening = _opening_from(tokens, index + 1, context)
            if opening.act and opening.act.start == index + 1:
                return opening
        words = True if ends else words
    return first


def _opening_from(tokens: tuple[Token, ...], index: int, context: Context) -> Opening:
    """Find labels, mentions, remarks, and an act such as "took" or "BOUGHT", from a token on."""
    act, subject = range(0), None
    while index < len(tokens):
        token = tokens[index]
        length = act_at(tokens, index) or int(token.lower in context.acts) if token.kind == "WORD" else 0
        if length > 0:
            act = range(act.start if act else index, index + length)
            index += length
        elif token.kind in MAY_PRECEDE or (
            token.kind == "WORD"
            and (token.lower in BEFORE_ACTION or (act and token.lower in BEFORE_CONTRACT))
        ):
            index += 1
        elif not act and subject is None and names_position(token) and _acts_next(tokens, index + 1):
            subject = token
            index += 1
        else:
            break
    return Opening(index, act, subject)


def _acts_next(tokens: tuple[Token, ...], index: int) -> bool:
    return index < len(tokens) and act_at(tokens, index) > 0


def _without_headings(
    tokens: tuple[Token, ...], actions: tuple[ActionPhrase, ...]
) -> tuple[ActionPhrase, ...]:
    """Leave out "Buy to open" as a line of its own above or below the line that says the same."""
    buying = [phrase for phrase in actions if phrase.action is Action.BUY]
    headings = {phrase for phrase in buying if is_heading(tokens, phrase)}
    if len(buying) < len(actions) or not headings:
        return actions
    return tuple([phrase for phrase in actions if phrase not in headings]) or actions[:1]


def names_spread(outline: Outline) -> bool:
    """Whether a message names a position of several legs, and the numbers of their strikes."""
    return not outline.words.isdisjoint(SPREADS) and not outline.kinds.isdisjoint({"PAIR", "JUNK", "STRIKE"})


def is_heading(tokens: tuple[Token, ...], phrase: ActionPhrase) -> bool:
    """Whether an action phrase is alone in its line."""
    first, last = phrase.first - 1, phrase.last + 1
    while first >= 0 and tokens[first].kind != "NEWLINE":
        if not _beside_heading(tokens[first]):
            return False
        first -= 1
    while last < len(tokens) and tokens[last].kind != "NEWLINE":
        if not _beside_heading(tokens[last]):
            return False
        last += 1
    return True


def _beside_heading(token: Token) -> bool:
    return token.kind in _BESIDE_HEADING or token.lower in BEFORE_ACTION


def _actions(tokens: tuple[Token, ...], opening: int, *, signed: bool) -> tuple[ActionPhrase, ...]:
    """Find the action phrases. AVG and a signed count act only at the start; elsewhere AVG names a number."""
    found: list[ActionPhrase] = []
    end = 0
    for index, token in enumerate(tokens):
        if token.lower in FIRST_OF_ACTION:
            if index < end:
                continue
            phrase = _phrase_at(tokens, index, opening)
            if phrase is not None:
                found.append(phrase)
                end = phrase.last + 1
        elif signed and token.kind == "SIGNED" and index == opening:
            action = Action.BUY if token.text[0] == "+" else Action.SELL
            found.append(ActionPhrase(action, index, index))
    return tuple(found)


def _phrase_at(tokens: tuple[Token, ...], index: int, opening: int) -> ActionPhrase | None:
    """Return the longest action phrase that begins at a token."""
    if tokens[index].lower == "bot" and not _is_order_line(tokens, index, opening):
        return None
    for phrase, action in ACTIONS_BY_FIRST[tokens[index].lower]:
        length = len(phrase)
        if length > 1 and phrase != tuple([each.lower for each in tokens[index : index + length]]):
            continue
        if action is not Action.AVERAGE or index == opening:
            return ActionPhrase(action, index, index + length - 1)
    return None


def _is_order_line(tokens: tuple[Token, ...], index: int, opening: int) -> bool:
    """Whether "bot" means bought: before a signed count, or at the start before a count or ticker."""
    behind = tokens[index + 1] if index + 1 < len(tokens) else None
    if behind is None:
        return False
    counted = behind.kind in {"NUMBER", "QUANTITY"} or names_position(behind)
    return behind.kind == "SIGNED" or (index == opening and counted)


def _form(text: NormalizedText, tokens: tuple[Token, ...], agreed: Mapping[str, Part]) -> Form | None:
    """Return the form that a message is, or None for prose."""
    lower = text.lower
    if ":" not in lower and "=" not in lower:
        return None
    titled = _IS_FORM.search(lower) is not None
    several = lower.count(":") + lower.count("=") >= _NAMED_LINES_OF_FORM and ("\n" in lower or "|" in lower)
    if not titled and not several:
        return None
    lines = _lines(text, tokens, agreed)
    if any(line.own_entry for line in lines):
        # beside the entry, "Cost: $1,700" is the sum of money
        lines = [
            line._replace(part=Part.COMMENT) if line.part is Part.PRICE and not line.own_entry else line
            for line in lines
        ]
    named = [line.part for line in lines if line.part is not None]
    if not titled and (len(named) < _NAMED_LINES_OF_FORM or not {Part.PRICE, Part.RESULT} & {*named}):
        return None
    return _form_of(lines)


def _form_of(lines: list[FormLine]) -> Form:
    """Sort the tokens of a form by the weight that their words have."""
    title: list[Token] = []
    contract: list[Token] = []
    comments: list[Token] = []
    running: list[Token] = []
    unnamed: list[Token] = []
    result: Token | None = None
    for line in lines:
        match line.part:
            case None | Part.ACTION:
                title += line.tokens
            case Part.STOP | Part.TARGET | Part.LEVEL | Part.COMMENT | Part.STATUS:
                comments += _comment(line)
            case Part.RUNNING:
                running += [token for token in line.tokens if token.kind == "NUMBER"]
            case Part.RESULT:
                comments += line.tokens
                result = line.tokens[0] if line.tokens else result
            case Part.UNKNOWN:
                comments += line.tokens
                unnamed += [token for token in line.tokens if token.kind in {"NUMBER", "PERCENT", "JUNK"}]
            case _:
                contract += line.tokens
    return Form(
        tuple(lines),
        tuple(title),
        tuple(contract),
        tuple(comments),
        result,
        tuple(running),
        tuple(unnamed),
        any(line.own_entry for line in lines),
    )


def _comment(line: FormLine) -> tuple[Token, ...]:
    """Return the tokens of a comment; "Comments: No" and "Status: open" say nothing more."""
    tokens = line.tokens
    if len(tokens) == 1 and tokens[0].lower in _NO_COMMENT:
        return ()
    return tokens[1:] if line.part is Part.STATUS and tokens and tokens[0].lower in _OPEN else tokens


_OPEN = frozenset({"open", "opened", "active", "new", "live", "filled"})


def _lines(text: NormalizedText, tokens: tuple[Token, ...], agreed: Mapping[str, Part]) -> list[FormLine]:
    """Cut a form into its lines; the tokens of a name are left out. Bare levels continue a line of levels."""
    lines: list[FormLine] = []
    index = 0
    for line in _LINE.finditer(text.lower):
        mark = _NAME_ENDS.search(line[0][:_LONGEST_NAME])
        part, own = (None, False) if mark is None else part_of(line[0][: mark.start()], agreed)
        start = line.start() if part is None or mark is None else line.start() + mark.end()
        end = line.end()
        while index < len(tokens) and tokens[index].start < start:
            index += 1
        first = index
        while index < len(tokens) and tokens[index].start < end:
            index += 1
        found = tokens[first:index]
        if part is Part.RIGHT and found and found[0].lower in {"bto", "stc"}:
            # "Side: BTO"; "Side: BUY" may be an order that is not filled
            part = Part.ACTION
        if part is None and lines and lines[-1].part in LEVELS and _only_levels(found):
            part = lines[-1].part
        elif part is None and mark is not None and _is_unknown_value(line[0][: mark.start()], found):
            part = Part.UNKNOWN
        lines.append(FormLine(part, found, own))
    return [line for line in lines if line.tokens or line.part is not None]


def _is_unknown_value(name: str, tokens: tuple[Token, ...]) -> bool:
    """Whether a line is a short name of no known meaning with a number, and no alert of its own."""
    kinds = {token.kind for token in tokens}
    words = name.split()
    return (
        0 < len(words) <= _MOST_WORDS_OF_NAME
        and not kinds.isdisjoint({"NUMBER", "PERCENT", "JUNK"})
        and kinds.isdisjoint(_OF_CONTRACT)
        and not any(token.lower in FIRST_OF_ACTION and token.lower != "avg" for token in tokens)
    )


def _only_levels(tokens: tuple[Token, ...]) -> bool:
    return all(token.kind in _ONLY_LEVELS for token in tokens)
