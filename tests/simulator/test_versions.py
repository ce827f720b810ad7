"""What a version shows: the attributes it has, its dates, its health, its bytes; and what its users may do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from mktui.core.protocol.values import parse_date, version_key
from mktui.simulator import by_hand
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from mktui.simulator.schema import known_versions
from tests.simulator.talk import LOGIN, talking
from tests.simulator.test_conformance import MENUS, SCHEMA, VERSIONS, has
from tests.simulator.test_customers import row, rows
from tests.virtual_time import backend

if TYPE_CHECKING:
    from tests.simulator.test_conformance import Facts

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> object:
    return backend("asyncio")


def readable(menu: str, version: str) -> set[str]:
    """Return what a version's rows may have: known of 7.22.3, elsewhere when its argument exists there."""
    facts: Facts = SCHEMA["paths"][menu]
    names = set(facts.get("get_value_names_7.22.3", []))
    spans: Facts = {**facts.get("args", {}).get("add", {}), **facts.get("args", {}).get("set", {})}
    return {name for name in names if name not in spans or has(spans[name], version)}


@pytest.mark.parametrize("version", ["6.49", *VERSIONS])
async def test_rows_have_attributes_of_their_version_and_no_others(version: str) -> None:
    as_of = "7.9" if version == "6.49" else version
    router = SimulatedRouter(RouterProfile(version=version, secrets=30, online=0.5))
    async with talking(router, within=math.inf) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/ppp/secret/add", "=name=new")
        await talk.ask("/ip/hotspot/user/add", "=name=new")
        await talk.ask("/user/add", "=name=new", "=group=read", "=password=x")
        for menu in MENUS:
            known = readable(menu, as_of)
            for each in await rows(talk, f"/{menu}") if known and menu != "system/health" else []:
                assert set(each) - known <= {".id"}, f"/{menu}"


@pytest.mark.parametrize("version", VERSIONS)
async def test_get_knows_the_attributes_of_its_version_and_no_others(version: str) -> None:
    router = SimulatedRouter(RouterProfile(version=version, secrets=3))
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        for name in SCHEMA["paths"]["ip/service"]["get_value_names_7.22.3"]:
            heard = await talk.ask("/ip/service/get", "=.id=api", f"=value-name={name}")
            is_known = name in readable("ip/service", version)
            assert (heard[0][0] == "!done") is is_known, name


@pytest.mark.parametrize(("version", "is_iso"), [("6.49", False), ("7.9", False), ("7.10.2", True), ("7.24", True)])
async def test_dates_are_written_as_the_version_writes_them(version: str, *, is_iso: bool) -> None:
    router = SimulatedRouter(RouterProfile(version=version, secrets=2, online=0))
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        never = (await rows(talk, "/ppp/secret"))[0]["last-logged-out"]
        assert never == ("1970-01-01 00:00:00" if is_iso else "jan/01/1970 00:00:00")
        assert parse_date((await rows(talk, "/log"))[0]["time"]).year > 2000
        assert ("/" not in (await row(talk, "/system/clock"))["date"]) is is_iso


async def test_health_is_one_row_of_attributes_in_6_x_and_rows_of_values_in_7_x() -> None:
    async with talking(SimulatedRouter(RouterProfile(version="6.49"))) as talk:
        await talk.ask(*LOGIN)
        assert await row(talk, "/system/health") == {"voltage": "24.1", "temperature": "38"}
    async with talking(SimulatedRouter(RouterProfile(version="7.22.3"))) as talk:
        await talk.ask(*LOGIN)
        assert {each["name"] for each in await rows(talk, "/system/health")} == {"cpu-temperature", "voltage"}


async def test_bytes_of_any_code_page_are_kept_and_given_back() -> None:
    raw = bytes(range(1, 256)).decode("utf-8", "surrogateescape")
    async with talking(SimulatedRouter(RouterProfile(secrets=0))) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/ppp/secret/add", "=name=x", f"=comment={raw}")
        assert (await row(talk, "/ppp/secret", f"?comment={raw}"))["comment"] == raw


async def test_absent_and_present_but_empty_are_two_things() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=0))) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/ppp/secret/add", "=name=x")
        before = await row(talk, "/ppp/secret")
        assert before["caller-id"] == before["routes"] == ""
        assert "comment" not in before
        assert "remote-address" not in before
        assert len(await rows(talk, "/ppp/secret", "?-comment")) == 1
        await talk.ask("/ppp/secret/set", "=.id=x", "=comment=a", "=caller-id=b")
        await talk.ask("/ppp/secret/set", "=.id=x", "=comment=", "=caller-id=")
        after = await row(talk, "/ppp/secret")
        assert after["caller-id"] == ""
        assert "comment" not in after, "an empty comment is how a comment is taken away (community.routeros' facts)"


@pytest.mark.parametrize("text", ["yes", "true"])
async def test_a_flag_takes_either_word_and_prints_its_own(text: str) -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=0))) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/ppp/secret/add", "=name=x", f"=disabled={text}")
        await talk.ask("/ppp/profile/add", "=name=p", f"=use-encryption={'yes' if text == 'yes' else 'no'}")
        assert (await row(talk, "/ppp/secret"))["disabled"] == "true"
        assert (await row(talk, "/ppp/profile", "?name=p"))["use-encryption"] in {"yes", "no"}, "an enumeration"


@pytest.mark.parametrize(
    ("path", "policy", "arguments"),
    [
        ("/ppp/secret/print", "read", ()),
        ("/ppp/secret/add", "write", ("=name=x",)),
        ("/ping", "test", ("=address=10.0.0.1", "=count=1")),
        ("/system/reboot", "reboot", ()),
        ("/export", "read", ("=file=x",)),
    ],
)
async def test_each_policy_opens_what_it_names(path: str, policy: str, arguments: tuple[str, ...]) -> None:
    every = {"api", "read", "write", "test", "reboot"}
    for policies, is_allowed in ((every - {policy}, False), (every, True)):
        router = SimulatedRouter(RouterProfile(secrets=1))
        async with talking(router) as talk:
            await talk.ask(*LOGIN)
            await talk.ask("/user/group/add", "=name=some", f"=policy={','.join(sorted(policies))}")
            await talk.ask("/user/add", "=name=some", "=group=some", "=password=p")
            await talk.ask("/login", "=name=some", "=password=p")
            if path == "/system/reboot" and is_allowed:
                continue
            heard = await talk.ask(path, *arguments)
            assert (("!trap", "=message=not enough permissions (9)") in heard) is not is_allowed


@pytest.mark.parametrize("version", ["7.15.3", "7.16", "7.24"])
async def test_the_session_limit_can_be_set_where_the_version_has_it(version: str) -> None:
    router = SimulatedRouter(RouterProfile(version=version, secrets=0))
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        heard = await talk.ask("/ip/service/set", "=.id=api", "=max-sessions=1")
        has_it = version_key(version) >= (7, 16)
        assert (heard == [("!done",)]) is has_it
        assert router.access.max_sessions == (1 if has_it else 20)


async def test_a_renamed_user_keeps_his_password() -> None:
    router = SimulatedRouter(RouterProfile(secrets=0))
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/user/add", "=name=old", "=group=read", "=password=p")
        await talk.ask("/user/set", "=.id=old", "=name=new")
        assert await talk.ask("/login", "=name=new", "=password=p") == [("!done",)]
        assert len(await talk.ask("/login", "=name=new", "=password=")) == 2


@pytest.mark.parametrize("version", known_versions())
async def test_every_version_there_is_starts_and_prints_all_its_menus(version: str) -> None:
    router = SimulatedRouter(RouterProfile(version=version, secrets=10, online=0.5))
    async with talking(router, within=math.inf) as talk:
        await talk.ask(*LOGIN)
        for path in by_hand.menus():
            heard = await talk.ask(f"{path}/print")
            assert heard[-1] == ("!done",)
            assert (heard[0][0] == "!trap") is not router.schema.has_menu(path)
            is_bare = router.schema.has_menu(path) and len(heard) == 1
            assert not (is_bare and router.schema.says_empty), "no row is said from 7.18 on"


async def test_an_unknown_path_is_said_as_the_versions_were_heard_to_say_it() -> None:
    for names, path, text in (
        (False, "/no/such/print", "no such command prefix"),
        (False, "/ppp/print", "no such command"),
        (False, "/ppp/nothing/print", "no such command prefix"),
        (True, "/nonexistent/print", "no such command or directory (nonexistent)"),
        (True, "/ppp/nonexistent/at/all/print", "no such command or directory (nonexistent)"),
    ):
        async with talking(SimulatedRouter(RouterProfile(secrets=0, names_unknown_paths=names))) as talk:
            await talk.ask(*LOGIN)
            assert (await talk.ask(path))[0] == ("!trap", "=category=0", f"=message={text}")


async def test_refusals_of_older_builds_have_no_category() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=0, says_categories=False))) as talk:
        await talk.ask(*LOGIN)
        assert (await talk.ask("/ppp/secret/add", "=name=x", "=profile=none"))[0] == (
            "!trap", "=message=input does not match any value of profile",
        )  # fmt: skip


async def test_a_user_without_the_api_policy_cannot_come_in_and_the_log_says_from_where() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=0))) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/user/group/add", "=name=web", "=policy=read,web")
        await talk.ask("/user/add", "=name=u", "=group=web", "=password=p")
        assert (await talk.ask("/login", "=name=u", "=password=p"))[0][-1].endswith("password (6)")
        failed = await row(talk, "/log", "?topics=system,error,critical")
        assert failed["message"] == "login failure for user u from 127.0.0.1 via api"
