"""The endpoints over real sockets: what they answer, to whom, and how they refuse."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from mktui.config.http import Role
from mktui.errors import ConfigError
from mktui.monitor.history import History
from mktui.monitor.options import MonitorOptions
from mktui.services.chronicle import Chronicle
from mktui.web.answers import only
from mktui.web.endpoints import CHANGES, READS
from mktui.web.openapi import document
from tests.terminal.recorded import fleet
from tests.terminal.recorded_alerts import alerts
from tests.web.serving import ADMIN, OPERATOR, SECRETS, VIEWER, Answer, Site, eventually, serving, settings, site
from tests.wiring import until

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
TEST, RESET = (change.path for change in CHANGES)
READABLE = [*(read.path for read in READS), "/metrics"]


def check(path: str, method: str, answer: Answer) -> Any:  # Any: JSON
    """Check an answer against the document, and return it."""
    told = document()
    content = told["paths"][path][method]["responses"][str(answer.status)]["content"]
    kind = answer.headers["Content-Type"].partition(";")[0]
    assert kind in content
    if kind == "text/plain":
        return answer.body.decode()
    schema = content[kind]["schema"] | {"components": told["components"]}
    Draft202012Validator(schema).validate(answer.json)
    return answer.json


def problem(answer: Answer, status: int) -> str:
    """Check the one shape of every refusal, and return what it says."""
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["status"] == status
    assert not any(secret in answer.body.decode() for secret in SECRETS.values())
    return str(answer.json["detail"])


async def ready(here: Site) -> None:
    """Wait until every router was reached."""

    async def is_ready() -> bool:
        return (await here.ask("/-/ready", "")).status == 200

    await eventually(is_ready)


async def test_every_endpoint_answers_as_its_document_says() -> None:
    async with site() as here:
        await ready(here)
        for path in (*READABLE, "/-/healthy", "/-/ready", "/openapi.json"):
            answer = await here.ask(path)
            assert answer.status == 200, path
            check(path, "get", answer)
        stats = (await here.ask("/api/network-stats")).json
        assert [router["name"] for router in stats["routers"]] == list(here.fleet.names)
        assert stats["totals"]["routers"] == sum(stats["health"].values()) == 3
        one = check("/api/connection-details", "get", await here.ask("/api/connection-details?router=edge-1"))
        assert [router["name"] for router in one["routers"]] == ["edge-1"]
        assert len(one["routers"][0]["connections"]) >= 1
        tested = check(TEST, "post", await here.ask(TEST, OPERATOR, "POST", json={"router": "hotspot-1"}))
        assert tested["ok"], tested
        assert [step["name"] for step in tested["steps"]][-1] == "round trip"
        check(RESET, "post", await here.ask(RESET, OPERATOR, "POST", json={"router": "hotspot-1"}))
        events = here.fleet.snapshot().routers[1].events
        assert {"test"} <= {event.kind for event in events}


@given(st.sampled_from(READS), st.data())
def test_every_snapshot_makes_an_answer_that_its_document_allows(read: Any, data: st.DataObject) -> None:
    whole = fleet()
    routers = data.draw(st.lists(st.sampled_from(whole.routers)))
    answer = json.loads(read.text(replace(whole, routers=tuple(routers))))
    schema = {"$ref": f"#/components/schemas/{read.answer.__name__}", "components": document()["components"]}
    Draft202012Validator(schema).validate(answer)
    assert len(answer.get("routers", routers)) == len(routers)


@pytest.mark.parametrize("path", READABLE)
async def test_head_says_the_same_without_a_body(path: str) -> None:
    async with site() as here:
        answer = await here.ask(path, method="HEAD")
        assert answer.status == 200
        assert answer.body == b""
        assert int(answer.headers["Content-Length"]) > 0


async def test_a_token_is_needed_and_the_right_one() -> None:
    async with site() as here:
        for path in READABLE:
            assert "a token is needed" in problem(answer := await here.ask(path, ""), 401)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert "nobody has" in problem(await here.ask(path, VIEWER + "x"), 401)
        for header in ("Basic dmlld2Vy", VIEWER, "Bearer", "Bearer ", f"Bearer {VIEWER} more", "Bearer \udcff"):
            problem(await here.ask(READABLE[0], "", headers={"Authorization": header}), 401)
        assert (await here.ask(READABLE[0], "", headers={"Authorization": f"bearer {VIEWER}"})).status == 200
        problem(await here.ask(f"{READABLE[0]}?token={VIEWER}", ""), 401)
        cookie = {"Cookie": f"mktui={VIEWER}"}
        problem(await here.ask(READABLE[0], "", headers=cookie), 401)


async def test_a_role_that_is_not_enough_changes_nothing() -> None:
    async with site() as here:
        for path in (TEST, RESET):
            assert "the-viewer is viewer" in problem(
                await here.ask(path, VIEWER, "POST", json={"router": "edge-1"}), 403
            )
        protected = {"router": "edge-1", "confirm": "edge-1"}
        assert "needs the role admin" in problem(await here.ask(RESET, OPERATOR, "POST", json=protected), 403)
        assert "say its name again" in problem(await here.ask(RESET, ADMIN, "POST", json={"router": "edge-1"}), 409)
        assert {event.kind for event in here.fleet.snapshot().routers[0].events}.isdisjoint({"test", "reset"})
        assert (await here.ask(RESET, ADMIN, "POST", json=protected)).status == 200


@pytest.mark.parametrize("path", [*READABLE, TEST, RESET, "/openapi.json", "/-/ready"])
@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE"])
async def test_a_wrong_method_is_told_the_right_ones(path: str, method: str) -> None:
    async with site() as here:
        answer = await here.ask(path, ADMIN, method)
        problem(answer, 405)
        right = {"POST"} if path in {TEST, RESET} else {"GET", "HEAD"}
        assert set(answer.headers["Allow"].split(",")) == right


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/", "/api/network-stats/", "/../etc/passwd", "/%2e%2e/x", "/favicon.ico"]
)
async def test_what_is_not_there_is_not_there(path: str) -> None:
    async with site(terminal=None) as here:
        problem(await here.ask(path), 404)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 400), (b"{", {}, 400), (b"[]", {}, 400), (b"null", {}, 400), (b"\xff", {}, 400), (b"{}", {}, 400),
        (b"[" * 10_000, {}, 400), (b'{"router": 1}', {}, 400), (b'{"router": ""}', {}, 400),
        (b'{"router": "edge-1", "more": 1}', {}, 400), (b'{"router": "nowhere"}', {}, 404),
        (b'{"router": "edge-1"}', {"Content-Type": "text/plain"}, 415),
        (b'{"router": "edge-1"}', {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b'{"router": "edge-1"}', {"Content-Type": ""}, 415),
        (b'{"router": "edge-1"}', {"Content-Encoding": "gzip"}, 415),
        (b'{"router": "edge-1"}', {"Accept": "text/html"}, 406),
        (b'{"router": "edge-1"}', {"Accept": "application/json;q=0"}, 406),
        (b'{"router": "' + b"x" * 20_000 + b'"}', {}, 413),
        (b'{"router": "edge-1\\ud800"}', {}, 400), (b'{"router": "\xed\xa0\x80"}', {}, 400),
        (b'{"\\udfff": 1}', {}, 400),
    ],
)  # fmt: skip
async def test_a_wrong_body_is_refused_and_not_repeated(body: bytes, headers: dict[str, str], status: int) -> None:
    async with site() as here:
        for path in (TEST, RESET):
            headers = {"Content-Type": "application/json"} | headers
            said = problem(await here.ask(path, ADMIN, "POST", data=body, headers=headers), status)
            assert "nowhere" not in said


async def test_a_wrong_question_is_refused() -> None:
    async with site() as here:
        assert "there are: edge-1" in problem(await here.ask("/api/network-health?router=nowhere"), 404)
        for query in ("router=edge-1&router=edge-1", "x=1", f"token={VIEWER}"):
            problem(await here.ask(f"/api/network-health?{query}"), 400)
        for half in ("%ED%A0%80", "%FF"):
            assert "there are: edge-1" in problem(await here.ask(f"/api/network-health?router={half}"), 404)
        problem(await here.ask("/metrics?router=edge-1"), 400)
        problem(await here.ask("/metrics", headers={"Accept": "application/json"}), 406)


async def test_large_answers_are_packed_for_who_can_unpack_them() -> None:
    async with site() as here:
        for accept, packed in (("gzip", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("identity", False)):
            answer = await here.ask("/metrics", headers={"Accept-Encoding": accept})
            assert (answer.headers.get("Content-Encoding") == "gzip") is packed, accept
            assert answer.body.startswith(b"# HELP mktui_")
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert (int(answer.headers["Content-Length"]) < len(answer.body) / 3) is packed


async def test_the_document_is_not_sent_twice_and_answers_are_never_kept() -> None:
    async with site() as here:
        first = await here.ask("/openapi.json", "")
        again = await here.ask("/openapi.json", "", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status, again.body) == (304, b"")
        assert (await here.ask("/api/network-stats")).headers["Cache-Control"] == "no-store"


async def test_another_site_and_another_name_are_refused_whatever_they_show() -> None:
    async with site() as here:
        for host in ("evil.example", "127.0.0.1.evil.example", "noc.example@evil.example"):
            assert "host name" in problem(await here.ask(READABLE[0], ADMIN, headers={"Host": host}), 403)
        for origin in ("http://evil.example", "null", "http://localhost:1"):
            for path in (TEST, RESET):
                headers = {"Origin": origin}
                said = problem(await here.ask(path, ADMIN, "POST", json={"router": "edge-1"}, headers=headers), 403)
                assert "another site" in said
        assert (await here.ask(READABLE[0], headers={"Origin": here.url})).status == 200
        assert (await here.ask(READABLE[0], headers={"Host": "localhost:1"})).status == 200


async def test_every_answer_bears_what_keeps_browsers_from_harm() -> None:
    async with site() as here:
        for path in (READABLE[0], "/nothing", "/network-monitor", "/network-monitor/static/textual.js", "/-/healthy"):
            headers = (await here.ask(path)).headers
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Server"] == "mktui"
            assert "Access-Control-Allow-Origin" not in headers


async def test_who_asks_too_often_is_told_when_to_come_back_and_the_probes_are_not() -> None:
    async with site(settings(requests_per_second=1)) as here:
        seen = [await here.ask(READABLE[0]) for _ in range(4)]
        assert [answer.status for answer in seen] == [200, 200, 429, 429]
        assert problem(seen[-1], 429) == "asked too often"
        assert int(seen[-1].headers["Retry-After"]) >= 1
        problem(await here.ask(READABLE[0], "a wrong token, tried again and again"), 429)
        assert (await here.ask("/-/healthy", "")).status == 200


async def test_a_token_is_counted_wherever_it_comes_from_and_an_address_whatever_it_shows() -> None:
    async with site(settings(requests_per_second=1)) as here:
        seen = [await from_address(f"127.0.0.{each}", here, VIEWER) for each in (2, 3, 4)]
        assert seen == [200, 200, 429]
        assert await from_address("127.0.0.4", here, OPERATOR) == 200
        assert [await from_address("127.0.0.5", here, "a guess") for _ in range(3)] == [401, 401, 429]


async def from_address(address: str, here: Site, token: str) -> int:
    """Ask from another address of this machine."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=(address, 0))) as http:
        return (await replace(here, http=http).ask(READABLE[0], token)).status


async def test_one_test_of_a_router_at_a_time() -> None:
    async with site() as here, anyio.create_task_group() as tasks:
        seen: list[int] = []

        async def ask() -> None:
            seen.append((await here.ask(TEST, OPERATOR, "POST", json={"router": "hotspot-1"})).status)

        for _ in range(8):
            tasks.start_soon(ask)
        await until(lambda: len(seen) == 8)
        assert seen.count(200) >= 1
        assert set(seen) == {200, 409}
        assert seen.count(409) >= 1
        assert (await here.ask(TEST, OPERATOR, "POST", json={"router": "hotspot-1"})).status == 200


async def test_a_change_is_in_the_audit_with_who_and_from_where(tmp_path: Path) -> None:
    history = History(tmp_path / "monitor.db", MonitorOptions())
    async with site() as here:
        here.fleet.chronicle = Chronicle(history)
        await here.ask(RESET, ADMIN, "POST", json={"router": "edge-1", "confirm": "edge-1"})
        await here.ask(TEST, OPERATOR, "POST", json={"router": "hotspot-1"})
        await here.fleet.reset("tower-west")
    await anyio.to_thread.run_sync(history.close)
    read = await anyio.to_thread.run_sync(_audit, tmp_path / "monitor.db")
    ours = [row for row in read if row[0].startswith("the-")]
    assert [row[:4] for row in ours] == [
        ("the-admin", "http 127.0.0.1", "reset pool", "edge-1"),
        ("the-operator", "http 127.0.0.1", "test", "hotspot-1"),
    ]
    assert len(read) == 3, "what is done on this machine is its user's"


def _audit(path: Path) -> list[tuple[str, ...]]:
    with sqlite3.connect(path) as connection:
        return connection.execute("SELECT who, origin, what, router FROM audit ORDER BY id").fetchall()


async def test_settings_that_cannot_be_read_any_more_reset_nothing() -> None:
    async with site() as here:

        async def broken(_name: str) -> Any:
            raise ConfigError("no TOML", line=3)

        here.fleet._read_setup = broken
        said = problem(await here.ask(RESET, ADMIN, "POST", json={"router": "hotspot-1"}), 409)
        assert said.startswith("nothing was reset: configuration, line 3")


async def test_a_bug_is_one_line_and_shows_nothing() -> None:
    async with site() as here:

        async def broken(name: str, **_more: object) -> Any:
            raise RuntimeError(f"secret of {name}")

        here.fleet.test = broken  # type: ignore[method-assign]  # a bug is planted
        assert problem(await here.ask(TEST, OPERATOR, "POST", json={"router": "edge-1"}), 500) == (
            "a bug in mktui: RuntimeError"
        )
        assert (await here.ask("/-/healthy", "")).status == 200


async def test_what_is_no_request_is_not_repeated_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with site() as here:
        for raw in (
            b"BREW / HTTP/1.1\r\n\r\n",
            f"GET / HTTP/1.1\r\nAuthorization\0: {ADMIN}\r\n\r\n".encode(),
            b"\x16\x03\x01\r\n\r\n",
        ):
            async with await anyio.connect_tcp("127.0.0.1", int(here.url.rpartition(":")[2])) as stream:
                await stream.send(raw)
                answer = b""
                with suppress(anyio.EndOfStream):
                    while True:
                        answer += await stream.receive()
            head, _, body = answer.partition(b"\r\n\r\n")
            assert b" 400 Bad Request" in head
            assert b"application/problem+json" in head
            assert json.loads(body)["detail"] == "this is no HTTP request"
    assert ADMIN not in caplog.text
    assert not caplog.records


async def test_a_port_that_is_taken_is_told_with_its_key() -> None:
    async with site() as here:
        port = int(here.url.rpartition(":")[2])
        with pytest.raises(ConfigError, match=r"http\.port: cannot listen at 127\.0\.0\.1"):
            async with serving(here.fleet, settings(port=port)):
                raise AssertionError("it cannot")


async def test_roles_are_a_ladder_in_the_document_too() -> None:
    told = document()["paths"]
    assert {path: each["get"]["description"] for path, each in told.items() if path.startswith("/api/n")} == {
        "/api/network-stats": "Role: viewer.", "/api/network-health": "Role: viewer.",
    }  # fmt: skip
    assert all(change.role is Role.OPERATOR for change in CHANGES)


@pytest.mark.skipif(find_spec("schemathesis") is None, reason="schemathesis is not installed")
@pytest.mark.timeout(240)
async def test_nothing_that_schemathesis_thinks_of_is_a_bug(tmp_path: Path) -> None:
    async with site() as here:
        await ready(here)
        command = [
            "st", "run", f"{here.url}/openapi.json", "--header", f"Authorization: Bearer {ADMIN}",
            "--max-examples", "20", "--seed", "1", "--generation-deterministic", "--no-color", "--phases",
            "examples,coverage,fuzzing", "--exclude-checks", "positive_data_acceptance",
        ]  # fmt: skip
        done = await anyio.run_process([*_here(command)], check=False, stderr=subprocess.STDOUT, cwd=tmp_path)
        assert done.returncode == 0, done.stdout.decode()[-6000:]


def _here(command: list[str]) -> list[str]:
    return [str(Path(sys.executable).with_name(command[0])), *command[1:]]


def test_alerts_are_shown_as_they_are_and_of_one_router_only_its_own() -> None:
    shown = replace(fleet(), alerts=alerts())
    (read,) = (each for each in READS if each.path == "/api/alerts")
    told = json.loads(read.text(shown))
    assert [(each["rule"], each["router"], each["state"]) for each in told["alerts"]] == [
        ("router_down", "tower-cerro-alto", "firing"), ("pool_exhausted", "hotspot-plaza", "firing"),
        ("router_down", "tower-west", "silenced"), ("early_warning", "edge-2", "pending"),
    ]  # fmt: skip
    assert told["silences"][0]["why"] == "mast is being replaced"
    assert [(each["name"], each["problem"]) for each in told["receivers"]] == [
        ("noc", ""), ("chat", "it answered 503 Service Unavailable"),
    ]  # fmt: skip
    assert told["is_watched"] is True
    assert [each["router"] for each in json.loads(read.text(only(shown, "tower-west")))["alerts"]] == ["tower-west"]
    assert json.loads(read.text(fleet()))["is_watched"] is False
