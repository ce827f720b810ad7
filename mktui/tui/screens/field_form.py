"""A form in a table: a value is typed over its own cell, and unsaved changes are not left without a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from mktui.tui.screens.unsaved import Unsaved
from mktui.tui.widgets.line import Line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from textual.events import DescendantBlur, Resize

    from mktui.tui.widgets.live_table import Column, LiveTable


class Editable(Protocol):
    """What a field must say of itself."""

    @property
    def is_secret(self) -> bool:
        """What is typed is not seen."""


E = TypeVar("E", bound=Editable)


class FieldForm(Unsaved, Generic[E]):
    """The screen yields its table, and ``Line(id="value")`` last; its first columns are glyph, name and value."""

    DEFAULT_CSS = """
    FieldForm { layers: below above; }
    FieldForm LiveTable { height: 1fr; background: $background; }
    FieldForm #value { layer: above; position: absolute; background: $surface; display: none; padding: 0; }
    FieldForm.editing #value { display: block; }
    """
    editing: E | None = None
    """The field whose value is being typed."""

    @property
    def table(self) -> LiveTable:
        """The fields."""
        raise NotImplementedError

    @property
    def box(self) -> Line:
        """Where a value is typed."""
        return self.query_one("#value", Line)

    def shown_columns(self) -> Sequence[Column]:
        """Return the table's columns."""
        raise NotImplementedError

    def paint(self) -> None:
        """Show the form as it is."""
        raise NotImplementedError

    def submit(self) -> bool:
        """Take what was typed; False: it is wrong, and stays to be mended."""
        raise NotImplementedError

    def judge(self, text: str) -> None:
        """Hear what is typed so far."""

    def begin_editing(self, each: E, text: str) -> None:
        """Let a value be typed, beginning with a text."""
        self.editing = each
        self.box.value = text
        self.box.password = each.is_secret
        self.set_class(True, "editing")
        self.place_box()
        self.box.focus()
        self.paint()

    def place_box(self) -> None:
        """Put the box over the value that it edits."""
        if self.editing is None:
            return
        glyph, name, value, *_ = self.shown_columns()
        row = self.table.cursor_row - int(self.table.scroll_y) + 1
        self.box.styles.width = value.width - 1
        self.box.styles.offset = (glyph.width + name.width, self.table.region.y + row)

    def is_untouched(self) -> bool:
        """Nothing was typed over a secret: it stays."""
        return self.editing is not None and self.editing.is_secret and not self.box.value

    def end_editing(self) -> None:
        """Give the keys back to the table."""
        self.editing = None
        self.set_class(False, "editing")
        self.table.focus()
        self.paint()

    def on_resize(self, event: Resize) -> None:
        """Fit columns to the width."""
        super().on_resize(event)
        self.paint()

    def on_input_changed(self, event: Line.Changed) -> None:
        """Judge what is typed."""
        event.stop()
        self.judge(event.value)
        self.paint()

    def on_input_submitted(self, event: Line.Submitted) -> None:
        """Take what was typed."""
        event.stop()
        self.submit()

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """Whoever clicks elsewhere has given up what he typed."""
        if event.widget is self.box and self.editing is not None and self.app.focused is not None:
            self.end_editing()

    def may_leave(self, again: Callable[[], Awaitable[None] | None], *, is_back: bool) -> bool:
        """Leave a field, then what is over it, then the form; unsaved changes are asked about."""
        if is_back and self.editing is not None:
            self.end_editing()
            return False
        if is_back and self.step_back():
            return False
        return super().may_leave(again, is_back=is_back)

    def step_back(self) -> bool:
        """Go one step back inside the form; False: there is none."""
        return False
