"""A second writer to a router is refused, politely; and the lock of one who died is nobody's."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from mktui.config.model import RouterConfig
from mktui.config.secrets import SecretSource
from mktui.core.protocol.sentences import Command
from mktui.errors import LeaseLost
from mktui.monitor.options import MonitorOptions
from mktui.services.by_hand import sent_by_hand
from mktui.services.one_writer import lock_file, only_writer
from tests.services.control.houses import house

if TYPE_CHECKING:
    from pathlib import Path

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
    assert lock_file(ADDRESS).read_bytes() == b""


def test_an_address_cannot_lead_out_of_the_folder() -> None:
    folder = lock_file(ADDRESS).parent
    for address in ("../../etc/passwd:1", "[fe80::1%eth0]:8728", "a/b:1", "\x00:1"):
        assert lock_file(address).parent == folder
        assert lock_file(address).name not in {"..", "."}


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
        assert lock_file(ADDRESS).read_bytes(), "it could not say that it has ended"
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
