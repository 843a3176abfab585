# ruff: noqa: INP001 - a script beside the pages it draws for
"""Photograph the desk page and the terminal: `PYTHONPATH=. python specs/desk_pictures.py`.

Needs chromium and an emoji font, as `pictures.py`. The whole product runs, alerts are posted into the bundled
chat, and each page is photographed at 390 and 1280 pixels, light and dark; commands at 80 and 140 columns.
"""

import asyncio
import tempfile
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page

from specs import terminal_pictures
from specs.pictures import PICTURES, check_fonts, quoted
from tests.support.browser import open_browser, sign_in
from tests.support.guild import BOB, EVE, Guild, open_guild

SIZES = {"phone": (390, 844), "wide": (1280, 900)}


async def shoot(page: Page, name: str) -> None:
    """Take a picture of the whole page."""
    file = PICTURES / f"{name}.png"
    await page.screenshot(path=file, full_page=True)
    Image.open(file).convert("RGB").quantize(256, method=Image.Quantize.FASTOCTREE).save(file, optimize=True)


async def play(guild: Guild) -> None:
    """Post the alerts of a day."""
    held = await quoted(guild, "Alert: BTO {} @ 2.00, loading up", 602, "1.98", "2.00")
    await guild.card(held, "holding", "working")
    asked = await quoted(guild, "Lotto: BTO {} @ 1.10", 640, "1.08", "1.10", user=BOB)
    await guild.card(asked, "waiting for approval")
    watched = await quoted(guild, "BTO {} @ 0.80", 655, "0.78", "0.80", user=EVE)
    await guild.card(watched, "watched only")
    denied = await guild.chat.say("BTO SPY 12/18/2026 607 @ 2.00")
    await guild.card(denied, "denied")


async def photograph(guild: Guild, browser: Browser) -> None:
    """Take every picture."""
    for size, (width, height) in SIZES.items():
        for scheme in ("light", "dark"):
            context = await browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,
            )
            page = await context.new_page()
            await sign_in(page, guild)
            await page.get_by_text("waiting for approval").first.wait_for()
            await shoot(page, f"desk-{size}-{scheme}")
            if scheme == "light":
                await page.get_by_role("button", name="Close all").first.click()
                await page.get_by_role("button", name="Yes, sell").wait_for()
                await page.screenshot(path=PICTURES / f"desk-question-{size}.png")
                await page.get_by_role("link", name="No, go back").click()
                for name in ("account", "report"):
                    await page.goto(f"{guild.stack.api_url}/desk/{name}")
                    await shoot(page, f"desk-{name}-{size}")
            await context.close()


async def main() -> None:
    """Draw them all."""
    await check_fonts()
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        async with open_guild(Path(directory), with_api=True) as guild, open_browser() as browser:
            await play(guild)
            await terminal_pictures.draw(guild)
            await photograph(guild, browser)


if __name__ == "__main__":
    asyncio.run(main())
