"""Files on the simulated router: an export says everything, an import reads it back, byte for byte."""

from __future__ import annotations

from contextlib import suppress

import anyio
import librouteros
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.core import PoolOptions
from mktui.simulator import script
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.simulator.talk import LOGIN, Talk, talking
from tests.simulator.test_foreign_clients import listening
from tests.virtual_time import backend
from tests.wiring import client_and_router

pytestmark = pytest.mark.anyio
GONE = ("/ppp/secret", "/ppp/profile", "/ip/hotspot/user", "/ip/hotspot/user/profile", "/ip/pool", "/queue/simple",
        "/ip/hotspot", "/interface/pppoe-server/server")  # fmt: skip


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    return backend(request.param)


async def read_file(talk: Talk, name: str) -> str:
    pieces: list[str] = []
    offset = 0
    while True:
        heard = await talk.ask("/file/read", f"=file={name}", f"=offset={offset}", "=chunk-size=32768")
        piece = heard[0][1].removeprefix("=data=")
        if not piece:
            return "".join(pieces)
        pieces.append(piece)
        offset += len(piece.encode("utf-8", "surrogateescape"))


def holds(router: SimulatedRouter, path: str) -> list[dict[str, str]]:
    rows = [dict(row.values) for row in router.tables[path] if not row.is_fixed]
    return [{name: value for name, value in row.items() if name != ".id"} for row in rows]


async def test_what_is_exported_and_imported_again_is_what_it_was() -> None:
    router = SimulatedRouter(RouterProfile(secrets=40, online=0))
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        odd = 'a "quoted" \\ $name; [x] = ?\r\nžluť \udcff\udc9a'
        await talk.ask("/ppp/secret/add", "=name=odd one", f"=comment={odd}", "=password=p=q", "=disabled=yes")
        await talk.ask("/ppp/profile/set", "=.id=default", "=rate-limit=1M/2M")
        before = {path: holds(router, path) for path in GONE}
        await talk.ask("/export", "=file=all", "=show-sensitive=")
        for path in GONE:
            table = router.tables[path]
            for row in list(table):
                if row.values.get("default") != "true":
                    table.remove(row)
        await talk.ask("/ppp/profile/set", "=.id=default", "=rate-limit=9M/9M")
        assert await talk.ask("/import", "=file-name=all.rsc") == [("!done",)]
        assert {path: sorted(holds(router, path), key=str) for path in GONE} == {
            path: sorted(rows, key=str) for path, rows in before.items()
        }


async def test_an_export_hides_passwords_unless_they_are_asked_for_and_6_x_does_the_opposite() -> None:
    for version, words, shows in (
        ("7.20.8", (), False), ("7.20.8", ("=show-sensitive=",), True), ("6.49", (), True),
        ("6.49", ("=hide-sensitive=",), False),
    ):  # fmt: skip
        router = SimulatedRouter(RouterProfile(secrets=3, version=version))
        async with talking(router) as talk:
            await talk.ask(*LOGIN)
            await talk.ask("/ppp/secret/export", "=file=x.rsc", *words)
            text = next(row.kept for row in router.tables["/file"] if row.values["name"] == "x.rsc")
        assert ("password=" in text) is shows, (version, words)
        assert "/ppp secret" in text
        assert "/ip service" not in text


async def test_an_import_stops_at_its_first_error_and_says_where() -> None:
    router = SimulatedRouter(RouterProfile(secrets=0))
    lines = "/ppp secret\nadd name=one\nadd name=two profile=none-such\nadd name=three\n"
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        await talk.ask("/file/add", "=name=bad.rsc", f"=contents={lines}")
        heard = await talk.ask("/import", "=file-name=bad.rsc")
        assert heard[0][-1] == "=message=input does not match any value of profile"
        assert [row.values["name"] for row in router.tables["/ppp/secret"]] == ["one"]
        await talk.ask("/file/add", "=name=worse.rsc", '=contents=/ppp secret\n:put "x"\n')
        heard = await talk.ask("/import", "=file-name=worse.rsc", "=verbose=yes", "=dry-run=yes")
        assert heard[0][-1] == "=message=bad command name :put (line 2 column 1)"
        heard = await talk.ask("/import", "=file-name=worse.rsc", "=dry-run=yes")
        assert heard[0][-1] == "=message=dry-run requires verbose"


async def test_long_contents_are_refused_and_long_files_are_read_in_pieces_from_7_13_on() -> None:
    for version, can_read in (("7.20.8", True), ("7.12.2", False)):
        router = SimulatedRouter(RouterProfile(secrets=1500, version=version, online=0))
        async with talking(router) as talk:
            await talk.ask(*LOGIN)
            heard = await talk.ask("/file/add", "=name=big.txt", f"=contents={'x' * 61_441}")
            assert heard[0][-1] == "=message=failure: contents too long"
            await talk.ask("/export", "=file=all")
            [row, _] = await talk.ask("/file/print", "?name=all.rsc")
            assert not any(word.startswith("=contents=") for word in row), "longer than what print shows"
            if can_read:
                kept = router.tables["/file"].find("all.rsc")
                assert kept is not None
                assert await read_file(talk, "all.rsc") == kept.kept
            else:
                heard = await talk.ask("/file/read", "=file=all.rsc")
                assert heard[0][-1] == "=message=no such command"


async def test_a_backup_brings_everything_back_and_restarts_the_router() -> None:
    router = SimulatedRouter(RouterProfile(secrets=5, online=0))
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        before = holds(router, "/ppp/secret")
        await talk.ask("/system/backup/save", "=name=good", "=dont-encrypt=yes")
        await talk.ask("/ppp/secret/remove", "=.id=ana-01,luis-01")
        await talk.say("/system/backup/load", "=name=good", "=password=")
        with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
            await talk.ask("/system/identity/print")
    await anyio.sleep(6)
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        assert holds(router, "/ppp/secret") == before


async def test_a_directory_of_menus_is_exported_with_all_that_is_in_it() -> None:
    router = SimulatedRouter(RouterProfile(secrets=10))
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        for path, said, not_said in (
            ("/ppp", {"/ppp profile", "/ppp secret"}, "/ip pool"),
            ("/ip", {"/ip pool", "/ip hotspot user"}, "/ppp secret"),
            ("/ip/hotspot", {"/ip hotspot", "/ip hotspot user"}, "/ip pool"),
        ):
            assert await talk.ask(f"{path}/export", "=file=part") == [("!done",)]
            lines = router.tables["/file"].named("part.rsc")[0].kept.split("\r\n")
            assert said <= set(lines)
            assert not_said not in lines
        assert (await talk.ask("/nothing/export", "=file=x"))[0][-1] == "=message=no such command prefix"


@given(st.dictionaries(st.from_regex(r"[a-z][a-z-]{0,8}", fullmatch=True), st.text(), min_size=1, max_size=5))
def test_every_text_survives_being_written_as_a_script(values: dict[str, str]) -> None:
    line = script.say("add", "", values, terse=False)
    [statement] = script.parse(f"/ppp secret\r\n{line}\r\n".replace("\r\n", "\n").replace("\n", "\r\n"))
    assert (statement.menu, statement.verb, dict(statement.values)) == ("/ppp/secret", "add", values)


@given(st.text())
def test_any_text_is_a_script_or_is_refused_with_words(text: str) -> None:
    with suppress(script.ScriptError):
        assert all(statement.verb for statement in script.parse(text))


def export_by_librouteros(port: int) -> tuple[str, str]:
    api = librouteros.connect("127.0.0.1", "admin", "secret", port=port, encoding="utf-8", timeout=10)
    config = api.config()
    text = config.export(show_sensitive=True)
    config.validate("/ppp secret\nadd name=never\n")
    config.apply("/ppp secret\nadd name=imported comment=hello\n")
    again = config.compare(text, show_sensitive=True)
    api.close()
    return text, again


@pytest.mark.realtime
@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_librouteros_exports_and_applies_over_its_own_socket() -> None:
    async with listening(RouterProfile(secrets=1500)) as (router, port):
        text, difference = await anyio.to_thread.run_sync(export_by_librouteros, port)
        assert text.count("add name=") + text.count(" name=") > 1500
        assert "+add name=never" not in difference
        assert [line for line in difference.splitlines() if line.startswith("-add")] == [
            "-add comment=hello name=imported"
        ]
        assert [row.values["name"] for row in router.tables["/file"]] == ["skins"], "nothing is left behind"


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize("version", ["7.15.3", "7.18.2", "7.22.3", "7.24"])
async def test_librouteros_config_runs_unchanged_over_the_pool(version: str) -> None:
    profile = RouterProfile(secrets=900, version=version)
    async with client_and_router(PoolOptions(min_size=2, max_size=3), profile) as (client, router):
        config = client.librouteros_api().config()
        text = await config.export(show_sensitive=True)
        assert text.startswith("# ")
        assert f"by RouterOS {version}" in text
        assert "add name=ana-01 password=" in text
        await config.apply("/ppp secret\nadd name=imported\n")
        assert router.tables["/ppp/secret"].find("imported") is not None
        assert "imported" in await config.compare(text, show_sensitive=True)
        await config.backup_save("night")
        assert await config.backup_exists("night")
