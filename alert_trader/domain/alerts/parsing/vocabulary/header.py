"""The header line that a bot puts above an alert: "@Room | Tuesday - 11-24-2026 10:05 AM"."""

from alert_trader.domain.alerts.parsing.tokens import Token

IN_SENTENCE = frozenset({"WORD", "NOISE", "PUNCTUATION", "NEWLINE", "ORDINAL"})
"""The tokens of a sentence without any number."""
_IN_HEADER = IN_SENTENCE | {"DATE", "TIME"}


def header_date(tokens: tuple[Token, ...]) -> Token | None:
    """Return the date in a header line, or None without one."""
    return next(
        (token for line in _lines(tokens) if _is_header(line) for token in line if token.kind == "DATE"), None
    )


def without_headers(tokens: tuple[Token, ...]) -> list[Token]:
    """Return the tokens of all lines that are no header."""
    return [token for line in _lines(tokens) if not _is_header(line) for token in line]


def _lines(tokens: tuple[Token, ...]) -> list[list[Token]]:
    """Cut tokens into lines, each with the token that ends it."""
    lines: list[list[Token]] = [[]]
    for token in tokens:
        lines[-1].append(token)
        if token.kind == "NEWLINE":
            lines.append([])
    return lines


def _is_header(line: list[Token]) -> bool:
    return {"DATE", "TIME"} <= {token.kind for token in line} <= _IN_HEADER
