"""A picture that is kept small is the same picture: every letter and every colour is where it was."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.terminal.driving import opened, press
from tests.terminal.small_svg import small

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.anyio
CELL = 12.2


def letters(svg: str) -> list[tuple[str, ...]]:
    """Every text that is not blank: colour, place, and what it says."""
    found = re.findall(r'<text class="([^"]+)" x="([^"]+)" y="([^"]+)" textLength="([^"]+)"[^>]*>([^<]*)<', svg)
    told = [(*where, said.replace("&#160;", "\N{NO-BREAK SPACE}")) for *where, said in found]
    return [each for each in told if each[-1].strip()]


def grounds(svg: str) -> Iterator[tuple[str, int, str]]:
    """Every cell of the screen: row, column, colour behind it."""
    boxes = re.findall(r'<rect fill="(#\w+)" x="([^"]+)" y="([^"]+)" width="([^"]+)" height="24.65"', svg)
    for fill, x, y, width in boxes:
        for column in range(round(float(x) / CELL), round((float(x) + float(width)) / CELL)):
            yield y, column, fill


@pytest.mark.parametrize("keys", [(), ("5", "j", "space"), ("2",), ("R",), ("question_mark",)])
async def test_no_letter_and_no_colour_is_lost(keys: tuple[str, ...]) -> None:
    async with opened() as (app, pilot):
        await press(pilot, *keys)
        svg = app.export_screenshot(simplify=True)
    kept = small(svg)
    assert letters(kept) == letters(svg)
    assert sorted(grounds(kept)) == sorted(grounds(svg))
    assert len(letters(svg)) > 20
    assert len(kept) < len(svg) * 2 / 3
    assert small(kept) == kept
