"""``mktui alerts`` from a shell; and an mktui serve that is killed, restarted, and tells each pair once."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest
from anyio.from_thread import start_blocking_portal

from mktui.services.alerts.keeping import AlertFile, file_of
from tests.headless.programs import PROGRAM, mktui_here, simulated, write_config
from tests.services.alerts.receivers import answering, dripping, listening, well

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.services.alerts.receivers import Behaviour, Listener

QUICK: Final = "[alerts]\nsteady = 0\n[alerts.rules]\nrouter_down = 'at once'\n"


def receiver(name: str, url: str, **more: str) -> str:
    """One webhook of a configuration."""
    lines = [f"[[alerts.webhooks]]\nname = '{name}'\nurl = '{url}'\n"]
    return "".join(lines + [f"{key} = {value}\n" for key, value in more.items()])


def program(name: str, *words: str) -> str:
    """One hook of a configuration."""
    return f"[[alerts.hooks]]\nname = '{name}'\ncommand = {json.dumps(words)}\n"


@contextmanager
def heard(behaviour: Behaviour = well) -> Iterator[Listener]:
    """Listen in another thread for the block."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(listening(behaviour)) as listener:
        yield listener


def config(tmp_path: Path, more: str = "") -> Path:
    """A configuration of one router."""
    return write_config(tmp_path / "config.toml", 1, more=more)


@pytest.mark.realtime
def test_each_receiver_is_tried_with_a_pair_and_said_as_it_is(tmp_path: Path) -> None:
    with heard() as good, heard(answering("503 Busy")) as bad, heard(dripping) as slow:
        hooks = program("sms", "false") + program("yes", "true")
        more = receiver("good", good.url, token="'hush-token'") + receiver("bad", bad.url)
        more += receiver("slow", slow.url, timeout="0.5")
        file = config(tmp_path, more + hooks)
        ended = mktui_here("--config", file, "alerts", "test", "--json")
        assert ended.code == 5
        found = {each["name"]: each for each in ended.document["receivers"]}
        assert {name: each["ok"] for name, each in found.items()} == {
            "good": True, "bad": False, "slow": False, "sms": False, "yes": True,
        }  # fmt: skip
        assert found["bad"]["problem"] == "firing: it answered 503 Busy"
        assert found["slow"]["problem"] == "firing: no answer within 0.5 s"
        assert found["sms"]["problem"] == "firing: ended with exit code 1"
        assert len(found["good"]["took"]) == 2
        alerts = [body["alerts"][0] for body in good.taken]
        assert [(each["status"], each["labels"]["alertname"]) for each in alerts] == [
            ("firing", "mktui_test"), ("resolved", "mktui_test"),
        ]  # fmt: skip
        assert alerts[0]["fingerprint"] == alerts[1]["fingerprint"]
        assert good.headers[0]["authorization"] == "Bearer hush-token"
        assert mktui_here("--config", file, "alerts", "test", "good").code == 0
        none = mktui_here("--config", file, "alerts", "test", "bad", "slow")
        assert none.code == 3
        assert "not taken: firing: it answered 503 Busy" in none.out
        assert "hush" not in ended.out + ended.err + none.out + none.err


def test_who_is_to_be_tried_must_be_there(tmp_path: Path) -> None:
    assert "nobody is told of alerts" in mktui_here("--config", config(tmp_path), "alerts", "test").complaint
    ended = mktui_here("--config", config(tmp_path, receiver("noc", "http://h/")), "alerts", "test", "nco")
    assert ended.code == 2
    assert ended.complaint.endswith("no receiver is called 'nco' (there are: noc)")


def test_what_is_silenced_is_listed_kept_in_the_audit_and_ended(tmp_path: Path) -> None:
    file = config(tmp_path, f"[monitor]\nfile = '{tmp_path / 'monitor.db'}'\n")

    def alerts(*words: str) -> Any:  # Any: how it ended
        return mktui_here("--config", file, "alerts", *words)

    assert alerts("list").out == "nothing is wrong, as far as the rules see\n"
    made = alerts(
        "silence", "--rule", "router_*", "--router", "edge-*", "--for", "2h", "--why", "a new\n mast", "--json"
    )
    assert made.code == 0
    silence = made.document["silence"]
    assert (silence["rule"], silence["router"], silence["why"]) == ("router_*", "edge-*", "a new mast")
    assert (
        alerts("silence", "--for", "30m").out.partition(": ")[2].startswith("nothing is told of every rule of every ")
    )
    listed = alerts("list", "--json").document
    assert {each["id"] for each in listed["silences"]} >= {silence["id"]}
    assert len(listed["silences"]) == 2
    assert listed["is_live"] is False
    assert "a new mast" in alerts("list").out
    assert alerts("unsilence", silence["id"], "nobody").complaint.startswith(
        "mktui: configuration: no silence is called"
    )
    assert alerts("unsilence", silence["id"]).out == f"{silence['id']}: router_* of edge-* may be told again\n"
    assert alerts("unsilence", "--all").code == 0
    assert alerts("list", "--json").document["silences"] == []
    assert alerts("unsilence", "--all").code == 0
    connection = sqlite3.connect(tmp_path / "monitor.db")
    whats = [what for (what,) in connection.execute("select what from audit order by rowid")]
    connection.close()
    assert whats[0].startswith("silence router_* of edge-* until 20")
    assert whats[2:] == ["end the silence of router_* of edge-*", "end the silence of every rule of every router"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("silence", "--rule", "ruoter_down", "--for", "1h"),
            "no rule is called 'ruoter_down' (there are: router_down,",
        ),
        (("silence", "--router", "edge-9", "--for", "1h"), "no router is called 'edge-9' (there are: edge-1)"),
        (("silence", "--for", "soon"), "'soon' is no span of time"),
        (("silence", "--for", "0m"), "a silence lasts a year at most"),
        (("silence", "--for", "400d"), "a silence lasts a year at most"),
        (("silence", "--rule", "router_down"), "Missing option '--for'"),
        (("unsilence",), "which? name silences, or say --all"),
        (("unsilence", "--all", "a1"), "which? name silences, or say --all"),
    ],
)
def test_what_makes_no_sense_is_one_line(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    ended = mktui_here("--config", config(tmp_path), "alerts", *words)
    assert ended.code == 2
    assert told in ended.complaint


@pytest.mark.parametrize("words", [("silence", "--for", "1h"), ("unsilence", "--all")])
def test_who_only_looks_silences_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    ended = mktui_here("--config", config(tmp_path), "alerts", *words, "--read-only")
    assert ended.code == 6


@pytest.mark.parametrize(
    ("words", "offered"),
    [(("alerts", "test", ""), ["noc", "sms"]), (("alerts", "silence", "--rule", "cl"), ["clock_skew"])],
)
def test_receivers_and_rules_are_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], offered: list[str]
) -> None:
    file = config(tmp_path, receiver("noc", "http://h/") + program("sms", "true"))
    monkeypatch.setenv("_MKTUI_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", " ".join(("mktui", "--config", str(file), *words)))
    monkeypatch.setenv("COMP_CWORD", str(2 + len(words)))
    done = subprocess.run(PROGRAM, capture_output=True, text=True, check=False)
    assert [line.partition(",")[2] for line in done.stdout.splitlines()] == offered


# -- killed -----------------------------------------------------------------------------------------------------------


def wait(is_so: Callable[[], Any], within: float = 40) -> None:
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def serving(file: Path) -> Iterator[subprocess.Popen[str]]:
    command = [*PROGRAM, "--config", str(file), "serve", "--log-format", "json"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.realtime
def test_a_serve_that_is_killed_and_started_again_tells_each_pair_once(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = tmp_path / "told"
    hook = program("file", "/bin/sh", "-c", f"cat >> {told}")
    with heard(answering("500 Down")) as down:
        more = QUICK + hook + receiver("down", down.url)
        file = write_config(tmp_path / "config.toml", port, more=more, pool="circuit_breaker_timeout = 1")
        kept = AlertFile(file_of(file))

        def statuses() -> list[str]:
            lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
            return [json.loads(line)["status"] for line in lines]

        def counts() -> tuple[int, int]:
            boxes = kept.look().boxes
            return boxes["file"].told if boxes else 0, len(boxes["down"].waiting) if boxes else 0

        with serving(file) as served:
            wait(lambda: counts() == (1, 1))
            served.send_signal(signal.SIGKILL)
            served.wait()
        assert statuses() == ["firing"]
        listed = mktui_here("--config", file, "alerts", "list", "--json", "--fail")
        assert listed.code == 1
        assert [(each["state"], each["rule"]) for each in listed.document["alerts"]] == [("firing", "router_down")]
        assert listed.document["is_live"] is False
        with serving(file) as served:
            wait(lambda: mktui_here("--config", file, "alerts", "list", "--json").document["is_live"])
            wait(lambda: "500 Down" in mktui_here("--config", file, "alerts", "list").out)
            mktui_here("--config", file, "alerts", "silence", "--for", "1h")
            assert "– silenced  router_down" in mktui_here("--config", file, "alerts", "list").out, "at once"
            mktui_here("--config", file, "alerts", "unsilence", "--all")
            with simulated("--port", str(port)):
                down.behaviour = well
                wait(lambda: counts() == (2, 0))
                wait(lambda: down.statuses() == ["firing", "resolved"])
                served.send_signal(signal.SIGKILL)
                served.wait()
        with simulated("--port", str(port)), serving(file) as served:
            wait(lambda: mktui_here("--config", file, "alerts", "list", "--json").document["is_live"])
            wait(lambda: mktui_here("--config", file, "status").code == 0)
            served.send_signal(signal.SIGTERM)
            assert served.wait(20) == 0
        assert statuses() == ["firing", "resolved"]
        assert down.statuses() == ["firing", "resolved"]
