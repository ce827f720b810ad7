"""Somebody else's database: filled by a script, read as a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from mktui.billing.database import _engine, shown
from mktui.billing.options import SourceKind, SourceOptions
from mktui.billing.sources.sql import read_source
from mktui.billing.sources.zones import zone

if TYPE_CHECKING:
    from mktui.billing.sources.rows import SourceRows

PRAGUE = zone("Europe/Prague")


def run(url: str, script: str) -> None:
    engine = _engine(url, shown(url))
    with engine.begin() as connection:
        for statement in filter(str.strip, script.split(";\n")):
            connection.execution_options(no_parameters=True).exec_driver_sql(statement)
    engine.dispose()


def read(url: str, kind: str = "sql", *, accepted: int | None = None, **more: Any) -> SourceRows:
    options = SourceOptions(name="crm", kind=SourceKind(kind), url=SecretStr(url), **more)
    return read_source(options, local=PRAGUE, accepted=accepted)
