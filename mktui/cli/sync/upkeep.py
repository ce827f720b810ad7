"""What ``billing``, ``pause``, ``resume``, ``status`` and ``report`` share: billing's database without any router."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import anyio

from mktui.cli.options import loaded_config
from mktui.cli.output import say
from mktui.services.by_hand import kept_chronicle
from mktui.services.office import LazyOffice, open_office

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import click

    from mktui.config.load import LoadedConfig
    from mktui.services.chronicle import Chronicle
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


def changing_office(context: click.Context, work: Callable[[Office, LoadedConfig, Chronicle], Awaitable[T]]) -> T:
    """Do so for what changes something; ``work`` is given what keeps its changes in the audit."""
    with kept_chronicle(loaded_config(context).config.monitor, say) as chronicle:
        return in_office(context, lambda office, loaded: work(office, loaded, chronicle))
