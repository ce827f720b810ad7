"""What a tab runs in tests: the control room over a recorded fleet, quick to start. What is done goes to a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import anyio

from mktui.tui.app import ControlRoom
from tests.terminal.recorded import RecordedServices

DEEDS = "XDG_TAB_DEEDS"  # a name that reaches the child: its environment is chosen
WHO = "TAB_WHO"


class Writing(RecordedServices):
    """Writes down each reset."""

    async def reset(self, name: str) -> None:
        await super().reset(name)
        await anyio.Path(os.environ[DEEDS]).write_text(f"reset {name} for {os.environ[WHO]}")


if __name__ == "__main__":
    if place := os.environ.get(DEEDS):
        Path(f"{place}.pid").write_text(str(os.getpid()), encoding="utf-8")
    app: ControlRoom = ControlRoom(Writing(), read_only="--read-only" in sys.argv)
    anyio.run(app.run_async)
