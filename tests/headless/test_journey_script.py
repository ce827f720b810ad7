"""The journey of a stranger, in plain shell: ``journey.sh`` says what is done, and that it was so."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.headless.programs import PROGRAM
from tests.web.chromium import PROGRAM as BROWSER

SCRIPT: Final = Path(__file__).with_name("journey.sh")
ROOT: Final = SCRIPT.parent.parent.parent
STEPS: Final = [line.split('"')[1] for line in SCRIPT.read_text(encoding="utf-8").splitlines() if line[:5] == "step "]

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.timeout(180),
    pytest.mark.skipif(shutil.which("curl") is None, reason="no curl: apt-get install curl"),
]


def program_in(folder: Path) -> None:
    """Make ``mktui`` a program that a shell finds there."""
    folder.mkdir()
    file = folder / "mktui"
    file.write_text(f'#!/bin/sh\nexec {shlex.join(PROGRAM)} "$@"\n', encoding="utf-8")
    file.chmod(0o755)


def test_the_journey_is_gone_to_its_end(tmp_path: Path) -> None:
    program_in(tmp_path / "bin")
    visit = f"{shlex.quote(sys.executable)} -m tests.web.visit" if BROWSER else ""
    env = os.environ | {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TMPDIR": "/tmp",  # noqa: S108 - a socket's path has 107 bytes; the script makes a folder of its own there
        "BROWSE": visit,
    }
    with subprocess.Popen(
        ["bash", SCRIPT], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=env, start_new_session=True,
    ) as process:  # fmt: skip
        out, err = process.communicate(timeout=170)
    assert (process.returncode, err) == (0, ""), f"{out}\n{err}"
    told = [line.removeprefix("== ") for line in out.splitlines() if line.startswith("== ")]
    assert told == [*STEPS, "all of it is so"]
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
