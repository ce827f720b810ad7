"""Everything that a screen shows, as JSON and back: pictures, plans, reports, customers. No password is ever in it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from mktui.billing.model import Kind, OnInactive, Profile, Subscriber, SubscriberStatus
from mktui.billing.outcomes import ImportOutcome
from mktui.billing.records import RowHistory
from mktui.billing.sources.layout import Layout
from mktui.billing.sources.preview import FieldChange, ImportPreview, Missing, RowChange
from mktui.billing.sources.rows import RowError, SourceRows
from mktui.config.save import Fingerprint, Seen
from mktui.core.client.connection_test import TestReport, TestStep
from mktui.errors import ConfigError, ControlRefused, MktuiError
from mktui.monitor.plain import Forms
from mktui.monitor.recording import RECORDS, WORDS
from mktui.monitor.records import Audited, ErrorCount, ErrorLog, SeenError
from mktui.services.billing import Reading
from mktui.services.books import Step, Trouble
from mktui.services.console import Answer
from mktui.services.control.wire import other_version
from mktui.services.customer import Customer, OnlineSession, RouterRow
from mktui.services.customers import Search
from mktui.services.newcomers import Tried
from mktui.services.planning import Planning, PlanStage
from mktui.services.stability import KeptReport, StabilityState
from mktui.stability.report import Figure, ScenarioReport, Series, StabilityReport, Verdict
from mktui.sync.guards import Lifts
from mktui.sync.order import Order
from mktui.sync.plan import Action, Change, Plan, Refused
from mktui.sync.report import Report, RowReport, RowStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECRET: Final = "password"  # noqa: S105 - the field's name


class _Everything(Forms):
    """Also what billing's models, paths and errors are."""

    def plain(self, value: Any) -> Any:  # Any: a record, and JSON
        """Return a record as JSON; a customer's password, a plan's own books and a source's rows stay here."""
        if isinstance(value, BaseModel):
            told = ((name, getattr(value, name), known) for name, known in type(value).model_fields.items())
            named = {name: self.plain(now) for name, now, known in told if name != _SECRET and now != known.default}
            return {"$": type(value).__name__, **named}
        if isinstance(value, MktuiError):
            return {"$": "ControlRefused", "kind": type(value).__name__, "text": str(value)}
        if isinstance(value, Path):
            return {"$": "Path", "is": str(value)}
        if isinstance(value, Order):
            value = replace(value, books=None, saved=None)
        elif isinstance(value, Plan):
            value = replace(value, learnt=(), forgotten=())
        elif isinstance(value, SourceRows):
            value = replace(value, profiles=(), subscribers=(), errors=(), derived=frozenset(), places={})
        return super().plain(value)

    def made(self, kind: type, facts: dict[str, Any]) -> Any:  # Any: a record
        """Return a record of a listed class."""
        return Path(facts["is"]) if kind is Path else kind(**facts)


FORMS: Final = _Everything(
    (
        *RECORDS, TestReport, TestStep, ControlRefused, Planning, Order, Lifts, Plan, Change, Refused, Report,
        RowReport, Search, Customer, OnlineSession, RouterRow, RowHistory, Subscriber, Profile, ErrorLog, SeenError,
        ErrorCount, Audited, Answer, Seen, Fingerprint, Path,
        Trouble, FieldChange, RowChange, ImportPreview, Missing, SourceRows, RowError, ImportOutcome, Reading, Layout,
        Tried, StabilityState, KeptReport, StabilityReport, ScenarioReport, Figure, Series,
    ),
    (*WORDS, Action, RowStatus, PlanStage, Kind, SubscriberStatus, OnInactive, Step, Verdict),
)  # fmt: skip


def heard(document: Any) -> Any:  # Any: JSON, and a record
    """Return what the other side has told.

    Raises:
        ControlRefused: It is of another version, and means something that is not known here.
    """
    try:
        return FORMS.record(document)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise other_version() from None


def fingerprint(plan: Plan) -> str:
    """Return by what a plan is known again: two of one fingerprint do the same, to the row id."""
    text = json.dumps([plan.router, FORMS.plain(plan.changes)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def error_document(error: MktuiError) -> dict[str, Any]:  # Any: JSON
    """Return an error as it is answered."""
    facts: dict[str, Any] = {"kind": type(error).__name__, "text": str(error)}
    if isinstance(error, ConfigError):
        facts |= {name: getattr(error, name) for name in ("problem", "key", "line", "remedy")}
        facts |= {"file": str(error.file or ""), "others": [error_document(each) for each in error.others]}
    return facts


def error_of(document: Mapping[str, Any]) -> MktuiError:  # Any: JSON
    """Return what an answered error is raised as here: its words, and what a form needs of it."""
    kind, text = str(document.get("kind", "")), str(document.get("text", ""))
    if kind != ConfigError.__name__ or "problem" not in document:
        return ControlRefused(kind, text)
    line = document.get("line")
    error = ConfigError(
        str(document["problem"]), file=Path(document["file"]) if document.get("file") else None,
        key=str(document.get("key", "")),
        line=line if isinstance(line, int) else None, remedy=str(document.get("remedy", "")),
    )  # fmt: skip
    others = [error_of(each) for each in document.get("others", ())]
    error.others = tuple(each for each in others if isinstance(each, ConfigError))
    return error
