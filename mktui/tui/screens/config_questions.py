"""The two questions of the configuration's screen: shall this be saved, and shall it be forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from mktui.tui import words
from mktui.tui.palette import Palette
from mktui.tui.screens.modals import box_css

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from textual.app import ComposeResult

    from mktui.config.draft import Difference
    from mktui.services.configuring import Saved


class Question(ModalScreen[bool]):
    """Asks, with y and n for answers."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes", show=False),
        Binding("n,escape,q", "answer(False)", "no", show=False),
    ]

    def compose(self) -> ComposeResult:
        """Lay out the question."""
        with VerticalScroll(id="box"):
            yield Static(self.asked())

    def asked(self) -> Text:
        """Return the question, and what depends on it."""
        raise NotImplementedError

    def action_answer(self, yes: bool) -> None:
        """Take the answer."""
        self.dismiss(yes)


class SaveChanges(Question):
    """Shows what saving changes in a file, setting by setting; no secret is in it."""

    DEFAULT_CSS = box_css("SaveChanges")

    def __init__(self, file: Path, differences: Sequence[Difference]) -> None:
        super().__init__()
        self._file, self._differences = file, differences

    def asked(self) -> Text:
        """Return the difference, with what applies when."""
        palette = Palette(self.app.theme_variables)
        lines = [
            Text(f"Save {words.count(len(self._differences), 'change')} to {self._file.name}?", style="bold"),
            Text(),
        ]
        for each in self._differences:
            lines += _lines(each, palette)
        lines += [
            Text(
                f"\nComments and order stay. What is there now is kept as {self._file.name}.bak.", style=palette.quiet
            ),
            Text("y saves and applies   n does not"),
        ]
        return Text("\n").join(lines)


class TakeOut(Question):
    """Asks before an entry of a list goes: a router, a token, a receiver."""

    DEFAULT_CSS = box_css("TakeOut")

    def __init__(self, what: str, name: str, why: str) -> None:
        super().__init__()
        self._what, self._name, self._why = what, name, why

    def asked(self) -> Text:
        """Return the question."""
        return Text.assemble(
            (f"Take {self._what} {self._name} out?", "bold"),
            f"\n\n{self._why}",
            "\n\ny takes it out   n leaves it",
        )


class Discard(Question):
    """Asks before unsaved changes are forgotten."""

    DEFAULT_CSS = box_css("Discard")

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def asked(self) -> Text:
        """Return the question."""
        changes = words.count(self._count, "change")
        return Text.assemble(
            (f"Forget {changes}?", "bold"), "\n\nNothing of it is saved.\n\ny forgets   n goes back to it"
        )


def told(saved: Saved) -> str:
    """Say what a save has done, and what it has not done yet."""
    lines = []
    if saved.came:
        lines.append(f"started: {', '.join(saved.came)}")
    if saved.went:
        lines.append(f"stopped: {', '.join(saved.went)}")
    lines += saved.problems
    if saved.live:
        lines.append(f"applied: {', '.join(saved.live)}")
    if saved.later:
        lines.append(f"from the next start on: {', '.join(saved.later)}")
    return "\n".join(lines) or "nothing in it applies to what runs"


def _lines(each: Difference, palette: Palette) -> list[Text]:
    applies = "live" if each.setting.applies == "live" else f"on {each.setting.applies}"
    head = Text(f"~ {each.setting.dotted}", style=palette.state("warning"))
    value = Text.assemble("    ", (each.before or words.UNKNOWN, palette.quiet), " → ", each.after or words.UNKNOWN)
    value.append(f"   {applies}", style=palette.quiet)
    return [head, value]
