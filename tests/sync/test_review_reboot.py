"""A router that boots between being read and being written to: its row ids may be other customers by then."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import pytest

from mktui.sync.order import Order
from mktui.sync.run import Sync
from tests.sync.offices import ONE, VERSIONS, desk, on

if TYPE_CHECKING:
    from mktui.sync.plan import Plan

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]


@VERSIONS
async def test_row_ids_of_before_a_reboot_hit_nobody(version: str) -> None:
    profile = replace(on(version), renumbers_at_reboot=True)
    async with desk(60, profile, pool=ONE) as at:
        await at.sync()
        table = at.router.tables["/ppp/secret"]
        table.remove(next(row for row in table if row.values["name"] == "user-0000"))
        await at.sync()  # it is added again, as the last one: every id will be another's
        at.change("c5", status="suspended")
        at.change("c9", status="deleted")
        at.change("c30", username="renamed")

        def boot(_plan: Plan) -> None:
            at.router.reboot(0.0)

        report = await Sync(at.office, at.client, at.name).run(Order(), on_plan=boot)
        assert not report.is_done
        live = at.live()
        assert [name for name, row in live.items() if row["disabled"] == "true"] == []
        assert len(live) == 60
        with anyio.fail_after(20):
            while not (await at.sync()).is_done:  # noqa: ASYNC110 - its circuit may still be open
                await anyio.sleep(0.02)
        live = at.live()
        assert [name for name, row in live.items() if row["disabled"] == "true"] == ["user-0005"]
        assert "user-0009" not in live
        assert "renamed" in live
        assert len(live) == 59
        assert (await at.plan()).is_empty
