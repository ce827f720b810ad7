"""A real browser: the page is opened, somebody logs in, presses a key, and sees the screen change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mktui.web.monitor import HOME
from tests.web.chromium import PROGRAM, chromium
from tests.web.serving import OPERATOR, site
from tests.web.visit import log_in
from tests.wiring import until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.realtime,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not PROGRAM, reason="no Chromium: apt-get install chromium"),
]


async def test_log_in_press_a_key_and_see_the_screen_change(tmp_path: Path) -> None:
    async with site() as here, chromium(tmp_path) as page:
        await log_in(page, here.url, "a token that nobody has")
        await page.until("document.querySelector('.problem')?.textContent === 'Nobody has this token.'")
        await log_in(page, here.url, OPERATOR)
        await page.until("document.body.classList.contains('-first-byte')")
        await page.settle()
        before = await page.picture()
        await page.press("?")
        await page.until_other_than(before)
        assert len(here.tabs()) == 1
        await page.press("q")
        await page.settle()
        await page.press("q")
        await page.until("document.body.classList.contains('-closed')")
        await until(lambda: not here.tabs())
        await page.value("document.querySelector('.closed button').click()")
        await page.until("document.querySelector('#token') !== null")
        assert all(url.startswith((here.url, "data:")) for url in page.requested), (
            "nothing is fetched from anybody else"
        )
        assert not [
            each for each in page.complaints if "Content Security Policy" in each or "exception" in each.lower()
        ]
        assert f"{here.url}{HOME}/static/roboto-mono.ttf" in page.requested
        assert OPERATOR not in " ".join(page.requested)
