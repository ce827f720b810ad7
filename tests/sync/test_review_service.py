"""Who has paid keeps his service, and who has not does not: around expiries, profiles, and moves."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from mktui import clock
from mktui.billing.model import Profile
from mktui.sync.order import Order
from mktui.sync.plan import Action
from tests.sync.offices import NEWEST, PROFILES, VERSIONS, Calendar, customers, desk, keep_time, kinds, on

if TYPE_CHECKING:
    from mktui.sync.report import Report

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
PRUNE = Order(prune=True)


def done(report: Report) -> list[tuple[str, str]]:
    return [(row.change.action.value, row.change.name) for row in report.rows]


async def test_who_is_called_expired_before_his_end_is_no_expected_expiry(monkeypatch: pytest.MonkeyPatch) -> None:
    calendar = Calendar(monkeypatch)
    async with desk(0, NEWEST) as at:
        at.save(customers(100, valid_until=clock.utc_now() + dt.timedelta(days=20)), PROFILES)
        await at.sync()
        calendar.advance(days=2)
        keep_time(at, calendar)
        for number in range(40):
            at.change(f"c{number}", status="expired")
        report = await at.sync()
        assert report.held == 40
        assert not report.planned
        calendar.advance(days=19)
        keep_time(at, calendar)
        for number in range(40, 100):
            at.change(f"c{number}", valid_until=None)
        over = await at.sync()
        assert {row.change.action for row in over.rows} == {Action.EXPIRE}, "by now their end has come"


@VERSIONS
async def test_a_profile_that_somebody_is_about_to_get_is_not_deleted(version: str) -> None:
    promo = Profile(external_id="px", name="promo", rate_down_bps=5_000_000)
    async with desk(9, on(version)) as at:
        at.save((), [promo])
        await at.sync()
        at.save((), [promo.model_copy(update={"enabled": False})])
        at.change("c0", profile="promo")
        report = await at.sync(PRUNE)
        assert done(report) == [("set", "user-0000")]
        assert kinds(report) == {("absent", "promo")}
        assert at.live()["user-0000"]["profile"] == "promo"
        assert (await at.sync(PRUNE)).planned == 0
