"""A server in a process of its own, for tests that end it: prints its address, and serves the recorded fleet."""

from __future__ import annotations

import anyio

from tests.terminal.recorded import RecordedServices
from tests.web.serving import serving, watched


async def main() -> None:
    """Serve until the end."""
    async with serving(watched(RecordedServices())) as url:
        print(url, flush=True)  # noqa: T201 - for the test that reads it
        await anyio.sleep_forever()


if __name__ == "__main__":
    anyio.run(main)
