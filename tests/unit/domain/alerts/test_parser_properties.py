"""Properties of the parser: every text has an answer, certain or refused, and text stays data."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, ParsedAlert
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.alerts.parsing.normalize import normalize
from alert_trader.domain.alerts.parsing.tokens import tokenize
from alert_trader.domain.denial import Code
from alert_trader.domain.market.calendar import is_trading_day
from alert_trader.domain.market.contract import OptionContract

Posted = Callable[..., AlertMessage]

MOMENTS = st.datetimes(timezones=st.none() | st.just(UTC))
PIECES = (
    "BTO buy Buy To Open STC sell to close AVG KO $DIS dis BRK.B SPX and or not if 70c 112.5p 70 calls "
    "put C P 12/18 1/15/27 11/26 13/40 0DTE 3DTE 2026-12-18 Dec 18th 16APR2027 @ @1.25 @$.40 for at .80 "
    "8.1 $2 1.25-1.50 70/72c SL PT1 TP: stop x2 10x qty 3 125% risky lotto Lotto: Alert: ** __ ~~ ` || "
    "> -> ? ( ) , . : - + \n @everyone <@&1> :go: \u200b \u0664 \u2192 70 7\u200b0c $\u017fPY $GOOGLE.A"
)
WORDS = st.sampled_from([*PIECES.split(), "\n"])
SALAD = st.lists(st.tuples(WORDS, st.sampled_from([" ", " ", " ", "", "\n", ",", "**"])), max_size=16).map(
    lambda parts: "".join(word + glue for word, glue in parts)
)
# C right after a number reads as its right, and is refused there: see the examples
TICKERS = st.sampled_from(["KO", "DIS", "F", "SPX", "BRK.B", "TGT", "$NOW", "$KO", "qqq", "GOOGL"])
STRIKES = st.integers(10, 9999).map(lambda tenths: Decimal(tenths) / 2)
EXPIRIES = st.dates(date(2026, 11, 23), date(2027, 8, 31)).filter(is_trading_day)
DATE_SHAPES = st.sampled_from(["%m/%d/%y", "%m/%d/%Y", "%Y-%m-%d", "%d%b%Y", "%b %d %Y", "%b %dth, %Y"])
TAILS = st.sampled_from(
    [
        "",
        " risky",
        " (day trade)",
        " @everyone",
        " SL .10",
        "\nPT: 120%, 150%",
        " loading up",
        " \U0001f680",
        " x2",
        ", not financial advice",
        " (sell at 900.50)",
    ]
)


def check(message: AlertMessage) -> ParsedAlert:
    """Read a message and check what holds for every answer."""
    parsed = parse(message)
    assert parse(message) == parsed
    for span in parsed.spans:
        assert message.text[span.start : span.end] == span.text
    if parsed.kind is AlertKind.REFUSED:
        assert parsed.code in {str(code) for code in Code if code.startswith("PARSE_")}
        assert parsed.reason is not None
        assert parsed.reason.isprintable()
        # the @ of our own advice ("@ 1.25") pings nobody; one with a letter behind it would
        assert not set(parsed.reason) & set("<>`*_~|\\{}")
        assert not re.search(r"@\w", parsed.reason)
    else:
        assert (parsed.code, parsed.reason) == (None, None)
    return parsed


@given(text=st.text(), at=MOMENTS)
def test_any_text_at_any_time_is_answered(posted: Posted, text: str, at: datetime) -> None:
    """WHO-40, WHO-60: no input raises; a reason has no character that a chat, terminal or log acts on."""
    check(posted(text, at))


@given(text=SALAD, at=MOMENTS | st.just(datetime(2026, 11, 23, 15, tzinfo=UTC)))
def test_any_mixture_of_alert_parts_is_parsed_or_refused(posted: Posted, text: str, at: datetime) -> None:
    """WHO-40, WHO-50: an entry's spans spell its fields; it has a trading day, and one strike in the text."""
    parsed = check(posted(text, at))
    if parsed.kind is not AlertKind.ENTRY:
        return
    spans = {span.field: span.text for span in parsed.spans}
    assert parsed.symbol is not None
    assert parsed.symbol == spans["symbol"].lstrip("$").upper().replace("/", ".")
    assert parsed.strike is not None
    assert f"{parsed.strike:f}" in spans["strike"]
    assert parsed.right is not None
    assert parsed.right in spans["strike"].upper()
    assert parsed.price is None or Decimal(spans["price"].lstrip("$")) == parsed.price
    assert parsed.expiry is not None
    assert is_trading_day(parsed.expiry)
    # what is read as an entry can always be made into a contract
    assert OptionContract(root=parsed.symbol, expiry=parsed.expiry, right=parsed.right, strike=parsed.strike)
    strikes = {token.text.lower() for token in tokenize(normalize(text)) if token.kind == "STRIKE"}
    assert len(strikes) == 1
    assert not {"not", "if", "?", "~~", "->", "\u2192"} & set(text.lower().split())


@given(text=st.text() | SALAD)
def test_tokens_are_the_text_without_blanks(text: str) -> None:
    """Every character that is no blank is in exactly one token, in its place."""
    normalized = normalize(text)
    past = 0
    for token in tokenize(normalized):
        assert not normalized.text[past : token.start].strip()
        assert normalized.text[token.start : token.end] == token.text
        past = token.end
    assert not normalized.text[past:].strip()


@given(
    ticker=TICKERS,
    strike=STRIKES,
    right=st.sampled_from(["c", "p", "C", "P", " calls", " PUTS"]),
    expiry=EXPIRIES,
    how=DATE_SHAPES,
    share=st.integers(1, 40),
    mark=st.sampled_from(["@ ", "@", "@ $", "for $", "at $"]),
    order=st.permutations(["ticker", "strike", "expiry", "price"]),
    action=st.sampled_from(["BTO", "bto", "Buy", "Buy To Open", "Lotto: BTO", "**BTO**"]),
    tail=TAILS,
)
def test_the_plain_grammar_is_parsed_in_any_order(  # noqa: PLR0913 - the parts of an alert
    *,
    posted: Posted,
    ticker: str,
    strike: Decimal,
    right: str,
    expiry: date,
    how: str,
    share: int,
    mark: str,
    order: list[str],
    action: str,
    tail: str,
) -> None:
    """WHO-50: in any order of its parts, a plain alert is read as its contract and price."""
    price = (strike * share / 100).quantize(Decimal("0.01"))
    spelled = right.startswith(" ")
    # "5 calls" may be a count, and is refused on purpose
    assume(not (spelled and strike <= 20))
    parts = {
        "ticker": ticker,
        "strike": f"{strike:f}{right}",
        "expiry": expiry.strftime(how),
        "price": f"{mark}{price:f}",
    }
    text = f"{action} {' '.join(parts[name] for name in order)}{tail}"
    parsed = check(posted(text))
    assert parsed.kind is AlertKind.ENTRY, (text, parsed.reason)
    assert (parsed.symbol, parsed.strike, parsed.expiry) == (ticker.lstrip("$").upper(), strike, expiry)
    assert parsed.right == right.strip()[0].upper()
    assert str(parsed.price) == f"{price:f}"


@given(
    before=st.booleans(),
    doubt=st.sampled_from(
        [
            "not",
            "don't",
            "if",
            "maybe",
            "unless",
            "cancelled",
            "reposting",
            "spread",
            "stopped",
            "sold",
            "?",
            "112p",
            "$DIS",
        ]
    ),
)
def test_one_word_of_doubt_refuses_an_alert(posted: Posted, doubt: str, *, before: bool) -> None:
    """WHO-40: an alert with a negation, a condition or a second contract, before or behind it, is refused."""
    alert = "BTO KO 70c 12/18 @ 1.25"
    assert check(posted(alert)).kind is AlertKind.ENTRY
    text = f"{doubt} {alert}" if before else f"{alert} {doubt}"
    assert check(posted(text)).kind is AlertKind.REFUSED


@given(
    stop=st.decimals(min_value="0.01", max_value=900, places=2),
    name=st.sampled_from(["SL", "stop", "PT", "target", "TP1:", "stop loss at"]),
)
def test_a_stop_or_target_never_becomes_the_price(posted: Posted, stop: Decimal, name: str) -> None:
    """A number of a stop or target is no price, with or without a price in the entry."""
    assert check(posted(f"BTO KO 70c 12/18 {name} {stop}")).price is None
    assert check(posted(f"BTO KO 70c 12/18 @ 1.25 {name} {stop}")).price == Decimal("1.25")


@given(
    percent=st.decimals(min_value=0, max_value=900, places=1),
    glue=st.sampled_from(["", " "]),
    sign=st.sampled_from(["", "+", "-"]),
)
def test_a_percentage_never_becomes_the_price(posted: Posted, percent: Decimal, glue: str, sign: str) -> None:
    """A number with % is no price, with any mark before it."""
    parsed = check(posted(f"BTO KO 70c 12/18 @ {sign}{percent}{glue}%"))
    assert parsed.kind is AlertKind.REFUSED


@given(
    piece=st.sampled_from(
        [
            "1",
            "1c ",
            "BTO ",
            "@",
            "$",
            "*",
            "jan ",
            "x1",
            "<@",
            ":a",
            "1.1-",
            "a'",
            "(",
            "1,111",
            " ",
            "/",
            "\u200b1",
        ]
    )
)
def test_the_longest_messages_are_answered(posted: Posted, piece: str) -> None:
    """WHO-40: a message of the longest length, of one repeated piece, is answered like any other."""
    text = "BTO 1c " + (piece * 4000)[:3990]
    check(posted(text))
