"""What holds for any books: a second plan is empty, names are free when they are given, limits are never passed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING

import anyio
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from mktui.billing.model import Kind, OnInactive, Profile, Subscriber, SubscriberStatus
from mktui.core.protocol.values import format_duration
from mktui.simulator.profile import RouterProfile
from mktui.sync import normalise, renames
from mktui.sync.apply import apply
from mktui.sync.bookkeeping import after_change, followers
from mktui.sync.digests import Digests
from mktui.sync.guards import Clocks, History, Lifts, guard
from mktui.sync.mapping import MANAGED_MENUS, desired
from mktui.sync.mirror import read_live
from mktui.sync.options import Limits
from mktui.sync.plan import Action, Change, Plan
from mktui.sync.planner import Wishes, make_plan
from mktui.sync.report import RowStatus
from tests.sync.offices import ONE
from tests.wiring import client_and_router

if TYPE_CHECKING:
    from mktui.billing.records import RegistryRow
    from mktui.core import Client
    from mktui.sync.mapping import Desired

NOW = dt.datetime(2026, 11, 23, 3, 40, tzinfo=dt.UTC)
DIGESTS = Digests(b"k" * 32)
Books = tuple[list[Profile], list[Subscriber]]

rates = st.sampled_from([0, 512_000, 1_000_000, 2_500_000, 10**9, 123])
seconds = st.sampled_from([0, 60, 3600, 90_061])


def profiles(kind: Kind) -> st.SearchStrategy[list[Profile]]:
    pools = ["", "pppoe-pool", "hs-pool"]

    def made(index: int, name: str) -> st.SearchStrategy[Profile]:
        return st.builds(
            Profile, external_id=st.just(f"{kind}-{index}"), name=st.just(name), kind=st.just(kind),
            rate_up_bps=rates, rate_down_bps=rates, burst_up_bps=rates, burst_down_bps=rates, burst_time_s=seconds,
            session_timeout_s=seconds, idle_timeout_s=seconds, shared_sessions=st.sampled_from([1, 3]),
            pool=st.sampled_from(pools), local_address=st.sampled_from(["", "10.64.0.1"]),
            address_list=st.sampled_from(["", "paying"]),
        )  # fmt: skip

    names = st.permutations(["north", "south", "east"])
    return names.flatmap(lambda given: st.tuples(*(made(index, given[index]) for index in range(3))).map(list))


@st.composite
def books(draw: st.DrawFn) -> Books:
    """Draw books of up to eight customers with few names, so that names are given on, swapped and left."""
    sold = draw(profiles(Kind.PPP)) + draw(profiles(Kind.HOTSPOT))
    people = []
    for kind in Kind:
        names = draw(st.permutations(["ana", "luis", "mar\u00eda", "jo se", "eva"]))
        for index in draw(st.sets(st.integers(0, 3))):
            one = draw(st.builds(
                Subscriber, external_id=st.just(f"{kind}-c{index}"), username=st.just(names[index]),
                password=st.sampled_from([SecretStr("one"), SecretStr("two"), SecretStr("")]), kind=st.just(kind),
                profile=st.sampled_from([each.name for each in sold if each.kind is kind]),
                status=st.sampled_from([*SubscriberStatus, SubscriberStatus.ACTIVE, SubscriberStatus.ACTIVE]),
                on_inactive=st.sampled_from(OnInactive),
                static_ip=st.sampled_from(["", f"10.0.0.{index}"]), mac=st.sampled_from(["", "02:00:00:0a:0b:0c"]),
                ppp_service=st.sampled_from(["any", "pppoe"]), hotspot_server=st.sampled_from(["all", "hs1"]),
                quota_bytes=st.sampled_from([0, 10**9]), quota_uptime_s=seconds, protect=st.booleans(),
            ))  # fmt: skip
            people.append(one)
    return sold, people


class Installation:
    """What one installation remembers, without a database."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._registry: dict[tuple[str, str], RegistryRow] = {}

    async def plan(self, wanted: Desired) -> Plan:
        live = await read_live(self._client, MANAGED_MENUS)
        return make_plan(wanted, live, self._registry.values(), Wishes("00000000"), DIGESTS, now=NOW)

    async def sync(self, given_books: Books) -> Plan:
        """Sync and return what the next plan would be."""
        wanted = desired("edge-1", *given_books, now=NOW, fallback_profile="")
        plan = await self.plan(wanted)
        for row in plan.learnt:
            self._registry[row.menu, row.external_id] = row
        for row in plan.forgotten:
            del self._registry[row.menu, row.external_id]
        passwords = {each.external_id: each.password.get_secret_value() for each in given_books[1]}
        report = await apply(plan, self._client, passwords, DIGESTS)
        for each in report.rows:
            assert each.status is RowStatus.APPLIED, each
            key = each.change.menu, each.change.external_id
            if each.change.action is Action.DELETE:
                self._registry.pop(key, None)
            else:
                before = self._registry.get(key)
                after = after_change("edge-1", each.change, before)
                for row in (after, *followers(self._registry.values(), before, after)):
                    self._registry[row.menu, row.external_id] = row
        return await self.plan(wanted)


def _in_order_of_deletion(first: Books, then: Books) -> Books:
    """Let whoever is removed keep his name: billing's database gives it to nobody else while he is in it."""
    before = {each.external_id: each for each in first[1]}
    gone = [
        each.model_copy(update={"username": before[each.external_id].username,
                                "hotspot_server": before[each.external_id].hotspot_server})
        if each.external_id in before else each
        for each in then[1] if _is_gone(each)
    ]  # fmt: skip
    kept_names = {(each.kind, each.username) for each in gone}
    return then[0], gone + [
        each for each in then[1] if not _is_gone(each) and (each.kind, each.username) not in kept_names
    ]


def _is_gone(each: Subscriber) -> bool:
    return each.status is SubscriberStatus.DELETED or (
        each.status is not SubscriberStatus.ACTIVE and each.on_inactive is OnInactive.REMOVE
    )


async def _second_plans_are_empty(drawn: list[Books], version: str) -> None:
    profile = RouterProfile(version=version, secrets=5, online=0)
    with anyio.fail_after(10):
        async with client_and_router(ONE, profile) as (client, router):
            ours = Installation(client)
            foreign = {row.row_id: dict(row.values) for row in router.tables["/ppp/secret"]}
            for index, each in enumerate(drawn):
                now = _in_order_of_deletion(drawn[index - 1], each) if index else each
                second = await ours.sync(now)
                assert second.is_empty, second.changes
                drawn[index] = now
            rows = router.tables["/ppp/secret"].rows
            assert {row_id: rows[row_id].values for row_id in foreign} == foreign


@pytest.mark.parametrize("version", ["6.49", "7.22.3"])
def test_a_second_plan_is_empty_whatever_the_books_were_and_become(version: str) -> None:
    @settings(max_examples=60, phases=(Phase.explicit, Phase.generate))  # to shrink takes longer than to look
    @given(st.lists(books(), min_size=2, max_size=3))
    def holds(drawn: list[Books]) -> None:
        anyio.run(_second_plans_are_empty, list(drawn), version)

    holds()


names = st.sampled_from(["a", "b", "c", "d", "e", "f"])


@given(
    st.dictionaries(st.sampled_from(["*1", "*2", "*3", "*4", "*5"]), names), st.lists(names, unique=True, max_size=5)
)
def test_a_name_is_free_when_it_is_given_and_everybody_gets_his(held: dict[str, str], new: list[str]) -> None:
    rows = {
        row_id: name for index, (row_id, name) in enumerate(held.items()) if name not in list(held.values())[:index]
    }
    wanted = dict(zip(rows, new, strict=False))
    taken = {(name, ""): row_id for row_id, name in rows.items()}
    steps, blocked = renames.in_order([(row_id, name, "") for row_id, name in wanted.items()], taken)
    called = dict(rows)
    for wave in sorted({step.wave for step in steps}):
        together = [step for step in steps if step.wave == wave]
        at_its_beginning = dict(called)
        for step in together:
            others = {name for row_id, name in at_its_beginning.items() if row_id != step.row_id}
            assert step.name not in others
            called[step.row_id] = step.name
        assert len(set(called.values())) == len(called)
    for row_id, name in wanted.items():
        stays = next((other for other, has in rows.items() if has == name and other not in wanted), None)
        assert (row_id in blocked) == (called[row_id] != name)
        if stays is not None:
            assert row_id in blocked


whole_rates = st.integers(0, 9999)


@given(whole_rates, whole_rates, st.sampled_from([("k", 1000), ("M", 10**6), ("G", 10**9)]))
def test_rates_are_equal_in_any_unit(up: int, down: int, unit: tuple[str, int]) -> None:
    letter, factor = unit
    short, whole = f"{up}{letter}/{down}{letter}", f"{up * factor}/{down * factor}"
    assert normalise.same("rate-limit", short, whole)
    assert normalise.same("rate-limit", short.lower(), whole)
    assert normalise.same("rate-limit", f"{up}{letter}", f"{up * factor}/{up * factor}")
    assert normalise.same("rate-limit", short, f"{up * factor + 1}/{down * factor}") is False


@given(st.integers(0, 10**7))
def test_durations_and_flags_and_addresses_are_equal_in_any_form(number: int) -> None:
    hours, rest = divmod(number, 3600)
    forms = [format_duration(number), f"{number}s", f"{hours}:{rest // 60:02}:{rest % 60:02}"]
    for name in ("session-timeout", "idle-timeout", "limit-uptime"):
        assert len({normalise.comparable(name, form) for form in forms}) == 1, forms
    digits = f"{number:012x}"
    mac = ":".join(digits[at : at + 2] for at in range(0, 12, 2))
    assert normalise.same("caller-id", mac, mac.upper().replace(":", "-"))
    assert normalise.same("disabled", "true" if number % 2 else "false", "yes" if number % 2 else "no")


ACTIONS = [
    Action.DELETE,
    Action.DISABLE,
    Action.EXPIRE,
    Action.SET,
    Action.RENAME,
    Action.READD,
    Action.ENABLE,
    Action.ADD,
]
steps_of_days = st.lists(
    st.tuples(
        st.floats(0, 30), st.integers(0, 300), st.dictionaries(st.sampled_from(ACTIONS), st.integers(1, 80), max_size=4)
    ),
    max_size=25,
)  # fmt: skip


def _changes(wanted: dict[Action, int]) -> tuple[Change, ...]:
    return tuple(
        Change(action, "/ppp/secret", f"{action}-{index}", str(index), "*1", {"profile": "x"})
        for action, count in wanted.items() for index in range(count)
    )  # fmt: skip


def walk_days(steps: list[tuple[float, int, dict[Action, int]]]) -> None:
    """Plan and guard, run after run, and count what a router has suffered in any 24 hours."""
    limits, now = Limits(), 0.0
    journal: list[tuple[float, int, Counter[Action]]] = []
    for hours, owned, wanted in steps:
        now += hours
        window = [each for each in journal if each[0] > now - 24]
        most = max([owned, *(each[1] for each in window)])
        done = sum((each[2] for each in window), Counter[Action]())
        plan = Plan("edge-1", NOW, _changes(wanted), (), 0)
        history = History(most, {action.value: count for action, count in done.items()})
        guarded = guard(plan, history, Clocks(1.0, 0.0, 0.0), limits, Lifts())
        made = Counter(change.action for change in guarded.changes)
        assert len(guarded.changes) + len(guarded.held) == len(plan.changes)
        assert all(made[action] == wanted.get(action, 0) for action in (Action.ADD, Action.ENABLE))
        journal.append((now, owned, made))
        done += made
        small = most < limits.small
        most_losses = 2 if small else most
        bounds = {
            (Action.DELETE,): 2 if small else min(50, most * 5 / 100),
            (Action.DISABLE,): 2 if small else most * 20 / 100,
            (Action.DELETE, Action.DISABLE): most_losses, (Action.EXPIRE,): most * 60 / 100 + 1,
            (Action.SET, Action.RENAME): most * 30 / 100 + 1, (Action.READD,): most * 30 / 100 + 1,
        }  # fmt: skip
        for actions, bound in bounds.items():
            if any(made[action] for action in actions):
                assert sum(done[action] for action in actions) <= bound, (actions, bound)


@settings(max_examples=300)
@given(steps_of_days)
def test_no_sequence_of_runs_passes_a_limit_within_a_day(steps: list[tuple[float, int, dict[Action, int]]]) -> None:
    walk_days(steps)
