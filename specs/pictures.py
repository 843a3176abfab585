# ruff: noqa: INP001 - a script beside the pages it draws for
"""Draw the pictures of cards in the README: `PYTHONPATH=. python specs/pictures.py`.

Needs chromium and an emoji font (Debian: `chromium`, `fonts-noto-color-emoji`). The whole product runs,
alerts are posted into the bundled chat, and screenshots of its page are taken.
"""

import asyncio
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from PIL import Image

from alert_trader import clock
from tests.support.guild import ADA, BOB, EVE, Guild, Message, open_guild
from tests.support.harness import next_monthly
from tests.support.waiting import eventually

PICTURES = Path(__file__).parent / "001-automated-alert-trading" / "pictures"


async def shoot(address: str, file: Path, *, height: int) -> None:
    """Take a screenshot of a page."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert browser is not None, "expected chromium on the PATH, found none"
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--window-size=760,{height}",
        f"--screenshot={file}",
    ]
    process = await asyncio.create_subprocess_exec(
        browser, *options, address, stderr=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0
    # a page has few colours: with a palette the file has a third of its size
    Image.open(file).convert("RGB").quantize(256, method=Image.Quantize.FASTOCTREE).save(file, optimize=True)


async def check_fonts() -> None:
    """Fail where an emoji would show as an empty box."""
    process = await asyncio.create_subprocess_exec(
        "fc-list", ":lang=und-zsye", "family", stdout=asyncio.subprocess.PIPE
    )
    found, _ = await process.communicate()
    assert found.strip(), "expected an emoji font such as Noto Color Emoji, found none"


async def quoted(guild: Guild, text: str, strike: int, bid: str, ask: str, *, user: str = ADA) -> Message:
    """Quote a contract, and post an alert about it."""
    expiry = next_monthly(clock.now())
    await guild.venue.set_quote(f"SPY   {expiry:%y%m%d}C{strike * 1000:08d}", bid=bid, ask=ask)
    return await guild.chat.say(text.format(f"SPY {expiry:%m/%d/%Y} {strike}c"), user=user)


async def play(guild: Guild) -> None:
    """Play the scenes, and take a screenshot of each."""
    bumped = await quoted(guild, "Alert: BTO {} @ 2.00, loading up @everyone", 602, "1.98", "2.01")
    card = await guild.card(bumped, "holding 4", "2 working (2 at 4.02)")
    asked = await quoted(guild, "Lotto: BTO {} @ 1.10", 640, "1.08", "1.10", user=BOB)
    waiting = await guild.card(asked, "waiting for approval")
    watched = await quoted(guild, "BTO {} @ 0.80", 655, "0.78", "0.80", user=EVE)
    await guild.card(watched, "watched only")
    half = await guild.chat.say("trim half here", user=ADA, reply_to=bumped["id"])
    await guild.card(bumped, "holding 2")
    old = await guild.chat.say(
        "BTO SPY 12/18/2026 607 @ 2.00", user=ADA, at=(clock.now() - timedelta(seconds=1)).isoformat()
    )
    denied = await guild.card(old, "denied")
    question = await guild.press(card, "Close all 2")
    await guild.press(question, "Yes, sell")
    closed = await guild.card(bumped, "closed")

    async def complete() -> bool:
        return "Closed" in str([each["content"] for each in await guild.chat.messages(closed["id"])])

    await eventually(complete, "the last event in the thread", within=20)
    page = f"{guild.stack.chat_url}/?still"
    story = [bumped, closed, half]
    await shoot(
        page + "".join(f"&only={each['id']}" for each in story), PICTURES / "card-and-story.png", height=1165
    )
    await shoot(
        page + "".join(f"&only={each['id']}" for each in (asked, waiting, old, denied)),
        PICTURES / "approval-and-denial.png",
        height=1015,
    )


async def main() -> None:
    """Draw them all."""
    await check_fonts()
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        async with open_guild(Path(directory)) as guild:
            await play(guild)


if __name__ == "__main__":
    asyncio.run(main())
