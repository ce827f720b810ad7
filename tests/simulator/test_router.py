"""The simulated router word by word: logins, cancels, queries, references, versions; and bytes cut everywhere."""

from __future__ import annotations

import re
from typing import Literal

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.core import PoolOptions
from mktui.core.protocol import schema
from mktui.simulator.profile import RouterProfile
from mktui.simulator.query import compile_query
from mktui.simulator.router import SimulatedRouter
from mktui.simulator.schema import VersionedSchema
from tests.simulator.talk import LOGIN, Steps, talking
from tests.wiring import client_and_router

pytestmark = pytest.mark.anyio


async def exchange(
    steps: Steps, profile: RouterProfile | None = None, chunk_bytes: int = 10_000
) -> list[list[tuple[str, ...]]]:
    """Say commands one after another on a session of their own."""
    async with talking(SimulatedRouter(profile or RouterProfile(secrets=5))) as talk:
        return [await talk.ask(*words, chunk_bytes=chunk_bytes) for words in steps]


Answers = list[list[tuple[str, ...]]]
TRANSCRIPTS: dict[str, tuple[Steps, Answers | None]] = {
    "login": ([LOGIN], [[("!done",)]]),
    "not logged in": ([("/system/identity/print",)], [[("!fatal", "not logged in")]]),
    "quit": ([LOGIN, ("/quit",)], [[("!done",)], [("!fatal", "session terminated on request")]]),
    "an empty answer has its tag": (
        [LOGIN, ("/ppp/secret/print", "?name=nobody", ".tag=5")],
        [[("!done",)], [("!empty", ".tag=5"), ("!done", ".tag=5")]],
    ),
    "columns that no row has": (
        [LOGIN, ("/ip/service/print", "=.proplist=comment")], [[("!done",)], [*[("!re",)] * 8, ("!done",)]]
    ),
    "count-only": ([LOGIN, ("/ppp/secret/print", "=count-only=")], [[("!done",)], [("!done", "=ret=5")]]),
    "a trap with its category": (
        [LOGIN, ("/ip/hotspot/add", "=name=a", "=interface=asdf")],
        [[("!done",)], [("!trap", "=category=1", "=message=input does not match any value of interface"), ("!done",)]],
    ),
    "no such command": (
        [LOGIN, ("/ppp/secret/fly",)],
        [[("!done",)], [("!trap", "=category=0", "=message=no such command"), ("!done",)]],
    ),
    "no comment on hotspot profiles": (
        [LOGIN, ("/ip/hotspot/user/profile/add", "=name=a", "=comment=b")],
        [[("!done",)], [("!trap", "=category=1", "=message=unknown parameter comment"), ("!done",)]],
    ),
    "the same name twice": (
        [LOGIN, ("/ip/hotspot/user/add", "=name=a"), ("/ip/hotspot/user/add", "=name=a", ".tag=x")],
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRANSCRIPTS)
async def test_transcripts_whole_and_byte_by_byte(name: str) -> None:
    said, expected = TRANSCRIPTS[name]
    whole = await exchange(said)
    assert await exchange(said, chunk_bytes=1) == whole
    if expected is not None:
        assert whole == expected
    else:
        assert whole[-1][0][-1] == "=message=failure: already have user with this name for this server"


async def test_a_version_before_7_18_says_nothing_for_no_rows() -> None:
    profile = RouterProfile(version="7.15.3", secrets=0)
    assert (await exchange([LOGIN, ("/ppp/secret/print",)], profile))[1] == [("!done",)]


@pytest.mark.parametrize("bare", [False, True])
async def test_cancel_interrupts_the_named_command_or_every_one(bare: bool) -> None:
    router = SimulatedRouter(RouterProfile(secrets=5, latency=30))
    async with talking(router) as talk:
        router.faults.extra_latency = -30  # the login is quick
        await talk.ask(*LOGIN)
        router.faults.extra_latency = 0
        await talk.say("/ppp/secret/print", ".tag=1")
        await talk.say("/ppp/profile/print", ".tag=2")
        await talk.say("/cancel", *([] if bare else ["=tag=1"]), ".tag=3")
        heard = [await talk.hear() for _ in range(5 if bare else 3)]
    interrupted = ("=category=2", "=message=interrupted")
    ends = [("!done", ".tag=3"), ("!done", ".tag=1"), ("!done", ".tag=2")]
    traps = [("!trap", ".tag=1", *interrupted), ("!trap", ".tag=2", *interrupted)]
    assert heard == (traps + ends if bare else traps[:1] + ends[:2])


@pytest.mark.parametrize("order", ["command first", "cancel between", "cancel first", "two traps"])
async def test_every_order_in_which_a_cancel_was_answered_is_understood(
    order: Literal["command first", "cancel between", "cancel first", "two traps"],
) -> None:
    profile = RouterProfile(secrets=5, cancel_order=order)
    async with client_and_router(PoolOptions(min_size=1, max_size=1), profile) as (client, router):
        for _ in range(3):
            async with client.stream("/interface/monitor-traffic", {"interface": "ether1"}) as traffic:
                async for row in traffic:
                    assert row["name"] == "ether1"
                    break
            assert (await client.get("/system/identity", max_age=0))[0]["name"] == "edge-1"
        await anyio.sleep(1)
        assert router.sessions == 1, "the same session all the time"
        assert client.connection_stats().performance.connects == 1


async def test_a_removed_pool_leaves_a_dangling_reference_and_a_rename_is_followed() -> None:
    answers = await exchange([
        LOGIN,
        ("/ppp/profile/set", "=.id=gold", "=name=platinum"),
        ("/ppp/secret/print", "=.proplist=profile", "?profile=platinum", "=count-only="),
        ("/ip/pool/print", "=.proplist=.id", "?name=pppoe-pool"),
        ("/ip/pool/remove", "=.id=pppoe-pool"),
        ("/ppp/profile/print", "=.proplist=remote-address", "?name=platinum"),
    ])  # fmt: skip
    assert answers[2] == [("!done", "=ret=1")]
    pool_id = answers[3][0][1].removeprefix("=.id=")
    assert answers[5][0] == ("!re", f"=remote-address={pool_id}")


async def test_a_session_ends_when_its_active_row_is_removed() -> None:
    router = SimulatedRouter(RouterProfile(secrets=20))
    before = len(router.tables["/ppp/active"])
    answers = await exchange([
        LOGIN,
        ("/ppp/active/print", "=.proplist=.id,name"),
        ("/ppp/active/remove", "=.id=*1"),
        ("/interface/print", "=.proplist=name", "?type=pppoe-in"),
    ], RouterProfile(secrets=20))  # fmt: skip
    assert before == 4
    assert len(answers[3]) - 1 == before - 1


async def test_counters_grow_from_the_seed() -> None:
    router = SimulatedRouter(RouterProfile(secrets=20))
    table = router.tables["/interface"]
    assert table.refresh is not None
    table.refresh(anyio.current_time())
    before = {row.row_id: int(row.values["rx-byte"]) for row in table if row.values["type"] == "pppoe-in"}
    table.refresh(anyio.current_time() + 100)
    grown = {row.row_id: int(row.values["rx-byte"]) for row in table if row.values["type"] == "pppoe-in"}
    assert all(grown[row_id] > before[row_id] for row_id in before)


async def test_a_group_without_rights_may_not_write_and_sees_no_passwords() -> None:
    profile = RouterProfile(secrets=3)
    router = SimulatedRouter(profile)
    router.tables["/user/group"].add({"name": "watch", "policy": "api,read"})
    router.tables["/user"].rows["*1"].change({"group": "watch"})
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        rows = await talk.ask("/ppp/secret/print")
        refused = await talk.ask("/ppp/secret/add", "=name=x")
    assert not any(word.startswith("=password=") for row in rows for word in row)
    assert refused[0] == ("!trap", "=message=not enough permissions (9)")


async def test_sessions_over_the_limit_are_accepted_and_closed() -> None:
    router = SimulatedRouter(RouterProfile(secrets=1, max_sessions=1))
    async with talking(router) as first:
        await first.ask(*LOGIN)
        async with talking(router) as over:
            with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                await over.ask(*LOGIN)
        assert router.sessions == 1


@pytest.mark.parametrize("version", ["7.9", "7.15.3", "7.18.2", "7.22.3", "7.24"])
def test_each_menu_accepts_exactly_its_versions_commands_and_arguments(version: str) -> None:
    seen = VersionedSchema(version)
    for path in schema.menus():
        facts = schema.menu(path)
        assert facts is not None
        for verb, span in facts.commands.items():
            assert seen.has_command(path, verb) is schema.in_version(span, version)
        for verb, arguments in facts.arguments.items():
            for name, span in arguments.items():
                if name not in {"numbers", "count-only", "detail", "stats"}:
                    assert (seen.unknown_argument(path, verb, [name]) is None) is schema.in_version(span, version)
            assert seen.unknown_argument(path, verb, ["no-such-thing"]) == "no-such-thing"


NAMES = st.sampled_from(["a", "b", "disabled"])
VALUES = st.sampled_from(["", "1", "9", "10", "x", "yes", "true", "no", "false"])


@given(
    st.dictionaries(NAMES, VALUES),
    st.lists(st.tuples(st.sampled_from(["has", "not", "=", "==", "<", ">"]), NAMES, VALUES), min_size=1, max_size=4),
    st.lists(st.sampled_from("&|!"), max_size=5),
)
def test_the_query_stack_agrees_with_plain_python(
    row: dict[str, str], conditions: list[tuple[str, str, str]], operations: list[str]
) -> None:
    forms = {"has": "?{0}", "not": "?-{0}", "=": "?{0}={1}", "==": "?={0}={1}", "<": "?<{0}={1}", ">": "?>{0}={1}"}
    words = [forms[kind].format(name, value) for kind, name, value in conditions]
    stack = [_truth(row, *condition) for condition in conditions]
    for operation in operations:
        if operation != "!" and len(stack) < 2:
            continue
        words.append(f"?#{operation}")
        if operation == "!":
            stack.append(not stack.pop())
        else:
            right, left = stack.pop(), stack.pop()
            stack.append(left and right if operation == "&" else left or right)
    assert compile_query("/ppp/secret", words)(row) is all(stack)


def _truth(row: dict[str, str], kind: str, name: str, value: str) -> bool:
    present = row.get(name)
    if kind in {"has", "not"}:
        return (present is not None) == (kind == "has")
    if present is None:
        return False
    if kind in {"=", "=="}:
        flags = {"yes": "true", "no": "false"}
        if name == "disabled":
            return flags.get(present, present) == flags.get(value, value)
        return present == value
    one, other = (int(present), int(value)) if present.isdecimal() and value.isdecimal() else (present, value)
    return one < other if kind == "<" else one > other  # type: ignore[operator]  # both are of one type


def _by_hand(values: list[bool], operations: list[str]) -> bool:
    """Work a stack of plain truths off as MikroTik's manual says, word by word."""
    stack = [True] * 30 + values  # "an infinite amount of true values"
    for word in operations:
        symbols = re.findall("[0-9]+|[!&|.]", word)
        for place, symbol in enumerate(symbols):
            if symbol.isdecimal():
                copied = stack[-1 - int(symbol)]
                stack = [*([copied] * 30)] if place == len(symbols) - 1 else [*stack, copied]
            elif symbol == "!":
                stack[-1] = not stack[-1]
            elif symbol == ".":
                stack += [] if place and symbols[place - 1].isdecimal() else [stack[-1]]
            else:
                top, below = stack.pop(), stack.pop()
                stack.append((top and below) if symbol == "&" else (top or below))
    return all(stack)


@given(
    st.lists(st.booleans(), max_size=4),
    st.lists(st.lists(st.sampled_from(["0", "1", "3", "!", "&", "|", "."]), max_size=4).map("".join), max_size=3),
)
def test_indexes_count_from_the_top_and_no_stack_is_too_short(values: list[bool], operations: list[str]) -> None:
    operations = [word for word in operations if all(int(digits) < 10 for digits in re.findall("[0-9]+", word))]
    words = ["?a" if value else "?b" for value in values] + [f"?#{word}" for word in operations]
    assert compile_query("/ppp/secret", words)({"a": "1"}) is _by_hand(values, operations)


@pytest.mark.parametrize(
    ("row", "word", "passes"),
    [
        ({"uptime": "9m"}, "?<uptime=1h", True),
        ({"uptime": "1d"}, "?>uptime=23:59:59", True),
        ({"tx-byte": "9"}, f"?<tx-byte={'9' * 5000}", True),
        ({"tx-byte": "0010"}, "?>tx-byte=9", True),
        ({"comment": "x"}, "?>comment=", True),
        ({}, "?>comment=", False),
        ({"a": "1"}, f"?#{'9' * 5000}", True),
    ],
)
def test_comparisons_are_of_numbers_durations_or_text(row: dict[str, str], word: str, *, passes: bool) -> None:
    assert compile_query("/interface", [word])(row) is passes
