"""The pages of the configuration's form: looked at, edited, given entries and rid of them. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from mktui.config.draft import Draft, Edit, typed
from mktui.config.protection import protected_in
from mktui.config.settings import Key, Kind, Setting, value_of
from mktui.tui import config_form as form
from mktui.tui.actions import Place
from mktui.tui.config_keys import PAGE as KEYS
from mktui.tui.config_typing import (
    adding_errors,
    is_between,
    is_secret_text,
    next_preset,
    next_source,
    next_value,
    typing_errors,
    value_to_edit,
    worth,
)
from mktui.tui.screens.config_questions import TakeOut
from mktui.tui.screens.field_form import FieldForm
from mktui.tui.screens.modals import Confirm
from mktui.tui.screens.view import StillStatic
from mktui.tui.widgets.live_table import Column, LiveTable
from mktui.tui.widgets.top_lines import TopLines, first_line, second_line
from mktui.tui.widgets.value_line import ValueLine

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.screen import Screen

    from mktui.monitor.snapshot import Snapshot
    from mktui.tui.palette import Palette


class ConfigPages(FieldForm[Setting]):
    """All pages, or the one of ``router`` or of what is under the cursor."""

    place = Place.CONFIG
    DEFAULT_CSS = """
    ConfigPages #message { height: 1fr; padding: 1 2; background: $background; display: none; }
    ConfigPages.said #message { display: block; }
    ConfigPages.said LiveTable { display: none; }
    ConfigPages #about { height: 4; padding: 1 1 0 1; background: $background; }
    """

    def __init__(self, router: str | None = None) -> None:
        super().__init__()
        self._page: Key = ("routers", router) if router else ()
        self._draft: Draft | None = None
        self._last: tuple[Snapshot, Palette, str] | None = None
        self._painted: tuple[Palette, str] | None = None
        self._file: Path | None = None
        self._saving: int | None = None
        """How many steps are being saved; None: nothing is."""

    def compose(self) -> ComposeResult:
        """Lay out lines, form, explanation and keys."""
        yield TopLines()
        yield LiveTable(form.columns(80, ("",)), id="settings")
        yield Static(id="message")
        yield StillStatic(id="about")
        yield Static(id="keys")
        yield ValueLine(id="value", compact=True)

    @property
    def table(self) -> LiveTable:
        """The form."""
        return self.query_one("#settings", LiveTable)

    @property
    def box(self) -> ValueLine:
        """Where a value is typed."""
        return self.query_one("#value", ValueLine)

    # --- showing

    def target(self) -> str | None:
        """The router whose page is open, or under the cursor."""
        key = self._page or tuple((self.table.current or "").split(".", 1))
        return key[1] if key[:1] == ("routers",) and len(key) > 1 else None

    def show(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        """Show the form as it is, unless it is shown so: figures of routers are elsewhere, and what edits it paints."""
        self._last = (snapshot, palette, mode)
        if self._painted != (palette, mode):
            self.paint()

    def paint(self) -> None:
        """Show the form as it is."""
        if self._last is None or not self.is_mounted:
            return
        _, palette, mode = self._last
        self._painted = (palette, mode)
        draft, width = self._draft, self.width_of_lines()
        name = self._file.name if self._file is not None else "configuration"
        right = form.summary(draft, bool(self._typing_errors()), palette) if draft is not None else Text("")
        crumbs = Text("Config" if not self._page else f"Config › {' › '.join(self._page)}")
        preset = form.preset_text(draft) if draft is not None and self._page in {(), ("pool",)} else ""
        second = second_line(palette, width, crumbs, preset)
        self.query_one(TopLines).show(first_line(f"mktui · {name}", mode, right, width), second)
        if draft is not None:
            self.table.use(self.shown_columns())
            self.table.show(self._rows(draft, palette))
            self.place_box()
        self._explain(palette)

    def _rows(self, draft: Draft, palette: Palette) -> dict[str, dict[str, Text]]:
        page, key = self._open_page(), self.editing.key if self.editing is not None else ()
        if page is not None:
            return form.page_rows(draft, page, self._errors(), palette, key)
        return form.index_rows(
            draft, palette, self.room.keymap, key[:-2], next(iter(self._typing_errors().values()), "")
        )

    def shown_columns(self) -> tuple[Column, ...]:
        """Return the columns of the list of pages, or of a page."""
        page = self._open_page()
        if page is not None:
            last = "DEFAULT" if page.key == KEYS else "APPLIES"
            return form.columns(self.size.width, map(page.name_of, page.settings), last)
        every = form.pages(self._draft).values() if self._draft is not None else ()
        return form.index_columns(self.size.width, ("", *(each.title for each in every)))

    def _open_page(self) -> form.Page | None:
        return form.pages(self._draft).get(self._page) if self._draft is not None else None

    def _typing_errors(self) -> dict[Key, str]:
        """What would be wrong with what is being typed."""
        page = self._open_page()
        if self._draft is None or self.editing is None or self.is_untouched():
            return {}
        if page is None:
            return adding_errors(self._draft, self.editing, self.box.value) if self.box.value else {}
        return typing_errors(self._draft, page, self.editing, self.box.value)

    def _errors(self) -> dict[Key, str]:
        page = self._open_page()
        if self._draft is None or page is None:
            return {}
        changed = {each.setting.key for each in self._draft.differences()}
        found = form.errors_of(page, self._draft.problems(), changed)
        if self.editing is not None and not self.is_untouched():
            found = self._typing_errors()
        return found

    def _explain(self, palette: Palette) -> None:
        page, setting = self._open_page(), self._current()
        keys = self.room.keymap
        hint = f"{keys.key('open')} opens a page, or makes what + says; {keys.key('unset')} takes one out."
        hint += "\nNothing is written before it was looked at."
        about = Text("" if self._file is None else f"{self._file}\n{hint}", style=palette.quiet)
        if page is not None and setting is not None:
            problem = self._errors().get(setting.key, "")
            about = form.explanation(page, setting, problem, palette, keymap=keys, width=self.size.width - 2)
        line = self.query_one("#about", StillStatic)
        line.styles.height = 1 + max(form.ABOUT_LINES, about.plain.count("\n") + 1)
        line.show(about)

    def on_data_table_row_highlighted(self) -> None:
        """Tell of the setting under the cursor."""
        if self._last is not None:
            self._explain(self._last[1])

    def _current(self) -> Setting | None:
        page = self._open_page()
        found = (each for each in page.settings if each.dotted == self.table.current) if page is not None else iter(())
        return next(found, None)

    # --- editing

    def opened(self) -> Screen[None] | None:
        """Open a page, or edit the setting under the cursor: nothing is put on top."""
        setting, draft = self._current(), self._draft
        if draft is not None and (path := form.addable(self.table.current)) and self._page == ():
            self.begin_editing(form.new_entry(path), "")
        elif draft is not None and self._page == ():
            page = next((key for key in form.pages(draft) if ".".join(key) == self.table.current), ())
            self._go(page)
        elif draft is not None and setting is not None:
            self._edit(draft, setting)
        return None

    def _go(self, page: Key) -> None:
        came_from, self._page = self._page, page
        self.paint()
        if page:
            self.table.move_cursor(row=0)
        else:
            self.table.go_to(".".join(came_from))
        self.paint()

    def _edit(self, draft: Draft, setting: Setting) -> None:
        following = next_value(draft, setting)
        if following is not None:
            self._change(Edit(setting.key, following))
        else:
            self.box.hears_keys = setting.kind is Kind.KEYS
            self.begin_editing(setting, value_to_edit(draft, setting))

    def end_editing(self) -> None:
        """Give the keys back to the table."""
        self.box.hears_keys = False
        super().end_editing()

    def judge(self, text: str) -> None:
        """See that a source of a secret is none, and is typed in sight."""
        if self.editing is not None:
            self.box.password = is_secret_text(self.editing, text)

    def action_next_source(self) -> None:
        """Say in another way where a secret comes from; what there is no other way for stays."""
        if self.editing is not None and self.editing.kind is Kind.PASSWORD:
            text = next_source(self.editing, self.box.value)
            self.box.value = text
            self.box.cursor_position = text.find('"') + 1

    def submit(self) -> bool:
        """Take what was typed; what is wrong by itself is refused, and stays to be mended."""
        setting, errors = self.editing, self._typing_errors()
        if setting is None:
            return True
        if self._open_page() is None:
            return self._made(setting.key[:-2])
        if self.is_untouched():
            self.end_editing()
            return True
        value = typed(setting, self.box.value)
        if setting.key in errors and self._draft is not None and not is_between(self._draft, setting, value):
            self.room.bell()
            return False
        self.end_editing()
        if value is not None or value_of(self._draft.raw if self._draft else {}, setting.key) is not None:
            self._change(Edit(setting.key, value))
        if setting.name == "name" and setting.key[:-1] == self._page:
            self._page = (*self._page[:-1], str(value))
        self.paint()
        return True

    def _made(self, path: Key) -> bool:
        """Make an entry of a list, and open its page at the first thing that it needs; an empty name makes none."""
        name, errors = self.box.value, self._typing_errors()
        if errors or self._draft is None:
            self.room.bell()
            return False
        self.end_editing()
        if name:
            self._draft.change(Edit((*path, name, "name"), name))
            self._go((*path, name))
            self.table.go_to(next((".".join(key) for key in self._errors()), ""))
            self.paint()
        return True

    def _change(self, *edits: Edit) -> None:
        if self._draft is not None:
            self._draft.change(*worth(self._draft, edits))
            self.paint()

    def action_unset(self) -> None:
        """Leave a setting to its default; on the list of pages, ask whether an entry is to be taken out."""
        if (setting := self._current()) is not None:
            self._change(Edit(setting.key))
        elif (key := form.removable(self._draft, self.table.current)) and not self._page:
            self.app.push_screen(self._question(key), lambda yes: self._take_out(key, yes))

    def _question(self, key: Key) -> Screen[bool]:
        kind, name, keys = form.kind_of(key[:-1]), key[-1], self.room.keymap
        until = f"Until then {keys.key('undo')} brings it back."
        why = f"All of its settings go with it, once you save ({keys.key('save')}).\n{until}"
        if kind == "router" and name in self.protected():
            return Confirm(name, "Take out router", why, must_type=True)
        return TakeOut(kind, name, why)

    def protected(self) -> frozenset[str]:
        """Return the routers that are protected, in the file or as they run."""
        running = self._last[0].routers if self._last is not None else ()
        in_file = protected_in(self._draft.base) if self._draft is not None else frozenset()
        return in_file | {router.name for router in running if router.is_protected}

    def _take_out(self, key: Key, yes: bool | None) -> None:
        if yes:
            self._change(Edit(key))
            keys = self.room.keymap
            told = f"{key[-1]} is taken out once you save ({keys.key('save')}); {keys.key('undo')} brings it back"
            self.notify(told)

    def action_undo(self) -> None:
        """Take the last change back."""
        if self._draft is not None and self._saving == self._draft.steps:
            self.notify("what is being saved cannot be taken back yet", severity="warning")
        elif self._draft is not None and not self._draft.undo():
            self.notify("nothing to undo")
        if self._open_page() is None:
            self._page = ()
        self.paint()

    def step_back(self) -> bool:
        """Leave a page for the list of pages."""
        if not self._page or self._open_page() is None:
            return False
        self._go(())
        return True

    def unsaved(self) -> int:
        """Return how many changes are not saved."""
        return len(self._draft.differences()) if self._draft is not None else 0

    def action_preset(self) -> None:
        """Take the next preset for ``[pool]``; after the last, what stood there before."""
        if (draft := self._draft) is None:
            return
        draft.change(*next_preset(draft))
        undo, save = self.room.keymap.key("undo"), self.room.keymap.key("save")
        self.notify(f"{form.preset_text(draft)}: {undo} takes it back, {save} shows the difference")
        self.paint()
