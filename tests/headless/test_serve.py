"""``mktui serve`` as a process: asked by others, ended by signals, killed and started again."""

from __future__ import annotations

import json
import os
import re
import signal
import socket as sockets
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from mktui.services.control.place import socket_of
from mktui.services.one_writer import only_writer
from tests.headless.programs import PROGRAM, mktui
from tests.headless.shops import Shop, customers, open_shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.realtime
AUTOMATIC = "[sync]\nautomatic = true\ninterval = 0\ndebounce = 1\n"
WRITTEN = "select count(*) from journal"


def wait(is_so: Callable[[], Any], within: float = 25) -> None:
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.03)


@dataclass
class Served:
    """An mktui that serves."""

    process: subprocess.Popen[str]
    socket: Path
    log: Path

    def ask(self, do: str, **facts: Any) -> Any:  # Any: JSON
        """Ask it something, as a program that knows nothing of mktui would."""
        with sockets.socket(sockets.AF_UNIX) as to:
            to.connect(str(self.socket))
            to.sendall(json.dumps({"v": 1, "id": 1, "do": do, **facts}).encode() + b"\n")
            return json.loads(to.makefile(encoding="utf-8").readline())

    def lines(self) -> list[dict[str, Any]]:  # Any: JSON
        """The log so far."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

    def synced(self) -> int:
        """How many syncs it has told of."""
        return sum(line["event"] == "sync" for line in self.lines())

    def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


@contextmanager
def serving(shop: Shop, *more: str) -> Iterator[Served]:
    log = shop.folder / "serve.log"
    log.unlink(missing_ok=True)
    command = [*PROGRAM, "--config", str(shop.config), "serve", "--log-format", "json", "--log-file", str(log), *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        served = Served(process, socket_of(shop.config), log)
        try:
            wait(lambda: log.exists() and '"serving"' in log.read_text(encoding="utf-8"))
            yield served
        finally:
            process.kill()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path, count=5, more=AUTOMATIC) as opened:
        yield opened


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=str)
def test_a_signal_ends_it_in_good_order_with_0_and_the_routers_sessions_are_closed(
    shop: Shop, number: signal.Signals
) -> None:
    with serving(shop) as served:
        wait(lambda: served.ask("snapshot")["done"]["routers"][0]["pool"]["ready"] > 0)
        assert len(shop.ask("/user/active/print")) > 1
        assert served.end(number) == 0
        assert served.process.communicate() == ("", "")
        assert [line["event"] for line in served.lines()][-1] == "stopped"
        told = [line["event"] for line in served.lines()]
        assert not {"connection lost", "circuit opened"}.intersection(told), "an end in good order is no loss"
        assert [line["signal"] for line in served.lines() if line["event"] == "stopping"] == [number.name]
        wait(lambda: len(shop.ask("/user/active/print")) == 1)
        assert not served.socket.exists()


def test_a_signal_while_passwords_are_still_fetched_ends_it_at_once(shop: Shop, tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    text = shop.config.read_text(encoding="utf-8")
    slow = f"password = {{ command = ['sh', '-c', 'touch {asked}; exec sleep 60'] }}"
    shop.config.write_text(text.replace("password = 'secret'", slow), encoding="utf-8")
    with subprocess.Popen([*PROGRAM, "--config", str(shop.config), "serve"], stderr=subprocess.PIPE) as process:
        wait(asked.exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_a_second_one_is_refused_before_it_opens_a_session(shop: Shop) -> None:
    with serving(shop) as served:
        wait(lambda: served.ask("snapshot")["done"]["routers"][0]["pool"]["ready"] > 0)
        sessions = len(shop.ask("/user/active/print"))
        second = mktui("--config", shop.config, "serve")
        assert second.code == 1
        assert f"mktui already serves here, pid {served.process.pid} (mktui --attach shows it)" in second.complaint
        assert len(shop.ask("/user/active/print")) == sessions
        assert served.ask("snapshot")["done"]["routers"]


def test_after_kill_9_the_socket_is_taken_over_and_what_was_synced_is_not_synced_again(shop: Shop) -> None:
    with serving(shop) as served:
        wait(lambda: len(shop.rows()) == 5 and served.synced())
        runs = shop.query("select id, router, cause, summary from runs")
        written = shop.query(WRITTEN)
        os.kill(served.process.pid, signal.SIGKILL)
        served.process.wait()
        assert served.socket.exists()
        assert mktui("--config", shop.config, "status").code == 0, "a dead one's socket is nobody's"
    before = {name: row["password"] for name, row in shop.rows().items()}
    with serving(shop) as served:
        wait(served.synced)
        assert [line["text"] for line in served.lines() if line["event"] == "sync"] == ["in step, nothing to do"]
        assert served.ask("report", router="edge-1")["v"] == 1
        assert shop.query(WRITTEN) == written
        assert set(runs) <= set(shop.query("select id, router, cause, summary from runs"))
        assert served.end(signal.SIGTERM) == 0
    assert {name: row["password"] for name, row in shop.rows().items()} == before
    assert len(shop.ask("/ppp/secret/print")) == 5, "nobody is there twice"


def test_kill_9_in_the_middle_of_a_sync_and_the_next_one_writes_nobody_twice(tmp_path: Path) -> None:
    with open_shop(tmp_path, count=120, more=AUTOMATIC) as shop:
        shop.order("slow /ppp/secret/add 0.05")
        with serving(shop) as served:
            wait(lambda: len(shop.rows()) >= 10)
            os.kill(served.process.pid, signal.SIGKILL)
            served.process.wait()
        shop.order("clear")
        database = sqlite3.connect(shop.folder / "billing.db")
        with database:  # a minute passes: the lease of the one that was killed is over
            database.execute("update leases set owner = ''")
        database.close()
        with serving(shop) as served:
            wait(lambda: served.synced() and len(shop.rows()) == 120)
            assert served.end(signal.SIGTERM) == 0
        names = [row["name"] for row in shop.ask("/ppp/secret/print")]
        assert sorted(names) == [each.username for each in customers(120)], "nobody is there twice"
        assert shop.query("select count(*) from journal where state in ('sent', 'unknown')") == [(0,)]


def test_commands_ask_the_one_that_runs_and_open_no_session(shop: Shop) -> None:
    with serving(shop) as served:
        wait(lambda: served.synced() and served.ask("snapshot")["done"]["routers"][0]["facts"]["read_at"])
        sessions = len(shop.ask("/user/active/print"))
        document = mktui("--config", shop.config, "status", "--json").document
        assert document["routers"][0]["health"] == "healthy"
        assert document["routers"][0]["performance"]["commands"] > 5, "of the one that runs, not of a pool of its own"
        assert len(shop.ask("/user/active/print")) == sessions
        done = mktui("--config", shop.config, "breaker", "edge-1", "isolate")
        assert (done.code, done.err) == (0, "")
        assert mktui("--config", shop.config, "status").code == 3
        assert mktui("--config", shop.config, "breaker", "edge-1", "probe").code == 0
        wait(lambda: served.ask("snapshot")["done"]["routers"][0]["pool"]["ready"] > 0)
        text = shop.config.read_text(encoding="utf-8")
        shop.config.write_text(text.replace("[pool]", "[pool]\nmax_size = 7"), encoding="utf-8")
        reset = mktui("--config", shop.config, "reset", "edge-1")
        assert reset.out == f"edge-1: reset (pid {served.process.pid})\n"
        assert served.ask("snapshot")["done"]["routers"][0]["pool"]["max_size"] == 7, "its settings were read afresh"
        shop.config.write_text("nonsense", encoding="utf-8")
        assert mktui("--config", shop.config, "reset", "edge-1").code == 2


def test_what_a_tab_of_a_browser_runs_draws_into_pipes(shop: Shop) -> None:
    browser = os.environ | {"TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver"}
    with (
        serving(shop) as served,
        subprocess.Popen(
            [*PROGRAM, "--attach", str(served.socket)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=browser,
        ) as tab,
    ):  # fmt: skip
        assert tab.stdout is not None
        assert tab.stdout.readline() == b"__GANGLION__\n", "the web driver's word for: here I am"
        tab.kill()


def test_what_was_done_over_the_socket_and_by_hand_is_in_the_audit_by_names_not_values(shop: Shop) -> None:
    with serving(shop) as served:
        mktui("--config", shop.config, "reset", "edge-1")
        served.end(signal.SIGTERM)
    for words in (
        ("run", "edge-1", "/ppp/secret/add", "name=zoe", "password=pw-zoe-hush"),
        ("run", "edge-1", "/ppp/secret/add", "name=zoe", "password=pw-zoe-hush"),
        ("run", "edge-1", "/ppp/secret/print"),
        ("sync", "pause", "edge-1", "--reason", "being replaced"),
        ("sync", "resume", "edge-1"),
        ("config", "set", "pool.max_size", "4", "--yes"),
    ):
        shop.run(*words)
    changes = shop.run("errors", "audit", "--json").document["changes"]
    told = [(each["what"], each["router"], each["outcome"].partition(":")[0]) for each in reversed(changes)]
    assert [each for each in told if not each[0].startswith("sync (")] == [
        ("reset pool", "edge-1", "done"),
        ("run /ppp/secret/add name=zoe password=…", "edge-1", "done"),
        ("run /ppp/secret/add name=zoe password=…", "edge-1", "failed"),
        ("hold automatic syncs: being replaced", "edge-1", "done"),
        ("let automatic syncs go on", "edge-1", "done"),
        ("save configuration: pool.max_size 5 (default) → 4", "", "done"),
    ]
    (reset,) = [each for each in changes if each["what"] == "reset pool"]
    assert reset["from"].startswith("attached, ")
    assert "hush" not in json.dumps(changes)


def test_a_batch_is_one_writer_and_each_of_its_writes_is_kept(shop: Shop) -> None:
    file = shop.folder / "changes.txt"
    file.write_text("/ppp/secret/add name=zoe password=pw-zoe-hush\n/ppp/secret/add name=zoe\n/ip/pool/print\n")
    with only_writer("edge-1", f"127.0.0.1:{shop.ports[0]}", "a sync, by hand"):
        refused = shop.run("batch", file, "--keep-going")
        assert refused.code == 6
        assert "edge-1 is being written to by pid" in refused.err
        assert not shop.rows()
    assert shop.run("batch", file, "--keep-going").code == 1
    changes = shop.run("errors", "audit", "--json").document["changes"]
    assert [(each["what"], each["outcome"].partition(":")[0]) for each in reversed(changes)] == [
        ("run /ppp/secret/add name=zoe password=…", "applied"),
        ("run /ppp/secret/add name=zoe", "not applied"),
    ]
    assert "hush" not in json.dumps(changes)


def test_a_relay_speaks_for_a_viewer_who_cannot_make_himself_more(shop: Shop) -> None:
    relay = [*PROGRAM, "--config", str(shop.config), "--read-only", "control-relay"]
    asked = '{"v":1,"id":1,"do":"hello","role":"admin"}\n{"v":1,"id":2,"do":"reset","router":"edge-1"}\n'
    with serving(shop):
        done = subprocess.run(relay, input=asked, capture_output=True, text=True, timeout=30, check=True)
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["done"]["may_write"] is False
    assert second["error"] == {"kind": "ReadOnly", "text": "reset: refused, this is read-only"}
    gone = subprocess.run(relay, input=asked, capture_output=True, text=True, timeout=30, check=False)
    assert gone.returncode == 3
    assert "nobody serves here" in gone.stderr


def test_a_serve_that_is_read_only_syncs_nothing_and_lets_nobody_change_anything(shop: Shop) -> None:
    text = shop.config.read_text(encoding="utf-8")
    with serving(shop, "--read-only") as served:
        wait(lambda: served.ask("snapshot")["done"]["routers"][0]["facts"]["read_at"])
        assert served.ask("snapshot")["done"]["routers"][0]["sync"]["is_automatic"] is False
        for do in ("reset", "isolate", "apply"):
            assert served.ask(do, router="edge-1")["error"]["kind"] == "ReadOnly"
        assert mktui("--config", shop.config, "reset", "edge-1").code == 6
    assert not shop.rows()
    assert shop.config.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("words", [("reset", "edge-1"), ("breaker", "edge-1", "isolate")], ids=" ".join)
def test_a_command_that_is_read_only_does_not_even_ask(shop: Shop, words: tuple[str, ...]) -> None:
    with serving(shop) as served:
        refused = mktui("--config", shop.config, "--read-only", *words)
        assert refused.code == 6
        assert refused.complaint.endswith("would change something: --read-only")
        assert served.ask("snapshot")["done"]["routers"][0]["pool"]["circuit_breaker"]["state"]["is"] == "closed"


def test_systemd_is_told_when_it_is_ready_that_it_lives_and_when_it_stops(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        with serving(shop) as served:
            told = [heard.recv(200) for _ in range(4)]
            assert b"READY=1\nSTATUS=serving 1 router" in told
            assert told.count(b"WATCHDOG=1") == 3
            served.process.send_signal(signal.SIGTERM)
            while heard.recv(200) != b"STOPPING=1":
                pass


def test_no_password_is_in_anything_that_serve_writes_or_answers(tmp_path: Path) -> None:
    with open_shop(tmp_path, count=5, more=AUTOMATIC, simulate="--password rt-hush-key") as shop:
        text = shop.config.read_text(encoding="utf-8").replace("'secret'", "'rt-hush-key'")
        shop.config.write_text(text, encoding="utf-8")
        with serving(shop, "-v") as served:
            wait(served.synced)
            shop.save(customers(2, password="pw-fresh-hush"))
            answers = [served.ask(do, **facts) for do, facts in (
                ("snapshot", {}), ("test", {"router": "edge-1"}), ("plan", {"router": "edge-1"}), ("errors", {}),
                ("report", {"router": "edge-1"}), ("reset", {"router": "edge-1"}), ("hello", {"origin": "x"}),
                ("save config", {"digest": None, "modified_ns": 0, "text": "password = 'rt-hush-key'"}),
            )]  # fmt: skip
            wait(lambda: served.ask("planning", router="edge-1")["done"] is not None)
            answers.append(served.ask("planning", router="edge-1"))
            answers.append(_found(served, "user-001"))
            assert served.end(signal.SIGTERM) == 0
            out, err = served.process.communicate()
            everything = json.dumps(answers) + out + err + served.log.read_text(encoding="utf-8")
        assert "user-001" in everything
        assert not re.findall(r"hush", everything)


def _found(served: Served, name: str) -> Any:  # Any: JSON
    with sockets.socket(sockets.AF_UNIX) as to:
        to.connect(str(served.socket))
        lines = to.makefile("rw", encoding="utf-8")
        print(json.dumps({"v": 1, "id": 1, "do": "find", "name": name}), file=lines, flush=True)
        lines.readline()
        while True:
            print(json.dumps({"v": 1, "id": 2, "do": "found"}), file=lines, flush=True)
            answer = json.loads(lines.readline())
            if answer["done"]["finished_at"]:
                return answer
            time.sleep(0.05)


LOADED = """
import sys
from mktui.cli import main
try:
    main({words!r})
except SystemExit as end:
    print(end.code, [name for name in {names!r} if name in sys.modules])
"""


def loads(words: list[str], *names: str) -> list[str]:
    return [sys.executable, "-c", LOADED.format(words=words, names=names)]


def test_serve_loads_no_terminal_and_who_asks_it_loads_no_database(shop: Shop) -> None:
    config = ["--config", str(shop.config)]
    quiet = loads([*config, "serve"], "textual", "structlog")
    with subprocess.Popen(quiet, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        served = Served(process, socket_of(shop.config), shop.folder)
        wait(served.socket.exists)
        wait(lambda: served.ask("snapshot")["done"]["routers"][0]["facts"]["read_at"])
        for words in (["status"], ["reset", "edge-1"], ["breaker", "edge-1", "probe"]):
            asks = loads(
                [*config, *words], "textual", "rich", "sqlalchemy", "structlog", "mktui.services.control.forms"
            )
            done = subprocess.run(asks, capture_output=True, text=True, timeout=30, check=True)
            assert done.stdout.splitlines()[-1] == "0 []", words
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20)[0] == "0 ['structlog']\n"
