"""The report of a certification, and the settings of the simulated venue that follow from it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from alert_trader.worker.certify.check import Check, Outcome, Verdict


def settings(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return what was confirmed or denied of the simulated venue's settings, as its configuration."""
    found: dict[str, Any] = {}
    for outcome in outcomes:
        for name, value in outcome.settings.items():
            *tables, field = name.split(".")
            place = found
            for table in tables:
                place = place.setdefault(table, {})
            place[field] = value
    return found


def report(
    where: str, rows: Sequence[tuple[Check, Outcome]], left: Outcome, defaults: Mapping[str, Any]
) -> str:
    """Return the report in Markdown; `defaults` are the settings of the simulated venue."""
    count = {each: sum(outcome.verdict is each for _, outcome in rows) for each in Verdict}
    lines = [
        f"# What {where} answers",
        "",
        ", ".join(f"{number} {verdict}" for verdict, number in count.items() if number) + ".",
        "",
        "| # | check | expected | found | result | settles |",
        "|---|---|---|---|---|---|",
        *(
            f"| {check.number or ''} | {check.title} | {check.expects} | {_cell(outcome.found)} "
            f"| {outcome.verdict} | {check.settles} |"
            for check, outcome in rows
        ),
        "",
        f"At the end: {left.found}.",
        "",
        "## Settings of the simulated venue",
        "",
        "| setting | this broker | default of the simulated venue |",
        "|---|---|---|",
    ]
    for _, outcome in rows:
        for name, value in outcome.settings.items():
            default = _of(defaults, name)
            same = "confirmed" if _text(value) == _text(default) else "denied"
            lines.append(f"| `{name}` | {_text(value)} | {_text(default)}: {same} |")
    return "\n".join(lines) + "\n"


def _of(table: Mapping[str, Any], name: str) -> Any:
    found: Any = table
    for part in name.split("."):
        found = found[part]
    return found


def _text(value: Any) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
