"""How results are printed: aligned columns for people, one JSON document for programs."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from mktui import clock
from mktui.cli.everywhere import wish
from mktui.letters import cut, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mktui.core.pool.health import HealthStatus

_WIDEST: Final = 40
GLYPHS = {"healthy": "●", "warning": "◐", "critical": "▲", "offline": "○"}
_COLOURS = {"healthy": "green", "warning": "yellow", "critical": "red", "offline": "bright_black"}


def print_json(schema: str, **facts: Any) -> None:  # Any: JSON
    """Print one document; ``schema`` names its form and version."""
    document = {"schema": schema, "ts": clock.utc_now().isoformat(), **facts}
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


class Lines:
    """An object a line, flushed: for programs that read while it goes on. ``seq`` counts the lines from 1."""

    def __init__(self) -> None:
        self._count = 0

    def print(self, schema: str, facts: Mapping[str, Any]) -> None:  # Any: JSON
        """Print one object; ``schema`` names its form and version."""
        self._count += 1
        line = {"schema": schema, "ts": clock.utc_now().isoformat(), "seq": self._count, **facts}
        click.echo(json.dumps(line, ensure_ascii=False))


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print columns, each as wide as it needs to be."""
    for line in table(header, rows):
        click.echo(line, color=use_colour())


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table's lines, styled."""
    lines = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(len(click.unstyle(line[column])) for line in lines) for column in range(len(header))]
    return [
        "  ".join(
            cell + " " * (width - len(click.unstyle(cell))) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]


def print_rows(rows: Sequence[Mapping[str, str]]) -> None:
    """Print a router's rows with a column for each attribute that one of them has."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    print_table([name.upper() for name in columns], [[cell(row.get(name)) for name in columns] for row in rows])


def cell(text: str | None, *, widest: int = _WIDEST) -> str:
    """Return a router's text for a column: short, and nothing in it moves the cursor."""
    return "–" if text is None else cut(printable(text), widest)


def health_cell(status: HealthStatus) -> str:
    """Return glyph and word; colour is only a third way of saying it."""
    return click.style(f"{GLYPHS[status.value]} {status.value}", fg=_COLOURS[status.value])


def use_colour() -> bool:
    """Say whether stdout takes colours: a terminal, and neither --no-color nor NO_COLOR is set."""
    return not wish("no_color") and sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def milliseconds(seconds: float | None) -> str:
    """Return a duration for a column whose header says ms."""
    return "–" if seconds is None else f"{seconds * 1000:.0f}"


def percent(value: float | None) -> str:
    """Return a share for a column."""
    return "–" if value is None else f"{value:.0f}"


def say(text: str) -> None:
    """Tell people something that is no result, and no error: ``-q`` leaves it out."""
    if wish("quiet"):
        return
    click.echo(f"mktui: {text}", err=True)
