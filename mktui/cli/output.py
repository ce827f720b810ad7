"""How results are printed: aligned columns for people, one JSON document for programs."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from mktui import clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mktui.core.pool.health import HealthStatus

GLYPHS = {"healthy": "●", "warning": "◐", "critical": "▲", "offline": "○"}
_COLOURS = {"healthy": "green", "warning": "yellow", "critical": "red", "offline": "bright_black"}


def print_json(schema: str, **facts: Any) -> None:  # Any: JSON
    """Print one document; ``schema`` names its form and version."""
    document = {"schema": schema, "ts": clock.utc_now().isoformat(), **facts}
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print columns, each as wide as it needs to be."""
    lines = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(len(click.unstyle(line[column])) for line in lines) for column in range(len(header))]
    for line in lines:
        cells = [cell + " " * (width - len(click.unstyle(cell))) for cell, width in zip(line, widths, strict=True)]
        click.echo("  ".join(cells).rstrip(), color=use_colour())


def health_cell(status: HealthStatus) -> str:
    """Return glyph and word; colour is only a third way of saying it."""
    return click.style(f"{GLYPHS[status.value]} {status.value}", fg=_COLOURS[status.value])


def use_colour() -> bool:
    """Say whether stdout takes colours: a terminal, and NO_COLOR is not set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def milliseconds(seconds: float | None) -> str:
    """Return a duration for a column whose header says ms."""
    return "–" if seconds is None else f"{seconds * 1000:.0f}"


def percent(value: float | None) -> str:
    """Return a share for a column."""
    return "–" if value is None else f"{value:.0f}"


def say(text: str) -> None:
    """Tell people something that is no result."""
    click.echo(f"mktui: {text}", err=True)
