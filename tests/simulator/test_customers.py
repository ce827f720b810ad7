"""Customers at the simulated router: who counts, who ends, who comes straight back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.simulator.talk import LOGIN, talking
from tests.virtual_time import backend

if TYPE_CHECKING:
    from tests.simulator.talk import Talk

pytestmark = pytest.mark.anyio
Row = dict[str, str]
LONG = float("inf")


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    return backend(request.param)


async def rows(talk: Talk, path: str, *words: str) -> list[Row]:
    heard = await talk.ask(f"{path}/print", *words)
    return [dict(word[1:].split("=", 1) for word in words if word[0] == "=") for words in heard if words[0] == "!re"]


async def row(talk: Talk, path: str, *words: str) -> Row:
    [only] = await rows(talk, path, *words)
    return only


async def test_a_session_counts_64_bit_bytes_upload_first() -> None:
    router = SimulatedRouter(RouterProfile(secrets=10, online=1.0))
    async with talking(router, within=LONG) as talk:
        await talk.ask(*LOGIN)
        before = await row(talk, "/interface", "?name=<pppoe-ana-01>")
        assert before[".id"].startswith("*F0000"), "as recorded rows have it"
        await anyio.sleep(30 * 86_400)
        after = await row(talk, "/interface", "?name=<pppoe-ana-01>")
        assert int(after["tx-byte"]) > 2**32
        queue = await row(talk, "/queue/simple", "?name=<pppoe-ana-01>")
        assert queue["bytes"] == f"{after['rx-byte']}/{after['tx-byte']}"
        assert queue["max-limit"] == "2000000/10000000"
        assert queue["dynamic"] == "true"


async def test_disabling_changing_or_removing_a_secret_does_not_end_its_session() -> None:
    router = SimulatedRouter(RouterProfile(secrets=10, online=1.0))
    async with talking(router, within=LONG) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/ppp/secret/set", "=.id=ana-01", "=disabled=yes", "=profile=gold")
        await talk.ask("/ppp/secret/remove", "=.id=luis-01")
        assert len(await rows(talk, "/ppp/active")) == 10


async def test_a_kicked_customer_dials_again_and_his_secret_decides() -> None:
    router = SimulatedRouter(RouterProfile(secrets=3, online=1.0))
    async with talking(router, within=LONG) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/ppp/secret/set", "=.id=ana-01", "=disabled=yes")
        await talk.ask("/ppp/secret/set", "=.id=luis-01", "=profile=gold")
        for name in ("ana-01", "luis-01"):
            found = await row(talk, "/ppp/active", f"?name={name}")
            await talk.ask("/ppp/active/remove", f"=.id={found['.id']}")
            assert await rows(talk, "/ppp/active", f"?name={name}") == []
            assert await rows(talk, "/interface", f"?name=<pppoe-{name}>") == []
        secret = await row(talk, "/ppp/secret", "?name=luis-01")
        assert secret["last-caller-id"] == "02:00:5E:00:00:01"
        assert not secret["last-logged-out"].startswith("1970")
        await anyio.sleep(60)
        assert {each["name"] for each in await rows(talk, "/ppp/active")} == {"luis-01", "maria-01"}
        assert (await row(talk, "/queue/simple", "?name=<pppoe-luis-01>"))["max-limit"] == "10000000/40000000"
        await talk.ask("/ppp/secret/set", "=.id=ana-01", "=disabled=no")
        await anyio.sleep(60)
        assert len(await rows(talk, "/ppp/active")) == 3


async def test_a_cookie_logs_a_kicked_device_straight_in_again_and_its_removal_does_not() -> None:
    router = SimulatedRouter(RouterProfile(secrets=50, online=0.2))
    async with talking(router, within=LONG) as talk:
        await talk.ask(*LOGIN)
        [first, second] = await rows(talk, "/ip/hotspot/active")
        await talk.ask("/ip/hotspot/active/remove", f"=.id={first['.id']}")
        cookie = await row(talk, "/ip/hotspot/cookie", f"?user={second['user']}")
        await talk.ask("/ip/hotspot/cookie/remove", f"=.id={cookie['.id']}")
        await talk.ask("/ip/hotspot/active/remove", f"=.id={second['.id']}")
        assert await rows(talk, "/ip/hotspot/active") == []
        await anyio.sleep(5)
        back = await row(talk, "/ip/hotspot/active")
        assert (back["user"], back["mac-address"], back["login-by"]) == (first["user"], first["mac-address"], "cookie")


async def test_a_hotspot_users_counters_stay_in_his_row_and_can_be_reset() -> None:
    router = SimulatedRouter(RouterProfile(secrets=50, online=0.2))
    async with talking(router, within=LONG) as talk:
        await talk.ask(*LOGIN)
        active = (await rows(talk, "/ip/hotspot/active"))[0]
        user = f"?name={active['user']}"
        before = await row(talk, "/ip/hotspot/user", user)
        assert int(before["bytes-out"]) >= int(active["bytes-out"]) > 0
        await talk.ask("/ip/hotspot/user/set", f"=.id={before['.id']}", "=comment=changed")
        await talk.ask("/ip/hotspot/active/remove", f"=.id={active['.id']}")
        await anyio.sleep(30)
        after = await row(talk, "/ip/hotspot/user", user)
        assert int(after["bytes-out"]) > int(before["bytes-out"])
        await talk.ask("/ip/hotspot/user/reset-counters", f"=.id={before['.id']}")
        await anyio.sleep(2)
        assert int((await row(talk, "/ip/hotspot/user", user))["bytes-out"]) < int(before["bytes-out"])


async def test_a_hotspot_session_ends_at_its_users_limit() -> None:
    router = SimulatedRouter(RouterProfile(secrets=50, online=0.2))
    async with talking(router, within=LONG) as talk:
        await talk.ask(*LOGIN)
        active = (await rows(talk, "/ip/hotspot/active"))[0]
        assert active["session-time-left"].startswith(("22h", "23h"))
        await anyio.sleep(86_400)
        assert await rows(talk, "/ip/hotspot/active") == []


async def test_with_churn_customers_come_and_go_by_themselves() -> None:
    router = SimulatedRouter(RouterProfile(secrets=40, online=1.0, churn=20))
    async with talking(router, within=LONG) as talk:
        await talk.ask(*LOGIN)
        seen = [frozenset(each[".id"] for each in await rows(talk, "/ppp/active"))]
        for _ in range(5):
            await anyio.sleep(300)
            seen.append(frozenset(each[".id"] for each in await rows(talk, "/ppp/active")))
        assert len(set(seen)) == 6, "never the same sessions for five minutes"
        assert all(30 <= len(each) <= 40 for each in seen)


async def test_who_listens_hears_of_sessions_that_end_and_begin_unread() -> None:
    router = SimulatedRouter(RouterProfile(secrets=10, online=1.0, churn=60))
    async with talking(router, within=LONG) as talk:
        await talk.ask(*LOGIN)
        await talk.say("/ppp/active/listen", ".tag=1")
        heard = [await talk.hear() for _ in range(6)]
        assert any("=.dead=yes" in words for words in heard)


async def test_a_reboot_begins_the_uptime_anew_and_may_give_other_ids() -> None:
    router = SimulatedRouter(RouterProfile(secrets=5, renumbers_at_reboot=True))
    async with talking(router, within=LONG) as talk:
        await talk.ask(*LOGIN)
        before = await rows(talk, "/ppp/secret", "=.proplist=.id,name")
        router.reboot(down_for=1)
    await anyio.sleep(61)
    async with talking(router, within=LONG) as talk:
        await talk.ask(*LOGIN)
        assert (await row(talk, "/system/resource"))["uptime"] == "1m"
        after = await rows(talk, "/ppp/secret", "=.proplist=.id,name")
        assert [each["name"] for each in after] == [each["name"] for each in before]
        assert not {each[".id"] for each in after} & {each[".id"] for each in before}


async def test_a_newer_version_lists_open_connections_as_dynamic_rows() -> None:
    router = SimulatedRouter(RouterProfile(version="7.22.3", secrets=0))
    async with talking(router, within=LONG) as one, talking(router, within=LONG) as other:
        await one.ask(*LOGIN)
        await other.ask(*LOGIN)
        listed = await rows(one, "/ip/service", "?dynamic=true")
        assert [(each["name"], each["connection"]) for each in listed] == [("api", "true")] * 2
    async with talking(router, within=LONG) as one:
        await one.ask(*LOGIN)
        assert len(await rows(one, "/ip/service", "?dynamic=true")) == 1
