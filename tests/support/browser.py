"""A real browser for the desk page: the chromium of this machine."""

import contextlib
import shutil
from collections.abc import AsyncIterator

from playwright.async_api import Browser, Page, async_playwright

from tests.support.guild import Guild


@contextlib.asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Start chromium without a window. Fail where there is none: the page would be untested."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found is not None, (
        "expected chromium on the PATH, found none: install it (Debian: apt-get install chromium)"
    )
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


async def sign_in(page: Page, guild: Guild) -> None:
    """Open the desk page of a running product, and sign in with its key."""
    [(_, key), *_] = guild.stack.settings.api_key_ring
    await page.goto(f"{guild.stack.api_url}/desk")
    await page.get_by_label("Admin key").fill(key)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", name="Today", exact=True).wait_for()
