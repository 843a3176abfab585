"""Every promise of the specs has a test that names it, or a row that says that it has none."""

import pytest

from specs import generate

HOW_FAR = {"nothing", "in part", "unproven"}


def test_there_are_cards() -> None:
    """The cards are found: the checks below would pass on an empty list."""
    assert len(generate.cards()) == 54


@pytest.mark.parametrize("card", generate.cards())
def test_card_has_a_test_or_is_listed_as_open(card: str) -> None:
    """A promise is named in the docstring of a test, or is under "Not yet" with what is missing."""
    proven, open_ = card in generate.proofs(), generate.not_yet().get(card)
    assert proven or open_ in {"nothing", "unproven"}, (
        f"expected a test with {card} in its docstring, found none. "
        f"Write it, or add a row under 'Not yet' in {generate.INVARIANTS.name}"
    )


@pytest.mark.parametrize("card", generate.not_yet())
def test_an_open_card_has_the_stated_coverage(card: str) -> None:
    """A row under "Not yet" is true: "nothing" and "unproven" have no test, "in part" has one."""
    how_far = generate.not_yet()[card]
    assert how_far in HOW_FAR
    assert card in generate.cards()
    proven = card in generate.proofs()
    assert proven is (how_far == "in part"), (
        f"{card} is listed as '{how_far}' and {'has' if proven else 'has no'} test that names it: "
        "correct its row in "
        f"{generate.INVARIANTS.name}, or take it out"
    )


def test_tests_name_only_existing_cards() -> None:
    """A card that a test names is one of the list: a misspelt id proves nothing."""
    unknown = {card: tests for card, tests in generate.proofs().items() if card not in generate.cards()}
    assert not unknown


def test_generated_parts_are_current() -> None:
    """What the pages say of the code is what the code says now."""
    behind = [page.relative_to(generate.ROOT).as_posix() for page in generate.stale()]
    assert not behind, f"these pages are behind the code; run `make specs`: {', '.join(behind)}"
