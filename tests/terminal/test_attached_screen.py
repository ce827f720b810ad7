"""A screen that shows another mktui: in real terminals, over the socket and over ssh; and one that has lost it."""

from __future__ import annotations

import getpass
import re
import shutil
import signal
import socket as sockets
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyte
import pytest

from mktui.services.control.files import UNKNOWN
from mktui.services.control.place import socket_of
from mktui.tui.app import ControlRoom
from tests.headless.programs import mktui
from tests.headless.shops import open_shop
from tests.headless.test_serve import serving, wait
from tests.terminal.driving import look
from tests.terminal.pictured import SIZES
from tests.terminal.pictured_routers import lost
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_billing import BOOKS
from tests.terminal.recorded_stability import RUNNING, RecordedStability
from tests.terminal.terminals import on_a_pty
from tests.terminal.test_pictures import after

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.pilot import Pilot

    from tests.headless.shops import Shop
    from tests.terminal.terminals import Terminal
    from tests.terminal.test_pictures import Compare


GONE: Final = "/run/user/1000/mktui/control.sock: not connected; it is tried again and again"


def test_a_lost_connection_in_a_theme_of_high_contrast(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(lost(), theme="high-contrast"), run_before=after())


AT_EACH_SIZE = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


def lost_with_more() -> RecordedServices:
    """Billing says by itself how old it is, and so does a test that ran."""
    services = replace(lost(), stability=RecordedStability(replace(RUNNING, problem=GONE, ends_with_screen=True)))
    services.billing.problem = GONE
    services.billing.books = replace(BOOKS, read_at=services.recorded.at - timedelta(seconds=95))
    return services


@AT_EACH_SIZE
def test_billing_behind_a_lost_connection(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(ControlRoom(lost_with_more()), terminal_size=size, run_before=after("5"))


@AT_EACH_SIZE
def test_tests_behind_a_lost_connection(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(ControlRoom(lost_with_more()), terminal_size=size, run_before=after("4"))


@pytest.mark.parametrize("key", ["4", "5"])
def test_both_in_a_light_theme(snap_compare: Compare, key: str) -> None:
    assert snap_compare(ControlRoom(lost_with_more(), theme="noc-light"), run_before=after(key))


def test_a_large_book_says_how_much_of_it_has_come(snap_compare: Compare) -> None:
    services = RecordedServices()
    services.billing.books, services.billing.so_far = None, "4,500 of 30,012 rows"
    assert snap_compare(ControlRoom(services), run_before=after("5"))


def test_a_file_of_which_nobody_knows_what_became(snap_compare: Compare, tmp_path: Path) -> None:
    services = RecordedServices()
    file = tmp_path / "november.csv"
    file.write_text("username,profile\nana-2,gold\n", encoding="utf-8")
    services.billing.read_file(file, "subscriber")
    assert services.billing.reading is not None
    unsure = replace(services.billing.reading, file=Path("/home/ana/november.csv"), is_writing=True)
    services.billing.reading = unsure

    async def then_lost(pilot: Pilot[None]) -> None:
        await after("5", "I")(pilot)
        services.billing.reading = replace(unsure, is_writing=False, is_unsure=True, problem=UNKNOWN)
        await look(pilot)

    assert snap_compare(ControlRoom(services), run_before=then_lost)


def test_what_keeps_a_screen_from_being_asked_is_told_on_it(snap_compare: Compare) -> None:
    notice = "mktui already serves here, pid 4711: this screen opens router sessions of its own"
    assert snap_compare(ControlRoom(RecordedServices(), notices=[notice]), run_before=after())


def shown(terminal: Terminal) -> str:
    """What the terminal's eyes see."""
    screen = pyte.Screen(80, 24)
    pyte.ByteStream(screen).feed(bytes(terminal.output))
    return "\n".join(screen.display)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path, count=3) as opened:
        yield opened


@contextmanager
def screen(shop: Shop, *arguments: str) -> Iterator[Terminal]:
    with on_a_pty("-m", "mktui", "--config", str(shop.config), *arguments) as terminal:
        yield terminal


@pytest.mark.realtime
def test_several_operators_see_and_steer_one_serve_without_a_session_of_their_own(shop: Shop) -> None:
    with serving(shop) as served:
        wait(lambda: served.ask("snapshot")["done"]["routers"][0]["facts"]["read_at"])
        sessions = len(shop.ask("/user/active/print"))
        with screen(shop, "--attach") as ana, screen(shop, "--read-only", "--attach") as luis:
            ana.until(lambda: "edge-1" in shown(ana) and "healthy" in shown(ana))
            luis.until(lambda: "edge-1" in shown(luis) and " RO" in shown(luis))
            assert len(shop.ask("/user/active/print")) == sessions
            ana.type("b")
            ana.until(lambda: "Isolate" in shown(ana))
            ana.type("y")
            luis.until(lambda: "isolated" in shown(luis))
            luis.type("b")
            luis.until(lambda: "refused, this is read-only" in shown(luis))
            assert served.end(signal.SIGTERM) == 0
            ana.until(lambda: "CONNECTION LOST" in shown(ana) and "edge-1" in shown(ana))
            with serving(shop):
                ana.until(lambda: "CONNECTION LOST" not in shown(ana) and "healthy" in shown(ana))
                ana.type("q")
                ana.until(lambda: ana.process.poll() is not None)
                assert ana.process.returncode == 0
                assert luis.send(signal.SIGTERM) == 143


@pytest.mark.realtime
def test_billing_is_changed_and_stability_tested_from_a_screen_that_is_attached(shop: Shop) -> None:
    with serving(shop), screen(shop, "--attach") as ana, screen(shop, "--read-only", "--attach") as luis:
        for each in (ana, luis):
            each.until(lambda each=each: "healthy" in shown(each))  # type: ignore[misc]  # bound at once
            each.type("5")
            each.until(lambda each=each: "3 subscribers" in shown(each))  # type: ignore[misc]  # as above
        ana.type("E")
        ana.until(lambda: "Suspend" in shown(ana) and "y yes" in shown(ana))
        ana.type("y")
        ana.until(lambda: "[u] takes back: suspend" in shown(ana))
        luis.until(lambda: "suspended" in shown(luis))
        luis.type("E")
        luis.until(lambda: "refused, this is read-only" in shown(luis))
        ana.type("u")
        ana.until(lambda: "Take back" in shown(ana))
        ana.type("y")
        luis.until(lambda: "suspended" not in shown(luis))
        ana.type("4")
        ana.until(lambda: "Tests" in shown(ana))
        ana.type("v")
        ana.until(lambda: "simulated: 1 passed" in shown(ana))
    changes = shop.run("errors", "audit", "--json").document["changes"]
    what = [each["what"] for each in changes if each["from"].startswith("attached")]
    assert [each.partition(" ")[0] for each in what] == ["take", "suspend"]


@pytest.mark.realtime
def test_an_attached_screen_has_the_keys_and_the_theme_of_who_sits_before_it(shop: Shop, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[ui]\ntheme = "ansi"\n[keys]\ndiagnosis = "W"\ntest = "Z"\n', encoding="utf-8")
    with serving(shop), on_a_pty("-m", "mktui", "--config", str(own), "--attach", str(socket_of(shop.config))) as ana:
        ana.until(lambda: "healthy" in shown(ana) and "Z test" in shown(ana) and "W why" in shown(ana))
        ana.type("W")
        ana.until(lambda: "no findings" in shown(ana) or "finding" in shown(ana))
        assert ana.send(signal.SIGTERM) == 143
        assert re.search(rb"[34]8[:;][25]", ana.output) is None, "a colour that is not the terminal's own"


@pytest.mark.realtime
@pytest.mark.parametrize("broken", ['[keys]\ntset = "Z"\n', "[ui]\ntheme = 7\n"], ids=["keys", "theme"])
def test_what_is_wrong_with_them_is_told_and_is_no_reason_not_to_attach(
    shop: Shop, tmp_path: Path, broken: str
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(broken, encoding="utf-8")
    with serving(shop), on_a_pty("-m", "mktui", "--config", str(own), "--attach", str(socket_of(shop.config))) as ana:
        ana.until(lambda: "healthy" in shown(ana) and "are not used" in shown(ana))
        assert "t test" in shown(ana)


@pytest.mark.realtime
def test_where_nobody_serves_no_screen_is_opened(shop: Shop) -> None:
    with screen(shop, "--attach") as terminal:
        terminal.until(lambda: terminal.process.poll() is not None)
        terminal.until(lambda: b"nobody serves here (mktui serve does)" in terminal.output)
        assert terminal.process.returncode == 3
        assert b"\x1b[?1049h" not in terminal.output, "the alternate screen was never opened"
    assert "--attach needs a terminal" in mktui("--config", shop.config, "--attach").err


@pytest.mark.realtime
def test_a_screen_of_its_own_can_be_asked_too_and_a_second_one_says_that_it_is_the_second(shop: Shop) -> None:
    with screen(shop) as first:
        first.until(lambda: "healthy" in shown(first))
        done = mktui("--config", shop.config, "reset", "edge-1")
        assert done.out == f"edge-1: reset (pid {first.process.pid})\n"
        with screen(shop) as second:
            second.until(lambda: all(word in shown(second) for word in ("already", "serves", f"{first.process.pid}")))
        assert first.send(signal.SIGTERM) == 143
    assert not socket_of(shop.config).exists()


@contextmanager
def sshd(folder: Path, command: str) -> Iterator[int]:
    """Run an sshd of our own on loopback that lets its one key do one thing; give its port."""
    daemon = shutil.which("sshd", path="/usr/sbin:/usr/bin:/sbin")
    if daemon is None or shutil.which("ssh") is None:
        pytest.skip("no sshd here")
    for name in ("host", "user"):
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(keygen, check=True, timeout=20)
    key = (folder / "user.pub").read_text(encoding="ascii")
    (folder / "authorized").write_text(f'restrict,command="{command}" {key}', encoding="utf-8")
    (folder / "authorized").chmod(0o600)
    with sockets.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    options = (f"Port={port}", "ListenAddress=127.0.0.1", f"HostKey={folder / 'host'}", "UsePAM=no", "StrictModes=no",
               f"AuthorizedKeysFile={folder / 'authorized'}", f"PidFile={folder / 'sshd.pid'}",
               "PasswordAuthentication=no", "PermitRootLogin=yes")  # fmt: skip
    words = [daemon, "-D", "-e", "-f", "/dev/null", *(word for option in options for word in ("-o", option))]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            if "Server listening" not in line:
                pytest.skip(f"sshd does not run here: {line.strip()}")
            yield port
        finally:
            process.kill()


@pytest.mark.realtime
def test_over_ssh_a_screen_is_attached_through_a_relay_and_is_kept_with_where_it_came_from(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrapper = tmp_path / "bin" / "ssh"
    wrapper.parent.mkdir()
    real = shutil.which("ssh")
    wrapper.write_text(
        f"#!/bin/sh\nexec {real} -F /dev/null -i {tmp_path / 'user'} -o IdentitiesOnly=yes"
        f' -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR "$@"\n',
        encoding="utf-8",
    )
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:/usr/local/bin:/usr/bin:/bin")
    place = socket_of(shop.config)
    relay = f"PYTHONPATH={':'.join(filter(None, sys.path))} {sys.executable} -m mktui control-relay --socket {place}"
    with sshd(tmp_path, relay) as port, serving(shop) as served:
        where = f"ssh://{getpass.getuser()}@127.0.0.1:{port}"
        with screen(shop, "--attach", where) as terminal:
            terminal.until(lambda: "edge-1" in shown(terminal) and "healthy" in shown(terminal))
            terminal.type("R")
            terminal.until(lambda: "Reset the pool of" in shown(terminal))
            terminal.type("y")
            wait(lambda: any(line["event"] == "pool reset" for line in served.lines()))
            terminal.type("q")
            terminal.until(lambda: terminal.process.poll() is not None)
            assert terminal.process.returncode == 0
        assert served.end(signal.SIGTERM) == 0
        with screen(shop, "--attach", where) as terminal:
            terminal.until(lambda: terminal.process.poll() is not None)
            terminal.until(lambda: b"nobody serves here" in terminal.output)
            assert terminal.process.returncode == 3
    (change,) = shop.run("errors", "audit", "--json").document["changes"]
    assert change["what"] == "reset pool"
    assert change["from"] == "attached, ssh 127.0.0.1"
