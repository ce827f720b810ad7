"""Pictures as small as they can be and still be pictures: all of them weigh a third of what Textual exports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pytest_textual_snapshot import SVGImageExtension

if TYPE_CHECKING:
    from re import Match

_NOT_NEEDED: Final = (
    (re.compile(r"\s*@font-face \{.*?\n    \}", re.DOTALL), ""),  # a picture in a page may not load it anyhow
    (re.compile(r'<clipPath id="terminal-line-\d+">.*?</clipPath>\s*', re.DOTALL), ""),
    (re.compile(r' clip-path="url\(#terminal-line-\d+\)"'), ""),
    (re.compile(r"&#160;"), "\N{NO-BREAK SPACE}"),
    (re.compile(r"<text class=[^>]*>\s*</text>"), "\n"),  # what is blank stands in its rectangle
    (re.compile(r"\n\s*\n+"), "\n"),
)
_RECTANGLE: Final = r'<rect fill="([^"]+)" x="([^"]+)" y="([^"]+)" width="([^"]+)" height="24.65" [^>]*/>'
_SAME_ROW: Final = re.compile(rf"(?:{_RECTANGLE})+")


def small(svg: str) -> str:
    """Return the same picture without what nobody sees: the font's address, a frame for each row, blanks."""
    for pattern, instead in _NOT_NEEDED:
        svg = pattern.sub(instead, svg)
    return _SAME_ROW.sub(_joined, svg)


def _joined(row: Match[str]) -> str:
    """Return rectangles, those of one colour that touch each other as one."""
    found: list[list[str | float]] = []
    for fill, x, y, width in re.findall(_RECTANGLE, row.group()):
        last = found[-1] if found else None
        if last is not None and last[:2] == [fill, y] and round(float(last[2]) + float(last[3]), 1) == float(x):
            last[3] = round(float(last[3]) + float(width), 1)
        else:
            found.append([fill, y, float(x), float(width)])
    return "\n".join(f'<rect fill="{fill}" x="{x}" y="{y}" width="{width}" height="24.65" '
                     f'shape-rendering="crispEdges"/>' for fill, y, x, width in found)  # fmt: skip


class SmallPicture(SVGImageExtension):  # type: ignore[misc]  # the plugin has no types
    """How a picture is kept."""

    def serialize(self, *given: object, **options: object) -> str:
        """Return what is written and compared."""
        return small(super().serialize(*given, **options))
