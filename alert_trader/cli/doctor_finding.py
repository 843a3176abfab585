"""One result of `trader doctor`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check. `needed` is False when trades work without it."""

    name: str
    ok: bool
    found: str
    fix: str = ""
    needed: bool = True
