"""Collects the fields of one contract from tokens, without judging them.

The body of an alert is its contract, price and quantity in any order, with the few words that may stand between them. The first other
word ends it: from there on everything is commentary. Commentary never fills a field; it can only contradict one (a second strike, a
number nothing explains).
"""

import re
from collections.abc import Callable
from decimal import Decimal
from enum import IntEnum

from alert_trader.domain.alerts.parsing import vocabulary
from alert_trader.domain.alerts.parsing.fields import Fields, Unsaid, names_symbol
from alert_trader.domain.alerts.parsing.tokens import Token, number_in

_STRIKE = frozenset({"strike", "strikes"})
_SIZED = frozenset(
    {
        "of",
        "position",
        "risk",
        "size",
        "port",
        "portfolio",
        "account",
        "stop",
        "sl",
        "loss",
        "trail",
        "trailing",
    }
    | {"target", "targets"}
)
_PARTS = frozenset({"1/2", "1/3", "1/4", "2/3", "3/4"})
"""Dates that are parts of a size behind a complete entry: "1/2 size"."""
_CONTRACTS = frozenset({"contract", "contracts", "con", "cons", "lots"})
_AVERAGE = frozenset({"avg", "average"})
_COUNTS = frozenset("123456789")
_MOST_COUNTED = 20
"""Up to this, a number behind "calls" may be a count."""
_DASHED_DATE = re.compile(r"(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12][0-9]|3[01])")
"""12-18 between the parts of a contract that has no other date."""
_SPAN_OF_TIME = re.compile(r"[0-9]{1,3}(?:m|min|mins|h|hr|hrs|d|w|ema|sma|ma|dma|k)")


class _Label(IntEnum):
    """Whether a stop or target was just named."""

    NONE = 0
    EXPECTED = 1
    """Its number comes next."""
    GIVEN = 2
    """It has one; more follow only after a comma or slash."""


class _Collector:
    """Walks the tokens once, keeping what the last few of them promised."""

    __slots__ = (
        *(
            "at",
            "before",
            "comma",
            "depth",
            "fields",
            "first",
            "in_body",
            "join",
            "label",
            "labels",
            "mark",
            "named",
            "remark",
            "start",
        ),
        "tokens",
    )

    def __init__(self, tokens: list[Token], start: int, unsaid: Unsaid | None) -> None:
        self.tokens = tokens
        self.at = start
        self.start = start
        self.first = next(
            (index for index in range(start, len(tokens)) if tokens[index].kind != "NEWLINE"), -1
        )
        self.fields = Fields(unsaid=unsaid)
        self.in_body = True
        self.label = _Label.NONE
        self.comma = False
        self.mark: Token | None = None
        self.join: Token | None = None
        self.depth = 0
        self.labels: set[str] = set()
        self.named: Token | None = None
        self.remark = False
        self.before: Token | None = None

    def run(self) -> Fields:
        for index in range(self.start, len(self.tokens)):
            token = self.tokens[index]
            self.at = index
            handler = _HANDLERS.get(token.kind)
            if handler is not None:
                handler(self, token)
            if token.kind != "NEWLINE":
                self.before = token
        self.drop_mark()
        self.drop_label()
        return self.fields

    def drop_mark(self) -> None:
        """Note a price mark that led to no price. A word may have meant something else, an @ may not."""
        if self.mark is not None and self.mark.kind == "AT":
            self.fields.dangling.append(self.mark)
        self.mark = None

    def drop_label(self) -> None:
        """Note a stop or target that got no number."""
        if self.label is _Label.EXPECTED and self.named is not None and not self.remark:
            self.fields.empty_labels.append(self.named)
        self.label = _Label.NONE

    def newline(self, _token: Token) -> None:
        self.drop_label()

    def time(self, token: Token) -> None:
        """Let a time of day pass, unless the entry is to be made at it."""
        if self.mark is not None:
            self.fields.unexplained.append(token)
        self.mark = None

    def expiry(self, token: Token) -> None:
        if token.lower in _PARTS and self.fields.complete and self.sizes(self.following()):
            return
        if self.label is _Label.EXPECTED and self.fields.complete:
            # "PT 72/75"
            self.label = _Label.GIVEN
            return
        self.drop_mark()
        self.drop_label()
        (self.fields.expiries if self.in_body else self.fields.other_expiries).append(token)

    def relative(self, token: Token) -> None:
        """Take an expiration in words, unless a date says it already; behind the contract it is only talk."""
        if self.in_body and not self.fields.expiries:
            self.expiry(token)

    def stray(self, token: Token) -> None:
        self.drop_mark()
        self.fields.unexplained.append(token)

    def strike(self, token: Token) -> None:
        self.drop_mark()
        self.drop_label()
        (self.fields.strikes if self.in_body else self.fields.other_strikes).append(token)

    def number(self, token: Token) -> None:
        """Give a number to whoever claims it: a stop or target, a price mark, the end of the contract, or the count in front."""
        if not self.is_level(token):
            self.place(token)
        self.mark, self.comma = None, False

    def place(self, token: Token) -> None:
        fields = self.fields
        fractional = "." in token.text or "$" in token.text
        if self.labelled():
            self.name_number(token)
        elif self.label is _Label.GIVEN:
            # "SL 598 @ .80": either may be the stop, and either the price
            fields.unexplained.append(token)
        elif self.mark is not None:
            if self.mark.kind == "AT" or fractional or self.mark.lower in vocabulary.FIRM_PRICE_MARKS:
                self.price(token, marked=True)
            elif self.mark.lower == "at":
                self.price(token, marked=True)
                fields.price_is_rough = True
            else:
                fields.unexplained.append(token)
        elif self.in_body and not fields.strikes and not fields.bare_strikes and self.names_strike(token):
            fields.bare_strikes.append(token)
        elif self.in_body and fractional and fields.contract_complete and not fields.prices:
            self.price(token, marked=False)
        elif self.at == self.first and token.text.isdigit() and names_symbol(self.following()):
            fields.quantities.append(token)
        elif not fields.complete or not (self.counts(self.following()) or self.is_count(token)):
            fields.unexplained.append(token)

    def name_number(self, token: Token) -> None:
        """Give a number to the stop or target just named, unless it only counts it ("TP 1: 2.00")."""
        after = self.following()
        if (
            self.label is _Label.EXPECTED
            and token.text in _COUNTS
            and after is not None
            and after.text == ":"
        ):
            return
        self.label = _Label.GIVEN
        if self.named is not None and self.named.lower in _AVERAGE and not self.fields.prices:
            # an average without a price in front may be the price
            self.fields.unexplained.append(token)

    def is_level(self, token: Token) -> bool:
        """Whether a number of the commentary is a level of the underlying: "could run to 255", of a strike of 250 at 2.10."""
        fields, before = self.fields, self.before
        if (
            self.in_body
            or before is None
            or before.lower not in vocabulary.BEFORE_LEVEL
            or not fields.complete
            or not fields.strikes
        ):
            return False
        value = Decimal(number_in(token))
        return value * 2 > Decimal(number_in(fields.strikes[0])) and value > 4 * Decimal(
            number_in(fields.prices[0])
        )

    def is_count(self, token: Token) -> bool:
        """Whether a small number behind a complete entry counts the author's contracts or trades: "took 3", "trade #2", "1 more"."""
        if not token.text.isdigit() or len(token.text) > 2 or self.before is None:
            return False
        after = self.following()
        return (
            self.before.text == "#"
            or self.before.lower in vocabulary.COUNTED
            or (after is not None and after.lower == "more")
        )

    def names_strike(self, token: Token) -> bool:
        """Whether a number is called a strike, or stands right behind the word for its right and is no count."""
        after, before = self.following(), self.before
        if (after is not None and after.lower in _STRIKE) or (before is not None and before.lower in _STRIKE):
            return True
        if self.fields.unsaid is not None and self.fields.unsaid.right is not None and self.fields.symbols:
            return "$" not in token.text
        spelled = before is not None and before.lower in vocabulary.RIGHTS and len(before.lower) > 1
        return spelled and token.text.isdigit() and int(token.text) > _MOST_COUNTED

    def counts(self, after: Token | None) -> bool:
        """Whether the word behind a number says what it counts: "5 min"."""
        return after is not None and after.kind == "WORD" and after.lower in vocabulary.UNITS

    def labelled(self) -> bool:
        """Whether a number belongs to the stop or target just named: its first one, and a target's further ones after commas."""
        if self.label is _Label.EXPECTED:
            return True
        if (
            self.label is _Label.GIVEN
            and self.mark is None
            and self.named is not None
            and self.named.lower in vocabulary.SEVERAL_TARGETS
        ):
            return True
        if self.label is _Label.NONE or not self.comma or self.mark is not None or self.named is None:
            return False
        return self.remark or self.named.lower in vocabulary.TARGETS or self.named.kind == "LABEL"

    def price(self, token: Token, *, marked: bool) -> None:
        if self.in_body:
            self.fields.price_is_marked = marked if not self.fields.prices else self.fields.price_is_marked
            self.fields.prices.append(token)
        else:
            self.fields.other_prices.append(token)

    def percent(self, token: Token) -> None:
        if self.labelled():
            self.label = _Label.GIVEN
        elif not self.fields.complete or not self.sizes(self.following()):
            self.fields.unexplained.append(token)
        self.drop_mark()
        self.comma = False

    def sizes(self, after: Token | None) -> bool:
        """Whether the word behind a percentage says that it is a part of the account or a stop."""
        return after is not None and after.lower in _SIZED

    def pair(self, token: Token) -> None:
        after = self.following()
        counts = after is not None and (after.lower in vocabulary.UNITS or after.lower in _CONTRACTS)
        alone = self.in_body and self.mark is None and not self.fields.expiries and bool(self.fields.strikes)
        if alone and not counts and _DASHED_DATE.fullmatch(token.text):
            self.expiry(token)
            return
        if self.labelled() and self.fields.strikes:
            self.label = _Label.GIVEN
        else:
            self.fields.pairs.append(token)
        self.mark = None

    def quantity(self, token: Token) -> None:
        self.drop_mark()
        self.fields.quantities.append(token)

    def name_label(self, token: Token) -> None:
        self.drop_mark()
        name = token.lower
        if name in self.labels and (name[-1].isdigit() or name in {"sl", "stop"}):
            self.fields.repeated.append(token)
        self.labels.add(name)
        self.drop_label()
        self.named, self.remark = token, False
        self.label, self.comma = _Label.EXPECTED, False

    def symbol(self, token: Token) -> None:
        self.drop_mark()
        if self.in_body and not self.fields.symbols and token.text.isascii():
            self.fields.symbols.append(token)
        elif token.kind == "CASHTAG":
            self.fields.other_symbols.append(token)
        else:
            self.end_body(token)

    def word(self, token: Token) -> None:
        """Place a word: label, price mark, right, ticker, filler, or the start of the commentary."""
        fields, lower = self.fields, token.lower
        if self.in_body and not fields.symbols and token.text in vocabulary.ALSO_TICKERS:
            self.symbol(token)
        elif lower in vocabulary.STOPS_AND_TARGETS and not (
            lower == "loss" and self.label is _Label.EXPECTED
        ):
            self.name_label(token)
        elif self.label is _Label.EXPECTED and lower in vocabulary.BETWEEN_LABEL_AND_NUMBER:
            pass
        elif lower in vocabulary.PRICE_MARKS:
            self.drop_mark()
            self.mark = token
        elif self.mark is not None and self.mark.kind == "AT" and lower in vocabulary.NO_PRICE:
            self.mark = None
        elif self.mark is not None and lower in vocabulary.PRICE_MARKS_JOINED:
            pass
        else:
            self.drop_mark()
            self.plain_word(token, lower)

    def plain_word(self, token: Token, lower: str) -> None:
        fields = self.fields
        after = self.following() if lower in {"and", "then"} and self.label is _Label.GIVEN else None
        if after is not None and after.kind == "NUMBER":
            self.comma = True
            return
        self.drop_label()
        if lower in vocabulary.JOINS:
            self.join = token
            self.end_body(token)
        elif self.in_body and lower in vocabulary.RIGHTS and len(lower) > 1:
            fields.rights.append(token)
        elif self.in_body and not fields.symbols and names_symbol(token):
            fields.symbols.append(token)
        elif self.in_body and self.passes(lower):
            pass
        elif self.may_be_second_symbol(token):
            fields.other_symbols.append(token)
        else:
            self.end_body(token)
            if lower in vocabulary.REMARK_LABELS:
                self.named, self.remark = token, True
                self.label, self.comma = _Label.EXPECTED, False

    def passes(self, lower: str) -> bool:
        """Whether a word changes nothing between the parts of a contract."""
        article = lower in vocabulary.ARTICLES and not self.fields.contract_complete
        if lower == "high":
            # "HIGH RISK" is a remark, "high 1.25" a course
            after = self.following()
            return after is not None and after.lower == "risk"
        near_price = (
            lower in vocabulary.NEAR_PRICE and self.fields.contract_complete and not self.fields.prices
        )
        return article or near_price or lower in vocabulary.CONTRACT_FILLERS or lower in vocabulary.REMARKS

    def may_be_second_symbol(self, token: Token) -> bool:
        """Whether a word in capitals reads as another ticker: before the contract is complete, or right after "and"."""
        joined, self.join = self.join is not None, None
        incomplete = self.in_body and not self.fields.contract_complete
        return (joined or incomplete) and token.text.isupper() and len(token.text) > 1 and names_symbol(token)

    def end_body(self, token: Token) -> None:
        if self.in_body:
            self.fields.ended_by = token
        self.in_body = False
        if self.depth == 0:
            self.fields.commentary.append(token)

    def at_sign(self, token: Token) -> None:
        if self.label is _Label.EXPECTED:
            return
        self.drop_mark()
        self.mark = token

    def junk(self, token: Token) -> None:
        self.drop_mark()
        self.drop_label()
        if self.fields.complete and _SPAN_OF_TIME.fullmatch(token.lower):
            return
        if any(char.isdigit() for char in token.text):
            self.fields.unexplained.append(token)
        else:
            self.end_body(token)

    def punctuation(self, token: Token) -> None:
        match token.text:
            case "," | "/":
                self.comma = True
            case "(" | "[":
                self.depth += 1
            case ")" | "]":
                self.depth = max(self.depth - 1, 0)
            case "-" if self.mark is None or self.mark.kind != "AT":
                # "Price - 1.25"
                pass
            case "-" | "+" | "<" | ">":
                # a signed or bounded number is no price
                self.drop_mark()
            case _:
                pass

    def following(self) -> Token | None:
        """Give the next token that is not blank."""
        tokens, place = self.tokens, self.at + 1
        # past a line's end only: blanks are not among these tokens
        while place < len(tokens) and tokens[place].kind == "NEWLINE":
            place += 1
        return tokens[place] if place < len(tokens) else None


_HANDLERS: dict[str, Callable[[_Collector, Token], None]] = {
    "NEWLINE": _Collector.newline,
    "DATE": _Collector.expiry,
    "DTE": _Collector.expiry,
    "RELATIVE": _Collector.relative,
    "SIGNED": _Collector.stray,
    "TIME": _Collector.time,
    "STRIKE": _Collector.strike,
    "NUMBER": _Collector.number,
    "PERCENT": _Collector.percent,
    "PAIR": _Collector.pair,
    "QUANTITY": _Collector.quantity,
    "LABEL": _Collector.name_label,
    "CASHTAG": _Collector.symbol,
    "SHARE_CLASS": _Collector.symbol,
    "WORD": _Collector.word,
    "AT": _Collector.at_sign,
    "JUNK": _Collector.junk,
    "PUNCTUATION": _Collector.punctuation,
}
"""What each kind of token does; the others do nothing."""


def collect(tokens: list[Token], start: int, unsaid: Unsaid | None = None) -> Fields:
    """Collect the fields of the contract that is written from token `start` on; `unsaid` is what the room means without saying it."""
    return _Collector(tokens, start, unsaid).run()
