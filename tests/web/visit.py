"""``python -m tests.web.visit URL TOKEN``: a browser logs in, presses a key, sees the screen change, and leaves."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import anyio

from tests.web.chromium import Page, chromium


async def log_in(page: Page, url: str, token: str) -> None:
    """Open the page and send the form."""
    await page.tell("Page.navigate", url=url)
    await page.until("document.querySelector('#token') !== null")
    await page.value(f"document.querySelector('#token').value = {token!r}; document.querySelector('button').click()")


async def visit(url: str, token: str) -> None:
    """Look at the terminal in the browser, press ``?`` for help, and quit."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:  # a browser may still be tidying up
        async with chromium(Path(profile)) as page:
            await log_in(page, url, token)
            await page.until("document.body.classList.contains('-first-byte')")
            await page.settle()
            before = await page.picture()
            await page.press("?")
            await page.until_other_than(before)
            await page.press("q")
            await page.settle()
            await page.press("q")
            await page.until("document.body.classList.contains('-closed')")


if __name__ == "__main__":
    anyio.run(visit, sys.argv[1], sys.argv[2])
