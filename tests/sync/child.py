"""One sync in a process of its own, to be killed: ``python -m tests.sync.child URL PORT``; prints its report."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import anyio

from mktui.core import open_client
from mktui.errors import MktuiError
from mktui.sync.order import Order
from mktui.sync.run import Sync
from tests.sync.offices import POOL, office, router_options


async def main(url: str, port: int, folder: Path | None) -> None:
    held = office(url, folder=folder)
    try:
        async with open_client(router_options("edge-1", port), POOL) as client:
            report = await Sync(held, client, "edge-1").run(Order(cause="child"))
        sys.stdout.write(json.dumps(report.to_json()))
    except MktuiError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    finally:
        held.store.close()


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]) if sys.argv[3:] else None)
