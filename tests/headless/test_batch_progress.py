"""What is known of a batch's lines: a write is in the audit before it is told, and nothing is said that is not so."""

from __future__ import annotations

import pytest

from mktui.cli.batch.carrying import End, Progress, Result
from mktui.cli.batch.script import Step, parse


def steps(*lines: str) -> tuple[Step, ...]:
    return parse(lines, ["edge-1"], "edge-1").steps


def test_a_write_is_in_the_audit_though_it_cannot_be_told() -> None:
    (step,) = steps("/ppp/secret/add name=ana")
    kept: list[Result] = []

    def told(_result: Result) -> None:
        raise OSError("nobody reads it")

    progress = Progress([step], on_result=told, on_write=kept.append)
    with pytest.raises(OSError, match="nobody reads it"):
        progress.settled(Result(step, End.APPLIED))
    assert [result.end for result in kept] == [End.APPLIED]
