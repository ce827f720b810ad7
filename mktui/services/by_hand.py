"""What a command does by itself, without a fleet: kept in the audit, and never beside another writer."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from pydantic import SecretStr

from mktui.core.pool.effects import Effect, effect_of
from mktui.monitor.history import History
from mktui.services.chronicle import Chronicle
from mktui.services.command_words import in_words
from mktui.services.one_writer import only_writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mktui.config.model import RouterConfig
    from mktui.core.protocol.sentences import Command
    from mktui.monitor.options import MonitorOptions


@contextmanager
def kept_chronicle(options: MonitorOptions, say: Callable[[str], None]) -> Iterator[Chronicle]:
    """Give what changes are told to for the block; all of them are written at its end. Not for inside a loop."""
    history = History(options.path, options, say) if options.history else None
    try:
        yield Chronicle(history)
    finally:
        if history is not None:
            history.close()


@contextmanager
def sent_by_hand(
    router: RouterConfig, command: Command, options: MonitorOptions, say: Callable[[str], None]
) -> Iterator[None]:
    """Send one command in the block. When it does not only read: as the only writer, and kept with how it ended.

    Raises:
        BillingError: Another program writes to this router, or may.
    """
    if effect_of(command) is Effect.READ:
        yield
        return
    doing = f"mktui run {router.name} {command.path}"
    what = f"run {in_words(command)}"
    with written_by_hand([router], doing, options, say) as chronicle, chronicle.audited(what, router.name):
        yield


@contextmanager
def written_by_hand(
    routers: Iterable[RouterConfig], doing: str, options: MonitorOptions, say: Callable[[str], None]
) -> Iterator[Chronicle]:
    """Be the only writer to routers for the block; gives what its changes are told to.

    Raises:
        BillingError: Another program writes to one of them, or may; nothing was sent to any.
    """
    with ExitStack() as stack:
        for router in routers:
            address = router.options(SecretStr("")).address
            stack.enter_context(only_writer(router.name, address, doing))
        yield stack.enter_context(kept_chronicle(options, say))
