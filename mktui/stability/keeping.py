"""Reports in files: as a page, as Markdown, as JSON; whole or not at all. Blocks."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Final

from mktui.errors import ReportUnreadable
from mktui.stability.page import as_html
from mktui.stability.words import as_markdown
from mktui.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mktui.stability.report import StabilityReport

FORMS: Final[dict[str, Callable[[StabilityReport], str]]] = {
    ".html": as_html, ".md": as_markdown, ".json": lambda report: report.to_json() + "\n",
}  # fmt: skip
"""A file's ending -> what is written into it."""


def why_unwritable(file: Path) -> str:
    """Return why no report can be written beside a file that is to be one; "": it can, as far as is known before."""
    try:
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}."):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def write_report(report: StabilityReport, file: Path) -> None:
    """Write a report in the form that the file's ending says.

    Raises:
        ReportUnreadable: It cannot be written; what was there before is left.
    """
    text = FORMS[file.suffix](report)
    try:
        write_whole(file, text.encode())
    except OSError as error:
        raise ReportUnreadable(file, f"cannot be written: {error.strerror}") from None
