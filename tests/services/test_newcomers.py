"""A router is tested before it is saved, saved whole or not at all, and runs at once; one taken out is let go."""

from __future__ import annotations

import stat
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import pytest

from mktui.config.draft import Edit
from mktui.config.edit import edited
from mktui.config.load import load
from mktui.config.newcomer import Keep, Newcomer
from mktui.core.pool.health import HealthStatus
from mktui.core.pool.options import PoolOptions
from mktui.errors import ConfigError
from mktui.services.fleet import open_fleet
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.wiring import until, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mktui.core.client.connection_test import TestStep
    from mktui.services.fleet import Fleet

pytestmark = pytest.mark.anyio
POOL = PoolOptions(min_size=1)


def files(folder: Path) -> list[str]:
    """The names of what is in a folder, and below it."""
    return [path.name for path in folder.rglob("*") if path.is_file()]


@asynccontextmanager
async def a_home(folder: Path) -> AsyncIterator[tuple[Fleet, SimulatedRouter, Newcomer]]:
    """A fleet without a router, and a router that could be its first."""
    router = SimulatedRouter(RouterProfile(secrets=3))
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        async with open_fleet([]) as fleet:
            fleet.config_file = folder / "config.toml"
            fleet.newcomers.connect = wire(router, tasks)
            try:
                yield (
                    fleet,
                    router,
                    Newcomer(
                        "edge-9", "10.0.0.9", "", "admin", "secret", keep=Keep.FILE, where=str(folder / "pw/edge-9")
                    ),
                )
            except Exception as error:  # noqa: BLE001 - a failed claim is raised below, outside the group
                failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def test_it_is_tested_step_by_step_before_anything_is_written(tmp_path: Path) -> None:
    steps: list[TestStep] = []
    async with a_home(tmp_path) as (fleet, _, newcomer):
        tried = await fleet.newcomers.test(newcomer, POOL, on_step=steps.append)
        assert tried.report.ok
        assert [step.name for step in steps][:3] == ["connect", "login", "identity"]
        assert fleet.names == ()
    assert files(tmp_path) == []


async def test_each_failure_says_what_to_do(tmp_path: Path) -> None:
    async with a_home(tmp_path) as (fleet, router, newcomer):
        wrong = await fleet.newcomers.test(replace(newcomer, password="guessed"), POOL)
        router.faults.is_down = True
        refused = await fleet.newcomers.test(newcomer, POOL)
    assert not wrong.report.ok
    assert "type the password again" in wrong.advice[0]
    assert "/ip/service/enable api," in refused.advice[0]
    assert "guessed" not in repr(wrong) + repr(newcomer)


async def test_it_is_saved_with_its_password_apart_and_runs_at_once(tmp_path: Path) -> None:
    async with a_home(tmp_path) as (fleet, _, newcomer):
        seen = await fleet.newcomers.look()
        assert seen is not None
        saved = await fleet.newcomers.save(seen, newcomer)
        assert saved.came == ("edge-9",)
        await until(lambda: fleet.snapshot().routers[0].health.status is HealthStatus.HEALTHY)
    file, kept = tmp_path / "config.toml", tmp_path / "pw/edge-9"
    assert stat.S_IMODE(file.stat().st_mode) == stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text(encoding="utf-8") == "secret\n"
    assert "secret" not in file.read_text(encoding="utf-8").replace(str(kept), "")
    (router,) = load(file).config.routers
    assert (router.name, router.host, router.username) == ("edge-9", "10.0.0.9", "admin")


async def test_what_cannot_be_saved_leaves_nothing_behind(tmp_path: Path) -> None:
    async with a_home(tmp_path) as (fleet, _, newcomer):
        seen = await fleet.newcomers.look()
        assert seen is not None
        seen.file.write_text("# by hand\n", encoding="utf-8")
        with pytest.raises(ConfigError, match="changed underneath"):
            await fleet.newcomers.save(seen, newcomer)
        assert fleet.names == ()
    assert files(tmp_path) == ["config.toml"]
    assert seen.file.read_text(encoding="utf-8") == "# by hand\n"


async def test_a_file_that_holds_something_else_is_not_written_over(tmp_path: Path) -> None:
    other = tmp_path / "mine"
    other.write_text("thesis\n", encoding="utf-8")
    async with a_home(tmp_path) as (fleet, _, newcomer):
        seen = await fleet.newcomers.look()
        assert seen is not None
        with pytest.raises(ConfigError, match="holds something else"):
            await fleet.newcomers.save(seen, replace(newcomer, where=str(other)))
    assert other.read_text(encoding="utf-8") == "thesis\n"
    assert not (tmp_path / "config.toml").exists()


async def test_an_empty_password_is_the_one_that_is_kept_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there").write_text("secret\n", encoding="utf-8")
    monkeypatch.setenv("EDGE_9", "secret")
    async with a_home(tmp_path) as (fleet, _, newcomer):
        for keep, where in (
            (Keep.FILE, str(tmp_path / "there")), (Keep.ENV, "EDGE_9"), (Keep.COMMAND, "echo secret"),
        ):  # fmt: skip
            tried = await fleet.newcomers.test(replace(newcomer, password="", keep=keep, where=where), POOL)
            assert tried.report.ok, keep
        with pytest.raises(ConfigError, match="no-such-program"):
            await fleet.newcomers.test(replace(newcomer, keep=Keep.COMMAND, where="no-such-program"), POOL)


async def test_a_router_that_is_taken_out_is_let_go_and_one_whose_name_changes_goes_on(tmp_path: Path) -> None:
    async with a_home(tmp_path) as (fleet, router, newcomer):
        seen = await fleet.newcomers.look()
        assert seen is not None
        seen = (await fleet.newcomers.save(seen, newcomer)).seen
        await until(lambda: router.sessions > 0)
        renamed = await fleet.save_config(seen, edited(seen.text, [Edit(("routers", "edge-9", "name"), "edge-10")]))
        assert (renamed.went, renamed.came, renamed.problems) == (("edge-9",), ("edge-10",), ())
        assert fleet.names == ("edge-10",)
        gone = await fleet.save_config(renamed.seen, edited(renamed.seen.text, [Edit(("routers", "edge-10"))]))
        assert (gone.went, gone.live, gone.later) == (("edge-10",), (), ())
        assert fleet.snapshot().routers == ()
        await until(lambda: not router.sessions)
