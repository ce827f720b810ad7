"""A demo and a recording are on the operator's screen: his theme and his keys, where he has a configuration."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

import pytest

from mktui.monitor.recording import line_of
from tests.terminal.recorded import fleet
from tests.terminal.terminals import on_a_pty
from tests.terminal.test_first_start import shown

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.realtime, pytest.mark.parametrize("what", ["demo", "replay"])]


def _arguments(what: str, folder: Path, config: str) -> tuple[str, ...]:
    """Return what runs a demo or a recording under a configuration."""
    own, night = folder / "own.toml", folder / "night.ndjson"
    own.write_text(config, encoding="utf-8")
    night.write_text(line_of(fleet(), 1), encoding="utf-8")
    return ("-m", "mktui", "--config", str(own), what, *([str(night)] if what == "replay" else []))


def test_it_has_the_theme_and_the_keys_of_who_sits_before_it(what: str, tmp_path: Path) -> None:
    config = '[ui]\ntheme = "ansi"\n[keys]\ndiagnosis = "W"\ntest = "Z"\n'
    with on_a_pty(*_arguments(what, tmp_path, config)) as terminal:
        terminal.until(lambda: "Z test" in shown(terminal) and "W why" in shown(terminal))
        terminal.until(lambda: re.search(r"^ [a-z0-9-]+: ", shown(terminal), re.MULTILINE) is not None)  # its router
        terminal.type("W")
        terminal.until(lambda: "closes" in shown(terminal))
        assert terminal.send(signal.SIGTERM) == 143
        assert re.search(rb"[34]8[:;][25]", terminal.output) is None, "a colour that is not the terminal's own"


@pytest.mark.parametrize("broken", ['[keys]\ntset = "Z"\n', "[ui]\ntheme = 7\n"], ids=["keys", "theme"])
def test_what_is_wrong_with_them_is_told_and_it_goes_on(what: str, tmp_path: Path, broken: str) -> None:
    with on_a_pty(*_arguments(what, tmp_path, broken)) as terminal:
        terminal.until(lambda: "t test" in shown(terminal) and "are not used" in shown(terminal))
