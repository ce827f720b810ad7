"""Rehearses a plan on a simulated router of the same version that holds the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio
from pydantic import SecretStr

from mktui.core.client.client import open_client
from mktui.core.connection.options import RouterOptions
from mktui.core.pool.options import PoolOptions
from mktui.errors import CommandTrapped
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from mktui.simulator.schema import known_versions
from mktui.simulator.streams import byte_stream_pair
from mktui.simulator.tables import TableRow

if TYPE_CHECKING:
    from anyio.abc import ByteStream

    from mktui.core.client.client import Client
    from mktui.services.fleet import Fleet
    from mktui.sync.mirror import Live
    from mktui.sync.order import Order
    from mktui.sync.rehearsal import Rehearsal

_NAMED: Final = ("/ip/pool", "/queue/simple", "/ip/hotspot", "/interface")
"""Menus whose rows may be named by what is written."""
_POOL: Final = PoolOptions(min_size=1, max_size=2)


async def rehearse(fleet: Fleet, name: str, order: Order) -> Rehearsal:
    """Carry a router's plan out where it hurts nobody.

    Raises:
        RouterError: The router cannot be read.
        BillingError: Billing cannot be read.
    """
    from mktui.sync.run import Sync  # noqa: PLC0415 - loads the database

    client = fleet.service(name).client
    sync = Sync(await fleet.office.get(), client, name)
    prepared = await sync.prepare(order)
    resource = await client.get("/system/resource", ("version",), max_age=60)
    version = nearest_version(resource[0].get("version", "") if resource else "")
    router = SimulatedRouter(RouterProfile(name=name, version=version, secrets=0, online=0))
    await _fill(router, prepared.live, client)
    async with anyio.create_task_group() as tasks:

        async def connect(_options: RouterOptions) -> ByteStream:
            ours, theirs = byte_stream_pair()
            tasks.start_soon(router.serve, theirs)
            return ours

        options = RouterOptions(
            name=name, host="rehearsal", username="admin", password=SecretStr(router.profile.password)
        )
        async with open_client(options, _POOL, connect=connect) as other:
            rehearsal = await sync.rehearse(prepared, order, other, version)
        tasks.cancel_scope.cancel()
    return rehearsal


async def _fill(router: SimulatedRouter, live: Live, client: Client) -> None:
    """Give a simulated router the rows of a real one, with their ids."""
    for path, rows in live.rows.items():
        if path in router.tables and rows and "name" in rows[0]:
            router.tables[path].restore(TableRow(dict(row)) for row in rows)
    for path in _NAMED:
        try:
            named = await client.get(path, (".id", "name"), max_age=60)
        except CommandTrapped:
            continue
        known = {row.values.get("name") for row in router.tables[path]} if path in router.tables else set()
        for row in named:
            if path in router.tables and row.get("name") not in known:
                router.tables[path].add({"name": row.get("name", "")})


def nearest_version(text: str) -> str:
    """Return the newest version that can be simulated and is no newer than this one."""
    wanted = _numbers(text.partition(" ")[0])
    older = [version for version in known_versions() if _numbers(version) <= wanted]
    return older[-1] if older else known_versions()[0]


def _numbers(version: str) -> tuple[int, ...]:
    digits = "".join(
        letter if letter.isdecimal() else " " for letter in version.partition("rc")[0].partition("beta")[0]
    )
    return tuple(int(part) for part in digits.split())
