"""``mktui doctor`` against routers in a process of their own: what it finds, and its exit codes."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.headless.programs import mktui_here, simulated, write_config

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.realtime
QUICK = ("--for", "0")


def test_a_well_router_has_nothing_wrong(tmp_path: Path) -> None:
    with simulated("--secrets", "5") as (_, announced):
        config = write_config(tmp_path / "c.toml", announced[0]["port"], pool="slow_response = 30")
        ended = mktui_here("--config", config, "doctor", *QUICK)
    assert (ended.code, ended.out, ended.err) == (0, "edge-1  nothing found\n", "")


def test_a_router_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    config = write_config(tmp_path / "c.toml", 1)
    ended = mktui_here("--config", config, "doctor", *QUICK, "--json")
    assert ended.code == 3
    (router,) = ended.document["routers"]
    (found,) = (each for each in router["diagnoses"] if each["rule"] == "unreachable")
    assert (found["severity"], found["action"]) == ("critical", "test")
    assert "refused" in found["evidence"][0]
    assert "/ip/service/print" in found["remedy"]


def test_a_wrong_password_is_told_as_one(tmp_path: Path) -> None:
    with simulated("--secrets", "5") as (_, announced):
        config = write_config(tmp_path / "c.toml", announced[0]["port"], password="'wrong'")
        ended = mktui_here("--config", config, "doctor", *QUICK)
    assert ended.code == 3
    assert "▲ critical: The router refuses our login." in ended.out
    assert "invalid user name or password" in ended.out
    assert "wrong'" not in ended.out


def test_something_wrong_with_a_router_that_answers_is_code_1(tmp_path: Path) -> None:
    with simulated("--secrets", "5") as (_, announced):
        config = write_config(tmp_path / "c.toml", announced[0]["port"], pool="slow_response = 0.00001")
        ended = mktui_here("--config", config, "doctor", *QUICK)
    assert ended.code == 1
    assert "Answers come slowly." in ended.out


def test_a_router_that_hangs_up_on_us_is_not_said_to_be_without_power(tmp_path: Path) -> None:
    with simulated("--secrets", "5", "--max-sessions", "1") as (_, announced):
        config = write_config(tmp_path / "c.toml", announced[0]["port"])
        with socket.create_connection(("127.0.0.1", announced[0]["port"])):  # somebody has the only session
            ended = mktui_here("--config", config, "doctor", *QUICK)
    assert ended.code == 3
    assert ended.out.count("critical:") == 1
    assert "▲ critical: The router cannot be reached." in ended.out
    assert "before the login was answered (session limit reached, or no API port?)" in ended.out
    assert "why   It is up, and hangs up on us: its session limit is used up" in ended.out
    assert "do    On the router: /user/active/print" in ended.out


def test_a_router_that_allows_fewer_sessions_is_told_with_both_numbers_and_nothing_else(tmp_path: Path) -> None:
    with simulated("--secrets", "5", "--max-sessions", "1") as (_, announced):
        config = write_config(tmp_path / "c.toml", announced[0]["port"], pool="slow_response = 30")
        ended = mktui_here("--config", config, "doctor", *QUICK)
    assert ended.code == 1
    assert ended.out.splitlines()[1:3] == [
        "  ◐ warning: The router allows us fewer sessions than we want.", "      it allows 1, max_size is 5",
    ]  # fmt: skip
    assert ended.out.count("why ") == 1
