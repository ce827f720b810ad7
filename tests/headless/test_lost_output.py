"""An output that cannot be written is one line and no success, whatever the command; a closed pipe is no failure."""

from __future__ import annotations

import os
import resource
import select
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from mktui.cli.lost_output import lost_output, prepare_streams
from tests.headless.programs import PROGRAM, mktui, simulated, write_config

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.realtime
FULL = Path("/dev/full")
COMMANDS = [
    ("--help",), ("--version",), ("config", "schema"), ("config", "check"), ("keys",), ("completion", "bash"),
    ("status",), ("status", "--json"), ("status", "--watch", "--format", "ndjson"), ("test",),
    ("doctor", "--for", "0"), ("run", "edge-1", "/ip/pool/print"), ("batch", "-"), ("errors", "--json"),
    ("record", "/dev/stdout", "--seconds", "1"), ("capture", "edge-1", "-o", "-"),
    ("stability-test", "--simulated", "--scenario", "pool-initialisation"), ("themes", "list"), ("simulate",),
]  # fmt: skip


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with simulated("--secrets", "1") as (_, announced):
        yield write_config(tmp_path_factory.mktemp("lost") / "c.toml", announced[0]["port"])


@pytest.fixture
def full() -> Iterator[IO[str]]:
    if not FULL.exists():
        pytest.skip("there is no /dev/full here")
    with FULL.open("w", encoding="utf-8") as opened:
        yield opened


def ended(
    config: Path, *words: str, stdout: IO[str] | int, stderr: IO[str] | int = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    command = [*PROGRAM, "--config", str(config), *words]
    return subprocess.run(
        command, input="/ip/pool/print\n", text=True, check=False, timeout=60, stdout=stdout, stderr=stderr
    )


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_full_disk_behind_standard_output_is_one_line_with_2(
    config: Path, full: IO[str], words: tuple[str, ...]
) -> None:
    done = ended(config, *words, stdout=full)
    assert done.returncode == 2, done.stderr
    assert "no space left on device" in done.stderr.splitlines()[-1], done.stderr
    assert "bug" not in done.stderr


def test_where_nothing_can_be_said_the_code_still_is(config: Path, full: IO[str]) -> None:
    assert ended(config, "keys", stdout=full, stderr=full).returncode == 2
    assert ended(config, "stauts", stdout=subprocess.DEVNULL, stderr=full).returncode == 2
    assert ended(config, "breaker", "edge-1", "probe", stdout=subprocess.DEVNULL, stderr=full).returncode == 3


@pytest.mark.parametrize("words", [("config", "schema"), ("keys",), ("status",), ("--help",)], ids=" ".join)
def test_a_standard_output_that_was_closed_is_said(config: Path, words: tuple[str, ...]) -> None:
    command = ["sh", "-c", 'exec "$@" >&-', "sh", *PROGRAM, "--config", str(config), *words]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, "mktui: standard output: bad file descriptor")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", COMMANDS[2:-1], ids=" ".join)
def test_who_closes_the_pipe_before_he_has_read_ends_it_quietly(config: Path, words: tuple[str, ...]) -> None:
    if words[0] == "record":
        pytest.skip("a recording is a file's business")
    command = [*PROGRAM, "--config", str(config), *words]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write("/ip/pool/print\n")
        process.stdin.close()
        said = process.stderr.read()
        assert "bug" not in said
        assert "Traceback" not in said
        assert process.wait(60) == 0, said


@pytest.mark.parametrize(
    "words",
    [
        ("record", "FULL", "--seconds", "1"), ("capture", "edge-1", "--force", "-o", "FULL"),
        ("sync", "plan", "-o", "FULL"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_file_that_cannot_be_written_is_named(config: Path, full: IO[str], words: tuple[str, ...]) -> None:
    del full
    done = mktui("--config", config, *(str(FULL) if word == "FULL" else word for word in words))
    assert done.code == 2, done
    assert str(FULL) in done.err.splitlines()[-1]
    assert "bug" not in done.err
    assert FULL.is_char_device(), "what is no file is not replaced by one"


def test_a_report_that_no_longer_fits_is_named(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    done = small(config, "stability-test", "--simulated", "--scenario", "pool-initialisation", "--report", str(file))
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"mktui: {file}: cannot be written: File too large")
    assert not list(tmp_path.glob("*report*")), "nothing is left beside it"


@pytest.mark.parametrize("suffix", ["ndjson", "ndjson.gz"])
def test_a_recording_that_no_longer_fits_ends_with_its_name(config: Path, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"night.{suffix}"
    done = small(config, "record", str(file), "--seconds", "30", "--every", "0.5")
    assert (done.returncode, done.stderr) == (2, f"mktui: {file}: file too large\n")


def small(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run it where no file may be longer than 300 bytes."""
    return subprocess.run(
        [*PROGRAM, "--config", str(config), *words], capture_output=True, text=True, check=False, timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300)),
    )  # fmt: skip


def test_a_pipe_that_is_full_for_now_is_waited_for_and_is_not_lost() -> None:
    """Another program may have made the pipe one that does not wait."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    came: list[bytes] = []

    def read_when_full() -> None:
        while select.select([], [write], [], 0)[1]:
            pass
        with os.fdopen(read, "rb") as file:
            came.append(file.read())

    reader = threading.Thread(target=read_when_full)
    before = sys.stdout, sys.stderr
    try:
        with os.fdopen(write, "w", encoding="utf-8") as sys.stdout:
            prepare_streams()
            reader.start()
            sys.stdout.write("x" * 1_000_000)
            sys.stdout.flush()
            assert lost_output() is None
    finally:
        sys.stdout, sys.stderr = before
    reader.join(20)
    assert len(came[0]) == 1_000_000
