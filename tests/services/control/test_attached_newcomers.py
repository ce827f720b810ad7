"""A router that is added from an attached screen: tried, saved and started where mktui runs, with nothing kept here."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import pytest

from mktui.config.load import load
from mktui.config.newcomer import Keep, Newcomer
from mktui.core.pool.options import PoolOptions
from mktui.errors import ConfigError, ControlRefused, NobodyServes
from mktui.services.control import attached as attaching
from mktui.services.control.messages import Refusal, parse
from mktui.services.control.newcomer_messages import TryRouter, Wanted
from mktui.services.control.wire import request
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from mktui.tui.add_form import beside_fields, needs_commands
from tests.services.control.houses import House, house
from tests.wiring import until, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mktui.core.client.connection_test import TestStep
    from mktui.tui.desks import Newcomers

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
POOL = PoolOptions(min_size=1)
NEW = Newcomer("edge-9", "10.0.0.9", "", "admin", "secret", keep=Keep.PLAIN)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attaching, "EVERY", 0.2)
    monkeypatch.setattr(attaching, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(attaching, "LONGEST_WAIT", 0.1)


@asynccontextmanager
async def home(folder: Path, *, may_write: bool = True) -> AsyncIterator[tuple[House, SimulatedRouter]]:
    """A house to which one more router could come."""
    other = SimulatedRouter(RouterProfile(secrets=3))
    async with anyio.create_task_group() as tasks:
        async with house(folder, may_write=may_write) as at:
            at.fleet.newcomers.connect = wire(other, tasks)
            yield at, other
        tasks.cancel_scope.cancel()


async def test_it_is_tried_step_by_step_saved_and_started_there(tmp_path: Path) -> None:
    asked: list[str] = []
    steps: list[TestStep] = []
    keep = tmp_path / "passwords" / "edge-9"
    newcomer = replace(NEW, keep=Keep.FILE, where=str(keep))
    async with home(tmp_path) as (at, _), at.attached(origin="pts/7") as fleet:
        at.server.on_request = lambda who, what: asked.append(f"{who} {what}")
        desk: Newcomers = fleet.newcomers
        seen = await desk.look()
        assert seen is not None
        tried = await desk.test(newcomer, POOL, on_step=steps.append)
        assert tried.report.ok
        assert steps == list(tried.report.steps)
        assert [step.name for step in steps][:3] == ["connect", "login", "identity"]
        saved = await desk.save(seen, newcomer)
        assert (saved.came, saved.problems) == (("edge-9",), ())
        assert [each.name for each in saved.config.routers] == ["edge-1", "edge-9"]
        await until(lambda: len(fleet.snapshot().routers) == 2)
        await until(lambda: fleet.snapshot().routers[1].pool.ready > 0)
    assert keep.read_text(encoding="utf-8") == "secret\n"
    assert [each.name for each in load(tmp_path / "config.toml").config.routers] == ["edge-1", "edge-9"]
    assert "secret" not in " ".join((*asked, *at.said, repr(tried), repr(saved)))
    assert [(origin, what) for _, origin, what, _ in at.audit()] == [
        ("attached, pts/7", "test before adding"), ("attached, pts/7", "add router"),
    ]  # fmt: skip


async def test_what_fails_says_what_to_do_as_on_the_screen_there(tmp_path: Path) -> None:
    async with home(tmp_path) as (at, other), at.attached() as fleet:
        wrong = await fleet.newcomers.test(replace(NEW, password="guessed"), POOL)
        assert "type the password again" in wrong.advice[0]
        assert needs_commands(wrong)
        other.faults.is_down = True
        refused = await fleet.newcomers.test(NEW, POOL)
        assert "/ip/service/enable api," in refused.advice[0]
        assert needs_commands(refused)
        assert "guessed" not in repr(wrong)


async def test_what_somebody_else_has_saved_meanwhile_stays_and_the_clash_is_told_by_its_field(tmp_path: Path) -> None:
    async with home(tmp_path) as (at, _), at.attached() as ana, at.attached() as luis:
        first, second = await ana.newcomers.look(), await luis.newcomers.look()
        assert first is not None
        assert second is not None
        await ana.newcomers.save(first, NEW)
        with pytest.raises(ConfigError, match="is another router's name already") as clash:
            await luis.newcomers.save(second, NEW)
        assert beside_fields(clash.value) == {
            "name": "is another router's name already", "host": "is edge-9 already"
        }  # fmt: skip
        other = replace(NEW, name="edge-8", host="10.0.0.8", keep=Keep.FILE, where=str(tmp_path / "pw-8"))
        with pytest.raises(ConfigError, match="was changed underneath"):
            await luis.newcomers.save(second, other)
        assert not (tmp_path / "pw-8").exists()
        again = await luis.newcomers.look()
        assert again is not None
        await luis.newcomers.save(again, other)
        assert at.fleet.names == ("edge-1", "edge-9", "edge-8")


async def test_what_is_wrong_with_it_is_refused_there_too(tmp_path: Path) -> None:
    async with home(tmp_path) as (at, _), at.attached() as fleet:
        for bad in (replace(NEW, host=""), replace(NEW, port="99999"), replace(NEW, tls="pin")):
            with pytest.raises(ConfigError):
                await fleet.newcomers.test(bad, POOL)
        with pytest.raises(ControlRefused, match="has more than 256 letters"):
            await fleet.newcomers.test(replace(NEW, name="x" * 300), POOL)


async def test_who_only_looks_is_refused_by_the_other_side(tmp_path: Path) -> None:
    async with home(tmp_path) as (at, _), at.attached(may_write=False) as fleet:
        with pytest.raises(ControlRefused, match="try router: refused, this is read-only"):
            await fleet.newcomers.test(NEW, POOL)
        seen = await at.fleet.newcomers.look()
        assert seen is not None
        with pytest.raises(ControlRefused, match="save router: refused, this is read-only"):
            await fleet.newcomers.save(seen, NEW)
        assert at.fleet.names == ("edge-1",)


async def test_a_connection_that_is_lost_ends_the_try_and_leaves_no_session(tmp_path: Path) -> None:
    async with home(tmp_path) as (at, other), at.attached() as fleet:
        other.faults.slow["/login"] = 0.4
        async with anyio.create_task_group() as tasks:

            async def attempt() -> None:
                with pytest.raises(NobodyServes, match="nobody knows what became"):
                    await fleet.newcomers.test(NEW, POOL)

            tasks.start_soon(attempt)
            await until(lambda: other.sessions > 0)
            assert fleet._link is not None
            await fleet._link._stream.aclose()
        await until(lambda: other.sessions == 0)
        await until(lambda: fleet._link is not None)
        other.faults.slow.clear()
        assert (await fleet.newcomers.test(NEW, POOL)).report.ok


async def test_a_router_taken_out_through_the_configuration_is_told_as_gone(tmp_path: Path) -> None:
    async with home(tmp_path) as (at, _), at.attached() as fleet:
        seen = await fleet.newcomers.look()
        assert seen is not None
        saved = await fleet.newcomers.save(seen, NEW)
        without = saved.seen.text[: saved.seen.text.rindex("[[routers]]")]
        after = await fleet.save_config(saved.seen, without)
        assert (after.went, at.fleet.names) == (("edge-9",), ("edge-1",))


async def test_a_password_is_in_no_repr_and_no_refusal_of_a_request() -> None:
    line = request(1, "try router", newcomer=Wanted.sent(NEW))
    asked = parse(line)
    assert isinstance(asked, TryRouter)
    assert asked.newcomer.typed() == NEW
    assert "secret" not in repr(asked) + str(asked)
    with pytest.raises(Refusal) as refused:
        parse(request(1, "try router", newcomer=Wanted.sent(NEW) | {"password": ["secret"]}))
    assert "secret" not in refused.value.text
    with pytest.raises(Refusal) as refused:
        parse(request(1, "preview", what="subscriber", cells={"password": ["secret"]}))
    assert "secret" not in refused.value.text
    assert "secret" not in repr(parse(request(1, "preview", what="subscriber", cells={"password": "secret"})))
