"""A command by hand that is interrupted: the answer to a write is waited for, and what nobody knows is said."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.headless.programs import PROGRAM
from tests.headless.shops import open_shop, write_fleet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.headless.shops import Shop

pytestmark = pytest.mark.realtime


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path) as opened:
        yield opened


def interrupted(shop: Shop, *arguments: str, by: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
    """Run a command, and interrupt it once it is connected, which is when its write leaves."""
    command = [*PROGRAM, "-v", "--config", str(shop.config), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "connected" not in (line := process.stderr.readline()):
            assert line, "it ended before"
        process.send_signal(by)
        out, err = process.communicate(timeout=20)
    assert "Traceback" not in err
    return process.returncode, out, err


def audit_of(shop: Shop) -> str:
    (change,) = shop.run("errors", "audit", "--json").document["changes"]
    return str(change["outcome"])


ADD = ("run", "edge-1", "/ppp/secret/add", "name=ana")


def test_the_answer_to_a_write_that_has_left_is_waited_for(shop: Shop) -> None:
    shop.order("slow /ppp/secret/add 1")
    code, out, err = interrupted(shop, *ADD, "--json")
    assert code == 143
    assert json.loads(out)["outcome"] == "applied"
    assert [*json.loads(out)["rows"][0]] == ["ret"]
    assert "unknown" not in err
    assert set(shop.rows()) == {"ana"}
    assert audit_of(shop) == "done"


@pytest.mark.parametrize(("by", "ends"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_of_a_write_whose_answer_does_not_come_it_is_said_that_nobody_knows(
    shop: Shop, by: signal.Signals, ends: int
) -> None:
    shop.order("slow /ppp/secret/add 60")
    code, out, err = interrupted(shop, *ADD, "--json", by=by)
    words = "edge-1: /ppp/secret/add: outcome unknown, it may have been done: interrupted before the answer came"
    assert code == ends
    assert json.loads(out)["outcome"] == "unknown"
    assert f"mktui: {words}\n" in err
    assert audit_of(shop) == f"failed: {words}"


@pytest.mark.parametrize("arguments", [ADD, ("batch", "-")], ids=lambda words: str(words[0]))
def test_a_write_that_has_not_left_is_not_sent_any_more(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        file = write_fleet(tmp_path, [silent.getsockname()[1]])
        command = [*PROGRAM, "--config", str(file), *arguments]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            process.stdin.write("edge-1 /ppp/secret/add name=ana\n")
            process.stdin.close()
            router, _ = silent.accept()
            with router:
                router.recv(1)
                process.send_signal(signal.SIGTERM)
                assert process.wait(20) == 143
            assert process.stderr is not None
            err = process.stderr.read()
    assert "unknown" not in err
    assert "Traceback" not in err
    assert ("1 not sent" in err) == (arguments[0] == "batch")
