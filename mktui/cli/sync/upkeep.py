"""What ``pause``, ``resume``, ``status`` and ``report`` share: billing's database without any router."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import anyio

from mktui.cli.options import loaded_config
from mktui.services.office import LazyOffice, open_office

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import click

    from mktui.config.load import LoadedConfig
    from mktui.sync.run import Office

    T = TypeVar("T")


def in_office(context: click.Context, work: Callable[[Office, LoadedConfig], Awaitable[T]]) -> T:
    """Do something with billing open, and no router asked."""
    loaded = loaded_config(context)

    async def do() -> T:
        office = LazyOffice(lambda: open_office(loaded.config.billing, loaded.config.sync))
        try:
            return await work(await office.get(), loaded)
        finally:
            await office.close()

    return anyio.run(do)
