"""Commands against ``mktui simulate`` in a process of its own: what a script sees."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.headless.programs import mktui, simulated, write_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A configuration of one router that runs."""
    with simulated("--secrets", "30") as (_, announced):
        yield write_config(tmp_path_factory.mktemp("config") / "c.toml", announced[0]["port"])


def test_the_demo_needs_nothing_and_reports_three_routers_and_their_sync() -> None:
    ended = mktui("demo", "--headless", "--seconds", "5", "--json")
    assert ended.code == 0, ended.err
    document = ended.document
    assert [router["name"] for router in document["routers"]] == ["edge-1", "hotspot-1", "tower-west"]
    for router in document["routers"]:
        assert router["health"] in {"healthy", "warning", "critical", "offline"}
        assert {"min", "max", "ready", "success_rate"} <= set(router["connections"])
    sync = document["sync"]
    assert sync["planned"] >= sync["applied"] > 0
    assert sync["failed"] == 0
    assert sync["planned"] == sum(sync[each] for each in ("applied", "failed", "skipped", "deferred", "unknown"))


def test_status_says_how_each_router_is(config: Path) -> None:
    ended = mktui("--config", config, "status", "--json")
    assert ended.code == 0
    (router,) = ended.document["routers"]
    assert router["name"] == "edge-1"
    assert router["health"] == "healthy"
    assert router["version"].startswith("7.20.8")
    assert router["connections"]["ready"] == router["connections"]["min"] == 2


def test_status_for_people_has_a_row_per_router(config: Path) -> None:
    ended = mktui("--config", config, "status")
    header, row = ended.out.splitlines()
    assert header.split()[:3] == ["ROUTER", "HEALTH", "CONN"]
    assert row.startswith("edge-1  ● healthy")


def test_without_a_terminal_mktui_alone_is_one_status(config: Path) -> None:
    ended = mktui("--config", config)
    assert ended.code == 0
    assert "edge-1" in ended.out
    assert "no terminal here" in ended.err


def test_a_connection_test_shows_each_step(config: Path) -> None:
    ended = mktui("--config", config, "test", "--json")
    assert ended.code == 0
    (report,) = ended.document["tests"]
    assert report["ok"]
    assert {"connect", "login", "version"} <= {step["name"] for step in report["steps"]}


def test_run_prints_rows_and_takes_queries(config: Path) -> None:
    everything = mktui("--config", config, "run", "edge-1", "/ppp/secret/print", ".proplist=name", "--json")
    assert len(everything.document["rows"]) == 30
    name = everything.document["rows"][7]["name"]
    ended = mktui("--config", config, "run", "edge-1", "/ppp/secret/print", ".proplist=name", f"?name={name}", "--json")
    assert ended.document["rows"] == [{"name": name}]


def test_what_the_router_refuses_is_said_in_its_own_words(config: Path) -> None:
    ended = mktui("--config", config, "run", "edge-1", "/ppp/secret/add", "name=x", "profile=nowhere")
    assert ended.code == 1
    assert "input does not match any value of profile" in ended.complaint


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_simulate_announces_each_router_and_ends_in_good_order(how: signal.Signals) -> None:
    with simulated("--count", "3", "--secrets", "5") as (process, announced):
        assert [each["event"] for each in announced] == ["listening"] * 3
        assert [each["name"] for each in announced] == ["sim-1", "sim-2", "sim-3"]
        assert {each["host"] for each in announced} == {"127.0.0.1"}
        assert len({each["port"] for each in announced}) == 3
        process.send_signal(how)
        _, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (0, "")


def test_every_command_has_help_with_examples() -> None:
    listing = mktui("--help").out
    for command in ("demo", "status", "test", "run", "simulate", "config"):
        assert f"\n  {command} " in listing
        shown = mktui(command, "--help")
        assert shown.code == 0
        if command != "config":
            assert "Examples:" in shown.out
