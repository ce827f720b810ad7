"""One machine of several on one database: ``python -m tests.sync.machine URL PORT...``; syncs its routers until ended.

Its leases are short, so that a test need not wait a minute for them to end.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import anyio

from mktui.billing import leases
from mktui.services import automatic
from mktui.services.fleet import open_fleet
from mktui.services.router import RouterSetup
from mktui.sync.options import SyncOptions
from tests.sync.offices import POOL, office, router_options

if TYPE_CHECKING:
    from mktui.sync.run import Office

leases.HEARTBEAT, leases.EXPIRY = 0.3, 1.5  # type: ignore[misc]  # shorter than they are meant to be
automatic.LOOK, automatic.AGAIN = 0.05, 0.3  # type: ignore[misc]  # and more impatient
OPTIONS = SyncOptions(automatic=True, interval=0, debounce=0.1)


async def main(url: str, ports: list[int]) -> None:
    async def opened() -> Office:
        return await anyio.to_thread.run_sync(lambda: office(url, options=OPTIONS))

    setups = [RouterSetup(router_options(f"edge-{number}", port), POOL) for number, port in enumerate(ports, 1)]
    async with open_fleet(setups, open_office=opened, automatic=OPTIONS):
        sys.stdout.write("running\n")
        sys.stdout.flush()
        await anyio.sleep_forever()


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], [int(port) for port in sys.argv[2:]])
