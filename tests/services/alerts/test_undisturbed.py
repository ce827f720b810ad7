"""Receivers that are down, slow or mad, beside a pool that works: nobody notices them, and who is well hears all."""

from __future__ import annotations

import json
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

import anyio
import pytest
from blockbuster import blockbuster_ctx

from mktui.config.load import load
from mktui.services.alerts import sending, watching
from mktui.services.alerts.plan import plan_of
from tests.services.alerts.receivers import (
    answering,
    chattering,
    dripping,
    hanging,
    listening,
    resetting,
    swelling,
    well,
)
from tests.services.control.houses import CONFIG, house
from tests.wiring import until

if TYPE_CHECKING:
    from pathlib import Path

    from mktui.monitor.snapshot import ReceiverState
    from mktui.services.alerts.plan import AlertPlan
    from mktui.services.fleet import Fleet
    from tests.services.alerts.receivers import Behaviour, Listener
    from tests.services.control.houses import House

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
MAD: Final[dict[str, Behaviour]] = {
    "hangs": hanging, "drips": dripping, "fails": answering("500 No"), "elsewhere": answering("302 Found"),
    "resets": resetting, "swells": swelling,
}  # fmt: skip
QUICK: Final = "[alerts]\nsteady = 0\n[alerts.rules]\nrouter_down = 'at once'\nbreaker_open = 'off'\n"
PROGRAMS: Final = {
    "stuck": "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)",
    "loud": "while True: print('x' * 65536)",
}


def receivers(fleet: Fleet) -> tuple[ReceiverState, ...]:
    """How those stand who are told."""
    state = fleet.snapshot().alerts
    assert state is not None
    return state.receivers


def configured(folder: Path, listeners: dict[str, Listener]) -> AlertPlan:
    """A configuration with these, with one that is not there, and with programs."""
    urls = {name: listener.url for name, listener in listeners.items()} | {"nobody": "http://127.0.0.1:1/"}
    text = CONFIG + QUICK
    for name, url in urls.items():
        timeout = 0.4 if name in MAD else 10
        text += f"[[alerts.webhooks]]\nname = '{name}'\nurl = '{url}'\ntimeout = {timeout}\n"
    for name, program in PROGRAMS.items():
        command = json.dumps([sys.executable, "-c", program])
        text += f"[[alerts.hooks]]\nname = '{name}'\ncommand = {command}\ntimeout = 0.4\n"
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return plan_of(load(folder / "config.toml"))


async def down_and_up(at: House, good: Listener) -> None:
    """The router goes, and comes back; who is well hears both."""
    at.router.faults.is_down = True
    at.router.drop_sessions()
    await until(lambda: good.statuses()[-1:] == ["firing"])
    at.router.faults.is_down = False
    await at.fleet.probe("edge-1")
    await until(lambda: good.statuses()[-1:] == ["resolved"])


async def test_no_read_and_no_other_receiver_notices_those_that_are_mad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LOOK", 0.05)
    monkeypatch.setattr(sending, "FIRST_WAIT", 0.05)
    reads = 0

    async def read() -> None:
        nonlocal reads
        while True:
            assert await at.fleet.service("edge-1").client.get("/system/identity", ("name",), max_age=0)
            reads += 1

    async with house(tmp_path) as at, AsyncExitStack() as stack:
        good, talker = [await stack.enter_async_context(listening(how)) for how in (well, chattering)]
        mad = {name: await stack.enter_async_context(listening(how)) for name, how in MAD.items()}
        plan = configured(tmp_path, {"good": good, "talker": talker, **mad})
        with blockbuster_ctx("mktui"):
            at.fleet.watch_alerts(plan, lambda _text: None)
            await down_and_up(at, good)
            await down_and_up(at, good)
            await until(lambda: at.fleet.snapshot().routers[0].pool.ready > 0)
            tries = {name: listener.visits for name, listener in mad.items()}
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read)
                await until(lambda: all(listener.visits > tries[name] for name, listener in mad.items()))
                await until(lambda: reads > 200)
                tasks.cancel_scope.cancel()
        await until(lambda: good.statuses() == talker.statuses() == ["firing", "resolved"] * 2)
        bad = {*MAD, *PROGRAMS, "nobody"}
        await until(lambda: {each.name for each in receivers(at.fleet) if each.problem} == bad)
        assert all(each.waiting == 4 for each in receivers(at.fleet) if each.problem), "nothing of it is lost"
        assert all(not listener.taken for listener in mad.values())
        assert [event.text for event in at.fleet.snapshot().routers[0].events if event.kind == "alert"] == [
            "firing: edge-1 is down", "resolved: edge-1 is down",
        ] * 2  # fmt: skip
