"""The terminal shows the same, whether it got everything or only what had changed."""

from __future__ import annotations

from typing import TypeAlias

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, set_cell_size

from mktui.tui.cell_diff import CellDiff
from mktui.tui.driver import _is_a_picture

COLUMNS, ROWS = 20, 6
STYLES = ("\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[38;2;10;20;30;48;2;1;2;3m", "\x1b[7;1m")
TEXTS = st.text(alphabet=st.sampled_from("ab █●–░世界e\u0301한"), min_size=1, max_size=COLUMNS)
Picture: TypeAlias = list[list[object]]


@st.composite
def frames(draw: st.DrawFn) -> str:
    """What Textual writes: a frame of moves, styles and texts that end before the margin, and line ends inside."""
    parts = ["\x1b[?2026h"]
    for _ in range(draw(st.integers(0, 6))):
        row, column = draw(st.integers(1, ROWS)), draw(st.integers(1, COLUMNS))
        parts.append(f"\x1b[{row};{column}H")
        for _ in range(draw(st.integers(1, 3))):
            text = set_cell_size(draw(TEXTS), min(draw(st.integers(1, 8)), COLUMNS - column + 1))
            if column == 1:
                text = text.lstrip("\u0301")  # there is no letter before it: terminals differ in what they do
            column += cell_len(text)
            parts += [draw(st.sampled_from(STYLES)), text, "\x1b[0m"]
        parts.append(draw(st.sampled_from(["", "\n"])) if row < ROWS else "")
    return "".join([*parts, draw(st.sampled_from(["", "\x1b[?25l", "\x1b[2J", "\x1b[3;1H\x1b[K"])), "\x1b[?2026l"])


class Shown:
    """A terminal in memory."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.Stream(self.screen)
        self.stream.feed("\x1b[?7l")

    def feed(self, data: str) -> Picture:
        self.stream.feed(data.replace("\n", "\r\n"))
        return [[self.screen.buffer[y][x] for x in range(COLUMNS)] for y in range(ROWS)]


@given(st.lists(frames(), min_size=1, max_size=8), st.lists(st.integers(0, 7), max_size=2))
def test_the_picture_is_the_same_after_every_frame(drawn: list[str], resized: list[int]) -> None:
    stock, thrifty, diff = Shown(), Shown(), CellDiff(COLUMNS, ROWS)
    for number, frame in enumerate(drawn):
        if number in resized:
            diff.forget()
        assert thrifty.feed(diff.feed(frame)) == stock.feed(frame)


def test_what_is_shown_already_is_not_written_again() -> None:
    diff = CellDiff()
    frame = "\x1b[?2026h\x1b[2;1H\x1b[1;31medge-1\x1b[0m   12 ms\x1b[3;1H世界 ok\x1b[0m\x1b[?2026l"
    assert diff.feed(frame)
    assert diff.feed(frame) == ""
    assert diff.feed(frame.replace("12 ms", "13 ms")) == "\x1b[?2026h\x1b[2;11H3\x1b[?2026l"


def test_after_forgetting_everything_is_written_again() -> None:
    diff = CellDiff()
    frame = "\x1b[2;1Hedge-1"
    first = diff.feed(frame)
    diff.forget()
    assert diff.feed(frame) == f"\x1b[2;1H\x1b[0m{frame[6:]}" or diff.feed(frame) == first


@pytest.mark.parametrize("other", ["\x1b[2J", "\x1bc", "\x1b[?1049h", "\x1b[5;3r", "\x07"])
def test_what_is_not_understood_goes_through_and_nothing_is_believed_afterwards(other: str) -> None:
    diff = CellDiff()
    frame = "\x1b[1;1Hword"
    diff.feed(frame)
    assert other in diff.feed(other)
    assert "word" in diff.feed(frame)


@pytest.mark.parametrize("harmless", ["\x1b[?25l", "\x1b[?1006h", "\x1b[?2026$p", "\x1b[>11u", "\x1b]52;c;aGk=\x07"])
def test_modes_and_questions_go_through_and_cost_no_knowledge(harmless: str) -> None:
    diff = CellDiff()
    frame = "\x1b[1;1Hword"
    diff.feed(frame)
    assert diff.feed(harmless) == harmless
    assert diff.feed(frame) == ""


def test_the_cursor_is_where_the_shell_left_it_when_the_screen_is_taken_and_given_back() -> None:
    diff = CellDiff(COLUMNS, ROWS)
    assert diff.feed("\x1b[?1049h") == "\x1b[0m\x1b[?1049h", "from wherever it is: the terminal keeps that place"
    assert "1;1H" in diff.feed("\x1b[1;1H\x1b[31mab")
    assert diff.feed("\x1b[0m\x1b[3;3H\x1b[?1049l") == "\x1b[0m\x1b[?1049l"


def test_planted_a_shadow_that_survives_a_clear_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CellDiff, "forget", lambda _self: None)
    check = test_the_picture_is_the_same_after_every_frame.hypothesis.inner_test  # type: ignore[attr-defined]  # its own
    frame = "\x1b[1;1Hword"
    with pytest.raises(AssertionError):
        check([frame, "\x1b[2J", frame], [])


def test_what_is_drawn_for_a_larger_terminal_is_cut_at_the_edge() -> None:
    diff = CellDiff(10, 2)
    assert diff.feed("\x1b[1;6H123456789") == "\x1b[1;6H\x1b[0m12345"
    assert diff.feed("\x1b[3;1Hbelow") == ""
    assert diff.feed("\x1b[1;10H世") == "\x1b[1;10H "
    diff.resize(20, 4)
    assert "below" in diff.feed("\x1b[3;1Hbelow")


@pytest.mark.parametrize(
    ("data", "is_picture"),
    [
        ("\x1b[1;1Hword", True), ("\x1b[?2026h", True), ("\x1b]52;c;SGVsbG8=\x07", False), ("\x1b[?1049l", False),
        ("\x1b[?25l", False),
    ],
)  # fmt: skip
def test_only_pictures_are_passed_over_while_the_link_is_slow(data: str, *, is_picture: bool) -> None:
    assert _is_a_picture(data) == is_picture
