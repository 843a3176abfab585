"""The state of the walk over the tokens of a contract, from one token to the next."""

from enum import IntEnum

from alert_trader.domain.alerts.parsing.context import RoomDefaults
from alert_trader.domain.alerts.parsing.fields.values import FieldsDraft
from alert_trader.domain.alerts.parsing.tokens import Token


class Label(IntEnum):
    """Whether the next number belongs to a stop, a target or a word of the commentary."""

    NONE = 0
    EXPECTED = 1
    """Its number comes next."""
    GIVEN = 2
    """It has one; more follow only after a comma or slash."""


class Walk:
    """The draft, the place in the tokens, and what the last few tokens announced."""

    __slots__ = (
        "acted",
        "average_is_price",
        "before",
        "comma",
        "depth",
        "draft",
        "in_contract",
        "index",
        "join",
        "label",
        "label_token",
        "labels",
        "mark",
        "named_behind",
        "remark",
        "tokens",
    )

    def __init__(
        self,
        tokens: tuple[Token, ...],
        start: int,
        defaults: RoomDefaults | None,
        *,
        average_is_price: bool,
        acted: bool,
    ) -> None:
        """Begin at the token `start`."""
        self.acted = acted
        """Whether an act precedes the contract."""
        self.average_is_price = average_is_price
        """Whether AVG is a price mark."""
        self.tokens = tokens
        self.index = start
        self.draft = FieldsDraft(defaults)
        self.in_contract = True
        """Until the first word of the commentary."""
        self.label = Label.NONE
        self.label_token: Token | None = None
        self.labels: set[str] = set()
        """The stops and targets named so far."""
        self.remark = False
        """Whether the label is a word of the commentary, not a stop or target."""
        self.comma = False
        """Whether a comma or slash precedes."""
        self.mark: Token | None = None
        """The price mark whose price comes next."""
        self.named_behind: Token | None = None
        """A number whose name comes behind it: "3.3 stop"."""
        self.join: Token | None = None
        """The "and" that a second contract may follow."""
        self.depth = 0
        """Open brackets."""
        self.before: Token | None = None
        """The token before this one, line ends left out."""

    def following(self) -> Token | None:
        """Return the next token, line ends left out."""
        tokens, index = self.tokens, self.index + 1
        while index < len(tokens) and tokens[index].kind == "NEWLINE":
            index += 1
        return tokens[index] if index < len(tokens) else None

    def ahead(self, steps: int) -> Token | None:
        """Return the token that many places ahead."""
        index = self.index + steps
        return self.tokens[index] if index < len(self.tokens) else None

    def drop_mark(self) -> None:
        """Note a price mark without a price. A word may have another meaning, an @ has none."""
        if self.mark is not None and self.mark.kind == "AT":
            self.draft.marks_without_price += (self.mark,)
        self.mark = None

    def drop_label(self) -> None:
        """Note a stop or target without a number."""
        if self.label is Label.EXPECTED and self.label_token is not None and not self.remark:
            self.draft.labels_without_number += (self.label_token,)
        self.label = Label.NONE

    def expect_number(self, token: Token, *, remark: bool) -> None:
        """Assign the next number to a stop, a target or a word of the commentary."""
        self.label_token, self.remark = token, remark
        self.label, self.comma = Label.EXPECTED, False

    def end_contract(self, token: Token) -> None:
        """Add a word to the commentary; the first one ends the contract."""
        if self.in_contract:
            self.draft.contract_end = token
        self.in_contract = False
        if self.depth == 0:
            self.draft.commentary += (token,)
