"""A table that fits the terminal: where it is too narrow, the least important columns are left out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

_GAP = 3
"""Characters between two columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table. The column of the lowest `rank` is the last that is left out; 0 never is."""

    name: str
    rank: int
    justify: Literal["left", "right"] = "left"


def facts_table(rows: Iterable[tuple[str, str]]) -> Table:
    """Return names and what is said of them, in Rich markup, without lines; long texts are folded."""
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def fitting_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int) -> Table:
    """Return rows, whose cells are Rich markup, as a table of at most `width` characters.

    Cells are shown whole; only where the columns of rank 0 alone are too wide, they are cut.
    """
    shown = list(range(len(columns)))
    widths = [
        max(len(column.name), *(Text.from_markup(row[at]).cell_len for row in rows), 0)
        for at, column in enumerate(columns)
    ]
    while sum(widths[at] + _GAP for at in shown) - 1 > width:
        last = max(shown, key=lambda at: columns[at].rank)
        if columns[last].rank == 0:
            break
        shown.remove(last)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=(0, 1))
    for at in shown:
        table.add_column(columns[at].name, justify=columns[at].justify, no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*(row[at] for at in shown))
    return table
