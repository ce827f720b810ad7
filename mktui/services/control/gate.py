"""Where a router comes in that somebody adds from an attached screen: tried and saved here, as he has typed it.

What the screen has judged is judged again: between its look and its wish somebody else may have added the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio

from mktui.config.load import parse
from mktui.config.newcomer import errors_of, pool_of
from mktui.config.save import Fingerprint, Seen
from mktui.core.client.connection_test import TestStep
from mktui.errors import ConfigError
from mktui.services.control.forms import FORMS
from mktui.services.control.newcomer_messages import SaveRouter, TryRouter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mktui.config.newcomer import Newcomer
    from mktui.config.settings import Raw
    from mktui.services.configuring import Saved
    from mktui.services.control.newcomer_messages import OfNewcomer
    from mktui.services.fleet import Fleet

    OnStep = Callable[[Any], Awaitable[None]]  # Any: JSON

_STEPS = 100
"""More than a test has."""


async def welcome(fleet: Fleet, request: OfNewcomer, on_step: OnStep) -> Any:  # Any: JSON
    """Try a router, or save it and start it. A save that has begun is carried to its end.

    Raises:
        ConfigError: Something is wrong with it; the key's last part is the field.
        MktuiError: It cannot be done.
    """
    newcomer, seen = request.newcomer.typed(), await fleet.newcomers.look()
    raw: Raw = parse(seen.text, seen.file) if seen is not None else {}
    if isinstance(request, TryRouter):
        _judge(newcomer, raw)
        return await stepped(lambda tell: fleet.newcomers.test(newcomer, pool_of(raw), on_step=tell), on_step)
    return await _save(fleet, request, newcomer, seen)


async def _save(fleet: Fleet, request: SaveRouter, newcomer: Newcomer, seen: Seen | None) -> dict[str, Any]:
    if seen is None:
        raise ConfigError("there is no configuration file here: a demo has routers of its own")
    known = as_seen(request.digest, request.modified_ns, seen)
    _judge(newcomer, parse(seen.text, seen.file))
    with anyio.CancelScope(shield=True):
        saved = await fleet.newcomers.save(known, newcomer)
    return saved_as_told(saved)


def as_seen(digest: str | None, modified_ns: int, now: Seen) -> Seen:
    """Return the file as the other side has seen it; one that is another by now is refused when it is saved."""
    seen = Fingerprint(digest, modified_ns) if digest is not None else None
    return now if now.print == seen else Seen(now.file, "", seen)


def _judge(newcomer: Newcomer, raw: Raw) -> None:
    wrong = errors_of(newcomer, raw)
    if wrong:
        errors = [ConfigError(text, key=f"routers.{newcomer.name.strip()}.{name}") for name, text in wrong.items()]
        errors[0].others = tuple(errors[1:])
        raise errors[0]


def saved_as_told(saved: Saved) -> dict[str, Any]:  # Any: JSON
    """Return what became of a save as it is answered; the configuration is in what was seen."""
    lists = {name: list(getattr(saved, name)) for name in ("live", "later", "came", "went", "problems")}
    return {"seen": FORMS.plain(saved.seen), **lists}


async def stepped(test: Callable[[Callable[[TestStep], None]], Awaitable[Any]], on_step: OnStep) -> Any:  # Any: JSON
    """Run a test and tell each of its steps as it ends; return what it returns."""
    send, receive = anyio.create_memory_object_stream[TestStep](_STEPS)

    async def tell() -> None:
        async with receive:
            async for step in receive:
                await on_step(FORMS.plain(step))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tell)
        with send:
            report = await test(send.send_nowait)
    return FORMS.plain(report)
