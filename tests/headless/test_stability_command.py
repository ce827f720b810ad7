"""``mktui stability-test`` as a shell sees it: verdicts, reports, exit codes, a kill, a question."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from mktui.stability import own_rows
from mktui.stability.report import read_report
from tests.headless.programs import PROGRAM, Ended, mktui_here, simulated, write_config
from tests.terminal.recorded_stability import reported
from tests.terminal.terminals import Terminal, on_a_pty

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.realtime
ONE = ("stability-test", "--simulated", "--scenario", "pool-initialisation")
WRITES = ("stability-test", "edge-1", "--scenario", "batch-efficiency")


def rows(config: Path) -> list[dict[str, Any]]:  # Any: JSON
    """The router's address lists."""
    ended = mktui_here("--config", config, "run", "edge-1", f"{own_rows.MENU}/print", "--json")
    found: list[dict[str, Any]] = ended.document["rows"]
    return found


def test_without_a_router_and_without_a_configuration_it_says_verdict_figures_and_limits() -> None:
    ended = mktui_here(*ONE)
    assert (ended.code, ended.err) == (0, "")
    assert "✓ passed   Pool initialisation" in ended.out
    assert "≤ 2 s" in ended.out
    assert ended.out.splitlines()[-1].startswith("1 passed in ")


def test_a_report_is_one_document_and_pages_for_people(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    ended = mktui_here(*ONE, "--json", "--report", file)
    assert ended.complaint == f"mktui: {file} is written"
    assert ended.document["schema"] == "mktui.stability/1"
    assert ended.document["scenarios"][0]["verdict"] == "passed"
    assert "<svg" in file.read_text(encoding="utf-8")
    kept = tmp_path / "report.json"
    kept.write_text(ended.out, encoding="utf-8")
    assert read_report(kept).summary == "1 passed"


def test_two_reports_are_compared_and_worse_is_code_1(tmp_path: Path) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    document = json.loads(mktui_here(*ONE, "--json").out)
    before.write_text(json.dumps(document), encoding="utf-8")
    document["scenarios"][0]["verdict"] = "failed"
    after.write_text(json.dumps(document), encoding="utf-8")
    ended = mktui_here("stability-test", "--compare", before, after)
    assert ended.code == 1
    assert ended.out.splitlines()[1].split() == ["Pool", "initialisation", "verdict", "passed", "failed", "worse"]
    mended = mktui_here("stability-test", "--compare", after, before, "--json")
    assert (mended.code, mended.document["is_worse"]) == (0, False)
    same = mktui_here("stability-test", "--compare", before, before)
    assert (same.code, same.complaint) == (0, "mktui: nothing worth a word is different")


def test_two_reports_that_cannot_be_compared_are_said_to_be_so(tmp_path: Path) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    report = reported()
    before.write_text(report.to_json(), encoding="utf-8")
    after.write_text(report.model_copy(update={"duration": 60.0}).to_json(), encoding="utf-8")
    other = mktui_here("stability-test", "--compare", before, after, "--json")
    assert (other.code, other.document["unlike"]) == (0, ["seconds of load 10 and 60"])
    assert other.complaint == "mktui: not the same test: seconds of load 10 and 60"
    after.write_text(report.model_copy(update={"scenarios": report.scenarios[:1]}).to_json(), encoding="utf-8")
    lost = mktui_here("stability-test", "--compare", before, after)
    assert lost.code == 1
    assert lost.out.count("worse") == 9
    before.write_text(report.model_copy(update={"scenarios": ()}).to_json(), encoding="utf-8")
    nothing = mktui_here("stability-test", "--compare", before, after)
    assert nothing.code == 1
    assert "nothing to compare" in nothing.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "a ROUTER of the configuration, or --simulated"),
        (("edge-1", "--simulated"), "a ROUTER of the configuration, or --simulated"),
        (("--simulated", "--scenario", "nothing"), "'nothing' is not one of"),
        (("--simulated", "--duration", "nan"), "--duration"),
        (("--simulated", "--duration", "0"), "--duration"),
        (("--simulated", "--report", "report.pdf"), "must end in .html, .md, .json"),
        (("--simulated", "--report", "/nowhere/report.md"), "cannot be written"),
        (("--simulated", "--report", "/proc/report.md"), "cannot be written: No such file"),
        (("--simulated", "--compare", "a.json", "b.json"), "--compare tests nothing"),
        (("--report", "r.md", "--compare", "a.json", "b.json"), "no report to write"),
        (("--compare", "/nowhere/a.json", "b.json"), "/nowhere/a.json: No such file"),
    ],
)
def test_wrong_use_is_said_before_anything_runs(arguments: tuple[str, ...], said: str) -> None:
    ended = mktui_here("stability-test", *arguments)
    assert ended.code == 2
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""


def test_a_router_that_is_not_there_is_code_3_and_nothing_is_tested(tmp_path: Path) -> None:
    config = write_config(tmp_path / "c.toml", 1)
    ended = mktui_here("--config", config, "stability-test", "edge-1", "--yes")
    assert ended.code == 3
    assert "refused" in ended.complaint
    assert ended.out == ""


def test_a_real_router_over_sockets_is_written_to_only_when_allowed_and_is_left_as_it_was(tmp_path: Path) -> None:
    with simulated("--secrets", "5", "--latency-ms", "2") as (_, announced):
        config = write_config(tmp_path / "c.toml", announced[0]["port"])
        unasked = mktui_here("--config", config, *WRITES)
        assert "– skipped  Batch efficiency" in unasked.out
        assert "--yes was not given" in unasked.out
        allowed = mktui_here("--config", config, *WRITES, "--yes")
        assert allowed.code == 0, allowed.out
        assert "✓ rows left behind" in allowed.out
        assert rows(config) == []
        (kept,) = mktui_here("errors", "audit", "--json").document["changes"]
        assert (kept["router"], kept["what"]) == ("edge-1", "stability test, rows written")
        assert kept["outcome"] == "1 passed"


def test_what_a_killed_test_leaves_is_told_at_the_next_start_and_removed_when_allowed(tmp_path: Path) -> None:
    with simulated("--secrets", "5", "--latency-ms", "60") as (_, announced):
        config = write_config(tmp_path / "c.toml", announced[0]["port"])
        with subprocess.Popen([*PROGRAM, "--config", str(config), *WRITES, "--yes"], stdout=subprocess.DEVNULL) as one:
            wait(lambda: len(rows(config)) >= 3)
            one.kill()
        left = rows(config)
        assert left
        assert all(row["comment"].startswith("mktui-test-") for row in left)
        other = ("--config", config, "stability-test", "edge-1", "--scenario", "pool-initialisation")
        for options in ((), ("--yes", "--read-only")):
            told = mktui_here(*other, *options)
            assert told.code == 0, told.out
            assert f"an earlier test has left {len(left)} rows there" in told.complaint
            assert "mktui stability-test edge-1 --yes removes them now" in told.complaint
        assert len(rows(config)) == len(left)
        ended = mktui_here(*other, "--yes")
        assert ended.complaint == f"mktui: edge-1: removed {len(left)} rows that an earlier test had left"
        assert ended.code == 0, ended.out
        assert rows(config) == []


def test_while_a_test_writes_a_second_one_and_any_other_writer_leave_the_router_alone(tmp_path: Path) -> None:
    with simulated("--secrets", "5", "--latency-ms", "200") as (_, announced):
        config = write_config(tmp_path / "c.toml", announced[0]["port"])
        first = [*PROGRAM, "--config", str(config), *WRITES, "--yes"]
        with subprocess.Popen(first, stdout=subprocess.PIPE, text=True) as one:
            wait(lambda: len(rows(config)) >= 1)
            second = mktui_here("--config", config, *WRITES, "--yes")
            assert second.code == 6, second.out
            assert f"edge-1 is being written to by pid {one.pid} (a stability test)" in second.out
            assert "of a test that may be under way elsewhere" in second.err
            written = mktui_here("--config", config, "run", "edge-1", "/ppp/secret/add", "name=x")
            assert written.code == 6, written.err
            out, _ = one.communicate(timeout=60)
        assert "1 passed in" in out
        assert rows(config) == []


def test_read_only_writes_nothing_whatever_else_is_said(tmp_path: Path) -> None:
    with simulated("--secrets", "5", "--latency-ms", "2") as (_, announced):
        config = write_config(tmp_path / "c.toml", announced[0]["port"])
        ended = mktui_here("--read-only", "--config", config, *WRITES, "--yes")
        assert ended.code == 6
        assert "it writes rows of its own, and this is read-only" in ended.out
        assert ended.complaint == "mktui: nothing was tested: each scenario says why"
        assert mktui_here("errors", "audit", "--json").document["changes"] == []


def test_what_no_real_router_can_be_tested_for_is_no_success(tmp_path: Path) -> None:
    with simulated("--secrets", "5", "--latency-ms", "2") as (_, announced):
        config = write_config(tmp_path / "c.toml", announced[0]["port"])
        ended = mktui_here("--config", config, "stability-test", "edge-1", "--scenario", "circuit-breaker")
    assert (ended.code, ended.complaint) == (6, "mktui: nothing was tested: each scenario says why")
    assert "--simulated has them" in ended.out


def test_a_protected_router_is_left_alone_until_its_name_is_said(tmp_path: Path) -> None:
    with simulated("--secrets", "5", "--latency-ms", "2") as (_, announced):
        config = write_config(tmp_path / "c.toml", announced[0]["port"], more="protected = true\n")
        one = ("--config", str(config), "stability-test", "edge-1", "--scenario", "pool-initialisation")
        for options in (("--yes",), ("--protected", "edge-2")):
            ended = mktui_here(*one, *options)
            assert (ended.code, ended.out) == (6, "")
            assert ended.complaint == (
                "mktui: edge-1 is protected, and was left alone: --protected edge-1 says its name"
            )
        assert mktui_here(*one, "--protected", "edge-1").code == 0
        for answer, said in (("edge-1\n", b"1 passed in"), ("y\n", b"was left alone")):
            with on_a_pty("-m", "mktui", *one) as terminal:
                terminal.until(partial(is_shown, terminal, b"edge-1 is protected: type its name to test it:"))
                terminal.type(answer)
                terminal.until(partial(is_shown, terminal, said))


def is_shown(terminal: Terminal, said: bytes) -> bool:
    return said in terminal.output


def test_a_report_that_cannot_be_written_after_all_loses_nothing(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    with on_a_pty("-m", "mktui", *ONE, "--report", str(gone / "report.md")) as terminal:
        terminal.until(lambda: "▕".encode() in terminal.output)
        gone.rmdir()
        terminal.until(lambda: b"1 passed in" in terminal.output)
        terminal.until(lambda: b"report.md: cannot be written: No such file or directory" in terminal.output)


def wait(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_test_prints_what_it_has_found(number: signal.Signals, code: int) -> None:
    words = ("--scenario", "pool-initialisation", "--scenario", "load", "--duration", "600")
    with on_a_pty("-m", "mktui", "stability-test", "--simulated", *words) as terminal:
        terminal.until(lambda: b"%  Load" in terminal.output)
        assert terminal.send(number) == code
        terminal.until(lambda: b"1 passed, 1 skipped, interrupted" in terminal.output)
    out = terminal.output.decode()
    assert "✓ passed   Pool initialisation" in out
    assert "– skipped  Load" in out
    assert "Traceback" not in out


def test_somebody_at_a_terminal_is_asked_and_sees_a_bar(tmp_path: Path) -> None:
    with simulated("--secrets", "5", "--latency-ms", "10") as (_, announced):
        config = write_config(tmp_path / "c.toml", announced[0]["port"])
        with on_a_pty("-m", "mktui", "--config", str(config), *WRITES) as terminal:
            terminal.until(lambda: b"Write them to edge-1? [y/N]:" in terminal.output)
            assert rows(config) == []
            terminal.type("y\n")
            terminal.until(lambda: "▕".encode() in terminal.output)
            terminal.until(lambda: b"1 passed in" in terminal.output)


def test_a_failed_verdict_is_code_1(tmp_path: Path) -> None:
    with simulated("--secrets", "5", "--latency-ms", "1500") as (_, announced):
        config = write_config(tmp_path / "c.toml", announced[0]["port"], pool="connection_timeout = 20")
        config.write_text(config.read_text().replace("connection_timeout = 3\n", ""), encoding="utf-8")
        ended: Ended = mktui_here("--config", config, "stability-test", "edge-1", "--scenario", "pool-initialisation")
    assert ended.code == 1, ended.err
    assert "✗ failed   Pool initialisation" in ended.out
