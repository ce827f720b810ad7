"""Where ``mktui serve`` is asked: a place that is right, found by every command, and the unit that systemd runs."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.headless.shops import open_shop

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
