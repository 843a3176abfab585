"""What was read from an alert, for people."""

from alert_trader.domain.alerts.alert import ParsedAlert


def levels_text(parsed: ParsedAlert) -> str:
    """Return the stop and targets on one line: "stop 0.90, targets 1.80, 2.40"; empty where none is named."""
    parts = [] if parsed.stop is None else [f"stop {parsed.stop.text(stop=True)}"]
    if parsed.targets:
        named = ", ".join(each.text(stop=False) for each in parsed.targets)
        parts.append(f"target{'s' if len(parsed.targets) > 1 else ''} {named}")
    return ", ".join(parts)


def words_text(parsed: ParsedAlert) -> str:
    """Return the words that each field was read from, in the order of the text: "strike and right '70c'"."""
    fields: dict[tuple[int, str], list[str]] = {}
    for span in parsed.spans:
        fields.setdefault((span.start, span.text), []).append(span.field)
    return ", ".join(f"{' and '.join(names)} '{text}'" for (_, text), names in fields.items())
