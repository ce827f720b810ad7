"""Who is refused is told: in the log with name and address, a change in the audit too, and a flood fills neither."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.services.chronicle import Chronicle
from mktui.services.rate import MOST, Sparing
from mktui.web import endpoints
from mktui.web.openapi import document
from tests.web.serving import ADMIN, OPERATOR, VIEWER, Site, settings, site
from tests.web.tabs import log_in

if TYPE_CHECKING:
    from mktui.web.refusals import Refusal

pytestmark = pytest.mark.anyio
READ, TEST, RESET = "/api/network-stats", endpoints.TEST.path, endpoints.RESET.path


def brief(heard: list[Refusal]) -> list[tuple[str, str, str, int]]:
    return [(each.who, each.address, each.request, each.status) for each in heard]


@pytest.mark.realtime
async def test_whoever_may_not_is_told_with_his_name_as_far_as_it_is_known_and_with_his_address() -> None:
    heard: list[Refusal] = []
    async with site(on_refused=heard.append) as here:
        await here.ask(READ, "a token that nobody has")
        await here.ask(f"/nowhere/{ADMIN}", "")
        await here.ask(READ, "", headers={"Origin": "http://evil.example"})
        await log_in(here, "a guess at a token, by a form")
        await here.ask(RESET, VIEWER, "POST", json={"router": "edge-1"})
        await here.ask(f"{READ}?router=none", VIEWER)
        await here.ask(READ, VIEWER)
    assert brief(heard) == [
        ("", "127.0.0.1", f"GET {READ}", 401),
        ("", "127.0.0.1", f"GET {READ}", 403),
        ("", "127.0.0.1", "POST /network-monitor/login", 401),
        ("the-viewer", "127.0.0.1", f"POST {RESET}", 403),
    ]
    assert heard[-1].why == "this needs the role operator; the-viewer is viewer"
    assert not any(word in repr(heard) for word in (ADMIN, "guess", "nobody has,"))


@pytest.mark.realtime
async def test_a_change_that_was_refused_is_in_the_audit_as_over_the_socket() -> None:
    async with site() as here:
        await here.ask(TEST, VIEWER, "POST", json={"router": "edge-1"})
        await here.ask(RESET, OPERATOR, "POST", json={"router": "edge-1", "confirm": "edge-1"})
        await here.ask(READ, "a token that nobody has")
        changes = here.fleet.chronicle.changes()
    kept = [(each.who, each.origin, each.what, each.router, each.outcome) for each in changes]
    assert kept[::-1] == [
        ("the-viewer", "http 127.0.0.1", "test", "", "refused: this needs the role operator; the-viewer is viewer"),
        (
            "the-operator", "http 127.0.0.1", "reset", "edge-1",
            "refused: edge-1 is protected: this needs the role admin; the-operator is operator",
        ),
    ]  # fmt: skip


@pytest.mark.realtime
async def test_read_only_an_admin_resets_nothing_over_http_either() -> None:
    async with site(may_write=False) as here:
        before = opened(here)
        answer = await here.ask(RESET, ADMIN, "POST", json={"router": "edge-1", "confirm": "edge-1"})
        assert (answer.status, answer.json["detail"]) == (403, "this mktui is read-only")
        answer = await here.ask(RESET, OPERATOR, "POST", json={"router": "tower-west"})
        assert answer.status == 403
        assert {(each.who, each.what, each.outcome) for each in here.fleet.chronicle.changes()} == {
            ("the-admin", "reset", "refused: this mktui is read-only"),
            ("the-operator", "reset", "refused: this mktui is read-only"),
        }
        assert opened(here) == before
        assert (await here.ask(TEST, OPERATOR, "POST", json={"router": "edge-1"})).status == 200


def opened(here: Site) -> int:
    return sum(event.kind == "reset" for router in here.fleet.snapshot().routers for event in router.events)


@pytest.mark.realtime
async def test_a_flood_of_guesses_is_ten_lines_and_a_count() -> None:
    heard: list[Refusal] = []
    async with site(settings(requests_per_second=10_000), on_refused=heard.append) as here:
        for _ in range(60):
            await here.ask(READ, "a token that nobody has")
    assert len(heard) == 10
    assert {each.untold for each in heard} == {0}


async def test_who_tries_without_end_fills_no_audit() -> None:
    chronicle = Chronicle()
    for _ in range(1000):
        chronicle.refused("reset", "edge-1", "this needs the role operator")
    assert len(chronicle.changes()) == 5


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 30)), max_size=300), st.integers(1, 5), st.floats(1, 100)
)
def test_of_a_kind_no_more_is_told_than_is_allowed_and_none_is_lost_from_the_count(
    tries: list[tuple[str, float]], burst: int, every: float
) -> None:
    sparing, now, told, counted = Sparing(burst=burst, every=every), 0.0, dict.fromkeys("abc", 0), 0
    for key, pause in tries:
        now += pause
        untold = sparing.told(key, now)
        if untold is not None:
            told[key] += 1
            counted += 1 + untold
    assert all(number <= burst + math.floor(now / every + 1e-6) for number in told.values())
    for key in "abc":
        untold = sparing.told(key, now + 1000 * every)
        assert untold is not None
        counted += untold
    assert counted == len(tries)


def test_as_many_addresses_as_there_are_take_no_more_memory() -> None:
    sparing = Sparing(burst=1, every=60)
    for index in range(3 * MOST):
        for _ in range(2):
            sparing.told(str(index), 0.0)
    assert len(sparing._untold) == len(sparing._limit) == MOST


@pytest.mark.realtime
async def test_the_document_tells_of_each_answer_that_it_gives_itself() -> None:
    told = set(document()["paths"]["/openapi.json"]["get"]["responses"])
    async with site(settings(requests_per_second=1)) as here:
        first = await here.ask("/openapi.json", "")
        same = await here.ask("/openapi.json", "", headers={"If-None-Match": first.headers["ETag"]})
        often = await here.ask("/openapi.json", "")
    assert [first.status, same.status, often.status] == [200, 304, 429]
    assert {"200", "304", "429"} <= told
