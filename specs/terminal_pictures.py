# ruff: noqa: INP001 - a script beside the pages it draws for
"""Draw what the commands print at 80 and at 140 columns, as SVG pictures."""

import asyncio
import io
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from alert_trader.settings.load import as_environment
from specs.pictures import PICTURES
from tests.support.guild import Guild

WIDTHS = (80, 140)
COMMANDS = ("status", "list", "account")


async def draw(guild: Guild) -> None:
    """Draw every command at every width."""
    for command in COMMANDS:
        for width in WIDTHS:
            await _draw(guild, command, width)


async def _draw(guild: Guild, command: str, width: int) -> None:
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("trader")),
        command,
        env={**as_environment(guild.stack.settings), "COLUMNS": str(width), "FORCE_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0, f"trader {command} ended with {process.returncode}"
    lines = printed.decode().splitlines()
    assert all(Text.from_ansi(line).cell_len <= width for line in lines), f"{command} is wider than {width}"
    console = Console(record=True, width=width, file=io.StringIO())
    console.print(Text(f"$ trader {command}"))
    console.print(Text.from_ansi("\n".join(line.rstrip() for line in lines)))
    console.save_svg(str(PICTURES / f"terminal-{command}-{width}.svg"), title=f"{width} columns")
