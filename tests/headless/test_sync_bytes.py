"""Billing and syncs as a shell sees them: exit codes, one clear line, versioned JSON, a router's bytes as they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.headless.programs import Ended, mktui, simulated, write_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Mktui = Callable[..., Ended]

pytestmark = pytest.mark.realtime
PROFILES = "name,rate_down_bps,rate_up_bps\ntried,40M,10M\n"
SUBSCRIBERS = "username,password,profile\n" + "".join(f"tried-{each},pw-{each}-hush,tried\n" for each in range(60))
"""As many as a day's limits are percents of."""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Mktui]:
    """A router, and a billing of its own with sixty customers on it."""
    with simulated("--secrets", "5") as (_, announced):
        config = write_config(tmp_path / "c.toml", announced[0]["port"])
        env = {"XDG_STATE_HOME": str(tmp_path), "PYTHONIOENCODING": "utf-8:strict"}

        def run(*arguments: str) -> Ended:
            return mktui("--config", config, *arguments, env=env)

        for what, text in (("profiles", PROFILES), ("subscribers", SUBSCRIBERS)):
            (tmp_path / f"{what}.csv").write_text(text)
            assert run("billing", "import", what, str(tmp_path / f"{what}.csv"), "--yes").code == 0
        assert run("sync", "apply", "--yes").code == 0
        yield run


def test_exit_codes_say_how_a_sync_ended(office: Mktui, tmp_path: Path) -> None:
    assert office("sync", "plan", "--check").code == 0
    assert office("billing", "suspend", "tried-1").code == 0
    checked = office("sync", "plan", "--check", "--json")
    assert (checked.code, checked.document["schema"]) == (1, "mktui.sync.plan/1")
    assert office("sync", "apply").code == 2, "nobody is there to confirm"
    saved = tmp_path / "plan.json"
    assert office("sync", "plan", "-o", str(saved)).code == 0
    applied = office("sync", "apply", str(saved), "--yes", "--json")
    assert (applied.code, applied.document["schema"]) == (0, "mktui.sync.apply/1")
    assert [each["applied"] for each in applied.document["reports"]] == [1]
    stale = office("sync", "apply", str(saved), "--yes")
    assert (stale.code, stale.complaint.count("edge-1")) == (6, 1)
    assert stale.complaint.startswith("mktui: edge-1: this plan is stale")
    assert office("billing", "suspend", *(f"tried-{each}" for each in range(2, 30))).code == 0
    held = office("sync", "apply", "--yes", "--json")
    assert (held.code, held.document["reports"][0]["held"]) == (6, 28)
    assert office("sync", "apply", "--yes", "--max-disable", "28").code == 0


def test_a_name_in_bytes_that_are_no_text_stops_no_command(office: Mktui, tmp_path: Path) -> None:
    path = "/ppp/secret/set"
    [row] = office("run", "edge-1", "/ppp/secret/print", ".proplist=.id", "?name=tried-5", "--json").document["rows"]
    assert office("run", "edge-1", path, f".id={row['.id']}", "name=caf\udce9").code == 0
    shown = office("sync", "plan")
    assert (shown.code, "caf· there" in shown.out) == (0, True)
    assert json.loads(office("sync", "plan", "--json").out)["plans"][0]["refused"]
    assert office("billing", "delete", "tried-5").code == 0
    saved = tmp_path / "plan.json"
    assert office("sync", "plan", "-o", str(saved)).code == 0
    assert json.loads(saved.read_text())["plans"][0]["changes"][0]["before"]["name"] == "caf\udce9"
    applied = office("sync", "apply", str(saved), "--yes")
    assert (applied.code, "1 applied" in applied.out) == (0, True)


def test_who_was_deleted_is_not_added_in_silence(office: Mktui) -> None:
    assert office("billing", "delete", "tried-7").code == 0
    again = office("billing", "add", "subscriber", "tried-7", "profile=tried")
    assert again.code == 2
    assert "mktui billing enable tried-7 takes him back" in again.complaint
    assert office("billing", "enable", "tried-7").code == 0
