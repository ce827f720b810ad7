"""A CSV file's bytes -> rows. Pure: what was accepted last, and the time zone, are arguments.

- ``,`` ``;`` tab and ``|`` are told apart by which of them makes the most known columns of the first line.
- A line that begins with ``#`` is a comment. ``# rows: 123`` as the last one is a footer: the file has that many rows,
  or it was cut.
- A file whose last row ends early, without a line end, or inside a quote, is taken for cut: nothing of it is used.
- It is complete only when whoever gives it says so, every row could be read, and it has a right footer or at least
  80 % of the rows that were accepted last.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from mktui.billing.sources import guard
from mktui.billing.sources.duplicates import gather
from mktui.billing.sources.fields import ReadRow, read_row
from mktui.billing.sources.header import IGNORED, known, match_columns
from mktui.billing.sources.layout import LOOKED_AT, Layout, samples_of
from mktui.billing.sources.rows import RowError, SourceRows, why_incomplete
from mktui.billing.sources.synonyms import is_known
from mktui.billing.sources.text_file import text_of_file
from mktui.errors import SourceUnreadable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from mktui.billing.sources.rows import What

_DELIMITERS: Final = ",;\t|"
_FOOTER: Final = re.compile(r"#\s*rows:\s*(\d{1,9})\b", re.IGNORECASE | re.ASCII)
_CUT: Final = "get the whole file again"
_EMPTY_MAP: Final[Mapping[str, str]] = {}


@dataclass(slots=True)
class _Table:
    """A file's lines, cells apart. ``footer``: the number of rows that it says it has."""

    header: list[str]
    header_line: int
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    footer: int | None = None
    is_guarded: bool = False


def read_csv(
    content: bytes, what: What, *, local: dt.tzinfo, mapped: Mapping[str, str] = _EMPTY_MAP, claims: bool = False,
    accepted: int | None = None,
) -> SourceRows:  # fmt: skip
    """Read a file of profiles or of subscribers.

    ``mapped``: their column -> our field, or ``-`` to ignore it. ``claims``: whoever gives it says it is everything.
    ``accepted``: how many rows of it were accepted last.

    Raises:
        SourceUnreadable: Nothing of it can be used: no CSV, cut, columns unknown or missing.
    """
    text, _, notes = text_of_file(content)
    table = _table(text, what, mapped)
    columns = match_columns(table.header, what, mapped, line=table.header_line)
    _refuse_cut(table, columns, text)
    rows = gather(_rows(table, columns, what, local), covers=(what,))
    why = why_incomplete(
        claims=claims, count=len(table.rows), errors=len({error.where for error in rows.errors}),
        counted=table.footer is not None, accepted=accepted,
    )  # fmt: skip
    return replace(rows, complete=not why, claims=claims, notes=(*notes, *_notes(table, text, why)))


def layout_of(content: bytes, what: What) -> Layout:
    """Say how a file is written, and what stands in its first lines.

    Raises:
        SourceUnreadable: It is no CSV, or has no header.
    """
    text, encoding, _ = text_of_file(content)
    delimiter, skipped = _delimiter(text, what, _EMPTY_MAP)
    lines = (cells for _, cells in _lines(text, delimiter, skipped) if not _is_comment(cells))
    header = next(lines, None)
    if header is None:
        raise _no_header()
    return Layout(encoding, delimiter, tuple(header), samples_of(header, islice(lines, LOOKED_AT)))


def _no_header() -> SourceUnreadable:
    return SourceUnreadable("the file has no header", remedy="its first line names the columns")


def _notes(table: _Table, text: str, why: str) -> Iterator[str]:
    if not table.rows:
        yield "the file has a header and no rows"
    if table.footer is None and not text.endswith(("\n", "\r")):
        yield "the last line has no line end: if it was cut inside its last cell, only a footer '# rows: N' would tell"
    if why:
        yield f"not complete: {why}"


def _table(text: str, what: What, mapped: Mapping[str, str]) -> _Table:
    delimiter, skipped = _delimiter(text, what, mapped)
    lines = _lines(text, delimiter, skipped)
    found = next(((line, cells) for line, cells in lines if not _is_comment(cells)), None)
    if found is None:
        raise _no_header()
    table = _Table(found[1], found[0])
    for line, cells in lines:
        if not _is_comment(cells):
            if table.footer is not None:
                problem = "there are rows behind the footer: two files in one?"
                raise SourceUnreadable(problem, line=line, remedy="give them one by one")
            table.rows.append((line, cells))
        elif match := _FOOTER.match(cells[0]):
            table.footer = int(match[1])
            table.is_guarded = guard.is_promised(cells[0])
    return table


def _is_comment(cells: list[str]) -> bool:
    return cells[0].startswith("#")


def _lines(text: str, delimiter: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that say anything, each with the number at which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if line > skipped and any(cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise _in_words(error, line) from None


def _in_words(error: csv.Error, line: int) -> SourceUnreadable:
    text = str(error)
    if "unexpected end" in text:
        return SourceUnreadable("the file looks cut: a quote opens here and never closes", line=line, remedy=_CUT)
    if "field larger" in text:
        return SourceUnreadable("a cell without end: is a quote not closed?", line=line)
    return SourceUnreadable(
        "a quote stands in the middle of a cell", line=line, remedy='inside of quotes, a quote is written twice: ""'
    )


def _delimiter(text: str, what: What, mapped: Mapping[str, str]) -> tuple[str, int]:
    """Return the delimiter, and how many lines come before the header because they only name it (``sep=;``)."""
    lines = [line for line in text[:100_000].splitlines() if line.strip() and not line.lstrip('"').startswith("#")]
    if not lines:
        return ",", 0
    named = re.fullmatch(r'"?sep=(.)"?', lines[0].strip())
    if named:
        return named[1], 1

    def fitting(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader([lines[0]], delimiter=delimiter), [])
        return sum(known(cell, what, mapped) is not None or is_known(cell, what) for cell in cells), len(cells)

    return max(_DELIMITERS, key=fitting), 0


def _refuse_cut(table: _Table, columns: list[str], text: str) -> None:
    if table.footer is not None and table.footer != len(table.rows):
        problem = f"the file is cut: its footer says {table.footer} rows, it has {len(table.rows)}"
        raise SourceUnreadable(problem, remedy=_CUT)
    if table.rows and table.footer is None and not text.endswith(("\n", "\r")):
        line, cells = table.rows[-1]
        if len(cells) < len(columns):
            problem = f"the file looks cut: its last line has {len(cells)} of {len(columns)} columns and no end"
            raise SourceUnreadable(problem, line=line, remedy=_CUT)


def _rows(table: _Table, columns: list[str], what: What, local: dt.tzinfo) -> list[ReadRow]:
    read: list[ReadRow] = []
    for line, cells in table.rows:
        where = f"line {line}"
        problem = _misfit(table, columns, cells)
        if problem:
            read.append(ReadRow(what, where, {}, None, (RowError(where, "", "", *problem),)))
            continue
        given = {name: text or None for name, text in zip(columns, cells, strict=True) if name != IGNORED}
        if table.is_guarded:
            given = {name: text and guard.unguarded(text) for name, text in given.items()}
        read.append(read_row(what, given, where=where, local=local))
    return read


def _misfit(table: _Table, columns: list[str], cells: list[str]) -> tuple[str, str] | None:
    """Return what is wrong with a row's number of cells, and what to do; its cells may be secrets."""
    if len(cells) < len(columns):
        return f"has {len(cells)} of {len(columns)} columns", "write empty cells too"
    if len(cells) > len(columns):
        return f"has {len(cells)} cells for {len(columns)} columns", "a cell with the delimiter in it stands in quotes"
    nameless = [index for index, name in enumerate(table.header) if not name.strip() and cells[index].strip()]
    if nameless:
        return f"has a value in column {nameless[0] + 1}, which has no name", "name the column"
    return None
