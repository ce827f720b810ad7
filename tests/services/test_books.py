"""How a row stands is judged from facts alone: the worst is shown, and nothing is in step that nobody has seen so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.billing.model import OnInactive, Profile, Subscriber, SubscriberStatus
from mktui.billing.several import taken_back
from mktui.billing.single_rows import RowsOfRouter
from mktui.billing.sources.preview import change_of
from mktui.services.books import Books, Step, Trouble, find_troubles

NOW: Final = datetime(2026, 11, 23, 3, 40, tzinfo=UTC)
SECRET: Final = "/ppp/secret"
ANA: Final = Subscriber(external_id="a", username="ana", profile="gold")
GOLD: Final = Profile(external_id="g", name="gold")
SYNCED: Final = NOW - timedelta(minutes=5)


def on(**facts: object) -> RowsOfRouter:
    """A router on which ana is as billing wants her, but for these facts."""
    known = {"router": "edge-1", "synced_at": SYNCED, "owned": frozenset({(SECRET, "a")})} | facts
    return RowsOfRouter(**known)  # type: ignore[arg-type]  # each test's own


def books_of(*rows: RowsOfRouter, who: Subscriber = ANA, gone: frozenset[tuple[str, str]] = frozenset()) -> Books:
    known = {each.router: each for each in rows}
    troubles = find_troubles((GOLD,), (who,), gone, known, NOW)
    synced = {name: each.synced_at for name, each in known.items()}
    return Books(NOW, (GOLD,), (who,), tuple(known), gone=gone, troubles=troubles, synced_at=synced)


EDITED: Final = frozenset({("subscriber", "a")})
FAILED: Final = {(SECRET, "a"): "no such profile"}


def found(kind: str) -> dict[tuple[str, str], tuple[str, str]]:
    """What the last run said of ana."""
    return {(SECRET, "ana"): (kind, "because")}


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        ({}, Step.IN_STEP),
        ({"edited": EDITED}, Step.PENDING),
        ({"owned": frozenset()}, Step.PENDING),
        ({"synced_at": None, "owned": frozenset()}, Step.UNKNOWN),
        ({"failed": FAILED}, Step.FAILED),
        ({"failed": FAILED, "edited": EDITED, "findings": found("drift")}, Step.FAILED),
        ({"findings": found("drift")}, Step.DRIFT),
        ({"findings": found("conflict"), "owned": frozenset()}, Step.CLASH),
        ({"findings": found("held"), "edited": EDITED}, Step.HELD),
        ({"findings": found("shadow")}, Step.IN_STEP),
        ({"owned": frozenset({("/ip/hotspot/user", "a")})}, Step.PENDING),  # a row of another kind is not his
    ],
)
def test_each_fact_about_a_row_has_its_word(facts: dict[str, object], step: Step) -> None:
    assert books_of(on(**facts)).badge(ANA, (), NOW).step is step


@pytest.mark.parametrize(
    ("facts", "gone", "step"),
    [
        ({"status": SubscriberStatus.DELETED}, False, Step.IN_STEP),
        ({"status": SubscriberStatus.SUSPENDED}, False, Step.PENDING),  # his row is there, disabled
        ({"status": SubscriberStatus.SUSPENDED, "on_inactive": OnInactive.REMOVE}, False, Step.IN_STEP),
        ({}, True, Step.IN_STEP),
        ({}, False, Step.PENDING),
    ],
)
def test_who_is_not_wanted_on_a_router_is_in_step_without_a_row(
    facts: dict[str, object], *, gone: bool, step: Step
) -> None:
    who = ANA.model_copy(update=facts)
    missing = frozenset({("subscriber", "a")}) if gone else frozenset()
    assert books_of(on(owned=frozenset()), who=who, gone=missing).badge(who, (), NOW).step is step


def test_what_waits_for_an_offline_router_is_offline_and_what_failed_there_has_failed() -> None:
    waiting = books_of(on(edited=EDITED), on(router="edge-2"))
    assert waiting.badge(ANA, {"edge-1"}, NOW).step is Step.OFFLINE
    assert waiting.badge(ANA, {"edge-2"}, NOW).step is Step.PENDING
    assert books_of(on(failed=FAILED)).badge(ANA, {"edge-1"}, NOW).step is Step.FAILED


def test_an_offline_router_is_not_counted_among_those_that_are_in_step() -> None:
    books = books_of(on(), on(router="edge-2"), on(router="edge-3"))
    badge = books.badge(ANA, {"edge-2"}, NOW)
    assert (badge.step, badge.of, badge.unseen) == (Step.IN_STEP, 3, 1)
    everything = {"edge-1", "edge-2", "edge-3"}
    assert books.badge(ANA, everything, NOW).step is Step.OFFLINE
    assert books.rank(ANA, everything, NOW) < books.rank(ANA, {"edge-2"}, NOW)


def test_a_row_on_one_router_does_not_care_for_the_others() -> None:
    who = ANA.model_copy(update={"routers": ("edge-2",)})
    books = books_of(on(failed=FAILED), on(router="edge-2"), who=who)
    assert books.badge(who, {"edge-1"}, NOW) == books.badge(who, (), NOW)
    assert books.badge(who, (), NOW).step is Step.IN_STEP


@pytest.mark.parametrize(("minutes", "step"), [(-10, Step.IN_STEP), (-1, Step.PENDING), (1, Step.IN_STEP)])
def test_an_end_that_came_after_the_last_sync_is_pending(minutes: int, step: Step) -> None:
    who = ANA.model_copy(update={"valid_until": NOW + timedelta(minutes=minutes)})
    assert books_of(on(), who=who).badge(who, (), NOW).step is step


STEPS = st.sampled_from([step for step in Step if step is not Step.IN_STEP])
ROUTERS = ("edge-1", "edge-2", "edge-3")


@given(
    st.lists(st.builds(Trouble, st.sampled_from(ROUTERS), STEPS), max_size=4), st.sets(st.sampled_from(ROUTERS)),
    st.integers(-10, 10),
)  # fmt: skip
def test_the_quick_rank_is_the_badges_own(troubles: list[Trouble], offline: set[str], minutes: int) -> None:
    who = ANA.model_copy(update={"valid_until": NOW + timedelta(minutes=minutes)})
    of = {("subscriber", "a"): tuple(troubles)} if troubles else {}
    books = Books(NOW, (), (who,), ROUTERS, troubles=of, synced_at=dict.fromkeys(ROUTERS, SYNCED))
    badge = books.badge(who, offline, NOW)
    assert books.rank(who, offline, NOW) == badge.rank
    assert (badge.step is Step.IN_STEP) <= (not troubles)


CHANGES = st.builds(
    lambda profile, status, day: {
        "profile": profile, "status": status, "valid_until": None if day is None else NOW + timedelta(days=day),
    },
    st.sampled_from(["gold", "silver"]), st.sampled_from(SubscriberStatus), st.none() | st.integers(-3, 3),
)  # fmt: skip


@given(CHANGES)
def test_a_change_that_is_taken_back_leaves_the_row_as_it_was(facts: dict[str, object]) -> None:
    after = ANA.model_copy(update=facts)
    back = taken_back([change_of(ANA, after)]).changed
    assert [each.after for each in back] == ([] if after == ANA else [ANA])
    assert all(each.before == after for each in back)
