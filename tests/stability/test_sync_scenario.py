"""The scenario with a database: green where answers get lost, and each of its claims red where something is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mktui.billing import demo
from mktui.simulator.tables import TableRow
from mktui.stability.report import Verdict
from mktui.stability.scenarios import syncing
from mktui.sync.run import Sync
from tests.stability.grounds import SpoiltGround, broken, played, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.core.client.client import Client
    from mktui.core.protocol.sentences import Row
    from mktui.simulator.router import SimulatedRouter
    from mktui.sync.report import Report

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
_SECRETS = "/ppp/secret"


def _loses(box: SimulatedRouter, _patch: pytest.MonkeyPatch) -> None:
    """A router that says yes to a customer, and has none."""
    table = box.tables[_SECRETS]
    add = table.add

    def forgotten(values: Row) -> TableRow:
        return TableRow(values | {".id": "*1"}) if values["name"].startswith("demo-") else add(values)

    table.add = forgotten  # type: ignore[method-assign]  # that is the fault


def _doubles(box: SimulatedRouter, _patch: pytest.MonkeyPatch) -> None:
    """A router that makes two rows of one."""
    table = box.tables[_SECRETS]
    add = table.add

    def twice(values: Row) -> TableRow:
        add(dict(values))
        return add(values)

    table.add = twice  # type: ignore[method-assign]  # that is the fault


def _plans_nothing(_box: SimulatedRouter, patch: pytest.MonkeyPatch) -> None:
    filled = demo.demo_books
    patch.setattr(syncing, "demo_books", lambda _count, **facts: filled(3, **facts))


def _takes_over(_box: SimulatedRouter, patch: pytest.MonkeyPatch) -> None:
    """A sync that changes a row that is not billing's."""
    run = Sync.run

    async def also(sync: Sync, *orders: Any, **hearers: Any) -> Report:  # Any: what a run takes
        report = await run(sync, *orders, **hearers)
        client: Client = sync._client
        for row in await client.get(_SECRETS, (".id", "name"), max_age=0):
            if not row["name"].startswith("demo-"):
                await client.set(_SECRETS, row[".id"], {"comment": "ours now"})
        return report

    patch.setattr(Sync, "run", also)


RED: dict[str, tuple[set[str], Callable[[SimulatedRouter, pytest.MonkeyPatch], None]]] = {
    "loses customers": ({"runs until in step", "customers on the router"}, _loses),
    "makes rows twice": ({"rows twice"}, _doubles),
    "is not planned for": ({"planned", "customers on the router"}, _plans_nothing),
    "loses somebody else's row": ({"foreign rows touched"}, _takes_over),
}


async def test_customers_reach_the_router_though_answers_get_lost() -> None:
    report = await played("sync")
    assert report.verdict is Verdict.PASSED, told(report)
    claims = {figure.name for figure in report.figures if figure.is_claim}
    assert claims == set().union(*(claims for claims, _ in RED.values())), "each claim is seen red"


@pytest.mark.parametrize("wrong", RED)
async def test_a_router_that_has_a_fault_fails_it(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    claims, spoil = RED[wrong]
    report = await played("sync", SpoiltGround(lambda box: spoil(box, monkeypatch)))
    assert report.verdict is Verdict.FAILED, told(report)
    assert claims <= broken(report), told(report)
