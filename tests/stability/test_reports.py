"""A report comes back from its file as it went in; its pages show what it says and run nothing; two can be compared."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.errors import ReportUnreadable
from mktui.stability.compare import compare
from mktui.stability.drawing import svg
from mktui.stability.keeping import FORMS, write_report
from mktui.stability.notes import Timeline, percentile
from mktui.stability.page import as_html
from mktui.stability.picture import bars, caption, chart, scale_of, with_axes
from mktui.stability.report import (
    Figure,
    ScenarioReport,
    Series,
    StabilityReport,
    Verdict,
    in_words,
    limit,
    number,
    read_report,
)
from mktui.stability.words import as_markdown, as_text
from tests.terminal.recorded_stability import on_a_router, reported

if TYPE_CHECKING:
    from collections.abc import Callable

EVIL = "<script>alert(1)</script> | `x` *b* [l](http://e)"


def with_figure(value: float | None, **limits: float) -> StabilityReport:
    """A report of one scenario with one figure."""
    figure = Figure(name="p95", value=value, unit="s", **limits)
    verdict = Verdict.PASSED if figure.holds else Verdict.FAILED
    one = ScenarioReport(name="load", title="Load", does="Asks.", verdict=verdict, figures=(figure,))
    return reported().model_copy(update={"scenarios": (one,)})


def without_claims() -> StabilityReport:
    """The same scenario, of which nothing was seen."""
    (one,) = with_figure(0.5, most=1).scenarios
    return reported().model_copy(update={"scenarios": (one.model_copy(update={"figures": ()}),)})


@pytest.mark.parametrize("report", [reported(), reported("load"), on_a_router("edge-1"), reported(until="sync")])
def test_a_report_comes_back_as_it_was(report: StabilityReport, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    write_report(report, file)
    assert read_report(file) == report
    assert json.loads(file.read_text())["schema"] == "mktui.stability/1"
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "EOF"),
        ("[]", "object"),
        ("{}", "run: Field required"),
        ('{"schema": "mktui.stability/2"}', "schema"),
        (b"\xff\xfe", "no text"),
    ],
)
def test_what_is_no_report_is_said_in_a_line(text: str | bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ReportUnreadable) as caught:
        read_report(file)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{file}: ")
    assert len(str(caught.value).splitlines()) == 1


def test_a_report_that_cannot_be_written_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "report.md"
    file.write_text("before")
    monkeypatch.setattr(Path, "replace", _no_space)
    with pytest.raises(ReportUnreadable, match="No space left"):
        write_report(reported(), file)
    assert [each.name for each in tmp_path.iterdir()] == ["report.md"]
    assert file.read_text() == "before"


def _no_space(_file: Path, _target: Path) -> Path:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("form", [as_html, as_markdown, lambda report: "\n".join(as_text(report))])
def test_every_form_says_each_verdict_figure_and_reason(form: Callable[[StabilityReport], str]) -> None:
    for report in (reported("load"), on_a_router("edge-1")):
        shown = form(report).replace("\\", "")
        assert report.summary in shown
        for each in report.scenarios:
            assert each.title in shown
            assert each.verdict.value in shown
            assert each.reason in shown
            assert all(figure.name in shown and number(figure.value, figure.unit) in shown for figure in each.figures)
    assert "96.5 %" in form(reported("load"))


def test_a_page_runs_nothing_and_fetches_nothing_and_a_routers_words_are_no_markup() -> None:
    hurt = ScenarioReport(name="x", title=EVIL, does=EVIL, verdict=Verdict.FAILED, reason=EVIL,
                          figures=(Figure(name=EVIL, value=1, unit=EVIL, most=0, beside=2),),
                          series=(Series(name=EVIL, step=1, slowest=(1.0, None), failures=(0, 1)),))  # fmt: skip
    report = reported().model_copy(update={"scenarios": (hurt,), "target": EVIL, "address": EVIL})
    page = as_html(report)
    assert "<script" not in page
    assert "http" not in page.replace("http://e", "")
    assert page.count("<svg") == 1
    assert 'class="fault"' in page
    marked, _, drawn = as_markdown(report).partition("```text")
    assert "<script>" not in marked
    assert "[l]" not in marked
    assert drawn.count("```") == 1


def test_what_a_router_says_moves_no_cursor() -> None:
    one = reported().scenarios[0].model_copy(update={"reason": "a\x1b[2J\x07b\nc", "verdict": Verdict.FAILED})
    assert "a·[2J·b·c" in "\n".join(as_text(reported().model_copy(update={"scenarios": (one,)})))


def test_what_broke_is_worse_what_was_mended_is_better_and_noise_is_nothing() -> None:
    worse = compare(with_figure(0.2, most=1), with_figure(1.5, most=1))
    assert worse.is_worse
    assert [(each.figure, each.before, each.after, each.is_worse) for each in worse.changes] == [
        ("", "passed", "failed", True), ("p95", "200 ms", "1.50 s", True),
    ]  # fmt: skip
    better = compare(with_figure(1.5, most=1), with_figure(0.2, most=1))
    assert not better.is_worse
    assert all(each.is_worse is False for each in better.changes)
    assert compare(with_figure(0.50, most=1), with_figure(0.55, most=1)).changes == ()
    assert compare(with_figure(2.2, least=1), with_figure(4.4, least=1)).changes[0].is_worse is None
    assert compare(with_figure(1.2, least=1), with_figure(4.4, least=1)).changes[0].is_worse is False
    assert compare(with_figure(10), with_figure(20)).changes[0].is_worse is None
    assert compare(with_figure(0.5, most=1), with_figure(None, most=1)).is_worse
    unrun = compare(with_figure(0.5, most=1), with_figure(0.5, most=1).model_copy(update={"scenarios": ()}))
    assert [(each.before, each.after, each.is_worse) for each in unrun.changes] == [("passed", "not run", True)]
    gone = compare(with_figure(0.5, most=1), without_claims())
    assert [(each.figure, each.after, each.is_worse) for each in gone.changes] == [("p95", "–", None)]


@pytest.mark.parametrize(
    ("before", "after", "limits", "is_worse"),
    [
        (0.1, 0.99, {"most": 1}, True),
        (0.002, 0.004, {"most": 1}, None),  # twice as long, and nothing of what is allowed
        (20.0, 17.2, {"least": 17}, None),
        (8.0, 2.1, {"least": 2}, True),
        (13.2, 10.4, {"least": 4}, None),
        (1.5, 3.0, {"most": 1}, True),  # beyond it all the time
        (3.0, 0.0, {"most": 0}, False),
        (1.0, 3.0, {"most": 0}, True),
        (0.0, 3.0, {"least": 5}, False),
        (30.0, 20.0, {"most": 40, "least": 40}, True),
        (1.0, 4.0, {"most": 5, "least": 1}, None),
        (1.0, 6.0, {"most": 5, "least": 1}, True),
        (0.99, 1.01, {"most": 1}, True),  # little, and too much
    ],
)
def test_a_claim_is_worse_when_it_uses_notably_more_of_its_limit(
    before: float, after: float, limits: dict[str, float], *, is_worse: bool | None
) -> None:
    found = compare(with_figure(before, **limits), with_figure(after, **limits))
    seen = [each.is_worse for each in found.changes if each.figure]
    assert seen == [is_worse] or (seen == [] and is_worse is None)
    assert found.is_worse is (is_worse is True)


@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.SKIPPED, Verdict.RUNNING, None])
def test_what_passed_and_does_not_any_more_is_worse_for_whatever_reason(verdict: Verdict | None) -> None:
    before = reported()
    first, *rest = before.scenarios
    now = [] if verdict is None else [first.model_copy(update={"verdict": verdict})]
    found = compare(before, before.model_copy(update={"scenarios": (*now, *rest)}))
    assert [(each.scenario, each.before, each.is_worse) for each in found.changes] == [(first.title, "passed", True)]
    assert found.is_worse
    assert not compare(before.model_copy(update={"scenarios": (*now, *rest)}), before).is_worse


def test_a_test_that_was_interrupted_is_worse_than_one_that_was_not() -> None:
    whole, part = reported(), reported().model_copy(update={"is_complete": False})
    assert [(each.scenario, each.after, each.is_worse) for each in compare(whole, part).changes] == [
        ("", "interrupted", True)
    ]
    assert not compare(part, whole).is_worse
    assert not compare(part, part).is_worse


def test_where_nothing_was_tested_in_both_nothing_is_compared() -> None:
    skipped = [each.model_copy(update={"verdict": Verdict.SKIPPED}) for each in reported().scenarios]
    nothing = reported().model_copy(update={"scenarios": tuple(skipped)})
    assert compare(nothing, nothing).compared == 0
    assert compare(nothing, reported()).compared == 0
    assert compare(reported(), reported("load")).compared == 10


def test_two_different_tests_are_said_to_be_so() -> None:
    other = on_a_router("edge-1").model_copy(update={"rate": 100.0, "duration": 60.0})
    assert compare(reported(), other).unlike == (
        "target simulated and edge-1", "address none and 10.0.7.3:8728", "seconds of load 10 and 60",
        "commands a second 20 and 100",
    )  # fmt: skip
    assert compare(reported(), reported("load")).unlike == ()


_LIMITS = st.none() | st.floats(0, 10)


@given(st.lists(st.tuples(_LIMITS, _LIMITS, _LIMITS, _LIMITS), max_size=6))
def test_it_is_worse_exactly_when_a_line_says_so(seen: list[tuple[float | None, ...]]) -> None:
    def made(at: int) -> StabilityReport:
        figures = tuple(
            Figure(name=str(number), value=each[at], most=each[2], least=each[3]) for number, each in enumerate(seen)
        )
        verdict = Verdict.PASSED if all(figure.holds for figure in figures) else Verdict.FAILED
        one = ScenarioReport(name="load", title="Load", does="Asks.", verdict=verdict, figures=figures)
        return reported().model_copy(update={"scenarios": (one,)})

    found = compare(made(0), made(1))
    assert found.is_worse == any(each.is_worse is True for each in found.changes)
    assert compare(made(0), made(0)).changes == ()


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [(0.0042, "s", "4.2 ms"), (0.612, "s", "612 ms"), (4.2, "s", "4.20 s"), (12.34, "s", "12.3 s"), (0, "s", "0 ms"),
     (1234.4, "1/s", "1,234 1/s"), (None, "s", "–"), (3, "", "3"), (96.5, "%", "96.5 %")],
)  # fmt: skip
def test_figures_are_short_and_have_their_unit(value: float | None, unit: str, shown: str) -> None:
    assert number(value, unit) == shown


def test_a_claim_holds_only_within_its_limits_and_when_it_was_seen() -> None:
    assert Figure(name="f", value=None).holds
    assert not Figure(name="f", value=None, most=1).holds
    assert Figure(name="f", value=1, most=1, least=1).holds
    assert not Figure(name="f", value=1.01, most=1).holds
    assert not Figure(name="f", value=0.99, least=1).holds
    assert limit(Figure(name="f", value=2, unit="s", least=1, most=3)) == "≥ 1 s, ≤ 3 s"
    assert in_words(Figure(name="f", value=2, most=3, least=3)) == "f 2 (= 3)"


@given(st.lists(st.tuples(st.floats(0, 10_000), st.none() | st.floats(0, 60)), max_size=300))
def test_a_timeline_stays_short_and_loses_no_failure_and_no_slowest(asked: list[tuple[float, float | None]]) -> None:
    line = Timeline(0.0)
    for at, took in asked:
        line.add(at, took)
    series = line.series("")
    assert len(series.slowest) == len(series.failures) <= 120
    assert sum(series.failures) == sum(took is None for _, took in asked)
    known = [took for _, took in asked if took is not None]
    assert max((each for each in series.slowest if each is not None), default=None) == pytest.approx(
        max(known, default=None) if known else None, abs=1e-5
    )
    assert all(len(bars(series, width)) <= width for width in (1, 7, 120))
    assert all(len(row) <= 60 for row in chart(series, 60, 5, 60.0))


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_the_least_value_that_so_many_are_at_or_below(values: list[float], share: float) -> None:
    found = percentile(sorted(values), share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)


def test_pictures_show_failures_and_say_them() -> None:
    series = Series(name="", step=0.5, slowest=(0.1, None, 0.4), failures=(0, 2, 0))
    assert bars(series, 10) == "▂×█"
    assert caption(series) == "× 2 failed, slowest 400 ms, 2 s"
    assert chart(series, 10, 2, 0.4) == ["  █", "▄×█"]


def test_a_picture_has_its_scale_at_the_left_and_its_time_below() -> None:
    series = Series(name="", step=0.5, slowest=(0.1, None, 0.4), failures=(0, 2, 0))
    assert with_axes(series, 20, 4, scale_of([series])) == [
        "500 ms ┤  ▂", "       │  █", "250 ms ┤  █", "       │▆×█", "     0 └───", "        2 s",
    ]  # fmt: skip


@given(st.lists(st.floats(1e-6, 1e6), min_size=1))
def test_all_bars_fit_under_a_scale_of_one_two_or_five_and_less_than_half_of_it_is_empty(slowest: list[float]) -> None:
    series = Series(name="", step=1, slowest=tuple(slowest), failures=(0,) * len(slowest))
    top = scale_of([series])
    assert max(slowest) <= top * (1 + 1e-8)
    assert max(slowest) >= top / 2.51
    assert f"{top:.0e}"[0] in "125"
    ends = [float(place) for place in re.findall(r'class="bar" x="[^"]*" y="([^"]*)"', svg(series, top))]
    assert all(10 <= place <= 120 for place in ends)


def test_a_page_draws_the_seconds_of_both_axes_and_marks_failures_below() -> None:
    series = Series(name="pool", step=0.5, slowest=(0.1, None, 0.4), failures=(0, 2, 0))
    drawn = svg(series, scale_of([series]))
    words = re.findall(r"<text [^>]*>([^<]*)</text>", drawn)
    assert words == ["0", "125 ms", "250 ms", "375 ms", "500 ms", "0 s", "0.3 s", "0.6 s", "0.9 s", "1.2 s", "1.5 s"]
    boxes = re.findall(r'class="(bar|fault)" .*? height="([0-9.]+)"', drawn)
    assert boxes == [("bar", "22.0"), ("fault", "6.0"), ("bar", "88.0")]


def test_the_forms_of_a_report_are_known_by_their_endings() -> None:
    assert set(FORMS) == {".html", ".md", ".json"}
