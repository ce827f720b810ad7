"""The log of serve: the same facts as JSON and as text, one line each, no secret in it, and nobody waits for a disk."""

from __future__ import annotations

import json
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from mktui.errors import ConfigError
from mktui.monitor.snapshot import SeenEvent
from mktui.services import serve_log
from mktui.services.serve_log import ServeLog, hidden, open_serve_log

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 23, 3, 40, tzinfo=UTC)


def test_an_event_is_a_line_of_json_with_its_level() -> None:
    lines: list[str] = []
    log = ServeLog("json", lines.append)
    log.heard(SeenEvent(1, AT, "edge-1", "connection lost", "reset by peer"))
    log.heard(SeenEvent(2, AT, "edge-1", "connected", ""))
    log.debug("asked", who="ana")
    first, second = map(json.loads, lines)
    assert {name: first[name] for name in ("level", "event", "router", "text", "repeats")} == {
        "level": "warning", "event": "connection lost", "router": "edge-1", "text": "reset by peer", "repeats": 1,
    }  # fmt: skip
    assert datetime.fromisoformat(first["ts"]).tzinfo is not None
    assert second["level"] == "info"


def test_as_text_the_same_line_is_for_people() -> None:
    lines: list[str] = []
    log = ServeLog("text", lines.append, verbose=True)
    log.heard(SeenEvent(1, AT, "edge-1", "connection lost", "reset by peer", 3))
    log.debug("asked", who="ana (ssh 10.0.0.9)", what="reset edge-1")
    assert [line.partition("Z ")[2] for line in lines] == [
        "warning edge-1: connection lost  reset by peer  repeats=3",
        "debug   asked  who=ana (ssh 10.0.0.9)  what=reset edge-1",
    ]


@given(st.text(), st.sampled_from(["json", "text"]))
def test_whatever_a_router_says_is_one_line(text: str, form: serve_log.Form) -> None:
    lines: list[str] = []
    ServeLog(form, lines.append).heard(SeenEvent(1, AT, "edge-1", "note", text))
    (line,) = lines
    assert len(line.splitlines()) == 1
    assert line.isprintable()


@given(
    st.recursive(st.just(SecretStr("planted-hush")), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_what_is_secret_by_its_type_is_hidden_however_deep(value: Any) -> None:
    lines: list[str] = []
    ServeLog("json", lines.append).info("seen", value=value)
    ServeLog("text", lines.append).info("seen", value=value)
    assert "planted-hush" not in "".join(lines)


@pytest.mark.parametrize("name", ["password", "router_password", "api_token", "Authorization", "client_secret"])
def test_what_is_secret_by_its_name_is_hidden(name: str) -> None:
    assert hidden(None, "info", {"facts": {name: "planted-hush"}, name: "planted-hush"}) == {
        "facts": {name: "(secret)"}, name: "(secret)"
    }  # fmt: skip


def test_an_errors_words_may_be_anybodys_password_and_only_its_class_is_logged() -> None:
    assert hidden(None, "info", {"error": ValueError("planted-hush")}) == {"error": "ValueError"}


def test_a_log_goes_to_its_file(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "mktui.log"
    with open_serve_log("json", file) as log:
        log.info("serving", routers=3)
    assert json.loads(file.read_text(encoding="utf-8"))["routers"] == 3


def test_a_file_that_cannot_be_written_is_said_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the log cannot be written there"), open_serve_log("json", tmp_path):
        pytest.fail("it was opened")


def test_a_reader_that_stands_still_holds_up_nobody_and_what_is_lost_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    goes_on, written = threading.Event(), list[str]()

    class Pipe:
        def write(self, text: str) -> None:
            goes_on.wait(20)
            written.append(text)

        def flush(self) -> None:
            """Nothing is kept back."""

    monkeypatch.setattr(sys, "stderr", Pipe())
    monkeypatch.setattr(serve_log, "WAITING", 10)
    with open_serve_log("json", None) as log:
        for number in range(1000):
            log.info("tick", number=number)
        goes_on.set()
    lost = [line for line in written if "lines of the log were lost" in line]
    kept = [line for line in written if "tick" in line]
    assert sum(int(line.split()[0]) for line in lost) + len(kept) == 1000
    assert len(kept) <= 12
