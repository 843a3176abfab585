# ruff: noqa: INP001 - a script
"""Fail on long files, unknown folders and banned words: `make gate`.

With `--counts`, list each old word by file. The words are in `tools/dialect.py`.
"""

import ast
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tools.dialect import BANNED, DIALECT, Word

ROOT = Path(__file__).resolve().parent.parent

SOURCE_LINES, TEST_LINES, FUNCTION_LINES = 450, 500, 70

TOP_LEVEL = {
    "alert_trader": "the product",
    "bench": "measurements",
    "chaos": "the real stack under process kills",
    "deploy": "what the compose file mounts and runs",
    "docs": "pages for people",
    "specs": "what must hold; partly generated",
    "tests": "tests",
    "tools": "what CI runs beside the tests",
}
"""Folders of the project. A new one needs a reason here, and a line in the README."""

MADE = {"var", "build", "alert_trader.egg-info"}
"""Folders that commands make, and that are not tracked."""

LONG: Mapping[str, str] = {
    "alert_trader/activities/messages.py": "the messages of all activities, one short class after the other",
}
"""Files that may be longer than the limit, each with the reason."""

_TEXT = {".py", ".md", ".toml", ".yml", ".yaml", ".lua", ".jinja", ".sh", ".example"}
_OWN = {"CHANGELOG.md", "tools/dialect.py", "tools/gate.py", "tests/unit/project/test_gate.py"}
"""Files that name the old words because they are about them."""
_SHOWN = 4
"""Files listed for a word without `--counts`."""


def files(root: Path) -> list[Path]:
    """List the text files of the project, as paths below `root`."""
    found = [path for path in root.rglob("*") if path.suffix in _TEXT and path.is_file()]
    return sorted(path.relative_to(root) for path in found if _is_ours(path.relative_to(root)))


def _is_ours(path: Path) -> bool:
    *folders, _ = path.parts
    return not any(each in MADE or (each.startswith(".") and each != ".ci") for each in folders)


def too_long(path: str, text: str, allowed: Mapping[str, str] = LONG) -> Iterator[str]:
    """List what is too long in one source file: the file itself, and each of its functions."""
    lines, limit = text.count("\n"), TEST_LINES if path.startswith("tests/") else SOURCE_LINES
    if lines > limit and path not in allowed:
        yield f"{path}: {lines} lines, the limit is {limit}: split it, or list it in LONG with the reason"
    if lines <= limit and path in allowed:
        yield f"{path}: {lines} lines are within the limit of {limit}: take it off LONG"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                where = f"{path}:{node.lineno} {node.name}"
                yield f"{where}: {length} lines, the limit is {FUNCTION_LINES}: split it"


def unknown_folders(root: Path, known: Iterable[str] = TOP_LEVEL) -> Iterator[str]:
    """List the folders at the top that are not known, and the known ones that do not exist."""
    shown = {path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")} - MADE
    for name in sorted(shown - set(known)):
        yield f"{name}/: unknown folder: move it, or add it to TOP_LEVEL and to the README's tree"
    for name in sorted(set(known) - shown):
        yield f"{name}/: in TOP_LEVEL and not there: take it off"


def counted(texts: Mapping[str, str], words: Sequence[Word] = DIALECT) -> dict[str, Counter[str]]:
    """Count the uses of each word by file, without the files it is allowed in."""
    return {
        word.name: Counter(
            {
                path: count
                for path, text in texts.items()
                if not word.allowed_in(path) and (count := word.count(text))
            }
        )
        for word in words
    }


def banned_words(
    counts: Mapping[str, Counter[str]], banned: Sequence[str] = BANNED, words: Sequence[Word] = DIALECT
) -> Iterator[str]:
    """List each use of a banned word, and each name in `banned` that no word has."""
    plain = {word.name: word.plain for word in words}
    for name in banned:
        if name not in plain:
            yield f"BANNED: {name!r} is not a word of tools/dialect.py"
            continue
        for path, count in counts[name].most_common():
            yield f"{path}: {count} x {name!r}: write {plain[name]}"


def report(
    counts: Mapping[str, Counter[str]], *, every_file: bool, banned: Sequence[str] = BANNED
) -> Iterator[str]:
    """Describe what is left of each word that is not banned: its number, and the files with the most."""
    for name, by_file in sorted(counts.items(), key=lambda each: -each[1].total()):
        if name in banned or not by_file:
            continue
        shown = by_file.most_common(None if every_file else _SHOWN)
        more = len(by_file) - len(shown)
        if every_file:
            yield f"{by_file.total():5} {name}"
            yield from (f"      {count:5} {path}" for path, count in shown)
        else:
            listed = ", ".join(f"{path} {count}" for path, count in shown)
            yield f"{by_file.total():5} {name}: {listed}" + (f", {more} more files" if more > 0 else "")


def main(arguments: Sequence[str]) -> int:
    """Check everything and print what was found; 1 when something fails."""
    found = files(ROOT)
    texts = {path.as_posix(): (ROOT / path).read_text() for path in found if path.as_posix() not in _OWN}
    sources = {path.as_posix(): (ROOT / path).read_text() for path in found if path.suffix == ".py"}
    counts = counted(texts)
    every_file = "--counts" in arguments
    sys.stdout.write(
        "\n".join(["old words that are not banned yet:", *report(counts, every_file=every_file)]) + "\n"
    )
    failures = [
        *(each for path, text in sources.items() for each in too_long(path, text)),
        *(f"{path}: in LONG and not there: take it off" for path in LONG if path not in sources),
        *unknown_folders(ROOT),
        *banned_words(counts),
    ]
    sys.stdout.write("\n".join([*failures, f"gate: {len(failures)} failures in {len(found)} files"]) + "\n")
    return 1 if failures and not every_file else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
