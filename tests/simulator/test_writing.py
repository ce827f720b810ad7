"""What a write does to rows: those it names, those that name them, and what becomes of both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
import pytest

from mktui.simulator import by_hand
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.simulator.talk import LOGIN, talking
from tests.simulator.test_customers import LONG, row, rows
from tests.virtual_time import backend

if TYPE_CHECKING:
    from tests.simulator.talk import Talk

pytestmark = pytest.mark.anyio
ROWS: Final = json.loads((Path(__file__).parent.parent / "data" / "recorded-rows.json").read_text(encoding="utf-8"))


@pytest.fixture
def anyio_backend() -> object:
    return backend("asyncio")


async def said(talk: Talk, *words: str) -> str:
    """Say a command; returns its trap's text, or "" when it was obeyed."""
    heard = await talk.ask(*words)
    return next((word.removeprefix("=message=") for word in heard[0] if word.startswith("=message=")), "")


async def test_a_row_named_twice_is_one_row() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=3))) as talk:
        await talk.ask(*LOGIN)
        assert await said(talk, "/ppp/secret/remove", "=.id=*1,*1,ana-01") == ""
        assert [each["name"] for each in await rows(talk, "/ppp/secret")] == ["luis-01", "maria-01"]


async def test_an_id_is_hex_in_either_case_and_zero_is_one() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=12))) as talk:
        await talk.ask(*LOGIN)
        assert await said(talk, "/ppp/secret/set", "=.id=*a", "=comment=ten") == ""
        assert (await row(talk, "/ppp/secret", "?comment=ten"))[".id"] == "*A"
        assert await said(talk, "/ip/service/set", "=.id=*0", "=disabled=yes") == ""


async def test_two_rows_cannot_be_given_one_name() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=3))) as talk:
        await talk.ask(*LOGIN)
        text = await said(talk, "/ppp/secret/set", "=.id=*1,*2", "=name=same")
        assert text == "failure: secret with the same name already exists"
        assert len(await rows(talk, "/ppp/secret", "?name=same")) == 1


async def test_all_servers_are_one_server_and_are_not_printed() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=0))) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/ip/hotspot/user/add", "=name=a", "=server=all")
        assert "server" not in await row(talk, "/ip/hotspot/user", "?name=a")
        assert "already have user" in await said(talk, "/ip/hotspot/user/add", "=name=a")
        assert await said(talk, "/ip/hotspot/user/add", "=name=a", "=server=hs1") == ""
        assert "already have user" in await said(talk, "/ip/hotspot/user/set", "=.id=*2", "=server=all")


async def test_a_row_may_be_put_before_another() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=0))) as talk:
        await talk.ask(*LOGIN)
        for name in ("one", "two"):
            await talk.ask("/queue/simple/add", f"=name={name}", "=target=10.0.0.1/32")
        await talk.ask("/queue/simple/add", "=name=first", "=target=10.0.0.1/32", "=place-before=one")
        await talk.ask("/queue/simple/move", "=.id=two", "=destination=one")
        assert [each["name"] for each in await rows(talk, "/queue/simple")] == ["first", "two", "one"]
        assert await said(talk, "/queue/simple/move", "=.id=one", "=destination=one") == ""


async def test_whatever_names_a_row_keeps_its_id_when_it_goes() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=0))) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/ip/pool/add", "=name=spare", "=ranges=10.9.0.1-10.9.0.9")
        await talk.ask("/ip/pool/set", "=.id=hs-pool", "=next-pool=spare")
        await talk.ask("/ip/hotspot/set", "=.id=hs1", "=address-pool=spare")
        await talk.ask("/ip/hotspot/user/profile/set", "=.id=day-pass", "=address-pool=spare")
        spare = (await row(talk, "/ip/pool", "?name=spare"))[".id"]
        await talk.ask("/ip/pool/remove", "=.id=spare")
        assert (await row(talk, "/ip/pool", "?name=hs-pool"))["next-pool"] == spare
        assert (await row(talk, "/ip/hotspot"))["address-pool"] == spare
        assert (await row(talk, "/ip/hotspot/user/profile", "?name=day-pass"))["address-pool"] == spare
        assert await said(talk, "/ip/hotspot/set", "=.id=hs1", "=address-pool=none") == ""


@pytest.mark.parametrize("words", [("/user/set", "=.id=*1,other"), ("/user/set", "=numbers=other")])
async def test_no_print_shows_a_users_password(words: tuple[str, ...]) -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=0))) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/user/add", "=name=other", "=group=full", "=password=first")
        await talk.ask(*words, "=password=second")
        assert all("password" not in each for each in await rows(talk, "/user"))
        assert await talk.ask("/login", "=name=other", "=password=second") == [("!done",)]


async def test_an_imported_user_may_log_in() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=0))) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/file/add", "=name=u.rsc", "=contents=/user add name=new group=full password=p\n")
        assert await said(talk, "/import", "=file-name=u.rsc") == ""
        assert all("password" not in each for each in await rows(talk, "/user"))
        assert await talk.ask("/login", "=name=new", "=password=p") == [("!done",)]


async def test_who_logs_in_twice_is_listed_once() -> None:
    router = SimulatedRouter(RouterProfile(secrets=0))
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        await talk.ask(*LOGIN)
        assert len(await rows(talk, "/user/active")) == 1
    assert len(router.tables["/user/active"]) == 0


async def test_a_group_without_policies_may_do_nothing() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=0))) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/user/group/add", "=name=none")
        await talk.ask("/user/set", "=.id=admin", "=group=none")
        assert await said(talk, "/ppp/secret/print") == "not enough permissions (9)"


@pytest.mark.parametrize("each", ROWS["rows"], ids=lambda each: f"{each['path']} {each['ros']}")
async def test_what_a_real_router_printed_can_be_written_and_prints_the_same(each: dict[str, object]) -> None:
    recorded, path = each["row"], str(each["path"]).partition(" ")[0]
    facts = by_hand.menu(path)
    assert isinstance(recorded, dict)
    if facts is None or not facts.arguments.get("set") or recorded.get("dynamic") == "true":
        pytest.skip("nothing can be set there")
    if not facts.is_single and ".id" not in recorded:
        pytest.skip("it was not recorded over the API")
    names = {
        name: value
        for name, value in recorded.items()
        if name in facts.arguments["set"] and not str(value).startswith("*") and (path, name) not in NAMED_ELSEWHERE
    }
    router = SimulatedRouter(RouterProfile(secrets=0, version="7.22.3"))
    router.load_rows(path, [{key: value for key, value in recorded.items() if key not in names}])
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/ppp/profile/add", "=name=sonde-profil")
        row_id = str(recorded.get(".id", ""))
        where = (f"=.id={row_id}",) if row_id else ()
        for name, value in names.items():
            assert await said(talk, f"{path}/set", *where, f"={name}={value}") == "", name
            if (name, value) != ("comment", ""):
                assert (await row(talk, path, *([f"?.id={row_id}"] if row_id else [])))[name] == value


NAMED_ELSEWHERE: Final = {("/user/group", "skin")}


async def test_a_backup_with_customers_online_brings_the_configuration_back_and_they_dial_again() -> None:
    router = SimulatedRouter(RouterProfile(secrets=30, online=0.5))
    async with talking(router, within=LONG) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/system/backup/save", "=name=b")
        await talk.say("/system/backup/load", "=name=b", "=password=")
        with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
            await talk.hear()
    await anyio.sleep(5.1)
    async with talking(router, within=LONG) as talk:
        await talk.ask(*LOGIN)
        await anyio.sleep(60)
        online = await rows(talk, "/ppp/active")
        assert len(online) == 15
        assert len(await rows(talk, "/interface", "?type=pppoe-in")) == 15
        for each in online:
            assert await said(talk, "/ppp/active/remove", f"=.id={each['.id']}") == ""
        assert await rows(talk, "/interface", "?type=pppoe-in") == []


async def test_a_reboot_ends_every_session_and_customers_come_back() -> None:
    for renumbers in (False, True):
        router = SimulatedRouter(RouterProfile(secrets=30, online=1.0, renumbers_at_reboot=renumbers))
        router.reboot(5)
        assert [len(router.tables[path]) for path in ("/ppp/active", "/ip/hotspot/active", "/ip/hotspot/host")] == [
            0
        ] * 3
        await anyio.sleep(5)
        async with talking(router, within=LONG) as talk:
            await talk.ask(*LOGIN)
            assert await rows(talk, "/ppp/active") == []
            await anyio.sleep(20)
            assert len(await rows(talk, "/ppp/active")) == len(await rows(talk, "/queue/simple")) == 30
            assert len(await rows(talk, "/ip/hotspot/active")) == len(await rows(talk, "/ip/hotspot/host")) == 6
            assert len(await rows(talk, "/ip/hotspot/cookie")) == 6


async def test_rows_loaded_from_elsewhere_and_the_routers_own_do_not_meet() -> None:
    router = SimulatedRouter(RouterProfile(secrets=5, online=1.0))
    kept = {".id": "*F00002", "name": "<pppoe-guest>", "type": "pppoe-in", "dynamic": "true"}
    router.load_rows("/interface", [kept, {".id": "*1", "name": "ether1", "type": "ether"}])
    router.load_rows("/ppp/active", [{".id": "*2", "name": "guest", "service": "pppoe"}])
    async with talking(router, within=LONG) as talk:
        await talk.ask(*LOGIN)
        assert await said(talk, "/ppp/active/remove", "=.id=*2") == ""
        router.traffic.ppp.dial("ana-01", 0.0)
        named = {each[".id"]: each["name"] for each in await rows(talk, "/interface")}
        assert named["*F00002"] == "<pppoe-guest>"
        assert "<pppoe-ana-01>" in named.values()


async def test_several_rows_without_ids_are_several_rows() -> None:
    router = SimulatedRouter(RouterProfile(secrets=0))
    health = [{"name": "voltage", "value": "24", "type": "V"}, {"name": "fan1-speed", "value": "0", "type": "RPM"}]
    router.load_rows("/system/health", health)
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        assert await rows(talk, "/system/health") == health


async def test_asking_for_ever_other_columns_does_not_fill_the_memory() -> None:
    router = SimulatedRouter(RouterProfile(secrets=1))
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        for index in range(200):
            await talk.ask("/ppp/secret/print", f"=.proplist=name,x{index}")
    [only] = router.tables["/ppp/secret"]
    assert len(only._encoded) <= 8


@pytest.mark.parametrize("limit", ["none", "unlimited"])
async def test_a_user_without_a_limit_is_not_cut_off(limit: str) -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=50, online=0.2)), within=LONG) as talk:
        await talk.ask(*LOGIN)
        for each in await rows(talk, "/ip/hotspot/active"):
            await talk.ask("/ip/hotspot/user/set", f"=.id={each['user']}", f"=limit-uptime={limit}")
        await anyio.sleep(86_400 * 2)
        assert len(await rows(talk, "/ip/hotspot/active")) == 2


async def test_removing_a_host_ends_its_session() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=50, online=0.2)), within=LONG) as talk:
        await talk.ask(*LOGIN)
        host = (await rows(talk, "/ip/hotspot/host"))[0]
        assert await said(talk, "/ip/hotspot/host/remove", f"=.id={host['.id']}") == ""
        assert len(await rows(talk, "/ip/hotspot/active")) == 1


async def test_a_group_prints_the_policies_it_has_and_those_it_has_not() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=0))) as talk:
        await talk.ask(*LOGIN)
        recorded = next(each["row"] for each in ROWS["rows"] if each["path"] == "/user/group")
        assert (await row(talk, "/user/group", "?name=read"))["policy"] == recorded["policy"]
        await talk.ask("/user/group/add", "=name=few", "=policy=write,!ftp,api,read")
        policy = (await row(talk, "/user/group", "?name=few"))["policy"].split(",")
        assert policy[:3] == ["read", "write", "api"]
        assert set(policy[3:]) >= {"!ftp", "!sensitive", "!rest-api"}
        text = await said(talk, "/user/group/add", "=name=x", "=policy=fly")
        assert text == "input does not match any value of policy"


async def test_addresses_and_pools_are_checked_and_worked_out() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=0, version="7.22.3"))) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/ip/address/add", "=address=192.168.88.1/24", "=interface=ether1")
        found = await row(talk, "/ip/address")
        assert (found["network"], found["actual-interface"], found["dynamic"]) == ("192.168.88.0", "ether1", "false")
        assert await said(talk, "/ip/address/add", "=address=x", "=interface=ether1") == (
            "invalid value for argument address"
        )
        assert await said(talk, "/ip/pool/set", "=.id=hs-pool", "=ranges=10.0.0.300") == (
            "invalid value for argument ranges"
        )
        await talk.ask("/ip/pool/set", "=.id=hs-pool", "=ranges=10.0.0.1-10.0.0.9,10.1.0.1")
        assert (await row(talk, "/ip/pool", "?name=hs-pool"))["total"] == "10"


async def test_what_every_row_must_have_cannot_be_unset() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=1))) as talk:
        await talk.ask(*LOGIN)
        assert await said(talk, "/ppp/secret/unset", "=.id=*1", "=value-name=name") != ""
        await talk.ask("/ppp/secret/set", "=.id=*1", "=remote-address=10.0.0.9")
        assert await said(talk, "/ppp/secret/unset", "=.id=*1", "=value-name=remote-address") == ""
        assert "remote-address" not in await row(talk, "/ppp/secret")


async def test_counters_of_a_session_can_be_set_back_and_go_on() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=2, online=0.5)), within=LONG) as talk:
        await talk.ask(*LOGIN)
        before = await row(talk, "/interface", "?type=pppoe-in")
        await talk.ask("/interface/reset-counters", f"=.id={before['.id']}")
        await talk.ask("/queue/simple/reset-counters-all")
        await anyio.sleep(10)
        after = await row(talk, "/interface", "?type=pppoe-in")
        assert 0 < int(after["rx-byte"]) < int(before["rx-byte"])
        queue = await row(talk, "/queue/simple")
        assert queue["bytes"] == f"{after['rx-byte']}/{after['tx-byte']}"


@pytest.mark.parametrize("service", ["l2tp", "sstp", "ovpn", "pptp"])
async def test_a_session_bears_the_name_of_its_service(service: str) -> None:
    router = SimulatedRouter(RouterProfile(secrets=0))
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/ppp/secret/add", "=name=x", f"=service={service}", "=profile=gold")
        assert router.traffic.ppp.dial("x", 0.0)
        assert (await row(talk, "/ppp/active"))["service"] == service
        assert (await row(talk, "/interface", f"?name=<{service}-x>"))["type"] == f"{service}-in"
        assert (await row(talk, "/queue/simple"))["name"] == f"<{service}-x>"


async def test_default_profiles_of_the_tunnel_servers_name_a_ppp_profile() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=0))) as talk:
        await talk.ask(*LOGIN)
        for kind in ("l2tp", "pptp", "sstp", "ovpn"):
            path = f"/interface/{kind}-server/server"
            assert await said(talk, f"{path}/set", "=default-profile=none-such") == (
                "input does not match any value of default-profile"
            )
            assert await said(talk, f"{path}/set", "=default-profile=gold", "=enabled=yes") == ""
            assert (await row(talk, path))["enabled"] == "true"
        await talk.ask("/interface/pppoe-server/server/set", "=.id=*1", "=default-profile=gold")
        gold = (await row(talk, "/ppp/profile", "?name=gold"))[".id"]
        await talk.ask("/ppp/profile/remove", "=.id=gold")
        for kind in ("l2tp", "pptp", "sstp", "ovpn", "pppoe"):
            assert (await row(talk, f"/interface/{kind}-server/server"))["default-profile"] == gold
