"""What a stability test has found: frozen, with its limits and its verdicts, as versioned JSON and back.

A figure that has a limit is a claim; a scenario has passed when each of its claims holds.
"""

from __future__ import annotations

import enum
from collections import Counter
from datetime import datetime  # noqa: TC003 - pydantic reads the annotation
from typing import TYPE_CHECKING, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mktui.errors import ReportUnreadable

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA: Final = "mktui.stability/1"
SIMULATED: Final = "simulated"
"""The target of a test that needed no router."""
_MOST_BYTES: Final = 50_000_000


class Verdict(enum.StrEnum):
    """How a scenario ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    RUNNING = "running"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


class Figure(_Frozen):
    """One figure. ``value`` None: it could not be seen. ``most`` and ``least`` are its limits, None for none.

    ``beside`` is the same figure of the way things were done before there was a pool.
    """

    name: str
    value: float | None
    unit: str = ""
    most: float | None = None
    least: float | None = None
    beside: float | None = None

    @property
    def is_claim(self) -> bool:
        """It has a limit."""
        return self.most is not None or self.least is not None

    @property
    def holds(self) -> bool:
        """It is within its limits; what could not be seen is not."""
        if not self.is_claim:
            return True
        if self.value is None:
            return False
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)


class Series(_Frozen):
    """Latency over time: in each ``step`` seconds the slowest answer in seconds, None without one, and failures."""

    name: str
    step: float = Field(gt=0)
    slowest: tuple[float | None, ...] = ()
    failures: tuple[int, ...] = ()


class ScenarioReport(_Frozen):
    """One scenario. ``reason`` says why it failed or was skipped, when its figures do not."""

    name: str
    title: str
    does: str
    verdict: Verdict
    reason: str = ""
    seconds: float = 0.0
    figures: tuple[Figure, ...] = ()
    series: tuple[Series, ...] = ()

    @property
    def why(self) -> str:
        """Why it has not passed, in a line; "" when it has."""
        if self.verdict is Verdict.FAILED and not self.reason:
            return "; ".join(in_words(figure) for figure in self.figures if not figure.holds)
        return self.reason


class StabilityReport(_Frozen):
    """A whole test, or as much of it as was done. ``target`` is a router's name, or ``simulated``."""

    form: Literal["mktui.stability/1"] = Field(SCHEMA, alias="schema")
    run: str
    begun_at: datetime
    target: str
    address: str = ""
    duration: float
    rate: float
    is_complete: bool = True
    seconds: float = 0.0
    scenarios: tuple[ScenarioReport, ...] = ()

    def count(self, verdict: Verdict) -> int:
        """Return how many scenarios ended so."""
        return Counter(each.verdict for each in self.scenarios)[verdict]

    def scenario(self, name: str) -> ScenarioReport | None:
        """Return one scenario's report."""
        return next((each for each in self.scenarios if each.name == name), None)

    @property
    def has_failed(self) -> bool:
        """Something is not as it should be."""
        return self.count(Verdict.FAILED) > 0

    @property
    def was_tested(self) -> bool:
        """Something was: not everything was skipped."""
        return any(each.verdict in {Verdict.PASSED, Verdict.FAILED} for each in self.scenarios)

    @property
    def summary(self) -> str:
        """Return the verdicts in a line."""
        counted = ((each, self.count(each)) for each in Verdict)
        told = ", ".join(f"{number} {verdict.value}" for verdict, number in counted if number)
        return (told or "nothing was tested") + ("" if self.is_complete else ", interrupted")

    def to_json(self) -> str:
        """Return the report as one document."""
        return self.model_dump_json(by_alias=True, indent=2)


def read_report(file: Path) -> StabilityReport:
    """Return a report that was kept. Blocks.

    Raises:
        ReportUnreadable: It is none, or cannot be read.
    """
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ReportUnreadable(file, "it is too long for a report")
        return StabilityReport.model_validate_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportUnreadable(file, error.strerror or "it cannot be read") from None
    except UnicodeDecodeError:
        raise ReportUnreadable(file, "it is no text") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ReportUnreadable(file, f"{where}: {first['msg']}" if where else first["msg"]) from None


def number(value: float | None, unit: str) -> str:
    """Return a figure with its unit: ``612 ms``, ``4.2 s``, ``37``, ``–`` when it could not be seen."""
    if value is None:
        return "–"
    if unit == "s" and value < 1:
        return f"{value * 1000:.0f} ms" if value >= 0.01 or not value else f"{value * 1000:.1f} ms"
    digits = 0 if float(value).is_integer() or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    shown = f"{value:,.{digits}f}"
    return f"{shown} {unit}" if unit else shown


def limit(figure: Figure) -> str:
    """Return a figure's limit in words; "" when it has none. The value beside it says the unit, unless it is time."""
    unit = figure.unit if figure.unit == "s" else ""
    if figure.most is not None and figure.most == figure.least:
        return f"= {number(figure.most, unit)}"
    parts = [f"≥ {number(figure.least, unit)}"] if figure.least is not None else []
    parts += [f"≤ {number(figure.most, unit)}"] if figure.most is not None else []
    return ", ".join(parts)


def in_words(figure: Figure) -> str:
    """Return a figure and its limit in words."""
    wanted = f" ({limit(figure)})" if figure.is_claim else ""
    return f"{figure.name} {number(figure.value, figure.unit)}{wanted}"
