"""A headless Chromium, told what to do over its debugging protocol (CDP): no driver of anybody's is needed."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import anyio

from tests.web.serving import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PROGRAM: Final = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")


class Page:
    """One page of the browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.requested: list[str] = []
        self.complaints: list[str] = []

    async def tell(self, method: str, **parameters: Any) -> Any:  # Any: JSON
        """Give one command, and return its result."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        with anyio.fail_after(30):
            while True:
                message = json.loads((await self._socket.receive()).data)
                if message.get("id") == self._number:
                    assert "error" not in message, message
                    return message["result"]
                self._heard(message)

    async def value(self, script: str) -> Any:  # Any: JSON
        """Return what a line of JavaScript comes to."""
        result = await self.tell("Runtime.evaluate", expression=script, returnByValue=True)
        return result["result"].get("value")

    async def until(self, script: str) -> None:
        """Wait until a line of JavaScript is true, 20 s at most."""

        async def is_so() -> bool:
            return bool(await self.value(script))

        await eventually(is_so)

    async def press(self, key: str) -> None:
        """Press a key that is a letter."""
        await self.tell("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        await self.tell("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def picture(self) -> str:
        """Return what is seen, as base64 of a PNG."""
        data: str = (await self.tell("Page.captureScreenshot"))["data"]
        return data

    async def settle(self) -> None:
        """Wait until two pictures are the same."""
        with anyio.fail_after(30):
            before = ""
            while (now := await self.picture()) != before:
                before = now
                await anyio.sleep(0.7)

    async def until_other_than(self, before: str) -> None:
        """Wait until something else is seen, 20 s at most."""

        async def is_other() -> bool:
            return await self.picture() != before

        await eventually(is_other)

    def _heard(self, message: dict[str, Any]) -> None:  # Any: JSON
        if message.get("method") == "Network.requestWillBeSent":
            self.requested.append(message["params"]["request"]["url"])
        if message.get("method") in {"Runtime.exceptionThrown", "Log.entryAdded"}:
            self.complaints.append(json.dumps(message["params"]))


@asynccontextmanager
async def chromium(profile: Path) -> AsyncIterator[Page]:
    """Run the browser for the block, with one empty page."""
    command = [
        PROGRAM, "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--remote-debugging-port=0",
        "--enable-unsafe-swiftshader", "--disable-background-networking", "--no-first-run",
        f"--user-data-dir={profile}", "--window-size=1000,600", "about:blank",
    ]  # fmt: skip
    async with await anyio.open_process(command, start_new_session=True) as process, aiohttp.ClientSession() as http:
        try:
            assert process.stderr is not None
            seen = ""
            with anyio.fail_after(40):
                while not (found := re.search(r"listening on ws://(\S+?)/", seen)):
                    seen += (await process.stderr.receive()).decode("utf-8", "replace")
            async with http.get(f"http://{found[1]}/json/list") as response:
                pages = [each for each in await response.json(content_type=None) if each["type"] == "page"]
            async with http.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                for domain in ("Page", "Network", "Runtime", "Log"):
                    await page.tell(f"{domain}.enable")
                yield page
        finally:
            process.terminate()
            with anyio.CancelScope(shield=True), anyio.move_on_after(10):
                await process.wait()
