# ruff: noqa: INP001 - a script, not a room
"""Print what is larger than the house likes: source files over 400 lines, test files over 500, functions over 70. Never fails."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE_LINES, TEST_LINES, FUNCTION_LINES = 400, 500, 70
SKIPPED = {".venv", "var", "build"}


def oversized(path: Path) -> Iterator[str]:
    """Name what is too long in one file: the file itself, and each of its functions."""
    text = path.read_text()
    name = path.relative_to(ROOT)
    lines, most = text.count("\n"), TEST_LINES if name.parts[0] == "tests" else SOURCE_LINES
    if lines > most:
        yield f"{name}: {lines} lines, the house likes {most}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{name}:{node.lineno} {node.name}: {length} lines, the house likes {FUNCTION_LINES}"


def main() -> None:
    """Print every finding, or that there is none."""
    files = sorted(path for path in ROOT.rglob("*.py") if not SKIPPED & set(path.relative_to(ROOT).parts))
    findings = [finding for path in files for finding in oversized(path)]
    sys.stdout.write("\n".join([*findings, f"sizes: {len(findings)} over, in {len(files)} files"]) + "\n")


if __name__ == "__main__":
    main()
