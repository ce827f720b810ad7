"""Small screens on top: a question before something dangerous, a test step by step, and help."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from mktui.tui.actions import ACTIONS, Danger

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from mktui.core.client.connection_test import TestReport, TestStep

_CSS = """
#box { width: 72; max-width: 96%; height: auto; max-height: 90%; background: $panel; padding: 1 2; }
#box Input { margin-top: 1; }
"""


class Confirm(ModalScreen[bool]):
    """Asks before ``doing`` something to ``router``; a protected router's name must be typed."""

    DEFAULT_CSS = "Confirm { align: center middle; }" + _CSS.replace("#box", "Confirm #box")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "yes", "yes", show=False),
        Binding("n,escape,q", "no", "no", show=False),
    ]

    def __init__(self, router: str, doing: str, consequence: str, *, must_type: bool) -> None:
        super().__init__()
        self._router, self._doing, self._consequence, self._must_type = router, doing, consequence, must_type

    def compose(self) -> ComposeResult:
        """Lay out question and answer."""
        with Vertical(id="box"):
            yield Static(Text.assemble((f"{self._doing} {self._router}?", "bold"), f"\n\n{self._consequence}\n"))
            if self._must_type:
                yield Static(f"It is protected: type its name ({self._router}), then ⏎. esc leaves it alone.")
                yield Input(id="name", compact=True)
            else:
                yield Static("y yes   n no")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the name; a wrong one is a no."""
        event.stop()
        self.dismiss(event.value.strip() == self._router)

    def action_yes(self) -> None:
        """Go ahead."""
        if not self._must_type:
            self.dismiss(True)

    def action_no(self) -> None:
        """Leave it alone."""
        self.dismiss(False)


class TestView(ModalScreen[None]):
    """A connection test as it goes."""

    __test__ = False  # its name is not a claim for pytest

    DEFAULT_CSS = "TestView { align: center middle; }" + _CSS.replace("#box", "TestView #box")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "close", show=False)]

    def __init__(self, router: str, address: str) -> None:
        super().__init__()
        self._title = f"Test of {router}, {address}"
        self._lines: list[str] = []
        self._verdict = "…"

    def compose(self) -> ComposeResult:
        """Lay out the steps."""
        with Vertical(id="box"):
            yield Static(id="steps")

    def on_mount(self) -> None:
        """Show the title at once."""
        self._paint()

    def add(self, step: TestStep) -> None:
        """Show one more step."""
        glyph = "✓" if step.ok else "✗"
        self._lines.append(f"{glyph} {step.name:<11}{step.took * 1000:>8.1f} ms  {step.text}")
        self._paint()

    def end(self, report: TestReport) -> None:
        """Show the verdict."""
        self._verdict = f"{report.verdict}\n\nesc closes"
        self._paint()

    def _paint(self) -> None:
        if self.is_mounted:
            body = "\n".join(self._lines)
            self.query_one("#steps", Static).update(
                Text.assemble((self._title, "bold"), f"\n\n{body}\n\n{self._verdict}")
            )


class Help(ModalScreen[None]):
    """Every key, from the one registry."""

    DEFAULT_CSS = "Help { align: center middle; }" + _CSS.replace("#box", "Help #box")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "dismiss", "close", show=False)]

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        lines = Text.assemble(("Keys", "bold"), "\n\n")
        for action in ACTIONS:
            asks = "  asks" if action.danger is Danger.CONFIRMED else ""
            lines.append(f"{action.shown:>4}  ", style="bold")
            lines.append(f"{action.title:<12}{action.help}{asks}\n")
        lines.append("\n● healthy  ◐ warning  ▲ critical  ○ offline\nesc closes")
        with VerticalScroll(id="box"):
            yield Static(lines)
