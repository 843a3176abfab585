# ruff: noqa: INP001 - a script beside the pages it writes
"""Write the generated parts of specs/ and docs/: `make specs`.

Each is between `<!-- generated: NAME -->` and `<!-- end -->`. Everything in them is read from the code:
tables, docstrings, and the tests that name an invariant in their docstring.
"""

import ast
import functools
import itertools
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

from alert_trader.api.app import make_app
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.cli.main import ENTRIES, application
from alert_trader.mirrors import parquet
from alert_trader.settings.load import load
from specs import source_tables

ROOT = Path(__file__).resolve().parent.parent
SPECS = ROOT / "specs" / "001-automated-alert-trading"
INVARIANTS = SPECS / "invariants.md"
OPENAPI = SPECS / "contracts" / "openapi.json"
DOCS = ROOT / "docs"
DECISIONS = DOCS / "decisions"

_PART = re.compile(r"(?P<begin><!-- generated: (?P<name>[a-z-]+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)
_CARD = re.compile(r"\b(?:(?:WHO|ENT|FIL|EXT|UNK|DRY|RSK|HLT|DUR)-\d+|STP-(?:[1-4]|6)0|TIM-10)\b")
_ROW = re.compile(r"^\| (?P<card>[A-Z]{3}-\d+) \| (?P<text>.+) \|$", re.MULTILINE)
_STATEFUL = {"invariant", "rule"}
"""Decorators of a state machine's checks: they are tests without being named so."""


# Invariants


def cards() -> dict[str, str]:
    """Return the cards: the rows of every table before the chapter of what is not proven yet."""
    promised = INVARIANTS.read_text().partition("\n## Not yet\n")[0]
    return {row["card"]: row["text"] for row in _ROW.finditer(promised)}


def not_yet() -> dict[str, str]:
    """Return the cards that are not built, built in part, or unproven.

    The first word of their row says which.
    """
    listed = INVARIANTS.read_text().partition("\n## Not yet\n")[2].partition("\n## Proof\n")[0]
    return {row["card"]: row["text"].split(" |")[0] for row in _ROW.finditer(listed)}


@functools.cache
def proofs() -> dict[str, list[tuple[str, str]]]:
    """Find the tests that name each card in their docstring, as (file, test), in the order of the files."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for function in _functions(ast.parse(path.read_text())):
            for card in dict.fromkeys(_CARD.findall(ast.get_docstring(function) or "")):
                found[card].append((path.relative_to(ROOT).as_posix(), function.name))
    return found


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = {
                each.func.id
                for each in node.decorator_list
                if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)
            }
            if node.name.startswith("test_") or decorators & _STATEFUL:
                yield node


def _proof_list() -> str:
    rows = []
    by_card = proofs()
    for card in cards():
        files: dict[str, list[str]] = defaultdict(list)
        for path, test in by_card.get(card, []):
            files[path].append(f"`{test}`")
        rows.append(f"**{card}**" + ("" if files else " none"))
        rows += [f"- `{path}`: {', '.join(tests)}" for path, tests in files.items()]
        rows.append("")
    return "\n".join(rows[:-1])


# Tables from the program


def _mirror_tables() -> str:
    shared = {
        "version": "int32",
        "mode": "string",
        "account": "string",
        "day": "date32[day]",
        "workflow_id": "string",
    }
    trades = {
        each.name: str(each.type) for each in parquet.WITH_FOLDERS if each.name not in {"orders", "trail"}
    }
    nested = {
        name: {each.name: str(each.type) for each in parquet.SCHEMA.field(kept).type.value_type}
        for name, kept in _NESTED.items()
    }
    tables = {"trades": trades, **{name: shared | columns for name, columns in nested.items()}}
    return source_tables.table(
        ("table", "columns"),
        (
            (f"`{name}`", ", ".join(f"`{column}` {kind}" for column, kind in columns.items()))
            for name, columns in tables.items()
        ),
    )


def _settings() -> str:
    """Read `.env.example`, which a test compares with the settings: a table for each section."""
    parts: list[str] = []
    for section in (ROOT / ".env.example").read_text().split("\n# --- ")[1:]:
        title, _, body = section.partition(" ---\n")
        rows = []
        for block in body.strip().split("\n\n"):
            *texts, setting = block.splitlines()
            name, _, default = setting.removeprefix("# ").partition("=")
            meaning = " ".join(text.removeprefix("# ") for text in texts)
            rows.append((f"`{name}`", f"`{default}`" if default else "", meaning))
        parts.append(f"### {title}\n\n" + source_tables.table(("setting", "default", "meaning"), iter(rows)))
    return "\n\n".join(parts)


def _cli() -> str:
    """List every command of `trader` as its help does, those of groups too."""
    commands = typer.main.get_command(application()).commands  # type: ignore[attr-defined]
    parts = []
    for panel, entries in itertools.groupby(ENTRIES, key=lambda entry: entry.panel):
        rows = [row for entry in entries for row in _cli_rows(entry.name, commands[entry.name])]
        parts.append(
            f"### {panel}\n\n" + source_tables.table(("command", "options", "what it does"), iter(rows))
        )
    return "\n\n".join(parts)


def _cli_rows(name: str, command: Any) -> Iterator[tuple[str, str, str]]:
    below = getattr(command, "commands", None)
    if below is not None:
        for each, inner in below.items():
            yield from _cli_rows(f"{name} {each}", inner)
        return
    given = [each for each in command.params if each.name != "help"]
    arguments = "".join(
        f" {(each.metavar or each.name).upper()}" for each in given if each.param_type_name == "argument"
    )
    options = sorted(max(each.opts, key=len) for each in given if each.param_type_name == "option")
    text = " ".join((command.help or "").split("\n\n")[0].split())
    yield f"`trader {name}{arguments}`", ", ".join(f"`{each}`" for each in options), text


def _exit_codes() -> str:
    members = source_tables.documented(
        source_tables.class_of("alert_trader/cli/exit_codes.py", "ExitCode").body
    )
    texts = {each.name: each.text for each in members}
    return source_tables.table(
        ("code", "means"), ((f"`{each.value}`", texts[each.name]) for each in ExitCode)
    )


def _routes() -> str:
    paths = json.loads(openapi())["paths"]
    return source_tables.table(
        ("request", "what it does"),
        (
            (
                f"`{method.upper()} {path}`",
                route.get("description", route.get("summary", "")).split("\n\n")[0],
            )
            for path, methods in paths.items()
            for method, route in methods.items()
        ),
    )


def _decision_index() -> str:
    """List the decision records by subject, each with its date."""
    parts = []
    for page in sorted(DECISIONS.glob("*.md")):
        if page.name == "index.md":
            continue
        title, *records = re.split(r"^## ", page.read_text(), flags=re.MULTILINE)
        parts.append(f"### [{title.strip().removeprefix('# ')}]({page.name})\n")
        for record in records:
            heading, dated, *_ = record.splitlines()
            anchor = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading.lower()))
            parts.append(f"- {dated} [{heading}]({page.name}#{anchor})")
        parts.append("")
    return "\n".join(parts[:-1])


_NESTED = {"orders": "orders", "events": "trail"}
"""Tables whose rows lie inside their trade's, and the column they lie in."""

PARTS: dict[str, Callable[[], str]] = {
    "proof": _proof_list,
    "denial-codes": source_tables.denials,
    "not-sent-reasons": source_tables.not_sent,
    "lifecycle": source_tables.lifecycle,
    "trade-commands": source_tables.trade_commands,
    "command-conditions": source_tables.command_conditions,
    "trade-tasks": source_tables.trade_tasks,
    "time-bounds": source_tables.time_bounds,
    "activity-options": source_tables.activity_option_bundles,
    "venue-faults": source_tables.faults,
    "venue-tape": source_tables.tape,
    "venue-commands": source_tables.venue_commands,
    "broker-port": source_tables.broker_port,
    "mirror-tables": _mirror_tables,
    "settings": _settings,
    "cli": _cli,
    "exit-codes": _exit_codes,
    "http-routes": _routes,
    "decision-index": _decision_index,
}


# Pages


def rendered(text: str) -> str:
    """Return a page with its generated parts as the code has them now."""
    return _PART.sub(lambda found: f"{found['begin']}{PARTS[found['name']]()}\n{found['end']}", text)


def pages_of_ours() -> list[Path]:
    """List the pages that may have generated parts."""
    return sorted([*SPECS.rglob("*.md"), *DOCS.rglob("*.md")])


def stale() -> dict[Path, str]:
    """Return the outdated pages, each with its new text."""
    pages = {page: page.read_text() for page in pages_of_ours()}
    written = {page: (text, rendered(text)) for page, text in pages.items()}
    written[OPENAPI] = (OPENAPI.read_text() if OPENAPI.exists() else "", openapi())
    return {page: fresh for page, (text, fresh) in written.items() if fresh != text}


def openapi() -> str:
    """Write the OpenAPI document of the admin API."""
    return (
        json.dumps(
            make_app(load(environment={}, directory=SPECS).settings).openapi(), indent=1, ensure_ascii=False
        )
        + "\n"
    )


def main() -> None:
    """Bring every page up to date and name those that changed."""
    for page, text in stale().items():
        page.write_text(text)
        sys.stdout.write(f"{page.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
