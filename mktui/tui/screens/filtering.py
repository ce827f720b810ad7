"""A line in which a filter is typed, for any screen whose rows can be fewer: part of a text, ``!`` in front for not."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import Static

from mktui.tui.screens.view import View
from mktui.tui.widgets.line import Line

if TYPE_CHECKING:
    from textual.widget import Widget


class FilterLine(Line):
    """The line: it is left by esc, whatever else goes back; a letter is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.back", "leave it", show=False)]


class Filterable(View):
    """The screen yields ``filter_line`` above its keys, asks ``passes`` of each row, and shows itself in ``again``."""

    DEFAULT_CSS = """
    Filterable #filter { display: none; height: 1; border: none; padding: 0 1; background: $surface; }
    Filterable #filter.open { display: block; }
    """
    filter_text = ""

    @staticmethod
    def filter_line(placeholder: str) -> Line:
        """Return the line."""
        return FilterLine(placeholder=placeholder, id="filter", compact=True)

    def rows_widget(self) -> Widget:
        """What has the keys when nothing is typed."""
        raise NotImplementedError

    def again(self) -> None:
        """Show what passes now."""
        raise NotImplementedError

    def passes(self, *texts: str) -> bool:
        """Say whether a row with these texts is shown."""
        wanted = self.filter_text.removeprefix("!").lower()
        return not wanted or any(wanted in text.lower() for text in texts) != self.filter_text.startswith("!")

    def open_filter(self) -> None:
        """Let a filter be typed."""
        box = self.query_one("#filter", Line)
        box.add_class("open")
        box.display = True
        self.set_focus(box)
        self.query_one("#keys", Static).update(
            Text.assemble((" ⏎", "bold"), " keep it  ", ("esc", "bold"), " leave it")
        )

    def close_filter(self, *, keep: bool) -> bool:
        """Close the filter's line; True when there was something to close or to clear."""
        box = self.query_one("#filter", Line)
        was_open = box.has_class("open") or bool(self.filter_text)
        if not keep:
            box.value = self.filter_text = ""
        box.remove_class("open")
        box.display = False
        self.rows_widget().focus()
        self.show_keys(self.size.width)
        self.again()
        return was_open

    def on_input_changed(self, event: Line.Changed) -> None:
        """Filter while typing."""
        self.filter_text = event.value
        self.again()

    def on_input_submitted(self) -> None:
        """Keep the filter and go back to the rows."""
        self.close_filter(keep=True)
