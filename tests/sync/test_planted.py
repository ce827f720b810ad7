"""Claims are worth what they catch: each guard, mark, limit and lease is taken away, and the claim must fail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mktui.billing import leases
from mktui.billing.model import OnInactive
from mktui.simulator.faults import CutMoment
from mktui.sync import guards, renames
from mktui.sync import kicks as kicks_module
from mktui.sync import planner as planner_module
from mktui.sync import resume as resume_module
from mktui.sync import rollback as rollback_module
from mktui.sync import run as run_module
from mktui.sync.bookkeeping import Bookkeeper
from mktui.sync.mirror import Live
from mktui.sync.rows import LiveRows
from tests.sync import (
    test_kicks,
    test_killed,
    test_properties,
    test_rollback,
    test_scenarios_guards,
    test_scenarios_losses,
    test_scenarios_ownership,
)
from tests.sync.offices import Calendar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from mktui.billing.records import WaitingKick

    Claim = Callable[[pytest.MonkeyPatch, Path], Awaitable[None]]
    Plant = Callable[[pytest.MonkeyPatch], None]

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]


def no_guard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(run_module, "guard", lambda plan, *_given: plan)


def no_history(patch: pytest.MonkeyPatch) -> None:
    original = Bookkeeper.history

    async def history(self: Bookkeeper, owned: int) -> object:
        return replace(await original(self, owned), done={})

    patch.setattr(Bookkeeper, "history", history)


def no_box(patch: pytest.MonkeyPatch) -> None:
    async def known_box(_self: Bookkeeper) -> str:
        return ""

    patch.setattr(Bookkeeper, "known_box", known_box)


def by_name_alone(patch: pytest.MonkeyPatch) -> None:
    def ours(self: LiveRows, _external_id: str, known: object) -> object:
        del known
        return next(iter(self.by_name.values()), None)

    patch.setattr(planner_module, "whose", lambda *_given: "")
    patch.setattr(LiveRows, "ours", ours)


def every_row_may_be_touched(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(planner_module, "is_ours_to_touch", lambda _row: True)


def nobody_uses_a_profile(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Live, "users_of_profile", lambda *_given: 0)


def no_lease(patch: pytest.MonkeyPatch) -> None:
    original = leases.acquire

    def acquire(connection: object, router: str, *given: object, **more: object) -> object:
        return original(connection, f"{router}-{id(connection)}-{len(given)}", *given, **more)  # type: ignore[arg-type]

    patch.setattr(leases, "acquire", acquire)


def no_fence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(leases, "is_held", lambda *_given: True)


def taken_for_done(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(resume_module, "_was_done", lambda *_given: True)


def kicked_unasked(patch: pytest.MonkeyPatch) -> None:
    async def is_wanted(_self: Bookkeeper, _kick: WaitingKick) -> bool:
        return True

    patch.setattr(Bookkeeper, "is_kick_wanted", is_wanted)


def radius_too(patch: pytest.MonkeyPatch) -> None:
    original = kicks_module._is_his
    patch.setattr(kicks_module, "_is_his", lambda row, *more: original({**row, "radius": "false"}, *more))


def nothing_is_the_same(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(planner_module, "same", lambda _name, one, other: (one or "") == (other or ""))


def rolls_back_newer_wishes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rollback_module, "same", lambda *_given: True)


async def year_ahead(patch: pytest.MonkeyPatch, _path: Path) -> None:
    await test_scenarios_guards.test_18_our_clock_a_year_ahead_cuts_nobody_off(
        "7.22.3", OnInactive.DISABLE, Calendar(patch)
    )


GUARDS, OWNERSHIP, KICKS = test_scenarios_guards, test_scenarios_ownership, test_kicks
NEW = "7.22.3"
CLAIMS: list[tuple[Plant, Claim]] = [
    (no_guard, lambda _p, _t: GUARDS.test_05_a_source_of_no_rows_or_half_of_them_cuts_nobody_off(NEW, 50)),
    (no_guard, year_ahead),
    (no_history, lambda p, _t: GUARDS.test_19_a_source_that_loses_a_tenth_every_minute_stops_at_the_daily_limit(
        Calendar(p))),
    (no_box, lambda _p, _t: GUARDS.test_14_another_box_behind_the_same_address_is_warned_of_and_left_alone(NEW)),
    (by_name_alone, lambda _p, _t: OWNERSHIP.test_12_foreign_rows_and_comments_are_the_same_bytes_after_many_syncs(
        NEW)),
    (every_row_may_be_touched, lambda _p, _t: OWNERSHIP.test_15_dynamic_and_default_rows_are_in_no_plan(NEW)),
    (nobody_uses_a_profile, lambda _p, _t: OWNERSHIP.test_20_a_profile_that_anybody_uses_is_never_deleted(
        NEW, "foreign secret")),
    (nothing_is_the_same, lambda _p, _t: OWNERSHIP.test_11_what_means_the_same_is_not_written(NEW)),
    (no_fence, lambda p, t: test_killed.test_who_was_not_heard_for_too_long_loses_his_router_and_sends_nothing_more(
        t, p)),
    (no_lease, lambda _p, t: test_killed.test_21_two_offices_on_one_database_take_turns(t)),
    (taken_for_done, lambda _p, _t: test_scenarios_losses.test_a_password_whose_change_was_lost_is_written_in_the_end(
        CutMoment.BEFORE, can_see=True)),
    (kicked_unasked, lambda _p, _t: KICKS.test_23_who_pays_between_disable_and_kick_is_not_kicked(NEW)),
    (radius_too, lambda _p, _t: KICKS.test_who_is_cut_off_is_kicked_and_nobody_else(NEW)),
    (rolls_back_newer_wishes, lambda _p, _t: test_rollback.test_what_came_later_is_left_alone()),
]  # fmt: skip


@pytest.mark.parametrize(("plant", "claim"), CLAIMS, ids=[plant.__name__ for plant, _ in CLAIMS])
async def test_planted_bugs_are_caught(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, plant: Plant, claim: Claim
) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception, BaseExceptionGroup)) as caught:
        await claim(monkeypatch, tmp_path)
    assert _is_a_failed_claim(caught.value), caught.value


def _is_a_failed_claim(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(_is_a_failed_claim(each) for each in error.exceptions)
    return isinstance(error, (AssertionError, pytest.fail.Exception))


def test_a_planted_bug_in_the_order_of_renames_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renames, "in_order", lambda wanted, _taken: (
        [renames.Step(row_id, name, 0) for row_id, name, _ in wanted], []))  # fmt: skip
    with pytest.raises(AssertionError):
        test_properties.test_a_name_is_free_when_it_is_given_and_everybody_gets_his()


def test_a_planted_bug_in_a_limit_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "_apply", lambda _rule, changes, *_more: changes)
    with pytest.raises(AssertionError):
        test_properties.test_no_sequence_of_runs_passes_a_limit_within_a_day()
