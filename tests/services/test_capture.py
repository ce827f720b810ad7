"""A router recorded and replayed: the same rows and refusals, nobody's name, nothing but reads, and one at a time."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.core import PoolOptions
from mktui.errors import RecordingUnreadable, RouterError
from mktui.services.capture import capture
from mktui.services.masking import Masks
from mktui.services.router import RouterSetup
from mktui.simulator.cost import MODELS
from mktui.simulator.profile import RouterProfile
from mktui.simulator.recorded import Capture, RecordedRouter, read
from mktui.simulator.router import SimulatedRouter
from tests.wiring import ROUTER, wire

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio
Make: TypeAlias = Callable[[], SimulatedRouter]
READS = {"print", "get"}
PLANTED = {
    "name": "zebulon-4711", "comment": "pays-late-0815", "password": "hush-hush-99", "caller-id": "AA:BB:CC:11:22:33",
    "remote-address": "203.0.113.77", "profile": "platin-plan-1", "service": "pppoe",
}  # fmt: skip


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def recorded(make: Make, *, sample: int = 50) -> tuple[Capture, SimulatedRouter]:
    """Record a router over a wire in memory."""
    router = make()
    async with anyio.create_task_group() as tasks:
        setup = RouterSetup(ROUTER, PoolOptions(), connect=wire(router, tasks))
        taken = await capture(setup, sample=sample)
        tasks.cancel_scope.cancel()
    return taken, router


def planted() -> SimulatedRouter:
    router = SimulatedRouter(RouterProfile(name="hilltop-router", secrets=40, serial="SN12345XYZ", online=0.5))
    router.tables["/ppp/profile"].add({"name": "platin-plan-1", "rate-limit": "5M/50M"})
    router.tables["/ppp/secret"].add(dict(PLANTED))
    router.tables["/ip/firewall/address-list"].add({"list": "late-payers-x", "address": "198.51.100.23"})
    return router


def without_measures(taken: Capture) -> dict[str, object]:
    document = taken.to_json()
    del document["measured"], document["totals"]
    return document


@pytest.mark.parametrize("version", ["7.20.8", "7.16.2", "7.9.2", "6.49"])
async def test_what_is_replayed_and_recorded_again_is_the_same(version: str, tmp_path: Path) -> None:
    first, _ = await recorded(lambda: SimulatedRouter(RouterProfile(version=version, secrets=30, online=0.5)))
    file = tmp_path / "c.json"
    file.write_text(json.dumps(first.to_json()), encoding="utf-8")
    kept = read(file)
    assert without_measures(kept) == without_measures(first)
    again, _ = await recorded(lambda: RecordedRouter(RouterProfile(), kept))
    assert without_measures(again) == without_measures(first)


async def test_rows_and_refusals_are_those_of_the_router() -> None:
    taken, router = await recorded(planted)
    menus = {said.path: said for said in taken.menus}
    assert len(menus["/ppp/secret/print"].rows) == len(router.tables["/ppp/secret"]) == 41
    assert menus["/system/resource/print"].rows[0]["version"] == "7.20.8 (stable)"
    texts = [said.refusal for said in taken.probes]
    assert "no such command prefix" in texts
    assert "no such item" in texts
    assert "unknown parameter mktui-no-such-argument" in texts


async def test_nobody_is_in_it_and_rows_still_point_to_each_other() -> None:
    taken, router = await recorded(planted)
    text = json.dumps(taken.to_json())
    for value in [*PLANTED.values(), "hilltop-router", "SN12345XYZ", "late-payers-x", "198.51.100.23"]:
        assert value == "pppoe" or value not in text, value
    assert "AA:BB:CC" not in text.upper()
    for row in router.tables["/ppp/secret"]:
        assert f'"{row.values["name"]}"' not in text
        assert f'"{row.values["password"]}"' not in text
    rows = {said.path: said.rows for said in taken.menus}
    profiles = {row["name"] for row in rows["/ppp/profile/print"]}
    assert {row["profile"] for row in rows["/ppp/secret/print"]} <= profiles
    names = {row["name"] for row in rows["/ppp/secret/print"]}
    active = {row["name"] for row in rows["/ppp/active/print"]}
    assert active
    assert active <= names
    assert {f"<pppoe-{name}>" for name in active} <= {row["name"] for row in rows["/interface/print"]}


async def test_nothing_but_reads_is_sent_over_one_session_one_at_a_time() -> None:
    taken, router = await recorded(planted)
    assert taken.menus
    assert {path.rpartition("/")[2] for path in router.commands} <= READS
    assert router.peak_sessions == 1


async def test_of_a_big_menu_only_a_sample_is_taken_and_its_size_is_told() -> None:
    taken, _ = await recorded(lambda: SimulatedRouter(RouterProfile(secrets=2000)), sample=5)
    sizes = {said.path: len(said.rows) for said in taken.menus}
    assert sizes["/ppp/secret/print"] == 5
    assert taken.totals["/ppp/secret"] == 2000
    assert max(sizes.values()) == 5


async def test_a_replay_is_about_as_slow_as_the_router_was() -> None:
    taken, _ = await recorded(lambda: SimulatedRouter(RouterProfile(secrets=40, latency=0.02)), sample=10)
    assert 0.02 <= taken.measured.command < 0.2
    router = RecordedRouter(RouterProfile(), taken)
    assert router.profile.cost.command == taken.measured.command


async def test_a_router_that_is_lost_on_the_way_is_an_error() -> None:
    def down() -> SimulatedRouter:
        router = SimulatedRouter(RouterProfile(secrets=1, cost=MODELS["none"]))
        router.faults.is_down = True
        return router

    with pytest.RaisesGroup(pytest.RaisesExc(RouterError, match="refused")):
        await recorded(down)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"schema": "mktui.recording/1"}', '{"schema": "mktui.capture/1", "menus": 3}']
)
async def test_a_file_that_is_no_capture_is_said_to_be_none(text: str, tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RecordingUnreadable, match="mktui capture ROUTER"):
        read(file)


WHO = st.from_regex(r"[a-zA-Z]{4,12}[ @._-][a-zA-Z0-9]{3,12}", fullmatch=True)
ADDRESSES = (
    st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))
    .map(str)
    .filter(lambda each: not each.startswith(("0.", "127.", "198.18.", "2001:db8:", "::")))
)
BYTES = st.lists(st.integers(16, 255), min_size=6, max_size=6)
MACS = BYTES.map(lambda parts: ":".join(f"{each:02X}" for each in parts))
FREE = st.sampled_from(
    ["name", "comment", "serial-number", "caller-id", "on-event", "target", "list", "note", "parent"]
)
HIDDEN = st.sampled_from(["password", "ipsec-secret", "wpa2-pre-shared-key", "radius-secret", "private-key"])


@given(who=WHO, secret=st.text(min_size=6), where=st.tuples(FREE, HIDDEN), address=ADDRESSES, mac=MACS)
async def test_no_original_survives_wherever_it_stands(
    who: str, secret: str, where: tuple[str, str], address: str, mac: str
) -> None:
    free, hidden = where
    rows = [
        {"name": who, hidden: secret, "address": address, "mac-address": mac},
        {free: who, "interface": f"<pppoe-{who}>", "target": f"{address}/32,{mac}", "ranges": f"{address}-{address}"},
    ]
    masks = Masks()
    masks.learn(rows)
    shown = [masks.row("/queue/simple", row) for row in rows]
    values = [value for row in shown for value in row.values()]
    for original in (who, address, mac):
        assert not any(original in value for value in values), original
    assert shown[0][hidden] == "secret-1"
    assert who not in masks.text(f"failure: {who} exists")
    again = Masks()
    again.learn(shown)
    assert [again.row("/queue/simple", row) for row in shown] == shown


@given(
    value=st.from_regex(r"\+?[0-9]{5,15}|[0-9]{3}-[0-9]{4,8}|[0-9]{5,9}/[0-9]{5,9}", fullmatch=True),
    name=st.sampled_from(["account", "called-id", "contract", "x-billing", "mobile", "circuit-id"]),
)
async def test_a_long_figure_stays_only_where_something_is_counted(value: str, name: str) -> None:
    masks = Masks()
    row = {name: value, "bytes": value, "rx-packet": "8376086", "uptime": "3w2d01:02:03", "dst-port": "8728"}
    shown = masks.row("/ppp/active", row)
    assert value not in shown[name]
    assert {**shown, name: "", "bytes": ""} == {**row, name: "", "bytes": ""}
    assert masks.value("/ppp/secret", "last-logged-out", "1999-12-31 23:59:59") == "1999-12-31 23:59:59"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        *(("/ip/pool", name) for name in ("available", "total", "used")), ("/queue/simple", "dropped"),
        *(("/interface", name) for name in ("link-downs", "l2mtu", "max-l2mtu")), ("/system/resource", "bad-blocks"),
        ("/ip/service", "max-sessions"), ("/ppp/profile", "bridge-path-cost"),
        *(("/interface/pppoe-server/server", name) for name in ("mrru", "pado-delay")),
    ],
)  # fmt: skip
async def test_whatever_a_menu_counts_or_measures_stays(path: str, name: str) -> None:
    assert Masks().value(path, name, "65521") == "65521"
    masks = Masks()
    masks.learn([{"name": "65521"}])
    assert masks.value(path, name, "65521") != "65521", "it is somebody's name"
    assert Masks().value("/ppp/active", "acct-session-id", "81700521") != "81700521"


@given(first=st.ip_addresses(v=4), size=st.integers(1, 500))
async def test_a_range_of_addresses_stays_a_range(first: ipaddress.IPv4Address, size: int) -> None:
    first = min(first, ipaddress.IPv4Address("255.255.0.0"))
    masks = Masks()
    masks.value("/ip/address", "address", f"{first + size}/24")  # seen first, and numbered first
    low, high = masks.value("/ip/pool", "ranges", f"{first}-{first + size}").split("-")
    assert ipaddress.IPv4Address(low) < ipaddress.IPv4Address(high)


@given(st.dictionaries(st.from_regex("[a-z-]{3,12}", fullmatch=True), st.text(max_size=40), max_size=5))
async def test_a_row_that_is_masked_keeps_its_attributes_and_what_is_empty(row: dict[str, str]) -> None:
    masks = Masks()
    masks.learn([row])
    shown = masks.row("/ppp/secret", row)
    assert list(shown) == list(row)
    assert all(bool(shown[name]) == bool(value) for name, value in row.items())
