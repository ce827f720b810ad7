"""Tasks of a block end with it, and what the block raises comes out as it is."""

from __future__ import annotations

import anyio
import pytest

from mktui.background import background

pytestmark = pytest.mark.anyio


async def test_tasks_are_cancelled_and_waited_for_at_the_end() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("work")

    async with background() as tasks:
        tasks.start_soon(work)
        await anyio.lowlevel.checkpoint()
    assert ended == ["work"]


async def test_what_the_block_raises_is_no_group() -> None:
    async def block() -> None:
        async with background() as tasks:
            tasks.start_soon(anyio.sleep_forever)
            raise KeyError("planted")

    with pytest.raises(KeyError, match="planted"):
        await block()


async def test_what_a_task_raises_ends_the_block_and_is_a_group() -> None:
    async def fail() -> None:
        raise KeyError("planted")

    async def block() -> None:
        async with background() as tasks:
            tasks.start_soon(fail)
            await anyio.sleep_forever()

    with pytest.raises(ExceptionGroup) as caught:
        await block()
    assert isinstance(caught.value.exceptions[0], KeyError)


async def test_a_cancelled_block_stays_cancelled() -> None:
    with anyio.move_on_after(0.1) as scope:
        async with background():
            await anyio.sleep_forever()
    assert scope.cancelled_caught
