"""One thing that `trader doctor` looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `needed` is False for what only makes some things impossible."""

    name: str
    ok: bool
    found: str
    fix: str = ""
    needed: bool = True
