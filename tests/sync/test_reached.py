"""A customer put on a profile that only bears the wanted name for now is not yet as billing wants him."""

from __future__ import annotations

import datetime as dt

import pytest

from mktui.billing.records import Edit
from mktui.sync.plan import Action, Change, Plan
from mktui.sync.reached import Reached
from mktui.sync.report import RowReport, RowStatus

PROFILES, SECRETS = "/ppp/profile", "/ppp/secret"
ANA = Change(Action.ADD, SECRETS, "ana", "c0", None, {"profile": "north"}, needs=(PROFILES, "north"))
EDIT = Edit("c0", "subscriber", 1, "")


@pytest.mark.parametrize(
    "profile",
    [
        Change(Action.RENAME, PROFILES, "south", "p0", "*1", {"name": "south"}, live_name="north"),
        Change(Action.RENAME, PROFILES, "north", "p1", "*1", {"name": "north"}, live_name="south"),
        Change(Action.ADD, PROFILES, "north", "p1", None, {"name": "north"}),
        Change(Action.READD, PROFILES, "north", "p1", None, {"name": "north"}),
    ],
    ids=["another gives the name up", "it gets the name", "it is added", "it is added again"],
)
def test_he_waits_until_the_name_is_the_wanted_profiles(profile: Change) -> None:
    whole = Plan("edge-1", dt.datetime(2026, 11, 29, tzinfo=dt.UTC), (profile, ANA), (), 0)
    alone = Reached([EDIT], whole, [ANA])
    assert alone.at_once() == alone.after([RowReport(ANA, RowStatus.APPLIED)]) == []
    both = Reached([EDIT], whole, [profile, ANA])
    assert both.after([RowReport(ANA, RowStatus.APPLIED)]) == []
    assert both.after([RowReport(profile, RowStatus.APPLIED)]) == [EDIT]


def test_a_profile_of_another_name_is_nothing_to_wait_for() -> None:
    other = Change(Action.ADD, PROFILES, "east", "p2", None, {"name": "east"})
    whole = Plan("edge-1", dt.datetime(2026, 11, 29, tzinfo=dt.UTC), (other, ANA), (), 0)
    assert Reached([EDIT], whole, [ANA]).after([RowReport(ANA, RowStatus.APPLIED)]) == [EDIT]
