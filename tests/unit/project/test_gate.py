"""The gate fails on what it is for, and on its own lists when they are out of date."""

from collections import Counter
from pathlib import Path

import pytest

from tools import gate
from tools.dialect import BANNED, DIALECT, Word

NAMES = {word.name: word for word in DIALECT}


def function(lines: int) -> str:
    """Write a function of so many lines."""
    return "def long() -> None:\n" + "    pass\n" * (lines - 1)


@pytest.mark.parametrize(
    ("path", "limit"), [("alert_trader/a.py", gate.SOURCE_LINES), ("tests/unit/test_a.py", gate.TEST_LINES)]
)
def test_a_file_over_its_limit_fails(path: str, limit: int) -> None:
    """Source and tests have each their limit; a file that reaches it passes."""
    assert list(gate.too_long(path, "a = 1\n" * limit, {})) == []
    assert len(list(gate.too_long(path, "a = 1\n" * (limit + 1), {}))) == 1


def test_a_long_file_that_is_listed_passes() -> None:
    """A reason in the list allows it."""
    assert list(gate.too_long("tests/a.py", "a = 1\n" * 501, {"tests/a.py": "a table"})) == []


def test_a_reason_that_is_no_longer_needed_fails() -> None:
    """The list of long files only gets shorter."""
    assert len(list(gate.too_long("tests/a.py", "a = 1\n", {"tests/a.py": "a table"}))) == 1


def test_a_function_over_its_limit_fails() -> None:
    """Methods and coroutines too; the message names the function and its line."""
    assert list(gate.too_long("a.py", function(70), {})) == []
    [found] = gate.too_long("a.py", "\n" + function(71), {})
    assert found.startswith("a.py:2 long: 71 lines")
    nested = "class A:\n" + "".join(f"    {line}\n" for line in function(71).splitlines())
    assert len(list(gate.too_long("a.py", nested.replace("def", "async def"), {}))) == 1


def test_an_unknown_folder_fails(tmp_path: Path) -> None:
    """A folder at the top is known, or made by a command, or hidden; one that is known is there."""
    for name in ("src", "var", ".venv", "stray"):
        (tmp_path / name).mkdir()
    found = list(gate.unknown_folders(tmp_path, {"src", "docs"}))
    assert [each.partition(":")[0] for each in found] == ["stray/", "docs/"]


def test_there_is_no_unknown_folder() -> None:
    """What is tracked lies in a known folder."""
    assert list(gate.unknown_folders(gate.ROOT)) == []


def test_the_readme_has_every_folder() -> None:
    """The README's tree names each folder at the top."""
    text = (gate.ROOT / "README.md").read_text()
    assert [name for name in gate.TOP_LEVEL if f"{name}/" not in text] == []


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        ("Desk", "class VenueDesk: self._desk = desk", 2),
        ("Desk", "a trading desk", 0),
        ("taken back", "It is taken back, and takes\nthe exits back.", 2),
        ("house", "the house likes it; housekeeping", 1),
        ("room", "room for two contracts in no room", 1),
        ("stands", "it stands, and stands for SPY", 1),
        ("rung", "the next rung; wrung", 1),
        ("beyond", "beyond the ceiling", 1),
        ("told of", "people are TOLD of it", 1),
        ("goes on with", "goes on with it; goes on", 1),
        ("nought", "starts at nought", 1),
    ],
)
def test_a_word_is_found(name: str, text: str, count: int) -> None:
    """Whole words in any case and over line ends; identifiers as they are written."""
    assert NAMES[name].count(text) == count


def test_a_word_may_stay_in_a_named_file() -> None:
    """A file with a reason is not counted."""
    word = NAMES["taken back"]
    vocabulary = "alert_trader/domain/alerts/parsing/vocabulary.py"
    counts = gate.counted({vocabulary: "take it back", "a.py": "take it back"}, [word])
    assert counts == {"taken back": Counter({"a.py": 1})}


def test_a_banned_word_fails_with_the_plain_one() -> None:
    """Only words in the list fail; the message says what to write."""
    words = [NAMES["house"], NAMES["nought"]]
    counts = gate.counted({"a.py": "house house nought"}, words)
    assert list(gate.banned_words(counts, [], words)) == []
    assert list(gate.banned_words(counts, ["house"], words)) == ["a.py: 2 x 'house': write project"]


def test_a_misspelt_ban_fails() -> None:
    """A name that is no word of the table bans nothing, and says so."""
    assert len(list(gate.banned_words({}, ["hause"], []))) == 1


def test_counts_list_the_files_with_the_most() -> None:
    """The short report names a few files for each word, the long one all."""
    texts = {f"{name}.py": "nought " * count for count, name in enumerate("abcdef", 1)}
    counts = gate.counted(texts, [NAMES["nought"]])
    [short] = gate.report(counts, every_file=False, banned=())
    assert short.strip() == "21 nought: f.py 6, e.py 5, d.py 4, c.py 3, 2 more files"
    assert len(list(gate.report(counts, every_file=True, banned=()))) == 7


def test_the_table_of_words_is_sound() -> None:
    """Names are unique, each ban is one of them; a word says what to write, and why it may stay somewhere."""
    assert len(NAMES) == len(DIALECT)
    assert set(BANNED) <= set(NAMES)

    def complete(word: Word) -> bool:
        return bool(word.plain) and all(word.allowed.values())

    assert all(complete(word) for word in DIALECT)
