"""A second writer to a router is refused, politely; and the lock of one who died is nobody's."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from mktui.cli.exit_codes import ExitCode, code_of, lines_of
from mktui.config.model import RouterConfig
from mktui.config.secrets import SecretSource
from mktui.core.protocol.sentences import Command
from mktui.errors import BillingError, LeaseLost
from mktui.monitor.options import MonitorOptions
from mktui.services.by_hand import sent_by_hand
from mktui.services.one_writer import alone, lock_files, lock_folder, only_writer
from tests.services.control.houses import house

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ADDRESS = "10.0.0.1:8728"
HOLD = f"""
import sys, time
from mktui.services.one_writer import only_writer
with only_writer("edge-1", "{ADDRESS}", "mktui run edge-1 /ppp/secret/add"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_who_comes_second_is_told_who_writes_since_when_and_what_to_do() -> None:
    with only_writer("edge-1", ADDRESS, "a sync, by hand"):
        with pytest.raises(LeaseLost) as refused, only_writer("tower", ADDRESS, "mktui run tower /ip/pool/add"):
            pass
        assert re.fullmatch(
            rf"tower is being written to by pid {os.getpid()} \(a sync, by hand\), since \d{{4}}-.*\+00:00 "
            r"\(wait until it is done\)",
            str(refused.value),
        )
        with only_writer("edge-2", "10.0.0.2:8728", "another router is another lock"):
            pass
    with only_writer("edge-1", ADDRESS, "and it is free again"):
        pass
    (file,) = lock_files(ADDRESS)
    assert file.read_bytes() == b""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("127.0.0.1:8728", "localhost:8728"),
        ("LOCALHOST:8728", "127.0.0.1:8728"),
        ("10.0.0.1:8728", "[::ffff:10.0.0.1]:8728"),
        ("[fe80:0::1]:8728", "[fe80::1]:8728"),
        ("Edge.Invalid:8728", "edge.invalid:8728"),
    ],
)
def test_a_router_is_one_however_its_address_is_spelled(one: str, other: str) -> None:
    with only_writer("edge-1", one, "a sync"), pytest.raises(LeaseLost), only_writer("edge-1", other, "me"):
        pass
    with only_writer("edge-1", other, "a sync"), pytest.raises(LeaseLost), only_writer("edge-1", one, "me"):
        pass


def test_another_port_is_another_router() -> None:
    with only_writer("edge-1", "localhost:8728", "a sync"), only_writer("edge-2", "127.0.0.1:8729", "another"):
        pass


@pytest.mark.anyio
async def test_a_loop_looks_names_up_as_a_command_does() -> None:
    async with alone("edge-1", "localhost:8728", "a sync"):
        with pytest.raises(LeaseLost), only_writer("edge-1", "127.0.0.1:8728", "me"):
            pass
    with only_writer("edge-1", "127.0.0.1:8728", "me"), pytest.raises(LeaseLost):
        async with alone("edge-1", "localhost:8728", "a sync"):
            pass


def test_an_address_cannot_lead_out_of_the_folder() -> None:
    for address in ("../../etc/passwd:1", "[fe80::1%eth0]:8728", "a/b:1", "\x00:1", f"{'a' * 255}:1"):
        (file,) = lock_files(address)
        assert file.parent == lock_folder()
        with only_writer("edge-1", address, "me"):
            pass


def test_every_user_locks_in_one_folder_wherever_his_own_files_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MKTUI_LOCK_DIR")
    folder = lock_folder()
    for name in ("HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "TMPDIR"):
        monkeypatch.setenv(name, "/nowhere")
    assert lock_folder() == folder
    assert folder.stat().st_mode & 0o1002 == 0o1002


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder as /run/lock is."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o1777)
        yield folder


@pytest.mark.realtime
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize("first", ["made by us", "made by him"])
def test_two_users_keep_each_other_out(first: str, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKTUI_LOCK_DIR", str(shared))
    (file,) = lock_files(ADDRESS)
    before = os.umask(0o077)
    try:
        with only_writer("edge-1", ADDRESS, "me"):
            pass
    finally:
        os.umask(before)
    if first == "made by him":
        os.chown(file, 65534, 65534)
    hold = "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], os.O_RDWR), 6); print('held', flush=True); input()"
    words = ["/usr/bin/env", "python3", "-c", hold, str(file)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, user=65534, group=65534, cwd="/",
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(LeaseLost), only_writer("edge-1", ADDRESS, "me"):
            pass
        process.kill()
    with only_writer("edge-1", ADDRESS, "me"):
        pass


def _nowhere(file: Path) -> None:
    file.parent.rmdir()


def _a_link(file: Path) -> None:
    (file.parent / "precious").write_text("keep")
    file.symlink_to(file.parent / "precious")


def _a_dangling_link(file: Path) -> None:
    file.symlink_to(file.parent / "new")


def _no_lock(file: Path) -> None:
    file.write_text("keep")
    file.chmod(0o644)


def _a_pipe(file: Path) -> None:
    os.mkfifo(file)
    file.chmod(0o666)


@pytest.mark.parametrize("put", [_nowhere, _a_link, _a_dangling_link, _no_lock, _a_pipe])
def test_where_no_lock_can_be_had_nothing_is_written_to_a_router_nor_to_what_lies_there(
    put: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "locks"
    folder.mkdir()
    monkeypatch.setenv("MKTUI_LOCK_DIR", str(folder))
    put(lock_files(ADDRESS)[0])
    with pytest.raises(BillingError) as refused, only_writer("edge-1", ADDRESS, "me"):
        pytest.fail("it was written to")
    (line,) = lines_of(refused.value)
    assert line.startswith("edge-1 is not written to: whether another program does cannot be known: ")
    assert line.endswith("(MKTUI_LOCK_DIR names another folder, the same for each program that writes)")
    assert code_of(refused.value) is ExitCode.USAGE
    assert all(each.read_text() == "keep" for each in folder.glob("*") if each.is_file())
    assert not (folder / "new").exists()


@pytest.mark.realtime
def test_a_writer_that_was_killed_holds_nothing() -> None:
    words = [sys.executable, "-c", HOLD]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(LeaseLost, match=f"by pid {process.pid} "), only_writer("edge-1", ADDRESS, "me"):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert lock_files(ADDRESS)[0].read_bytes(), "it could not say that it has ended"
        with only_writer("edge-1", ADDRESS, "me"):
            pass


@pytest.mark.anyio
@pytest.mark.realtime
async def test_a_sync_that_finds_another_writer_is_deferred_and_writes_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        address = at.fleet.service("edge-1").setup.options.address
        with only_writer("edge-1", address, "mktui run edge-1 /ppp/secret/add"):
            report = await at.fleet.sync("edge-1")
        assert report.error == "LeaseLost"
        assert "is being written to by pid" in report.reason
        assert not at.router.tables["/ppp/secret"]
        assert (await at.fleet.sync("edge-1")).is_done


@pytest.mark.anyio
@pytest.mark.realtime
async def test_a_command_from_the_screen_is_a_writer_too_unless_it_only_reads(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        address = at.fleet.service("edge-1").setup.options.address
        with only_writer("edge-1", address, "mktui sync apply"):
            assert (await at.fleet.console.run("edge-1", Command("/ppp/secret/print"))).rows == ()
            with pytest.raises(LeaseLost, match="mktui sync apply"):
                await at.fleet.console.run("edge-1", Command("/ppp/secret/add", {"name": "zoe"}))
        await at.fleet.console.run("edge-1", Command("/ppp/secret/add", {"name": "zoe"}))
        assert len(at.router.tables["/ppp/secret"]) == 1


def test_a_command_that_only_reads_waits_for_nobody() -> None:
    router = RouterConfig(name="edge-1", host="10.0.0.1", password=SecretSource("plain", "hush"))
    address = router.options(SecretStr("")).address
    said: list[str] = []
    with only_writer("edge-1", address, "a sync"):
        with sent_by_hand(router, Command("/ppp/secret/print"), MonitorOptions(), said.append):
            pass
        adding = Command("/ppp/secret/add", {"name": "ana"})
        with pytest.raises(LeaseLost), sent_by_hand(router, adding, MonitorOptions(), said.append):
            pytest.fail("it was not refused")
    assert not said
