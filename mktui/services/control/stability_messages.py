"""What a running mktui may be asked about stability tests. Pure."""

from __future__ import annotations

from typing import Literal

from mktui.services.control.request import Asked, Name, Write


class TestsState(Asked):
    """How they stand: the one that runs, or the last one, and the reports that are kept."""

    __test__ = False  # its name is not a claim for pytest

    do: Literal["tests"]


class StartTest(Write):
    """Begin a test of a router, or of simulated ones. It ends when whoever has begun it leaves."""

    do: Literal["start test"]
    target: Name
    scenarios: tuple[Name, ...] = ()
    rows: bool = False
    """It may write rows of its own."""


class StopTest(Write):
    """End the test that runs; what it has found stays."""

    do: Literal["stop test"]


class SaveReport(Write):
    """Keep the last report."""

    do: Literal["save report"]


OfStability = TestsState | StartTest | StopTest | SaveReport
