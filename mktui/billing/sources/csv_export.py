"""Profiles and subscribers -> CSV text that reads back as the same. Passwords only when asked for.

Cells that a spreadsheet would calculate are guarded (see ``guard``); the last line is a footer, so that a cut file is
told. Rates, sizes and times are plain bit/s, bytes and seconds; dates are UTC.
"""

from __future__ import annotations

import csv
import datetime as dt
import enum
import io
from typing import TYPE_CHECKING

from pydantic import SecretStr

from mktui.billing.model import Profile, Subscriber
from mktui.billing.sources import guard
from mktui.billing.sources.rows import SECRET_FIELDS
from mktui.billing.sources.units import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def export_profiles(profiles: Iterable[Profile]) -> str:
    """Return profiles as CSV, with a header and a footer."""
    return _csv(tuple(Profile.model_fields), list(profiles))


def export_subscribers(subscribers: Iterable[Subscriber], *, passwords: bool = False) -> str:
    """Return subscribers as CSV, with a header and a footer."""
    columns = tuple(name for name in Subscriber.model_fields if passwords or name not in SECRET_FIELDS)
    return _csv(columns, list(subscribers))


def _csv(columns: Sequence[str], rows: Sequence[Profile | Subscriber]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row, name) for name in columns])
    return f"{text.getvalue()}{guard.footer(len(rows))}\r\n"


def _cell(row: Profile | Subscriber, name: str) -> str:
    value = getattr(row, name)
    text = cell(value)
    default = type(row).model_fields[name].default
    if isinstance(value, str | SecretStr) and not isinstance(value, enum.Enum):
        # empty would be read as the default
        return "'" if not text and isinstance(default, str) and default else guard.guarded(text)
    return text


def cell(value: object) -> str:
    """Return a field's value as a text; a password is in clear."""
    match value:
        case SecretStr():
            return value.get_secret_value()
        case bool():
            return "yes" if value else "no"
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat(" ")
        case tuple():
            return listed(value)
        case None:
            return ""
    return str(value)
