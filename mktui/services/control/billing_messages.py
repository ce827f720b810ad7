"""What a running mktui may be asked about billing as a whole. Pure.

A row's cells may hold a password: they are in no repr.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mktui.billing.model import SubscriberStatus  # noqa: TC001 - pydantic reads the annotations
from mktui.billing.sources.rows import What  # noqa: TC001 - as above
from mktui.services.control.request import Asked, Bytes, Count, Name, Number, Text, Write

Ids = tuple[Name, ...]


class BooksPage(Asked):
    """What has changed in billing since the page of this number, as many rows as one page holds."""

    do: Literal["books"]
    known: Number = 0


class ReadBilling(Asked):
    """Read billing now, whether or not it has changed."""

    do: Literal["read billing"]


class PreviewRow(Write):
    """Say what writing one row would do."""

    do: Literal["preview"]
    what: What
    cells: dict[Name, Text] = Field(repr=False)


class WriteShown(Write):
    """Write what the preview of this number has shown."""

    do: Literal["write"]
    preview: Number


class SetStatus(Write):
    """Suspend, enable or delete subscribers, all in one."""

    do: Literal["set status"]
    ids: Ids
    status: SubscriberStatus


class ExtendAll(Write):
    """Let subscribers be paid for longer, all in one."""

    do: Literal["extend all"]
    ids: Ids
    days: int = Field(ge=1, le=3660)


class Undo(Write):
    """Take back what was done last from this screen."""

    do: Literal["undo"]


class Upload(Write):
    """A piece of a file, in base64, that belongs after ``at`` bytes; 0 begins another file."""

    do: Literal["upload"]
    at: Bytes
    piece: Text = Field(repr=False)


class ReadFile(Write):
    """Begin to read the file that was sent, which has ``size`` bytes. ``mapped``: their column -> our field."""

    do: Literal["read file"]
    name: Name
    what: What
    size: Bytes
    mapped: dict[str, str] | None = None


class ReadingOf(Asked):
    """How far the file is that is being read into billing, its lines left out."""

    do: Literal["reading"]


class LinesOf(Asked):
    """Lines of that file from ``at`` on: of what it would do, or of what could not be written."""

    do: Literal["lines"]
    of: Literal["shown", "outcome"] = "shown"
    at: Count = 0


class ImportFile(Write):
    """Begin to write the file that was read."""

    do: Literal["import"]


OfBilling = (
    BooksPage | ReadBilling | PreviewRow | WriteShown | SetStatus | ExtendAll | Undo | Upload | ReadFile | ReadingOf
    | LinesOf | ImportFile
)  # fmt: skip
