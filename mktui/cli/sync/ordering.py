"""Options that say what one run may do, and the order they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from mktui.billing.model import Kind
from mktui.cli import completing
from mktui.sync.guards import Lifts
from mktui.sync.order import Order

if TYPE_CHECKING:
    from collections.abc import Callable

    Decorated = TypeVar("Decorated", bound=Callable[..., Any])  # Any: whatever a command takes

_ROWS = click.IntRange(0, 1_000_000)
_NARROWING = (
    click.option("--router", "more_routers", multiple=True, metavar="NAME", shell_complete=completing.routers,
                 help="Only this router; may be repeated."),
    click.option("--kind", "kinds", multiple=True, type=click.Choice([kind.value for kind in Kind]),
                 help="Only these customers and their profiles."),
    click.option("--name", "names", multiple=True, metavar="NAME", help="Only rows of this name; may be repeated."),
)  # fmt: skip
_WISHES = (
    click.option("--prune", is_flag=True, help="Disable or delete rows of ours that billing no longer has."),
    click.option("--allow-empty", is_flag=True, help="Prune even when billing has no subscriber at all."),
    click.option("--heal", is_flag=True, help="Overwrite what somebody has changed on the router."),
    click.option("--max-delete", type=_ROWS, metavar="N", help="Allow N deletes in this run, whatever the limits."),
    click.option("--max-disable", type=_ROWS, metavar="N", help="Allow N disables in this run."),
    click.option("--max-update", type=_ROWS, metavar="N", help="Allow N changed rows in this run."),
    click.option("--rebuild", is_flag=True, help="The router was replaced or restored: add our rows again."),
)


def _all(options: tuple[Callable[[Any], Any], ...]) -> Callable[[Decorated], Decorated]:
    def decorate(command: Decorated) -> Decorated:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


narrowing_options = _all(_NARROWING)
wish_options = _all(_WISHES)


def order_of(options: dict[str, Any], *, cause: str) -> Order:  # Any: what click has parsed
    """Return the order that a command's options make."""
    lifts = Lifts(
        options.get("max_delete"), options.get("max_disable"), options.get("max_update"),
        bool(options.get("rebuild")),
    )  # fmt: skip
    lifted = ", ".join(
        f"--{name.replace('_', '-')}{'' if options[name] is True else f' {options[name]}'}"
        for name in _LIFTING if is_given(options.get(name))
    )  # fmt: skip
    return Order(
        cause=f"{cause} {lifted}".strip(), prune=bool(options.get("prune")), heal=bool(options.get("heal")),
        allow_empty=bool(options.get("allow_empty")), lifts=lifts,
        kinds=frozenset(Kind(kind) for kind in options.get("kinds", ())), names=frozenset(options.get("names", ())),
    )  # fmt: skip


def is_given(value: object) -> bool:
    """Say whether somebody has given an option: 0 is a number, and means none."""
    return value is not None and value is not False and value != ()


_LIFTING = ("prune", "allow_empty", "heal", "max_delete", "max_disable", "max_update", "rebuild")
"""What a run was allowed by hand: it stands in the run's cause, for whoever asks later."""
