"""What every picture needs: the same hour and the same colours everywhere, and nothing that moves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import pytest_textual_snapshot

from tests.terminal.small_svg import SmallPicture

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _same_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Events show local time, so local time is UTC; a user's own terminal settings are not ours."""
    for name in ("NO_COLOR", "TEXTUAL_DRIVER", "TEXTUAL_COLOR_SYSTEM", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def _small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are kept without what nobody sees in them."""
    monkeypatch.setattr(pytest_textual_snapshot, "SVGImageExtension", SmallPicture)
