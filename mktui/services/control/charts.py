"""A router's percentiles over time, for a screen that has only just been attached: short, for a thin link. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mktui.monitor.steps import DAY_STEP, HOUR_STEP, Step
from mktui.services.control.wire import other_version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mktui.services.control.wire import Document

_LENGTHS: Final = (HOUR_STEP, DAY_STEP)


def told(steps: Iterable[Step], *, is_whole: bool) -> Document:
    """Return steps as they are sent, by length: age, p50, p95 and p99 of each, in tenths of seconds and microseconds.

    ``is_whole``: what was seen before the start is in it, or there is nothing to come.
    """
    rows: dict[str, list[list[int]]] = {f"{length:g}": [] for length in _LENGTHS}
    for step in steps:
        if isinstance(step.figures, tuple):
            micros = [round(value * 1e6) for value in step.figures]
            rows[f"{step.length:g}"].append([round(step.age * 10), *micros])
    return {"whole": is_whole, "steps": rows}


def heard(document: Any) -> tuple[list[Step], bool]:  # Any: JSON
    """Return what was told: the steps, and whether they are whole.

    Raises:
        ControlRefused: It is of another version.
    """
    try:
        steps = [
            Step(length, age / 10, (p50 / 1e6, p95 / 1e6, p99 / 1e6))
            for length in _LENGTHS
            for age, p50, p95, p99 in document["steps"][f"{length:g}"]
        ]
        return steps, document["whole"] is True
    except (ValueError, TypeError, KeyError, AttributeError):
        raise other_version() from None
