"""Where ``mktui serve`` is asked: a place that is right, found by every command, and the unit that systemd runs."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mktui.config.load import load, socket_in
from mktui.errors import ConfigError
from mktui.services.control.place import SOCKET, place_of, socket_of
from tests.headless.programs import PROGRAM, mktui
from tests.headless.shops import open_shop
from tests.headless.test_serve import serving, wait

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.headless.shops import Shop

pytestmark = pytest.mark.realtime


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path, count=2) as opened:
        yield opened


def test_a_place_that_cannot_be_is_said_in_one_line_with_2_before_a_session_is_opened(shop: Shop) -> None:
    taken = shop.folder / "notes.txt"
    taken.write_text("precious", encoding="utf-8")
    for place, problem in (
        (taken, "no socket"),
        ("/" + "x" * 120, "107 bytes at most"),
        ("/proc/1/x", "/proc/1/x.lock: "),
    ):
        ended = shop.start("serve", "--socket", place)
        assert ended.code == 2, ended
        assert problem in ended.complaint
    assert taken.read_text(encoding="utf-8") == "precious"


def test_the_unit_for_systemd_is_right() -> None:
    unit = Path(__file__).parents[2] / "sample_configs" / "mktui.service"
    try:
        checked = subprocess.run(
            ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=30, check=False
        )
    except FileNotFoundError:
        pytest.skip("systemd-analyze is not installed")
    assert (checked.returncode, checked.stderr) == (0, "")


def elsewhere(shop: Shop, place: Path, how: str) -> dict[str, str]:
    """Have it asked at another place, by the configuration or by the environment, which is what this returns."""
    if how == "environment":
        return {"MKTUI_SOCKET": str(place)}
    with shop.config.open("a", encoding="utf-8") as file:
        file.write(f'\n[serve]\nsocket = "{place}"\n')
    return {}


@pytest.mark.parametrize("how", ["configuration", "environment"])
def test_every_command_finds_the_one_that_serves_at_another_socket(
    shop: Shop, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "elsewhere" / "noc.sock"
    for name, value in elsewhere(shop, place, how).items():
        monkeypatch.setenv(name, value)
    with serving(shop) as served:
        assert [line["socket"] for line in served.lines() if line["event"] == "serving"] == [str(place)]
        served.socket = place
        wait(lambda: served.ask("snapshot")["done"]["routers"][0]["facts"]["read_at"])
        sessions = len(shop.ask("/user/active/print"))
        assert shop.start("status", "--json").document["routers"][0]["health"] == "healthy"
        assert shop.start("doctor", "--for", "0").code in {0, 1}
        assert shop.start("alerts", "list", "--json").document["is_live"] is True
        assert shop.start("reset", "edge-1").out == f"edge-1: reset (pid {served.process.pid})\n"
        assert shop.start("breaker", "edge-1", "probe").out == "edge-1: probed\n"
        relayed = mktui("--config", shop.config, "control-relay", typed='{"v":1,"id":1,"do":"hello"}\n')
        assert json.loads(relayed.out)["done"]["pid"] == served.process.pid
        assert attached_screen_begins(shop)
        assert len(shop.ask("/user/active/print")) <= sessions + 1, "a reset opens the new one before the old one ends"


def attached_screen_begins(shop: Shop) -> bool:
    """Say whether ``--attach`` draws, into pipes, as it does in a tab of a browser."""
    browser = os.environ | {"TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver"}
    with subprocess.Popen(
        [*PROGRAM, "--config", str(shop.config), "--attach"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=browser,
    ) as tab:  # fmt: skip
        assert tab.stdout is not None
        begun = tab.stdout.readline() == b"__GANGLION__\n"
        tab.kill()
    return begun


def test_the_option_wins_then_the_environment_then_the_configuration(tmp_path: Path) -> None:
    file, usual = tmp_path / "c.toml", socket_of(tmp_path / "c.toml")
    option, environment = tmp_path / "option.sock", {SOCKET: "/run/environment.sock"}
    assert place_of(file, "/run/file.sock", environment, given=option) == option
    assert place_of(file, "/run/file.sock", environment) == Path("/run/environment.sock")
    assert place_of(file, "/run/file.sock", {SOCKET: ""}) == Path("/run/file.sock")
    assert place_of(file, "~/file.sock", {}) == Path.home() / "file.sock"
    assert place_of(file, "", {}) == usual


@pytest.mark.parametrize("socket", ["noc.sock", "./noc.sock", "/run/a\\u0000b", "/" + "x" * 120])
def test_a_socket_that_cannot_be_is_refused_with_its_line(tmp_path: Path, socket: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(f'[serve]\nsocket = "{socket}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"line 2: serve\.socket: ") as refused:
        load(path)
    assert refused.value.line == 2


def test_who_attaches_finds_it_though_something_else_in_the_configuration_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[serve]\nsocket = "/run/noc.sock"\n[pool]\nmax_size = "many"\n', encoding="utf-8")
    assert socket_in(path) == "/run/noc.sock"
    path.write_text("[serve]\nsocket = 7\n", encoding="utf-8")
    assert socket_in(path) == ""
    assert socket_in(tmp_path / "none.toml") == ""


def test_a_circuit_is_that_of_one_that_runs_and_without_one_it_is_said_with_3(shop: Shop) -> None:
    for what in ("isolate", "probe"):
        ended = shop.run("breaker", "edge-1", what)
        assert (ended.code, ended.out) == (3, ""), ended
        assert ended.complaint == (
            f"mktui: {socket_of(shop.config)}: nobody serves here, and a circuit is that of the mktui that runs (mktui "
            "serve or mktui starts one; of one at another socket, MKTUI_SOCKET or [serve] socket says where)"
        )
    assert len(shop.ask("/user/active/print")) == 1, "no session was opened for it"
