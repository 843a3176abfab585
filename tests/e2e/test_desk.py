"""A day on the desk page, in a real browser: the venue, Temporal, the bot, the API and the page itself."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.support.browser import open_browser, sign_in
from tests.support.guild import BOB, Guild, Message, open_guild

pytestmark = [pytest.mark.timeout(240), pytest.mark.browser]

PHONE = {"width": 390, "height": 844}
SOON = 30_000
"""Milliseconds in which the page must show what happened."""


@pytest.fixture(scope="module")
async def guild(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Guild]:
    """Start the whole product with its chat and its API."""
    async with open_guild(tmp_path_factory.mktemp("desk"), with_api=True) as opened:
        yield opened


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Start a browser."""
    async with open_browser() as opened:
        yield opened


def card(page: Page, message: Message) -> Locator:
    """Return the card of an alert."""
    return page.locator("article.trade").filter(has_text=message["content"])


async def press(page: Page, message: Message, label: str) -> None:
    """Press a button of a card."""
    await card(page, message).get_by_role("button", name=re.compile(f"^{label}")).click()


async def state(page: Page, message: Message, text: str) -> None:
    """Wait until a card has a state; nothing is loaded again."""
    await expect(card(page, message).locator(".state")).to_contain_text(text, timeout=SOON)


async def receipt(page: Page, *says: str) -> None:
    """Read the receipt in the dialog, and close it."""
    dialog = page.get_by_role("dialog")
    for each in says:
        await expect(dialog).to_contain_text(each, timeout=60_000)
    await dialog.get_by_role("link", name="Back to the desk").click()
    await expect(dialog).to_be_hidden()


async def halt_and_resume(page: Page, guild: Guild) -> None:
    """Halt the account and resume it; the question knows what would still stop entries."""
    await page.get_by_role("button", name="Halt").click()
    await receipt(page, "Done", "halted")
    await expect(page.get_by_text("May not trade")).to_be_visible(timeout=SOON)
    stop = guild.stack.data_dir / "STOP"
    stop.touch()
    await page.get_by_role("button", name="Resume").click()
    await expect(page.get_by_role("dialog")).to_contain_text("entries stay blocked")
    stop.unlink()
    await page.get_by_label("What has changed").fill("the test continues")
    await page.get_by_role("button", name="Yes, resume").click()
    await receipt(page, "Done")
    await expect(page.get_by_text("May trade")).to_be_visible(timeout=SOON)


async def test_a_day_on_a_phone(guild: Guild, browser: Browser) -> None:
    """Alerts appear by themselves; skip, sell, halt, resume and close as on the cards, with receipts.

    The audit trail names who did it, no script fails, and nothing is wider than the phone.
    """
    context = await browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    await sign_in(page, guild)
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)

    held = await guild.alert()
    await state(page, held, "holding 4")
    await expect(card(page, held)).to_contain_text("Unrealised")
    await expect(card(page, held).locator(".protection")).to_contain_text("2 of 4 at the target")

    asked = await guild.alert(user=BOB)
    await state(page, asked, "waiting for approval")
    await expect(page.locator(".attention")).to_contain_text("waits for approval")
    await press(page, asked, "Skip")
    await receipt(page, "Done")
    await state(page, asked, "denied")

    await press(page, held, "Sell part")
    await page.get_by_role("dialog").get_by_label("Part").fill("1/4")
    await page.get_by_role("button", name="Next").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Sell 1 contract of SPY")
    await page.get_by_role("dialog").get_by_label("Reason").fill("trim on the page")
    await page.get_by_role("button", name="Yes, sell").click()
    await receipt(page, "Done")
    await state(page, held, "holding 3")

    await halt_and_resume(page, guild)

    await press(page, held, "Close all 3")
    await page.get_by_role("button", name="Yes, sell").click()
    await receipt(page, "Done")
    await state(page, held, "closed")
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]

    await card(page, held).get_by_role("link", name=re.compile("^SPY 50[0-9]C")).click()
    events = page.locator(".events")
    await expect(events).to_contain_text("trim on the page")
    await expect(events).to_contain_text("desk:demo")
    for name in ("Account", "Report", "Desk"):
        await page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        await expect(page.get_by_role("heading", level=1)).to_have_count(1)
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Admin key")).to_be_visible()
    assert faults == []
    await context.close()


async def test_a_question_is_confirmed_for_what_it_asked(guild: Guild, browser: Browser) -> None:
    """After a fill, the confirmation of the old number does nothing and says so; by keyboard alone."""
    context = await browser.new_context()
    page = await context.new_page()
    await sign_in(page, guild)
    held = await guild.alert()
    await state(page, held, "holding 4")
    box = card(page, held)
    await box.get_by_role("button", name=re.compile("^Close all 4")).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_contain_text("Sell 4 contracts")
    # somebody else sells one meanwhile
    answer = await guild.use("close", trade=held["id"], portion="1")
    await guild.chat.click(answer["id"], "Yes, sell")
    await guild.card(held, "holding 3")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await receipt(page, "Not done", "there was a fill since you were asked")
    await state(page, held, "holding 3")
    await context.close()


async def test_a_link_of_the_bot_signs_in(guild: Guild, browser: Browser) -> None:
    """An operator asks the bot; the link works once, and commands carry the person's name."""
    answer = await guild.use("desk")
    [link] = re.findall(r"\((http\S+)\)", answer["content"])
    context = await browser.new_context(color_scheme="dark")
    page = await context.new_page()
    await page.goto(link)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator(".who")).to_contain_text("ada")
    await page.goto(link)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_contain_text("was used or has expired")
    await context.close()
