"""``mktui capture`` and ``mktui simulate --from``: a router recorded by one process and replayed by another."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from tests.headless.programs import mktui_here, simulated, write_config

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.realtime


def test_a_captured_router_is_replayed_by_another_process(tmp_path: Path) -> None:
    file, config = tmp_path / "edge.json", tmp_path / "c.toml"
    with simulated("--secrets", "20", "--ros-version", "7.16.2") as (_, announced):
        write_config(config, announced[0]["port"])
        ended = mktui_here("--config", config, "capture", "edge-1", "-o", file)
        assert (ended.code, ended.out) == (0, "")
        assert "RouterOS 7.16.2" in ended.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    taken = json.loads(file.read_text(encoding="utf-8"))
    rows = {said["path"]: said["rows"] for said in taken["menus"] if "rows" in said}
    with simulated("--from", str(file)) as (_, announced):
        write_config(config, announced[0]["port"])
        shown = mktui_here("--config", config, "run", "edge-1", "/ppp/secret/print", "--json")
        assert shown.document["rows"] == rows["/ppp/secret/print"]
        assert len(shown.document["rows"]) == 20
        for probe in taken["probes"]:
            words = [f"{name}={value}" for name, value in probe.get("attributes", {}).items()]
            ended = mktui_here("--config", config, "run", "edge-1", probe["path"], *words)
            assert ended.code == 1
            assert probe["refusal"] in ended.complaint
        again = mktui_here("--config", config, "capture", "edge-1", "-o", "-")
    same = ("schema", "version", "menus", "probes")
    assert {name: again.document[name] for name in same} == {name: taken[name] for name in same}


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "edge.json"
    file.write_text("mine", encoding="utf-8")
    ended = mktui_here("--config", write_config(tmp_path / "c.toml", 1), "capture", "edge-1", "-o", file)
    assert ended.code == 2
    assert "is there already" in ended.complaint
    assert file.read_text(encoding="utf-8") == "mine"


def test_a_router_that_is_not_there_is_one_line_and_no_file(tmp_path: Path) -> None:
    file = tmp_path / "edge.json"
    ended = mktui_here("--config", write_config(tmp_path / "c.toml", 1), "capture", "edge-1", "-o", file)
    assert ended.code == 3
    assert "refused" in ended.complaint
    assert not file.exists()


@pytest.mark.parametrize("text", ["", "{}", '{"schema": "mktui.capture/9"}'])
def test_what_is_no_capture_is_not_replayed(text: str, tmp_path: Path) -> None:
    file = tmp_path / "edge.json"
    file.write_text(text, encoding="utf-8")
    ended = mktui_here("simulate", "--from", file)
    assert ended.code == 2
    assert str(file) in ended.complaint
