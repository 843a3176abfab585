"""Forms and embeds: an alert written as named values, where bots write them."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, Embed, EmbedField
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.denial import Code

Posted = Callable[..., AlertMessage]

LINES = {
    "\U0001f4b0 Ticker": "KO",
    "\U0001f4c5 Expiry": "12/18",
    "\u26a1 Strike": "70",
    "\U0001f3c1 Entry": "1.25",
    "\U0001f6d1 Stop loss": "10-30%",
    "\U0001f4ac Comments": "Risky, a short squeeze trade. I hold a single contract",
}
TITLE = ":large_blue_circle: **CALL** - *buy to open*"


def boxed(message: AlertMessage, title: str, lines: dict[str, str]) -> AlertMessage:
    """Put a form into the description of an embed, each name in bold."""
    return replace(
        message,
        embeds=(
            Embed(
                title=title, description="\n\n".join(f"**{name}:** {value}" for name, value in lines.items())
            ),
        ),
    )


def test_a_form_is_parsed_from_a_description(posted: Posted) -> None:
    """WHO-50: the title has action and right, the named values the rest; spans are in the shown text."""
    message = boxed(posted("<@&1>"), TITLE, LINES)
    parsed = parse(message)
    assert parsed.kind is AlertKind.ENTRY, parsed.reason
    assert (
        f"{parsed.symbol} {parsed.strike}{parsed.right} {parsed.expiry} {parsed.price}"
        == "KO 70C 2026-12-18 1.25"
    )
    assert all(message.shown[span.start : span.end] == span.text for span in parsed.spans)


def test_a_form_is_parsed_from_fields(posted: Posted) -> None:
    """The embed's own fields are the same form."""
    fields = tuple(EmbedField(name=name, value=value) for name, value in LINES.items())
    parsed = parse(replace(posted(""), embeds=(Embed(title="PUT buy to open", fields=fields),)))
    assert (parsed.kind, parsed.right, parsed.price) == (AlertKind.ENTRY, "P", Decimal("1.25"))


def test_a_title_alone_is_a_message(posted: Posted) -> None:
    """An alert that is the title of an embed is read like a message."""
    parsed = parse(replace(posted("<@&1>"), embeds=(Embed(title="BTO KO 70P 12/18 HIGH RISK\nEntry= 9"),)))
    assert (parsed.kind, parsed.strike, parsed.price) == (AlertKind.ENTRY, Decimal(70), Decimal(9))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"Quantity": "1.5"}, Code.PARSE_BAD_QUANTITY),
        ({"\U0001f3c1 Entry": "1.25-1.40"}, Code.PARSE_TWO_PRICES),
        ({"\U0001f3c1 Entry": "10-30%"}, Code.PARSE_UNEXPLAINED_NUMBER),
        ({"\U0001f3c1 Entry": "1.25 or 1.10"}, Code.PARSE_UNEXPLAINED_NUMBER),
        ({"\u26a1 Strike": "70/75"}, Code.PARSE_SPREAD),
        ({"\u26a1 Strike": "70p"}, Code.PARSE_TWO_CONTRACTS),
        ({"\u26a1 Strike": "-"}, Code.PARSE_NO_STRIKE),
        ({"\U0001f4c5 Expiry": "soon"}, Code.PARSE_NO_EXPIRY),
        ({"\U0001f4b0 Ticker": "K@O"}, Code.PARSE_NO_SYMBOL),
        ({"\U0001f4b2 P/L": "20%"}, Code.PARSE_NOT_NOW),
        ({"\U0001f4ac Comments": "wait for the break of 70"}, Code.PARSE_CONDITIONAL),
        ({"\U0001f4ac Comments": "cancelled"}, Code.PARSE_NEGATED),
    ],
)
def test_an_uncertain_form_is_refused(posted: Posted, changed: dict[str, str], code: Code) -> None:
    """WHO-40: a value with two meanings, a result or a condition refuses the form."""
    parsed = parse(boxed(posted(""), TITLE, LINES | changed))
    assert (parsed.kind, parsed.code) == (AlertKind.REFUSED, code)


def test_an_empty_comment_is_ignored(posted: Posted) -> None:
    """A comment that is only "No" is no negation."""
    assert parse(boxed(posted(""), TITLE, LINES | {"\U0001f4ac Comments": "No"})).kind is AlertKind.ENTRY


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("*trim* CALL position", "exit"),
        ("*Sell To Close* the CALL position", "exit"),
        ("CALL position Update", "refused"),
    ],
)
def test_a_position_form_is_not_an_entry(posted: Posted, title: str, kind: str) -> None:
    """Trims, closes and updates name a contract, and are no entries."""
    result = {name: value for name, value in LINES.items() if "Entry" not in name} | {"\U0001f4b2 P/L": "66%"}
    parsed = parse(boxed(posted(""), title, result))
    assert parsed.kind == kind
    assert parsed.kind is AlertKind.REFUSED or (parsed.symbol, parsed.strike, parsed.right) == (
        "KO",
        Decimal(70),
        "C",
    )


def test_a_right_is_never_guessed(posted: Posted) -> None:
    """A form without call or put anywhere is refused."""
    assert parse(boxed(posted(""), "buy to open", LINES)).code == Code.PARSE_NO_RIGHT
