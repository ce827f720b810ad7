"""The program as a shell sees it: arguments in; exit code, stdout and stderr out."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from mktui.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = [sys.executable, "-m", "mktui"]


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:  # Any: JSON
        """The one JSON document on stdout."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def complaint(self) -> str:
        """The one line on stderr; there must be no other, and no traceback."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        return lines[0]


def mktui(
    *arguments: str | Path, within: float = 40, env: dict[str, str] | None = None, typed: str | None = None
) -> Ended:
    """Run the program to its end. ``typed``: what stands on its standard input."""
    command = [*PROGRAM, *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=within, check=False, env=os.environ | (env or {}),
        **({"stdin": subprocess.DEVNULL} if typed is None else {"input": typed}),
    )  # fmt: skip
    return Ended(done.returncode, done.stdout, done.stderr)


def mktui_here(*arguments: str | Path, typed: str = "") -> Ended:
    """Run the program to its end in this process: quick, for all that needs no process of its own."""
    out, err = io.StringIO(), io.StringIO()
    stdin, sys.stdin = sys.stdin, io.StringIO(typed)
    try:
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
            main([*map(str, arguments)])
    finally:
        sys.stdin = stdin
    assert isinstance(end.value.code, int)
    return Ended(end.value.code, out.getvalue(), err.getvalue())


@contextmanager
def simulated(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[dict[str, Any]]]]:  # Any: JSON
    """Run ``mktui simulate`` for the block, with what it announced; it hears what goes wrong on its stdin."""
    count = int(arguments[arguments.index("--count") + 1]) if "--count" in arguments else 1
    with subprocess.Popen(
        [*PROGRAM, "simulate", *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            yield process, [json.loads(process.stdout.readline()) for _ in range(count)]
        finally:
            process.kill()


def write_config(path: Path, port: int, *, password: str = '"secret"', more: str = "", pool: str = "") -> Path:
    """Write a configuration of one router on loopback, quick to give up."""
    path.write_text(
        f"[pool]\nconnection_timeout = 3\nretry_delay = 0.1\n{pool}\n[[routers]]\nname = 'edge-1'\n"
        f"host = '127.0.0.1'\nport = {port}\npassword = {password}\n{more}",
        encoding="utf-8",
    )
    path.chmod(0o600)
    return path
