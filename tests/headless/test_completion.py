"""Completion as bash does it: its own function, asked for what stands behind the cursor."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.headless.programs import mktui_here
from tests.headless.shops import write_fleet

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.realtime
ASK = """
eval "$(mktui completion bash)"
complete -p mktui >/dev/null || exit 3
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_mktui_completion mktui
printf '%s\\n' "${COMPREPLY[@]}"
"""


def offered(folder: Path, *words: str) -> list[str]:
    """Return what bash offers for the last word."""
    program = folder / "bin" / "mktui"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m mktui "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    asked = subprocess.run(
        ["bash", "--norc", "-c", ASK, "bash", "mktui", *words], capture_output=True, text=True, check=False, timeout=40,
        env=os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}", "XDG_CONFIG_HOME": str(folder)},
    )  # fmt: skip
    assert (asked.returncode, asked.stderr) == (0, "")
    return [line for line in asked.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("stat",), ["status"]),
        (("sync", "p"), ["plan", "pause"]),
        (("status", "--fo"), ["--format"]),
        (("status", "--fail-on", "c"), ["critical"]),
        (("--config", "FILE", "status", "edge"), ["edge-1", "edge-2"]),
        (("status", "--config", "FILE", "edge-2"), ["edge-2"]),
        (("run", "--config", "FILE", "edge-1"), ["edge-1"]),
        (("--config", "FILE", "batch", "-", "--router", "e"), ["edge-1", "edge-2"]),
        (("--config", "FILE", "run", "edge-1", "/ppp/sec"), ["/ppp/secret"]),
        (("--config", "FILE", "run", "edge-1", "/ppp/secret/rem"), ["/ppp/secret/remove"]),
        (("--config", "FILE", "config", "set", "routers.edge-2.host"), ["routers.edge-2.host"]),
        (("--config", "FILE", "config", "set", "pool.balance", "w"), ["weighted_round_robin"]),
        (("--config", "FILE", "config", "set", "ui.theme", "noc-l"), ["noc-light"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_bash_offers(words: tuple[str, ...], found: list[str], tmp_path: Path) -> None:
    file = write_fleet(tmp_path, [1, 2])
    assert offered(tmp_path, *(str(file) if word == "FILE" else word for word in words)) == found


def test_the_users_own_configuration_is_known(tmp_path: Path) -> None:
    (tmp_path / "mktui").mkdir()
    write_fleet(tmp_path, [1]).rename(tmp_path / "mktui" / "config.toml")
    assert offered(tmp_path, "test", "e") == ["edge-1"]


@pytest.mark.parametrize("text", [None, "[[routers", "routers = 3", "[[routers]]\nname = 3", "routers = [1]"])
def test_a_configuration_that_is_broken_offers_nothing_and_says_nothing(text: str | None, tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    assert offered(tmp_path, "--config", str(file), "status", "e") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_each_shell(shell: str) -> None:
    ended = mktui_here("completion", shell)
    assert ended.code == 0
    assert "_MKTUI_COMPLETE" in ended.out


def test_to_complete_a_command_loads_no_configuration(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom mktui.cli import cli\nfrom click.shell_completion import ShellComplete\n"
        "found = [each.value for each in ShellComplete(cli, {}, 'mktui', '').get_completions([], 'st')]\n"
        "assert found == ['status', 'stability-test'], found\n"
        "heavy = {'pydantic', 'asyncio', 'librouteros', 'textual', 'sqlalchemy', 'tomlkit'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=40)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())
