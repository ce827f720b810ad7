"""How results are printed: aligned columns for people, one JSON document for programs."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from mktui import clock
from mktui.cli.everywhere import wish
from mktui.cli.exit_codes import lines_of
from mktui.cli.lost_output import lost_output
from mktui.letters import cut, printable, width

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mktui.core.pool.health import HealthStatus
    from mktui.errors import MktuiError

_WIDEST: Final = 40
GLYPHS = {"healthy": "●", "warning": "◐", "critical": "▲", "offline": "○"}
_COLOURS = {"healthy": "green", "warning": "yellow", "critical": "red", "offline": "bright_black"}


class Styled(str):
    """A text with our own colours in it: all else that a terminal should not be told was made visible before."""

    __slots__ = ()

    def __add__(self, other: str) -> Styled:
        """Return both behind one another, what is added made visible too."""
        return Styled(super().__add__(shown(other)))


def styled(text: str, *, fg: str | None = None, bold: bool | None = None) -> Styled:
    """Return a text in a colour; nothing in it moves the cursor."""
    return Styled(click.style(printable(text), fg=fg, bold=bold))


def shown(text: str) -> Styled:
    """Return one line as a terminal may be told it."""
    return text if isinstance(text, Styled) else Styled(printable(text))


def joined(parts: Iterable[str], between: str = "  ") -> Styled:
    """Return parts of a line behind one another, what of them is not ours made visible."""
    return Styled(between.join(map(shown, parts)))


def echo(line: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print one line for people. All of the command line's go through here; nothing in them moves the cursor."""
    click.echo(str(shown(line)), err=err, nl=nl, color=None if err else use_colour())


def echo_document(text: str, *, nl: bool = True) -> None:
    """Print a text as it is: for programs and files, or with movements of the cursor that are our own."""
    click.echo(text, nl=nl, color=True)


def print_json(schema: str, **facts: Any) -> None:  # Any: JSON
    """Print one document; ``schema`` names its form and version."""
    document = {"schema": schema, "ts": clock.utc_now().isoformat(), **facts}
    echo_document(json.dumps(document, ensure_ascii=False, indent=2))


class Lines:
    """An object a line, flushed: for programs that read while it goes on. ``seq`` counts the lines from 1."""

    def __init__(self) -> None:
        self._count = 0

    def print(self, schema: str, facts: Mapping[str, Any]) -> None:  # Any: JSON
        """Print one object; ``schema`` names its form and version."""
        self._count += 1
        line = {"schema": schema, "ts": clock.utc_now().isoformat(), "seq": self._count, **facts}
        echo_document(json.dumps(line, ensure_ascii=False))


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print columns, each as wide as it needs to be."""
    for line in table(header, rows):
        echo(line)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table's lines, styled; nothing in a cell moves the cursor, and a wide letter takes its two cells."""
    lines = [tuple(map(shown, line)) for line in (header, *rows)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(header))]
    padded = [[text + " " * (most - _width(text)) for text, most in zip(line, widths, strict=True)] for line in lines]
    return [Styled(joined(line).rstrip()) for line in padded]


def _width(text: Styled) -> int:
    return width(click.unstyle(text))


def print_rows(rows: Sequence[Mapping[str, str]]) -> None:
    """Print a router's rows with a column for each attribute that one of them has."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    print_table([name.upper() for name in columns], [[cell(row.get(name)) for name in columns] for row in rows])


def cell(text: str | None, *, widest: int = _WIDEST) -> str:
    """Return a router's text for a column: short, and nothing in it moves the cursor."""
    return "–" if text is None else cut(printable(text), widest)


def health_cell(status: HealthStatus) -> str:
    """Return glyph and word; colour is only a third way of saying it."""
    return styled(f"{GLYPHS[status.value]} {status.value}", fg=_COLOURS[status.value])


def use_colour() -> bool:
    """Say whether stdout takes colours: a terminal, and neither --no-color nor NO_COLOR is set."""
    return not wish("no_color") and sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def milliseconds(seconds: float | None) -> str:
    """Return a duration for a column whose header says ms."""
    return "–" if seconds is None else f"{seconds * 1000:.0f}"


def percent(value: float | None) -> str:
    """Return a share for a column."""
    return "–" if value is None else f"{value:.0f}"


def complain(error: MktuiError) -> None:
    """Say what went wrong on stderr."""
    for line in lines_of(error):
        echo(f"mktui: {line}", err=True)


def say(text: str) -> None:
    """Tell people something that is no result, and no error: ``-q`` leaves it out."""
    if wish("quiet"):
        return
    echo(f"mktui: {text}", err=True)


def say_if_lost(text: str) -> None:
    """Say on stderr what was changed, when standard output cannot: also with ``-q``, or nobody would hear of it."""
    if lost_output() is not None:
        echo(f"mktui: {text}", err=True)
