"""Denials: every code says what it means and what to do."""

import pytest

from alert_trader.domain.denial import MEANINGS, Code, Denied, code_in


def test_every_code_has_a_meaning() -> None:
    """A code nobody can look up is no reason: the table has each of them, in their order, as sentences."""
    assert list(MEANINGS) == list(Code)
    assert all(
        text.endswith(".") and "|" not in text
        for meaning in MEANINGS.values()
        for text in (meaning.means, meaning.to_do)
    )


def test_no_two_codes_mean_the_same() -> None:
    """Two codes with one meaning would be one code."""
    assert len({meaning.means for meaning in MEANINGS.values()}) == len(Code)


def test_a_code_is_its_own_name() -> None:
    """What logs and tables carry is the member's name: category, condition."""
    assert all(code.value == code.name and "_" in code.name for code in Code)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("QUOTE_STALE: 31 s old", "QUOTE_STALE"),
        ("NO_WORKER: no worker took it", "NO_WORKER"),
        ("closed by ann: lunch", None),
        ("QUOTE_STALE", None),
        ("NOTE: see below", None),
        (None, None),
    ],
)
def test_a_reason_may_begin_with_a_code(reason: str | None, code: str | None) -> None:
    """Reports and mirrors read the code from a trade's reason in one way."""
    assert code_in(reason) == code


def test_a_denial_prints_its_code_and_numbers() -> None:
    """Logs carry `CODE: key=value`."""
    denied = Denied(
        code=Code.SIZE_ZERO, reason="nothing left", facts={"cap": "allocation", "ceiling": "1.25"}
    )
    assert str(denied) == "SIZE_ZERO: cap=allocation ceiling=1.25"
