"""What makes a run slow down, or stop: a busy router, rows that are refused in a row, a right that is missing."""

from __future__ import annotations

import pytest

from mktui import clock
from mktui.sync.options import SyncOptions
from mktui.sync.report import RowStatus
from mktui.sync.run import Sync
from tests.sync.offices import EMPTY, PROFILES, customers, desk, office
from tests.virtual_time import backend
from tests.wiring import client_and_router

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend(request: pytest.FixtureRequest) -> object:
    return backend("asyncio") if "virtual" in request.node.name else "asyncio"


async def test_virtual_a_sync_waits_while_the_router_is_busier_than_it_should_be_and_not_for_ever() -> None:
    for limit, least, most in ((100, 0.0, 0.5), (1, 20.0, 60.0)):
        held = office(options=SyncOptions(cpu_limit_percent=limit))
        async with client_and_router(profile=EMPTY) as (client, _):
            begun_at = clock.now()
            await Sync(held, client, "edge-1")._breathe()
            assert least <= clock.now() - begun_at <= most
        held.store.close()


@pytest.mark.realtime
async def test_twenty_rows_refused_in_a_row_stop_a_run_and_what_went_before_stays() -> None:
    wrong = [each.model_copy(update={"external_id": f"w{number}", "username": f"w-{number:04}", "static_ip": "",
                                     "ppp_service": "carrier pigeon"})
             for number, each in enumerate(customers(300))]  # fmt: skip
    async with desk(options=SyncOptions(max_failures=20)) as at:
        at.save([*customers(10), *wrong], PROFILES)
        report = await at.sync()
        assert report.count(RowStatus.APPLIED) == 13
        assert 20 <= report.count(RowStatus.FAILED) <= 220, "two windows at most had left"
        assert report.count(RowStatus.DEFERRED) == 300 - report.count(RowStatus.FAILED)
        assert not report.is_done


@pytest.mark.realtime
async def test_a_right_that_is_missing_stops_the_menu_and_is_said_with_what_to_do() -> None:
    async with desk(options=SyncOptions(max_failures=1000)) as at:
        assert (await at.sync()).is_done, "profiles are there"
        at.router.tables["/user/group"].add({"name": "looker", "policy": "api,read,sensitive"})
        at.router.tables["/user"].rows["*1"].change({"group": "looker"})
        at.save(customers(400))
        report = await at.sync()
        assert report.count(RowStatus.APPLIED) == 0
        assert 0 < report.count(RowStatus.FAILED) <= 200, "two windows at most had left"
        assert report.count(RowStatus.SKIPPED) == 400 - report.count(RowStatus.FAILED)
        assert {row.text for row in report.rows} == {"not enough permissions (9)"}
        assert all("policies" in row.hint for row in report.rows)
        assert not at.live()
