"""Where no router can be added, none asked by hand, nothing silenced, no job run: a recording. Who tries is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from typing import NoReturn

    from mktui.config.newcomer import Newcomer
    from mktui.config.save import Seen
    from mktui.core.client.connection_test import TestStep
    from mktui.core.pool.options import PoolOptions
    from mktui.core.protocol.sentences import Command
    from mktui.monitor.silences import Silence
    from mktui.services.configuring import Saved
    from mktui.services.console import Answer
    from mktui.services.newcomers import Tried


class NoNewcomers:
    """Refuses all, and says why."""

    def __init__(self, why: str = "this is a recording") -> None:
        self._why = why

    async def look(self) -> Seen | None:
        """There is no file."""
        return None

    async def test(
        self, newcomer: Newcomer, pool: PoolOptions, *, on_step: Callable[[TestStep], None] | None = None
    ) -> Tried:
        """Nothing can be asked."""
        del pool, on_step
        self._refuse(newcomer)

    async def save(self, seen: Seen, newcomer: Newcomer) -> Saved:
        """Nothing can be saved."""
        del seen
        self._refuse(newcomer)

    def _refuse(self, newcomer: Newcomer) -> NoReturn:
        raise WrongUse(f"{newcomer.name}: {self._why}")


class NoConsole:
    """Refuses all, and says why."""

    def __init__(self, why: str = "this is a recording") -> None:
        self._why = why

    async def run(self, router: str, command: Command) -> Answer:
        """Nothing can be asked."""
        del command
        raise WrongUse(f"{router}: {self._why}")


class NoAlerts:
    """Refuses all, and says why."""

    def __init__(self, why: str = "this is a recording") -> None:
        self._why = why

    async def silence(self, rule: str, router: str, length: timedelta, why: str = "") -> Silence:
        """Nothing can be silenced."""
        del length, why
        raise WrongUse(f"{rule or router}: {self._why}")

    async def unsilence(self, silence: str) -> Silence:
        """Nothing can be silenced."""
        raise WrongUse(f"{silence}: {self._why}")


class NoSchedule:
    """Refuses all, and says why."""

    def __init__(self, why: str = "this is a recording") -> None:
        self._why = why

    async def run(self, job: str) -> None:
        """Nothing can be run."""
        raise WrongUse(f"{job}: {self._why}")
