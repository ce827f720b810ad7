"""A configuration that is saved while its routers run: pools take it at once and drop nothing; the rest says when."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio
import pytest

from mktui.config.draft import Edit
from mktui.config.edit import edited
from mktui.config.load import load
from mktui.core.pool.options import PoolOptions
from mktui.errors import ConfigError
from mktui.services.fleet import Fleet, open_fleet
from mktui.services.router import RouterSetup
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.wiring import ROUTER, until, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from anyio.abc import ByteStream

    from mktui.core import RouterOptions

pytestmark = pytest.mark.anyio
TEXT: Final = """# ours
[pool]
min_size = 1
max_size = 2      # small

[[routers]]
name = "edge-1"
host = "127.0.0.1"
password = "secret"
"""


@asynccontextmanager
async def running(folder: Path, other: SimulatedRouter | None = None) -> AsyncIterator[tuple[Fleet, SimulatedRouter]]:
    """Run one router by a file; another one answers at 127.0.0.2."""
    file = folder / "config.toml"
    file.write_text(TEXT, encoding="utf-8")
    router = SimulatedRouter(RouterProfile(secrets=20))
    async with anyio.create_task_group() as tasks:
        at_home, elsewhere = wire(router, tasks), wire(other or router, tasks)

        async def connect(options: RouterOptions) -> ByteStream:
            return await (at_home if options.host == ROUTER.host else elsewhere)(options)

        setup = RouterSetup(ROUTER, load(file).config.pool, connect=connect)
        async with open_fleet([setup]) as fleet:
            fleet.config_file = file
            yield fleet, router
        tasks.cancel_scope.cancel()


async def test_pools_take_new_settings_at_once_and_no_command_under_way_is_lost(tmp_path: Path) -> None:
    answers: list[int] = []
    async with running(tmp_path) as (fleet, router):
        client = fleet.service("edge-1").client
        router.faults.slow["/ppp/secret/print"] = 0.2

        async def ask() -> None:
            answers.append(len(await client.get("/ppp/secret", ("name",), max_age=0)))

        async with anyio.create_task_group() as asking:
            for _ in range(6):
                asking.start_soon(ask)
            await until(lambda: client.connection_stats().pool.slots_used > 0)
            seen = await fleet.config_text()
            assert seen is not None
            text = edited(
                seen.text, [Edit(("pool", "max_size"), 4), Edit(("routers", "edge-1", "pool", "cache_ttl"), 5)]
            )
            saved = await fleet.save_config(seen, text)
            await until(lambda: client.options.max_size == 4)
        assert answers == [20] * 6
        assert client.options == PoolOptions(min_size=1, max_size=4, cache_ttl=5)
        told = [event.text for event in fleet.snapshot().routers[0].events if event.kind == "pool settings"]
        assert told == ["max_size 2 → 4, cache_ttl 30 → 5"]
    assert saved.live == ("pool.max_size", "routers.edge-1.pool.cache_ttl")
    assert saved.later == ()
    assert "# small" in (tmp_path / "config.toml").read_text(encoding="utf-8")


async def test_what_waits_for_the_next_start_is_said(tmp_path: Path) -> None:
    async with running(tmp_path) as (fleet, _):
        seen = await fleet.config_text()
        assert seen is not None
        edits = [Edit(("monitor", "error_days"), 7), Edit(("ui", "theme"), "ansi")]
        saved = await fleet.save_config(seen, edited(seen.text, edits))
    assert (saved.live, saved.later) == (("ui.theme",), ("monitor.error_days",))
    (change,) = fleet.changes()
    told = "save configuration: ui.theme noc-dark (default) → ansi, monitor.error_days 30 (default) → 7"
    assert (change.what, change.outcome) == (told, "done")


async def test_another_address_and_password_are_taken_at_once_and_what_is_under_way_ends_where_it_is(
    tmp_path: Path,
) -> None:
    answers: list[int] = []
    other = SimulatedRouter(RouterProfile(secrets=3, username="robot", password="another-hush"))
    async with running(tmp_path, other) as (fleet, router):
        client = fleet.service("edge-1").client
        router.faults.slow["/ppp/secret/print"] = 0.3

        async def ask() -> None:
            answers.append(len(await client.get("/ppp/secret", ("name",), max_age=0)))

        async with anyio.create_task_group() as asking:
            asking.start_soon(ask)
            await until(lambda: router.commands["/ppp/secret/print"] == 1)
            seen = await fleet.config_text()
            assert seen is not None
            of_it = ("routers", "edge-1")
            edits = [Edit((*of_it, "host"), "127.0.0.2"), Edit((*of_it, "username"), "robot"),
                     Edit((*of_it, "password"), "another-hush"), Edit((*of_it, "protected"), True)]  # fmt: skip
            saved = await fleet.save_config(seen, edited(seen.text, edits))
            await until(lambda: client.connection_stats().address.startswith("127.0.0.2"))
            assert len(await client.get("/ppp/secret", ("name",))) == 3
        assert answers == [20]
        (shown,) = fleet.snapshot().routers
        assert (shown.address, shown.is_protected) == ("127.0.0.2:8728", True)
        assert "hush" not in repr(shown)
        told = [event.text for event in shown.events if event.kind == "address or login"]
        assert told == ["host 127.0.0.1 → 127.0.0.2, username admin → robot, another password"]
        assert fleet.service("edge-1").setup.options == client.router, "what a console or a sync goes by"
    assert (len(saved.live), saved.later, saved.problems) == (4, (), ())


async def test_a_password_that_cannot_be_fetched_is_said_and_the_router_goes_on_by_its_former_one(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as (fleet, _):
        client = fleet.service("edge-1").client
        seen = await fleet.config_text()
        assert seen is not None
        text = seen.text.replace('password = "secret"', 'password = { env = "NOT_SET_ANYWHERE" }')
        saved = await fleet.save_config(seen, text.replace("max_size = 2", "max_size = 3"))
        await until(lambda: client.options.max_size == 3)
        assert len(await client.get("/ppp/secret", ("name",))) == 20
    (problem,) = saved.problems
    assert "NOT_SET_ANYWHERE" in problem
    assert "edge-1 keeps its former address and login" in problem


async def test_a_password_is_fetched_only_when_the_file_says_another_login(tmp_path: Path) -> None:
    kept = tmp_path / "password"
    kept.write_text("secret", encoding="utf-8")
    async with running(tmp_path) as (fleet, _):
        seen = await fleet.config_text()
        assert seen is not None
        text = seen.text.replace('password = "secret"', f'password = {{ file = "{kept}" }}')
        saved = await fleet.save_config(seen, text)
        kept.unlink()
        saved = await fleet.save_config(saved.seen, text.replace("max_size = 2", "max_size = 3"))
    assert saved.problems == ()


async def test_what_is_refused_changes_no_pool(tmp_path: Path) -> None:
    async with running(tmp_path) as (fleet, _):
        seen = await fleet.config_text()
        assert seen is not None
        with pytest.raises(ConfigError, match="max_size"):
            await fleet.save_config(seen, seen.text.replace("max_size = 2", "max_size = 200"))
        seen.file.write_text(f"{TEXT}# by hand\n", encoding="utf-8")
        with pytest.raises(ConfigError, match="changed underneath"):
            await fleet.save_config(seen, seen.text.replace("max_size = 2", "max_size = 3"))
        assert fleet.service("edge-1").client.options.max_size == 2
        assert [each.outcome.startswith("failed: ") for each in fleet.changes()] == [True, True]


async def test_a_fleet_without_a_file_has_none_to_change() -> None:
    async with open_fleet([]) as fleet:
        assert await fleet.config_text() is None
