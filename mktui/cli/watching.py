"""``--watch``: the same look again and again, redrawn on a terminal, and lines where somebody else reads."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from mktui.cli.options import FiniteRange
from mktui.cli.output import echo_document, use_colour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

EVERY: Final = 2.0
_HOME: Final = "\x1b[H"
_CLEAR: Final = "\x1b[2J"
_REST_OF_LINE: Final = "\x1b[K"
_REST_OF_SCREEN: Final = "\x1b[J"


def watch_options(command: Callable[..., Any]) -> Callable[..., Any]:  # Any: a command's own
    """Give a command ``--watch [S]`` and ``--count N``; it must be a ``WatchingCommand``."""
    watch = click.option(
        "--watch", type=FiniteRange(0.5, 86_400), is_flag=False, flag_value=EVERY, metavar="[S]",
        help=f"Again every S seconds ({EVERY:g}), until ctrl+c.",
    )  # fmt: skip
    count = click.option("--count", type=click.IntRange(1), help="With --watch: so many looks.")
    return watch(count(command))


class WatchingCommand(click.Command):
    """A command whose ``--watch`` may stand before a word that is no number: ``--watch edge-1`` watches edge-1."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give ``--watch`` its usual number when none follows."""
        followed = zip(args, [*args[1:], ""], strict=False)  # no words: nothing follows
        return super().parse_args(
            ctx, [f"--watch={EVERY:g}" if each == "--watch" and not _is_number(after) else each
                  for each, after in followed]
        )  # fmt: skip


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@dataclass(slots=True)
class Watch:
    """How often is looked, and in which form it is said."""

    form: str
    every: float
    left: int | None
    """Looks that are still to come; None: no end."""
    is_going_on: bool
    _is_clear: bool = False

    @classmethod
    def of(cls, every: float | None, count: int | None, form: str) -> Watch:
        """Return what the options say.

        Raises:
            UsageError: They do not fit together.
        """
        if every is None and count is not None:
            raise click.UsageError("--count is for --watch")
        if every is not None and form == "json":
            raise click.UsageError("--watch has no end, and JSON is one document: --format ndjson")
        return cls(form, every or EVERY, 1 if every is None else count, every is not None)

    @property
    def is_redrawn(self) -> bool:
        """One picture in the place of the other, on a terminal."""
        return self.is_going_on and sys.stdout.isatty()

    def is_last(self) -> bool:
        """Count a look that was made, and say whether it was the last."""
        if self.left is None:
            return False
        self.left -= 1
        return self.left <= 0

    def redraw(self, lines: Iterable[str], when: str) -> None:
        """Put lines in the place of the picture before, in one write: nothing flickers."""
        head = f"every {self.every:g} s, {when}; ctrl+c ends it"
        shown = [line if use_colour() else click.unstyle(line) for line in (head, "", *lines)]
        picture = "".join(f"{line}{_REST_OF_LINE}\n" for line in shown)
        echo_document(f"{'' if self._is_clear else _CLEAR}{_HOME}{picture}{_REST_OF_SCREEN}", nl=False)
        self._is_clear = True
