"""A router that is being added, on a network that was recorded: it is well, or fails in a way that one chooses."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
from pydantic import SecretStr

from mktui.config.load import check_text
from mktui.config.save import Seen
from mktui.core.client.connection_test import TestReport, TestStep
from mktui.errors import ConnectFailed, ConnectTimeout, LoginRefused
from mktui.services.advice import advice
from mktui.services.configuring import Saved
from mktui.services.newcomers import Tried

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.config.newcomer import Newcomer
    from mktui.core.pool.options import PoolOptions
    from mktui.errors import MktuiError, RouterError

SEEN: Final = Seen(
    Path("/etc/mktui/config.toml"), '[[routers]]\nname = "edge-1"\nhost = "10.0.0.1"\ntls = "verify"\n', None
)
FIRST: Final = Seen(SEEN.file, "", None)
"""There is no file yet."""
PRINT: Final = "9f3c" * 16
ERRORS: Final[dict[str, tuple[int, RouterError]]] = {
    "password": (3, LoginRefused("edge-9", username="mktui", text="invalid user name or password (6)")),
    "refused": (1, ConnectFailed("edge-9", address="10.0.0.9:8728", reason="connection refused")),
    "silent": (1, ConnectTimeout("edge-9", address="10.0.0.9:8728", after=15)),
    "certificate": (2, ConnectFailed("edge-9", address="10.0.0.9:8729",
                                     reason="its certificate was refused: self-signed certificate")),
}  # fmt: skip
"""How a test may end: after how many steps, and why."""
_STEPS: Final = (
    TestStep("resolve", ok=True, took=0.0004, text="10.0.0.9"),
    TestStep("connect", ok=True, took=0.0021, text="10.0.0.9:8728 answers"),
    TestStep("login", ok=True, took=0.0384, text="logged in as mktui"),
    TestStep("identity", ok=True, took=0.0043, text="edge-9"),
    TestStep("version", ok=True, took=0.0048, text="RouterOS 7.20.8 (long-term) on RB5009UG+S+IN"),
    TestStep("rights", ok=True, took=0.0051, text="api, read, write, sensitive (group mktui)"),
    TestStep("sessions", ok=True, took=0.0049, text="3 of 20"),
    TestStep("round trip", ok=True, took=0.0206, text="4.1 ms a command"),
)


@dataclass
class RecordedNewcomers:
    """Tests and saves at once, and writes down with what. ``fails``: one of ERRORS; ``refuses`` is raised by a save."""

    seen: Seen | None = SEEN
    fails: str = ""
    refuses: MktuiError | None = None
    tested: list[Newcomer] = field(default_factory=list)
    saved: list[Newcomer] = field(default_factory=list)

    async def look(self) -> Seen | None:
        return self.seen

    async def test(
        self, newcomer: Newcomer, pool: PoolOptions, *, on_step: Callable[[TestStep], None] | None = None
    ) -> Tried:
        await anyio.lowlevel.checkpoint()
        assert pool.connection_timeout
        self.tested.append(newcomer)
        is_mended = self.fails == "certificate" and newcomer.tls == "pin"
        count, error = ERRORS[self.fails] if self.fails and not is_mended else (len(_STEPS), None)
        steps = _STEPS[:count]
        if error is not None:
            steps = (*steps, TestStep("login" if isinstance(error, LoginRefused) else "connect", ok=False, took=0.001,
                                      text=getattr(error, "reason", "") or str(error)))  # fmt: skip
        for step in steps:
            if on_step is not None:
                on_step(step)
        name = newcomer.name
        verdict = str(error) if error is not None else f"{name} is fine: RouterOS 7.20.8 (long-term), 0.1 s"
        report = TestReport(name, "10.0.0.9:8728", ok=error is None, steps=steps, verdict=verdict, error=error)
        shown = PRINT if self.fails == "certificate" and error is not None else ""
        told = advice(error, newcomer.config().options(SecretStr("")), shown) if error is not None else ()
        return Tried(report, told, shown)

    async def save(self, seen: Seen, newcomer: Newcomer) -> Saved:
        await anyio.lowlevel.checkpoint()
        if self.refuses is not None:
            raise self.refuses
        self.saved.append(newcomer)
        return Saved(replace(seen, text=""), check_text("", seen.file).config, came=(newcomer.name,))
