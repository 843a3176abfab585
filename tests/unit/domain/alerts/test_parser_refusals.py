"""What is not certain: refused with its reason where it looks like an entry, chatter otherwise."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage
from alert_trader.domain.alerts.parser import LONGEST_ALERT, parse
from alert_trader.domain.denial import Code

Posted = Callable[..., AlertMessage]

REFUSED = {
    Code.PARSE_NO_SYMBOL: ["BTO 70c 12/18 @ 1.25"],
    Code.PARSE_NO_STRIKE: ["BTO KO calls 12/18 @ 1.25", "BTO KO 12/18 @ .92"],
    Code.PARSE_NO_RIGHT: ["BTO KO 70 12/18 @ 1.25", "Buy ko 70s 12/18 @ 1.35"],
    # Dec alone is no date
    Code.PARSE_NO_EXPIRY: ["BTO KO 70c Dec @ 1.25", "BTO KO 70c @ 1.25", "BTO KO 70C x2 @1.25"],
    Code.PARSE_BAD_STRIKE: ["BTO KO 0c 12/18 @ 1", "buy 5 calls KO 12/18 @1.25", "BTO KO 70.1234c 12/18 @ 1"],
    Code.PARSE_BAD_EXPIRY: [
        "BTO KO 70c 13/18/2026 @ 1.25",
        "BTO KO 70c 0/9/2026 @ 1.25",
        "BTO KO 70c 2/29/2027 @ 1.25",
        "BTO KO 70c 2026-14-33 @ 1.10",
        "BTO KO 70c 11/20 @ 1.25",
        "BTO KO 70c 11/19 @ 1.25",
        "BTO KO 70c 11/20/2026 @ 1.25",
        "BTO KO 70c 12/19",
        "BTO KO 70c 11/26 SL .80",
        "BTO KO 70c 12/18/2036 @ 1.25",
        "BTO KO 70c Dec27 @ 1.25",
        "BTO KO 70c 7DTE @ 1.25",
        "BTO KO 70c 900DTE @ 1.25",
        "BTO KO 70c +2w @ 1.25",
        "BTO KO 70c daily @ 1.25",
        "BTO SPY 600c next week @ 1.25",
    ],
    Code.PARSE_BAD_PRICE: [
        "BTO KO 70c 12/18 @ 0",
        "BTO KO 70c 12/18 @ 71.5",
        "BTO KO 70c 12/18 68.90",
        "BTO KO 70c 12/18 2.00 target",
        "BTO KO 70c 12/18 great entry @ 1.25",
        "BTO KO 70c 12/18 @ -1.25",
        "BTO KO 70c 12/18 @1,25",
        "BTO KO 70c 12/18 @1.25.5",
        "BTO KO 70c 12/18 @ whatever",
        "BTO KO 12/18 70p @ 2/03 risky",
    ],
    Code.PARSE_BAD_QUANTITY: ["BTO KO 70c 12/18 x0 @ 1.25", "BTO KO 70c 12/18 x2 @ 1.25 3 contracts"],
    Code.PARSE_TWO_ACTIONS: [
        "BTO KO 70c 12/18 @ 1.25 STC DIS 112c",
        "Buy and sell KO 70c 12/18 at 1.25",
        "BTO KO 70c 12/18 @1.25 BTO DIS 112c 12/18 @ 1",
    ],
    Code.PARSE_TWO_CONTRACTS: [
        "BTO KO 70c 12/18 and DIS 112c 12/18 @ 1.25",
        "BTO KO 70c 12/18 and KO 70p 12/18 @ 1.25",
        "BTO KO and DIS 70c 12/18 @ 1.25",
        "BTO KO 70c 12/18 @ 1.25 and DIS too",
        "BTO KO 70c 12/18 or 12/11 @ 1.25",
        "BTO KO 70C + 70P 12/18 @8.20",
        "BTO KO puts 70c 12/18 @ 1.25",
        "BTO KO 70c 12/18 @ 1.25 $DIS",
    ],
    Code.PARSE_TWO_PRICES: [
        "BTO KO 70c 12/18 @ 1.25-1.50",
        "BTO KO 70c 12/18 entry 1.25 - 1.50",
        "BTO KO 70c 12/18 @ 1.25 @ 1.30",
    ],
    Code.PARSE_SPREAD: [
        "BTO KO 70/72c 12/18 @ 1.25",
        "BTO KO 70c 12/18 @ 1.25 spread",
        "BTO KO 70-72 calls 0DTE @ 1.50",
    ],
    Code.PARSE_CONDITIONAL: [
        "BTO KO 70c 12/18 @ 1.25 if it holds 69",
        "maybe buy KO 70c 12/18",
        "BTO KO 70c 12/18 @ 1.25?",
        "BTO KO 70c 12/18 @ 1.25 at open",
        "Watching BTO KO 70c 12/18 @ 1.25",
    ],
    Code.PARSE_NEGATED: [
        "Don't buy KO 70c 12/18 @ 1.25",
        "Don\u2019t buy KO 70c 12/18 @ 1.25",
        "not buying KO 70c 12/18 @ 1.25",
        "~~BTO KO 70c 12/18 @ 1.25~~",
        "BTO KO 70c 12/18 @ 1.25 cancel that",
    ],
    Code.PARSE_NOT_FIRST_HAND: [
        "Reposting: BTO KO 70c 12/18 @1.25",
        "> BTO KO 70c 12/18 @1.25\nnice chart",
        "> replying to **X**: BTO $KO 70c 12/18 @0.55\nholding $KO",
    ],
    Code.PARSE_NOT_NOW: [
        "[EXPIRED] BTO KO 70c 12/18 @ 1.25",
        "BTO KO 70c 12/18 @ 1.25 (yesterday\u2019s)",
        "Still in, BTO KO 70c 12/18 @ 1.25",
        "BTO KO 70c 12/18 TP1 hit",
        "BTO KO 70c 12/18 1.70 \u2192 1.80",
    ],
    Code.PARSE_UNEXPLAINED_NUMBER: [
        "BTO KO 70c 12/18 1.25 2.00",
        "BTO KO 70c 12/18 at 50%",
        "BTO KO 70c 12/18 for 2",
        "BTO KO 70c 12/18 at 10 am",
        "BTO KO 70c 12/18 ab1.25",
        "BTO KO 70c 12/18 ..5",
        "BTO 1.25 KO 70c 12/18",
        "BTO KO 70c 12/18 SL 69 @ .80",
        "BTO KO 70c 12/18 SL .80 1.25",
        "BTO KO 70c 12/18 @ 1.25 \u0664\u0665",
    ],
    Code.PARSE_UNCLEAR: [
        "BTO KO 70c 12/18 \u202e@1",
        "BTO KO 7*0c 12/18 @1",
        "BTO $\u017fPY 450c 12/18 @ 1",
        "buy more KO 70c 12/18 @1.25",
        "BTO KO 12/18 loving 70c @ 1.25",
        "KO looks great BTO KO 70c 12/18 @1.25",
        "BTC KO 70c 12/18 @1",
        "Buy to close KO 70c 12/18 @1",
        "STO KO 70c 12/18 @1",
        "BTO KO 70c 12/18 @ 1.25 TP1 2.10 TP1 2.60",
    ],
    Code.PARSE_TOO_LONG: ["BTO KO 70c 12/18 @ 1.25 " + "go " * LONGEST_ALERT],
}
CASES = [(code, text) for code, texts in REFUSED.items() for text in texts]


@pytest.mark.parametrize(("code", "text"), CASES, ids=[f"{code}-{text[:32]!a}" for code, text in CASES])
def test_an_uncertain_alert_is_refused_with_its_code(posted: Posted, code: Code, text: str) -> None:
    """WHO-40: each refusal has its code and a reason with what was found and what to do, and no field."""
    parsed = parse(posted(text))
    assert (parsed.kind, parsed.code) == (AlertKind.REFUSED, code)
    assert parsed.reason is not None
    assert parsed.reason.startswith("expected ")
    assert ": " in parsed.reason
    assert (parsed.symbol, parsed.strike, parsed.expiry, parsed.price) == (None, None, None, None)
    assert all(text[span.start : span.end] == span.text for span in parsed.spans)


def test_every_parse_code_has_an_example() -> None:
    """Every code of the PARSE family has a message that leads to it."""
    assert set(REFUSED) == {code for code in Code if code.startswith("PARSE_")}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "morning all, coffee first",
        "KO acting well today",
        "I need to buy milk",
        "team, buy KO shares near 70, PT 75",
        "KO 70c",
        "$KO 70c 40%",
        "Sell a third of KO",
        "checked out for lunch, back in a while",
        "CALL ALERT on KO at 2026-11-23T15:05:04Z | Price: 70.72",
    ],
)
def test_other_messages_are_chatter(posted: Posted, text: str) -> None:
    """Talk and results without a whole contract are chatter, not refusals."""
    parsed = parse(posted(text))
    assert (parsed.kind, parsed.code) == (AlertKind.CHATTER, None)


@pytest.mark.parametrize(
    "text",
    [
        "KO 70c 12/18 \U0001f680",
        "KO 70c 1DTE",
        "ko 70c 12/18",
        "KO 70c 12/18\n1.70 \u2192 1.80   P/L: +5.88%",
        "KO 70c 12/18 .15 to .60 since the bell",
        "KO 70c 12/18 @ 69.50",
        "KO 70c 12/18 high 1.25",
        "KO 70c 12/18 @ 1.25 (half)",
        "KO 70c 12/18 5000x @ 1.25",
        "KO 70c 12/18 1.70 looks strong",
        "KO 70c 12/18 @ 1.25 \u2705",
        "$ko 70c 12/18 @ 1.25",
    ],
)
def test_a_whole_contract_without_an_act_is_refused_aloud(posted: Posted, text: str) -> None:
    """WHO-40: a result or remark on a whole contract is no trade, and its reason is on record."""
    parsed = parse(posted(text))
    assert parsed.kind is AlertKind.REFUSED
    assert parsed.reason is not None


@pytest.mark.parametrize(
    "at",
    [
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        datetime(1999, 1, 1),  # noqa: DTZ001 - what is tested
    ],
)
def test_an_impossible_message_time_is_refused(posted: Posted, at: datetime) -> None:
    """The ends of the calendar, and a time without a zone, are refused."""
    assert parse(posted("BTO KO 70c 12/18 @ 1.25", at)).code == Code.PARSE_BAD_EXPIRY


def test_a_quoted_message_is_refused(posted: Posted) -> None:
    """WHO-20: a quotation is no first message."""
    assert parse(posted('"BTO KO 70c 12/18 @ 1.25" was the call')).code == Code.PARSE_NOT_FIRST_HAND
