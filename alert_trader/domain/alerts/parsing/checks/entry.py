"""Checks of an entry with an act of buying, in prose and in a form."""

import itertools
from collections.abc import Callable
from datetime import date

from alert_trader.domain.alerts.parsing.candidates.candidate import Candidate
from alert_trader.domain.alerts.parsing.checks.actions import (
    check_action_first,
    check_no_other,
    check_one_action,
)
from alert_trader.domain.alerts.parsing.checks.bare import is_whole
from alert_trader.domain.alerts.parsing.checks.contract import CONTRACT_CHECKS
from alert_trader.domain.alerts.parsing.checks.refusal import Refusal, quote
from alert_trader.domain.alerts.parsing.checks.verdict import Verdict
from alert_trader.domain.alerts.parsing.checks.wording import check_marks, check_wording
from alert_trader.domain.alerts.parsing.context import Context
from alert_trader.domain.alerts.parsing.fields.values import Fields
from alert_trader.domain.alerts.parsing.reading import Reading
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.action_words import BEFORE_ACTION, REMARKS
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import CONTRACT_FILLERS, RIGHTS
from alert_trader.domain.alerts.parsing.vocabulary.entry_words import RESULTS
from alert_trader.domain.alerts.parsing.vocabulary.form_names import Part
from alert_trader.domain.alerts.parsing.vocabulary.tickers import names_position
from alert_trader.domain.alerts.parsing.vocabulary.values import number_of, symbol_of
from alert_trader.domain.alerts.parsing.vocabulary.words import words
from alert_trader.domain.denial import Code

MessageCheck = Callable[[Candidate, Fields, Context], Refusal | None]

_LEAPS = frozenset({"leap", "leaps"})
_EXITS = frozenset({"exit", "exited", "sold", "closed"})
_SINCE = frozenset(
    {"still", "green", "doubled", "tripled", "running", "printing", "printed", "runner", "runners", "banked"}
)
"""Words behind a reported purchase that make it one of some time ago."""


_DIRECTIONS = frozenset({"bullish", "bearish", "long", "trades", "signal", "opened"})
"""Words in the title of a form that change nothing."""
_WISHES = frozenset({"would"})
_BEFORE_PAST = frozenset({"since", "last", "on"})
_PAST = words("monday tuesday wednesday thursday friday week month night open morning")


def check_entry(candidate: Candidate, fields: Fields, reading: Reading, context: Context) -> Verdict:
    """Run the checks of an entry up to the first that fails."""
    checks = _PROSE_CHECKS if candidate.outline.form is None else _FORM_CHECKS
    return _run(checks, candidate, fields, reading, context)


def check_spoken_entry(candidate: Candidate, fields: Fields, reading: Reading, context: Context) -> Verdict:
    """Run the checks of an entry in other words: without its price nothing may follow the contract."""
    return _run(_SPOKEN_CHECKS, candidate, fields, reading, context)


def check_form_entry(
    candidate: Candidate, fields: Fields, reading: Reading, context: Context
) -> Verdict | None:
    """Accept a form with an act in its title or the author's own entry; refuse another with a contract."""
    form = candidate.outline.form
    assert form is not None
    if not is_whole(fields, reading):
        whole = reading.strike is not None and reading.right is not None and fields.expiries and fields.prices
        if reading.symbol is not None or not whole:
            return None
        reason = "expected the ticker, found a contract without one: name it (Ticker: KO)"
        return Verdict(Refusal(Code.PARSE_NO_SYMBOL, reason, fields.prices[0]), failed="a ticker")
    if not (candidate.outline.entry.act or form.names_entry):
        reason = (
            "expected an act of buying or the author's entry, found a form with neither: write BTO above it"
        )
        return Verdict(Refusal(Code.PARSE_UNCLEAR, reason, None), failed="an act of buying")
    return _run(_FORM_CHECKS_WITHOUT_ACTION, candidate, fields, reading, context)


def _run(
    checks: tuple[tuple[str, MessageCheck], ...],
    candidate: Candidate,
    fields: Fields,
    reading: Reading,
    context: Context,
) -> Verdict:
    passed: list[str] = []
    for name, check_message in checks:
        refusal = check_message(candidate, fields, context)
        if refusal is not None:
            return Verdict(refusal, tuple(passed), name)
        passed.append(name)
    refusal = _check_day(reading, context)
    if refusal is not None:
        return Verdict(refusal, tuple(passed), _DAY_CHECK)
    for name, check_fields in CONTRACT_CHECKS:
        refusal = check_fields(fields, reading)
        if refusal is not None:
            return Verdict(refusal, tuple(passed), name)
        passed.append(name)
    return Verdict(None, tuple(passed))


def _own(candidate: Candidate, fields: Fields) -> set[int]:
    """Return the offsets of the tokens of the act and of an expiration in words."""
    tokens = candidate.tokens
    outline = candidate.outline
    acts = [*candidate.action, *outline.entry.act]
    for phrase in outline.headings:
        acts += range(phrase.first, phrase.last + 1)
    return {*[tokens[index].start for index in acts], *[token.start for token in fields.expiries]}


def _check_prose(candidate: Candidate, fields: Fields, context: Context) -> Refusal | None:
    text, tokens, own = candidate.outline.text, candidate.tokens, _own(candidate, fields)
    if candidate.action and candidate.start > candidate.action.stop:
        # the lines between a heading and its contract are the author's plan, as those behind it
        between = tokens[candidate.action.stop : candidate.start]
        refusal = check_wording(text, between, own, between[0].start)
        tokens = tokens[: candidate.action.stop] + tokens[candidate.start :]
    else:
        refusal = None
    refusal = refusal or check_wording(text, tokens, own, fields.entry_end)
    first = fields.contract_end
    if refusal is None and first is not None and first.lower in _WISHES:
        # "at 1.25 would be nice"
        reason = f"expected a purchase, found {quote(first.text)} behind it: send the alert when it is made"
        return Refusal(Code.PARSE_CONDITIONAL, reason, first)
    return refusal or _check_room(candidate, context)


def _check_room(candidate: Candidate, context: Context) -> Refusal | None:
    """Refuse the words with which this author announces an entry that is not made yet."""
    if context.get_ready.isdisjoint(candidate.outline.words):
        return None
    found = next(token for token in candidate.tokens if token.lower in context.get_ready)
    reason = f"expected a purchase, found {quote(found.text)}, which only announces one: wait for the alert"
    return Refusal(Code.PARSE_CONDITIONAL, reason, found)


def _check_marks(candidate: Candidate, _fields: Fields, _context: Context) -> Refusal | None:
    """Refuse a mark of a stop or result in front, and the root of a future anywhere."""
    first = candidate.action.stop if candidate.action else candidate.start
    refusal = check_marks(candidate.tokens[:first])
    if refusal is not None or "FUTURE" not in candidate.outline.kinds:
        return refusal
    root = next(token for token in candidate.tokens if token.kind == "FUTURE")
    reason = f"expected an option of a share or index, found the future {quote(root.text)}: trade it by hand"
    return Refusal(Code.PARSE_UNCLEAR, reason, root)


def _check_prose_action(candidate: Candidate, fields: Fields, _context: Context) -> Refusal | None:
    tokens, outline = candidate.tokens, candidate.outline
    refusal = check_one_action(tokens, outline.actions, fields.entry_end)
    first = outline.actions[0]
    stop = tokens[first.last + 1] if first.last + 1 < len(tokens) else None
    if refusal is None and stop is not None and stop.lower == "stop":
        reason = "expected a purchase made now, found a stop order to buy: send the alert when it is filled"
        return Refusal(Code.PARSE_CONDITIONAL, reason, stop)
    if refusal is None and candidate.start > first.first:
        refusal = check_action_first(tokens, first, max(outline.opening, outline.entry.end))
    return refusal or _check_no_exit(candidate)


def _check_no_exit(candidate: Candidate) -> Refusal | None:
    """Refuse an exit that is named in the same message: "Entry ... @ 1.36 Exit: 2.15"."""
    tokens = candidate.tokens
    if _EXITS.isdisjoint(candidate.outline.words):
        return None
    for index, token in enumerate(tokens[:-1]):
        if token.lower in _EXITS and tokens[index + 1].text in {":", "="}:
            return Refusal(
                Code.PARSE_NOT_NOW,
                f"expected an entry, found {quote(token.text)} beside it: send the alert alone",
                token,
            )
    return None


def _check_spoken_action(candidate: Candidate, fields: Fields, _context: Context) -> Refusal | None:
    """Refuse a sale beside a reported purchase, and a purchase of some time ago."""
    refusal = check_no_other(candidate.tokens, candidate.outline.actions, fields.entry_end)
    refusal = refusal or _check_no_exit(candidate)
    if refusal is not None:
        return refusal
    tokens = candidate.tokens
    if candidate.start < len(tokens) and tokens[candidate.start].lower == "paid":
        # "getting paid KO 70c" is a result
        return _not_now(tokens[candidate.start])
    for token, behind in itertools.pairwise((*tokens, tokens[-1])):
        if token.lower in _SINCE or (token.lower in _BEFORE_PAST and behind.lower in _PAST):
            return _not_now(token)
    if not fields.prices and fields.contract_complete:
        other = next((token for token in fields.commentary if token.lower not in REMARKS), None)
        if other is not None:
            reason = (
                f"expected a price, or nothing behind the contract, found {quote(other.text)}: "
                "write the price after @"
            )
            return Refusal(Code.PARSE_UNCLEAR, reason, other)
    return None


def _not_now(token: Token) -> Refusal:
    reason = f"expected an entry made now, found {quote(token.text)}: send the alert alone"
    return Refusal(Code.PARSE_NOT_NOW, reason, token)


def _check_leaps(candidate: Candidate, fields: Fields, _context: Context) -> Refusal | None:
    """Refuse "LEAPS Jan 28", which is a day as well as a year."""
    if _LEAPS.isdisjoint(candidate.outline.words):
        return None
    for token in fields.expiries:
        written = token.lower.replace(".", " ").split()
        if token.kind == "DATE" and len(written) == 2 and written[0].isalpha() and written[1].isdigit():
            reason = (
                f"expected the date of a LEAPS with its year, found {quote(token.text)}, which can be a day "
                "or a year: write it as 1/21/2028"
            )
            return Refusal(Code.PARSE_BAD_EXPIRY, reason, token)
    return None


def _check_result(candidate: Candidate, fields: Fields, _context: Context) -> Refusal | None:
    """Refuse a form with a result, with a price since the entry, or with a number of no known meaning."""
    form = candidate.outline.form
    assert form is not None
    if form.result is not None:
        reason = "expected an entry, found the result of a trade: send the alert alone"
        return Refusal(Code.PARSE_NOT_NOW, reason, form.result)
    paid = {number_of(token) for token in fields.prices}
    for token in form.running:
        if number_of(token) != 0 and number_of(token) not in paid:
            reason = f"expected an entry, found a price since then, {quote(token.text)}: send the alert alone"
            return Refusal(Code.PARSE_NOT_NOW, reason, token)
    if form.unnamed:
        found = quote(form.unnamed[0].text)
        reason = f"expected every number to be named, found {found} under an unknown name: leave it out"
        return Refusal(Code.PARSE_UNEXPLAINED_NUMBER, reason, form.unnamed[0])
    return None


def _check_form(candidate: Candidate, fields: Fields, context: Context) -> Refusal | None:
    """Refuse doubtful words in the title and the contract of a form, beside its action."""
    outline, form = candidate.outline, candidate.outline.form
    assert form is not None
    action = candidate.tokens[candidate.action.start : candidate.action.stop]
    tokens = [token for token in form.title + form.contract if token not in action]
    refusal = check_wording(outline.text, tokens, _own(candidate, fields), None)
    return refusal or _check_room(candidate, context)


def _check_comments(candidate: Candidate, _fields: Fields, _context: Context) -> Refusal | None:
    """Refuse doubtful words in the comments of a form; fewer are doubtful there, as behind an entry."""
    outline, form = candidate.outline, candidate.outline.form
    assert form is not None
    return check_wording(outline.text, form.comments, (), 0)


def _check_form_action(candidate: Candidate, _fields: Fields, _context: Context) -> Refusal | None:
    tokens, outline, form = candidate.tokens, candidate.outline, candidate.outline.form
    assert form is not None
    titled = [phrase for phrase in outline.actions if tokens[phrase.first] in form.title]
    if titled:
        named = any(
            line.part is Part.ACTION and tokens[titled[0].first] in line.tokens for line in form.lines
        )
        refusal = check_one_action(tokens, titled, None)
        return refusal or (None if named else check_action_first(tokens, titled[0], outline.opening))
    reason = "expected the action in the form's title, found it in a value"
    return Refusal(Code.PARSE_UNCLEAR, reason, tokens[outline.actions[0].first])


def _check_title(candidate: Candidate, fields: Fields, _context: Context) -> Refusal | None:
    """Refuse a result in the title of a form without an action, and any word beside its act or contract."""
    outline, form = candidate.outline, candidate.outline.form
    assert form is not None
    own = {outline.tokens[index].start for index in outline.entry.act}
    found = next((token for token in form.title if token.lower in RESULTS and token.start not in own), None)
    if found is not None:
        return _not_now(found)
    end = len(outline.text.text)
    if outline.entry.act:
        last = outline.tokens[outline.entry.act.stop - 1].end
        breaks = (token.start for token in outline.tokens if token.kind == "NEWLINE" and token.start >= last)
        end = next(breaks, end)
    own |= {token.start for token in fields.symbols + fields.other_symbols}
    names = {symbol_of(token) for token in fields.symbols}
    own |= {token.start for token in form.title if names_position(token) and symbol_of(token) in names}
    other = next(
        (
            token
            for token in form.title
            if token.start < end and token.start not in own and not _in_title(token)
        ),
        None,
    )
    if other is None:
        return None
    found_text = quote(other.text)
    reason = f"expected a contract or an act as the form's title, found {found_text}: write BTO above it"
    return Refusal(Code.PARSE_UNCLEAR, reason, other)


def _in_title(token: Token) -> bool:
    """Whether a token may stand in the title of a form that only its own entry makes one."""
    return token.kind != "WORD" or token.lower in BEFORE_ACTION | CONTRACT_FILLERS | RIGHTS | _DIRECTIONS


_PROSE_CHECKS: tuple[tuple[str, MessageCheck], ...] = (
    ("no mark of a stop or result in front", _check_marks),
    ("no word contradicts it", _check_prose),
    ("one action, in front", _check_prose_action),
    ("no LEAPS without a year", _check_leaps),
)
_SPOKEN_CHECKS: tuple[tuple[str, MessageCheck], ...] = (
    ("no mark of a stop or result in front", _check_marks),
    ("no word contradicts it", _check_prose),
    ("a purchase made now", _check_spoken_action),
    ("no LEAPS without a year", _check_leaps),
)
_FORM_CHECKS_WITHOUT_ACTION: tuple[tuple[str, MessageCheck], ...] = (
    ("the form has no result", _check_result),
    ("no word contradicts it", _check_form),
    ("no word of the comments contradicts it", _check_comments),
    ("a title without a result", _check_title),
)
_FORM_CHECKS: tuple[tuple[str, MessageCheck], ...] = (
    ("the form has no result", _check_result),
    ("no word contradicts it", _check_form),
    ("no word of the comments contradicts it", _check_comments),
    ("one action", _check_form_action),
)
"""The checks of the message around a contract, in their order; the checks of the contract follow."""
_DAY_CHECK = "posted on the date in its header"
"""Named only where it fails, as most messages have no header."""


def _check_day(reading: Reading, context: Context) -> Refusal | None:
    """Refuse an impossible time, and a header whose date is not today or later."""
    if reading.today is None:
        reason = "expected a message from this century, found another time: check the sender's clock"
        return Refusal(Code.PARSE_BAD_EXPIRY, reason)
    if reading.header is None or isinstance(reading.today, date):
        return None
    found = quote(reading.header.text)
    reason = f"expected a message of {context.posted}, found {found} in its header: send a new one"
    return Refusal(Code.PARSE_NOT_NOW, reason, reading.header)
