"""Small screens on top: a question before something dangerous, a test step by step, and help."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from mktui.tui.actions import Danger, help_of
from mktui.tui.palette import Palette
from mktui.tui.widgets.line import Line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from mktui.core.client.connection_test import TestReport, TestStep
    from mktui.tui.actions import Action

_MOVES: Final = frozenset({"down", "up", "top", "bottom"})
"""Keys that help shows on one line."""


def box_css(screen: str) -> str:
    """Return the stylesheet of a box in the middle."""
    return f"""
    {screen} {{ align: center middle; }}
    {screen} #box {{
        width: 74; max-width: 98%; height: auto; max-height: 100%; background: $panel; padding: 1 2;
        scrollbar-size-vertical: 1;
    }}
    {screen} #box Input {{ margin-top: 1; background: $background; }}
    {screen} #wrong {{ color: $text-error; }}
    """


class Confirm(ModalScreen[bool]):
    """Asks before ``doing`` something to ``router``; a protected router's name must be typed."""

    DEFAULT_CSS = box_css("Confirm")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "yes", show=False),
        Binding("n,escape,q", "no", "no", show=False),
    ]
    typed: ClassVar[str] = "its name"
    """What must be typed, in words."""

    def __init__(self, router: str, doing: str, consequence: str, *, must_type: bool) -> None:
        super().__init__()
        self._router, self._doing, self._consequence, self._must_type = router, doing, consequence, must_type

    def compose(self) -> ComposeResult:
        """Lay out question and answer."""
        with VerticalScroll(id="box", can_focus=False):  # on a low terminal the line to type in is scrolled to
            yield Static(Text.assemble((f"{self._doing} {self._router}?", "bold"), f"\n\n{self._consequence}\n"))
            if self._must_type:
                told = f"It is protected: type its name ({self._router}), then ⏎. esc leaves it alone."
                yield Static(told, markup=False)
                yield Line(id="name", compact=True)
                yield Static(id="wrong", markup=False)
            else:
                yield Static("y yes   n no")

    def on_input_submitted(self, event: Line.Submitted) -> None:
        """Take the name; a wrong one is told, and nothing is done."""
        event.stop()
        if event.value.strip() == self._router:
            self.dismiss(True)
        else:
            self.query_one("#wrong", Static).update(f"✗ that is not {self.typed}: {self._router}")

    def action_yes(self) -> None:
        """Go ahead."""
        if not self._must_type:
            self.dismiss(True)

    def action_no(self) -> None:
        """Leave it alone."""
        self.dismiss(False)


class Hold(ModalScreen[str | None]):
    """Asks why the automatic syncs of ``router`` shall be held; None: they shall not."""

    DEFAULT_CSS = box_css("Hold")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "no", "no", show=False)]

    def __init__(self, router: str) -> None:
        super().__init__()
        self._router = router

    def compose(self) -> ComposeResult:
        """Lay out question and reason."""
        with Vertical(id="box"):
            yield Static(
                Text.assemble(
                    (f"Hold automatic syncs of {self._router}?", "bold"),
                    "\n\nThey leave it alone until somebody lets them go on; a sync by hand still works.\n\n"
                    "Why? It is shown to whoever looks. ⏎ holds them, esc does not.",
                )
            )
            yield Line("by hand", id="reason", compact=True, max_length=200)

    def on_input_submitted(self, event: Line.Submitted) -> None:
        """Take the reason."""
        event.stop()
        self.dismiss(event.value.strip() or "by hand")

    def action_no(self) -> None:
        """Let them go on."""
        self.dismiss(None)


class TestView(ModalScreen[None]):
    """A connection test as it goes."""

    __test__ = False  # its name is not a claim for pytest

    DEFAULT_CSS = box_css("TestView")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "close", show=False)]

    def __init__(self, router: str, address: str) -> None:
        super().__init__()
        self._title = f"Test of {router}, {address}"
        self._lines: list[Text] = []
        self._verdict = Text("testing …")

    def compose(self) -> ComposeResult:
        """Lay out the steps."""
        with Vertical(id="box"):
            yield Static(id="steps")

    def on_mount(self) -> None:
        """Show the title at once."""
        self._paint()

    def add(self, step: TestStep) -> None:
        """Show one more step."""
        palette = Palette(self.app.theme_variables)
        glyph, style = ("✓", palette.style("text-success")) if step.ok else ("✗", palette.style("text-error"))
        figures = f" {step.name:<11}{step.took * 1000:>8.1f} ms  "
        self._lines.append(Text.assemble((glyph, style), figures, _indented(step.text, 1 + len(figures))))
        self._paint()

    def end(self, report: TestReport) -> None:
        """Show the verdict."""
        style = Palette(self.app.theme_variables).style("text-success" if report.ok else "text-error")
        self._verdict = Text(report.verdict, style=f"bold {style}")
        self._paint()

    def _paint(self) -> None:
        if self.is_mounted:
            body = Text("\n").join(self._lines)
            self.query_one("#steps", Static).update(
                Text.assemble((self._title, "bold"), "\n\n", body, "\n\n", self._verdict, "\n\nesc closes")
            )


def _indented(text: str, indent: int) -> str:
    """Wrap a long text under itself."""
    return f"\n{' ' * indent}".join(textwrap.wrap(text, max(20, 70 - indent)))


class Help(ModalScreen[None]):
    """Every key, from the one registry."""

    DEFAULT_CSS = box_css("Help")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "dismiss", "close", show=False)]

    def __init__(self, actions: Sequence[Action]) -> None:
        super().__init__()
        self._actions = actions

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        states = "● healthy  ◐ warning  ▲ critical  ○ offline"
        lines = Text.assemble((f"{'Every key':<44}", "bold"), "↑ ↓ move   esc closes\n\n")
        for action in self._actions:
            if action.id in _MOVES:
                continue
            lines.append(f"{action.shown:>4}  ", style="bold")
            asks = "asks" if action.danger is Danger.CONFIRMED else ""
            lines.append(f"{action.title:<12}{help_of(action, self._actions):<45}{asks}\n")
        lines.append(f"{' '.join(action.shown for action in self._actions if action.id in _MOVES)}  ", style="bold")
        lines.append("move        Next row, row before, first, last.\n")
        lines.append(f"\n{states}")
        with VerticalScroll(id="box"):
            yield Static(lines)
