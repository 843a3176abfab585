"""Denials: every code says what it means and what to do."""

from alert_trader.domain.denial import MEANINGS, Code, Denied, denial_table


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


def test_the_table_has_a_row_for_each_code() -> None:
    """The specs' table is generated: a head of two lines and one row a code."""
    lines = denial_table().splitlines()
    assert len(lines) == len(Code) + 2
    assert all(line.count("|") == 4 for line in lines)
    assert lines[2].startswith(f"| `{next(iter(Code))}` |")


def test_a_denial_prints_its_code_and_numbers() -> None:
    """Logs carry `CODE: key=value`."""
    denied = Denied(code=Code.SIZE_ZERO, reason="no room", facts={"cap": "allocation", "ceiling": "1.25"})
    assert str(denied) == "SIZE_ZERO: cap=allocation ceiling=1.25"
