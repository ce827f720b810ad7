"""One profile or subscriber as a form: what is wrong is said beside its field, a change is shown before it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from mktui.errors import MktuiError
from mktui.services.books import source_warning
from mktui.tui import words
from mktui.tui.actions import Place
from mktui.tui.billing_deeds import ask_save, may_edit
from mktui.tui.billing_fields import RowDraft, fields_of, how_to_type
from mktui.tui.screens.field_form import FieldForm
from mktui.tui.screens.view import StillStatic
from mktui.tui.widgets.line import Line
from mktui.tui.widgets.live_table import Column, LiveTable
from mktui.tui.widgets.top_lines import TopLines, first_line, second_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

    from mktui.billing.sources.rows import What
    from mktui.monitor.snapshot import Snapshot
    from mktui.services.books import Books, Row
    from mktui.tui.billing_fields import Field
    from mktui.tui.palette import Palette

_GLYPH = 2
_HIDDEN = "••••••••"


class FormScreen(FieldForm["Field"]):
    """The form of ``row``; None: of a new one."""

    place = Place.FORM
    DEFAULT_CSS = """
    FormScreen #about { height: 5; padding: 1 1 0 1; background: $background; }
    """

    def __init__(self, what: What, row: Row | None) -> None:
        super().__init__()
        self._what, self._row = what, row
        self._draft: RowDraft | None = None
        self._refused: dict[str, str] = {}
        self._last: tuple[Palette, str] | None = None

    def compose(self) -> ComposeResult:
        """Lay out lines, fields, explanation and keys."""
        yield TopLines()
        yield LiveTable(_columns(80, self._what), id="fields")
        yield StillStatic(id="about")
        yield Static(id="keys")
        yield Line(id="value", compact=True)

    @property
    def table(self) -> LiveTable:
        """The fields."""
        return self.query_one("#fields", LiveTable)

    @property
    def draft(self) -> RowDraft:
        """The row as it would be."""
        if self._draft is None:
            self._draft = RowDraft(self._what, self._row, self.room.services.billing.local)
        return self._draft

    @property
    def books(self) -> Books | None:
        """Billing as it is now."""
        return self.room.services.billing.books

    def on_mount(self) -> None:
        """Give the keys to the fields."""
        self.table.focus()
        self.room.services.billing.watch()

    def target(self) -> str | None:
        """No router is meant here."""
        return None

    # --- showing

    def show(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        """Show the form as it is."""
        del snapshot
        self.room.services.billing.watch()
        self._last = (palette, mode)
        self.paint()

    def shown_columns(self) -> tuple[Column, ...]:
        """Return the columns that fit."""
        return _columns(self.size.width, self._what)

    def paint(self) -> None:
        """Show the form as it is."""
        if self._last is None or not self.is_mounted:
            return
        palette, mode = self._last
        draft, width, errors = self.draft, self.width_of_lines(), self._errors()
        parts = [words.count(len(draft.typed), "change")] if draft.typed else []
        parts += [words.count(len(errors), "error")] if errors else []
        state = Text(" · ".join([*parts, "not saved"]) if parts else "saved" if draft.before else "empty",
                     style=palette.state("critical" if errors else "warning") if parts else palette.quiet)  # fmt: skip
        crumbs = f"Billing › {self._what}s › {draft.name}"
        right = draft.before.external_id if draft.before is not None else ""
        second = second_line(palette, width, Text(crumbs), right)
        self.query_one(TopLines).show(first_line(f"mktui · {draft.name}", mode, state, width), second)
        self.table.use(self.shown_columns())
        self.table.show({each.name: self._cells(each, errors, palette) for each in draft.fields})
        self.place_box()
        self._explain(errors, palette)

    def _cells(self, each: Field, errors: Mapping[str, str], palette: Palette) -> dict[str, Text]:
        draft, problem = self.draft, errors.get(each.name, "")
        text, is_changed = draft.text(each.name), each.name in draft.typed
        if each.is_secret:
            text = _HIDDEN if is_changed or draft.before is not None else ""
        glyph = Text("~" if is_changed else "", style=palette.state("warning"))
        glyph = Text("✗", style=palette.state("critical")) if problem else glyph
        is_plain = text in {each.default, ""} and not is_changed
        shown = Text(text or words.UNKNOWN, style=palette.quiet if is_plain else "")
        told = Text(f"✗ {problem}", style=palette.state("critical"))
        return {
            "glyph": Text("▸", style=palette.accent) if each is self.editing else glyph, "name": Text(each.name),
            "value": shown, "gap": Text(""),
            "meaning": told if problem else Text(each.description, style=palette.quiet),
        }  # fmt: skip

    def _errors(self) -> dict[str, str]:
        """Return what is wrong; a new row's empty fields are no errors until it is saved."""
        editing = self.editing
        typing = {editing.name: self.box.value} if editing is not None and not self.is_untouched() else {}
        found = self.draft.errors(self.books, typing)
        for name in [name for name, problem in found.items() if problem == "is missing"]:
            if name not in self.draft.typed and name not in typing and name not in self._refused:
                del found[name]
        return {name: text for name, text in self._refused.items() if name not in typing} | found

    def _explain(self, errors: Mapping[str, str], palette: Palette) -> None:
        each = self._current()
        if each is None:
            return
        facts = [f"default {each.default} {each.unit if each.default == '0' else ''}".rstrip()] if each.default else []
        facts += ["must be given"] if each.must_be_given else []
        facts += [" | ".join(each.choices)] if each.choices else []
        problem = errors.get(each.name, "")
        how = Text(how_to_type(each, self.room.keymap))
        how = Text(f"✗ {problem}", style=palette.state("critical")) if problem else how
        how.style = how.style or palette.quiet
        books = self.books
        source = books.source_of(self._row) if books is not None and self._row is not None else ""
        warning = Text(source_warning(source, books.live if books else ()), style=palette.state("warning"))
        head = Text.assemble((f"{each.name}: ", "bold"), each.description)
        text = Text("\n").join((head, Text(" · ".join(facts), style=palette.quiet), how, warning))
        text.no_wrap, text.overflow = True, "ellipsis"
        self.query_one("#about", StillStatic).show(text)

    def on_data_table_row_highlighted(self) -> None:
        """Tell of the field under the cursor."""
        if self._last is not None:
            self._explain(self._errors(), self._last[0])

    def _current(self) -> Field | None:
        return next((each for each in self.draft.fields if each.name == self.table.current), None)

    # --- editing

    def opened(self) -> None:
        """Edit the field under the cursor: nothing is put on top."""
        each = self._current()
        if each is None:
            return
        if each.choices:
            now = self.draft.text(each.name)
            place = each.choices.index(now) if now in each.choices else -1
            self._change(each.name, each.choices[(place + 1) % len(each.choices)])
            return
        self.begin_editing(each, "" if each.is_secret else self.draft.text(each.name))

    def submit(self) -> bool:
        """Take what was typed; a wrong value stays, to be mended, and is not saved."""
        editing = self.editing
        if editing is None or self.is_untouched():
            self.end_editing()
            return True
        if editing.name in self._errors():
            self.room.bell()
            return False
        value = self.box.value if editing.is_secret else self.box.value.strip()
        self.end_editing()
        self._change(editing.name, value)
        return True

    def _change(self, name: str, text: str) -> None:
        self._refused.pop(name, None)
        self.draft.change(name, text)
        self.paint()

    def action_unset(self) -> None:
        """Give a field its default."""
        if (each := self._current()) is not None:
            if each.is_secret or each.must_be_given:
                self.notify(f"{each.name} has no default", severity="warning")
                return
            self._change(each.name, each.default)

    def action_undo(self) -> None:
        """Take the last change back."""
        if not self.draft.undo():
            self.notify("nothing to undo")
        self.paint()

    # --- leaving and saving

    def unsaved(self) -> int:
        """Return how many fields were changed."""
        return len(self.draft.typed)

    def action_save(self) -> None:
        """Show the difference and what follows, ask, save."""
        if not may_edit(self.room, "save") or not self.submit():
            return
        errors = self.draft.errors(self.books)
        if errors:
            self._refuse(errors)
        elif not self.draft.typed:
            self.notify("nothing to save")
        else:
            self.run_worker(self._look(), name="look at the change", exclusive=True)

    async def _look(self) -> None:
        draft, billing = self.draft, self.room.services.billing
        present = self.books.by_key.get((self._what, self._row.external_id)) if self.books and self._row else None
        try:
            shown = await billing.preview(self._what, draft.to_write(present))
        except MktuiError as error:
            self.notify(str(error), title="not saved", severity="error", timeout=15)
            return
        if shown.rejected:
            self._refuse({error.field or draft.fields[0].name: error.problem for error in shown.rejected})
        elif draft.before is None and not shown.added:
            name, known = ("name" if self._what == "profile" else "username"), next(iter(shown.seen))[1]
            edit = self.room.keymap.key("edit")
            self._refuse({name: f"billing has it already, as {known}: edit that one ({edit})"})
        elif not (shown.added or shown.changed):
            self.notify("billing has it just so already: nothing to save")
        else:
            ask_save(self.room, shown, self._saved)

    def _refuse(self, errors: Mapping[str, str]) -> None:
        self._refused = dict(errors)
        first = next((each.name for each in self.draft.fields if each.name in errors), self.draft.fields[0].name)
        self.table.go_to(first)
        self.notify(f"not saved: {first} {errors.get(first, next(iter(errors.values())))}", severity="error")
        self.paint()

    def _saved(self) -> None:
        """Go back to where the form was opened."""
        self.is_discarded = True
        if self.app.screen is self:
            self.app.pop_screen()


def _columns(width: int, what: What) -> tuple[Column, ...]:
    name = 2 + max(len(each.name) for each in fields_of(what))
    rest = max(20, (width or 80) - _GLYPH - name - 3)
    value = min(44, rest * 2 // 5)
    return (
        Column("glyph", "", _GLYPH), Column("name", "FIELD", name), Column("value", "VALUE", value),
        Column("gap", "", 1), Column("meaning", "MEANING", rest - value),
    )  # fmt: skip
