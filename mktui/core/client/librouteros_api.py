"""librouteros' AsyncApi served by the pool: existing code runs unchanged and gains priorities, retries and tags.

Values are cast as librouteros casts them, because that is what such code expects. Two things are better than there: a
call that is cancelled never gives its answer to the next caller, and ``remove("*1", "*2")`` is a command for each row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from librouteros.api import AsyncApi
from librouteros.exceptions import MultiTrapError, TrapError
from librouteros.protocol import compose_word, parse_word

from mktui.core.protocol.sentences import Command
from mktui.errors import CommandTrapped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from mktui.core.client.executor import Executor
    from mktui.core.pool.job import Priority


class PooledApi(AsyncApi):  # type: ignore[misc]  # librouteros ships no types
    """An AsyncApi without a socket of its own. Raises librouteros' traps, and mktui's errors for everything else."""

    def __init__(self, executor: Executor, priority: Priority, timeout: float | None) -> None:
        self.protocol = None
        self._executor = executor
        self._priority = priority
        self._timeout = timeout

    async def __call__(self, cmd: str, /, **kwargs: Any) -> AsyncIterator[dict[str, Any]]:  # Any: librouteros' values
        """Run a command and yield its rows."""
        words = [compose_word(key, value) for key, value in kwargs.items()]
        for row in await self._run(cmd, words):
            yield row

    async def rawCmd(self, cmd: str, *words: str) -> AsyncIterator[dict[str, Any]]:  # noqa: N802 - librouteros' name
        """Run a command of plain words and yield its rows."""
        for row in await self._run(cmd, words):
            yield row

    async def close(self) -> None:
        """Do nothing: the pool's owner closes it."""

    async def _run(self, path: str, words: Iterable[str]) -> list[dict[str, Any]]:
        command, _ = Command.parse((path, *words))
        ids = command.attributes.get(".id", "")
        if command.verb == "remove" and "," in ids:
            for row_id in ids.split(","):
                await self._one(Command(path, {**command.attributes, ".id": row_id}))
            return []
        return await self._one(command)

    async def _one(self, command: Command) -> list[dict[str, Any]]:
        outcome = await self._executor.execute(command, priority=self._priority, timeout=self._timeout)
        if isinstance(outcome.error, CommandTrapped):
            traps = [TrapError(message=text, category=outcome.error.category) for text in outcome.error.texts]
            raise traps[0] if len(traps) == 1 else MultiTrapError(*traps)
        rows = outcome.unwrap().rows
        said = [dict(parse_word(f"={name}={text}") for name, text in row.items()) for row in rows]
        return said if outcome.ret is None else [*said, dict([parse_word(f"=ret={outcome.ret}")])]
