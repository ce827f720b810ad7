"""The log is bounded, in order, its owner's alone, and never complains."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from mktui.services import rotating
from mktui.services.rotating import rotating as opened

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def line(text: str) -> logging.LogRecord:
    return logging.LogRecord("mktui", logging.INFO, "", 0, text, None, None)


def test_five_files_of_a_bounded_size_are_kept_newest_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotating, "_FILE_BYTES", 40)
    log = tmp_path / "logs" / "mktui.log"
    handler = opened(log)
    assert handler is not None
    for number in range(100):
        handler.handle(line(f"line {number:03} \u00e9"))
    handler.close()
    files = [log.with_name(f"{log.name}.{number}") for number in (4, 3, 2, 1)] + [log]
    assert sorted(log.parent.iterdir()) == sorted(files)
    assert all(file.stat().st_size <= 40 and file.stat().st_mode & 0o777 == 0o600 for file in files)
    kept = [text for file in files for text in file.read_text(encoding="utf-8").splitlines()]
    assert kept == [f"line {number:03} \u00e9" for number in range(100 - len(kept), 100)]
    assert len(kept) >= 12


def test_what_was_there_is_gone_on_with(tmp_path: Path) -> None:
    for number in range(2):
        handler = opened(tmp_path / "mktui.log")
        assert handler is not None
        handler.handle(line(f"{number}"))
        handler.close()
    assert (tmp_path / "mktui.log").read_text() == "0\n1\n"


def test_after_its_end_nothing_is_written_and_no_file_is_moved(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    handler = opened(tmp_path / "mktui.log")
    assert handler is not None
    handler.handle(line("last"))
    handler.close()
    handler.handle(line("after its end"))
    assert [file.name for file in tmp_path.iterdir()] == ["mktui.log"]
    assert (tmp_path / "mktui.log").read_text() == "last\n"
    assert capfd.readouterr() == ("", "")


def test_a_pipe_is_written_to_and_never_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotating, "_FILE_BYTES", 8)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    handler = opened(pipe)
    assert handler is not None
    for text in ("first", "second", "third"):
        handler.handle(line(text))
    handler.close()
    assert os.read(reader, 100) == b"first\nsecond\nthird\n"
    os.close(reader)
    assert list(tmp_path.iterdir()) == [pipe]
