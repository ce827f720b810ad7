"""What is known of a batch's lines: a write is in the audit before it is told, and nothing is said that is not so."""

from __future__ import annotations

import pytest

from mktui.cli.batch import result_text
from mktui.cli.batch.carrying import End, Progress, Result, in_words
from mktui.cli.batch.script import Step, parse
from mktui.core.pool.actions import CommandSettled, EventKind
from mktui.core.pool.job import Outcome, Status


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


def test_what_was_interrupted_is_called_what_it_is() -> None:
    reading, writing, waiting = steps("/ip/pool/print", "/ppp/secret/add name=ana", "/ip/pool/print")
    progress = Progress([reading, writing, waiting])
    progress.under_way = {1: reading, 2: writing}
    results = progress.finish()
    assert [result.end for result in results] == [End.NOT_ANSWERED, End.UNKNOWN, End.NOT_SENT]
    assert in_words(results) == "1 unknown, 1 not answered, 1 not sent"


@pytest.mark.parametrize(
    ("status", "end"),
    [(Status.APPLIED, End.APPLIED), (Status.NOT_APPLIED, End.NOT_SENT), (Status.UNKNOWN, End.UNKNOWN)],
)
def test_a_write_whose_answer_came_in_the_moment_of_the_interruption_is_called_what_it_was(
    status: Status, end: End
) -> None:
    one, other = steps("/ppp/secret/add name=ana", "/ppp/secret/add name=ana")
    progress = Progress([one, other])
    progress.under_way = {1: one, 2: other}
    progress.hear(lambda _event: None, CommandSettled(0.0, EventKind.SETTLED, "", one.command, Outcome(status)))
    assert [result.end for result in progress.finish()] == [end, End.UNKNOWN]


def test_rows_are_counted_only_of_a_read_that_was_answered() -> None:
    (step,) = steps("/ip/pool/print")
    texts = {end: result_text(Result(step, end)) for end in End}
    assert texts[End.APPLIED] == "0 rows"
    assert texts[End.NOT_SENT] == ""
    assert texts[End.NOT_ANSWERED] == "interrupted before the answer came"
