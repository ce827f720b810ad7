"""Screen 6: the configuration as a form made from its model. Nothing is written before its difference was looked at."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from mktui.config.draft import Draft, Edit, typed
from mktui.config.edit import edited
from mktui.config.load import parse
from mktui.config.settings import Key, Kind, Setting, value_of
from mktui.errors import MktuiError
from mktui.tui import config_form as form
from mktui.tui.actions import Place
from mktui.tui.config_typing import is_between, next_preset, next_value, typing_errors, value_to_edit, worth
from mktui.tui.screens.config_questions import SaveChanges, told
from mktui.tui.screens.field_form import FieldForm
from mktui.tui.screens.view import StillStatic
from mktui.tui.widgets.line import Line
from mktui.tui.widgets.live_table import Column, LiveTable
from mktui.tui.widgets.top_lines import TopLines, first_line, second_line

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.screen import Screen

    from mktui.config.save import Seen
    from mktui.monitor.snapshot import Snapshot
    from mktui.tui.palette import Palette

NO_FILE = (
    "There is no configuration file here: a demo and a recording have settings of their own.\n\n"
    "mktui config path says where yours would be; mktui config set makes it."
)


class ConfigScreen(FieldForm[Setting]):
    """All pages, or the one of ``router`` or of what is under the cursor."""

    place = Place.CONFIG
    DEFAULT_CSS = """
    ConfigScreen #message { height: 1fr; padding: 1 2; background: $background; display: none; }
    ConfigScreen.said #message { display: block; }
    ConfigScreen.said LiveTable { display: none; }
    ConfigScreen #about { height: 4; padding: 1 1 0 1; background: $background; }
    """

    def __init__(self, router: str | None = None) -> None:
        super().__init__()
        self._page: Key = ("routers", router) if router else ()
        self._seen: Seen | None = None
        self._draft: Draft | None = None
        self._last: tuple[Snapshot, Palette, str] | None = None
        self._problem = ""
        self._saving: int | None = None
        """How many steps are being saved; None: nothing is."""

    def compose(self) -> ComposeResult:
        """Lay out lines, form, explanation and keys."""
        yield TopLines()
        yield LiveTable(form.columns(80, ("",)), id="settings")
        yield Static(id="message")
        yield StillStatic(id="about")
        yield Static(id="keys")
        yield Line(id="value", compact=True)

    @property
    def table(self) -> LiveTable:
        """The form."""
        return self.query_one("#settings", LiveTable)

    def on_mount(self) -> None:
        """Read the file."""
        self.table.focus()
        self._say(Text("reading the configuration …"))
        self.run_worker(self._read(), name="read the configuration")

    async def _read(self) -> None:
        try:
            seen = await self.room.services.config_text()
            if seen is not None:
                self._take(seen)
                self.set_class(False, "said")
            else:
                self._say(Text(NO_FILE))
        except MktuiError as error:
            self._problem = str(error)
        self.paint()

    def _take(self, seen: Seen) -> None:
        raw = parse(seen.text, seen.file)
        if self._draft is None:
            self._draft = Draft(raw)
        else:
            self._draft.was_saved(raw, self._saving or 0)
        self._seen = seen
        if self._page not in form.pages(self._draft):
            self._page = ()

    def _say(self, message: Text) -> None:
        self.set_class(True, "said")
        self.query_one("#message", Static).update(message)

    # --- showing

    def target(self) -> str | None:
        """The router whose page is open, or under the cursor."""
        key = self._page or tuple((self.table.current or "").split(".", 1))
        return key[1] if key[:1] == ("routers",) and len(key) > 1 else None

    def show(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        """Show the form as it is; figures of routers are shown elsewhere."""
        self._last = (snapshot, palette, mode)
        self.paint()

    def paint(self) -> None:
        """Show the form as it is."""
        if self._last is None or not self.is_mounted:
            return
        _, palette, mode = self._last
        draft, width = self._draft, self.width_of_lines()
        name = self._seen.file.name if self._seen is not None else "configuration"
        if self._problem:
            head = ("▲ the configuration cannot be read", palette.state("critical"))
            self._say(Text.assemble(head, f"\n\n{self._problem}\n\nMend it in an editor; esc and 6 read it again."))
        right = form.summary(draft, bool(self._typing_errors()), palette) if draft is not None else Text("")
        crumbs = Text("Config" if not self._page else f"Config › {' › '.join(self._page)}")
        preset = form.preset_text(draft) if draft is not None and self._page in {(), ("pool",)} else ""
        second = second_line(palette, width, crumbs, preset)
        self.query_one(TopLines).show(first_line(f"mktui · {name}", mode, right, width), second)
        if draft is not None:
            page = self._open_page()
            key = self.editing.key if self.editing is not None else ()
            self.table.use(self.shown_columns())
            self.table.show(form.index_rows(draft, palette) if page is None else
                            form.page_rows(draft, page, self._errors(), palette, key))  # fmt: skip
            self.place_box()
        self._explain(palette)

    def shown_columns(self) -> tuple[Column, ...]:
        """Return the columns of the list of pages, or of a page."""
        page = self._open_page()
        if page is not None:
            return form.columns(self.size.width, map(page.name_of, page.settings))
        every = form.pages(self._draft).values() if self._draft is not None else ()
        return form.index_columns(self.size.width, ("", *(each.title for each in every)))

    def _open_page(self) -> form.Page | None:
        return form.pages(self._draft).get(self._page) if self._draft is not None else None

    def _typing_errors(self) -> dict[Key, str]:
        """What would be wrong with what is being typed."""
        page = self._open_page()
        if self._draft is None or self.editing is None or page is None or self.is_untouched():
            return {}
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
        hint = "⏎ opens a page. Nothing is written before its difference was looked at."
        about = Text("" if self._seen is None else f"{self._seen.file}\n{hint}", style=palette.quiet)
        if page is not None and setting is not None:
            about = form.explanation(page, setting, self._errors().get(setting.key, ""), palette)
        self.query_one("#about", StillStatic).show(about)

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
        if draft is not None and self._page == ():
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
            self.begin_editing(setting, value_to_edit(draft, setting))

    def judge(self, text: str) -> None:
        """See that a source of a secret is none, and is typed in sight."""
        if self.editing is not None and self.editing.kind is Kind.PASSWORD:
            self.box.password = not text.lstrip().startswith("{")

    def submit(self) -> bool:
        """Take what was typed; what is wrong by itself is refused, and stays to be mended."""
        setting, errors = self.editing, self._typing_errors()
        if setting is None:
            return True
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

    def _change(self, *edits: Edit) -> None:
        if self._draft is not None:
            self._draft.change(*worth(self._draft, edits))
            self.paint()

    def action_unset(self) -> None:
        """Leave a setting to its default; on the list of pages, take a router or a source out."""
        if (setting := self._current()) is not None:
            self._change(Edit(setting.key))
        elif (key := form.removable(self._draft, self.table.current)) and not self._page:
            self._change(Edit(key))
            self.notify(f"{key[-1]} is taken out once you save (^s); u brings it back")

    def action_undo(self) -> None:
        """Take the last change back."""
        if self._draft is not None and self._saving == self._draft.steps:
            self.notify("what is being saved cannot be taken back yet", severity="warning")
        elif self._draft is not None and not self._draft.undo():
            self.notify("nothing to undo")
        if self._open_page() is None:
            self._page = ()
        self.paint()

    def action_preset(self) -> None:
        """Take the next preset for ``[pool]``; after the last, what stood there before."""
        if (draft := self._draft) is None:
            return
        draft.change(*next_preset(draft))
        self.notify(f"{form.preset_text(draft)}: u takes it back, ctrl+s shows the difference")
        self.paint()

    # --- leaving and saving

    def step_back(self) -> bool:
        """Leave a page for the list of pages."""
        if not self._page or self._open_page() is None:
            return False
        self._go(())
        return True

    def unsaved(self) -> int:
        """Return how many changes are not saved."""
        return len(self._draft.differences()) if self._draft is not None else 0

    def action_save(self) -> None:
        """Show the difference, ask, save, apply."""
        draft, seen = self._draft, self._seen
        if not self.room.is_allowed("save") or not self.submit():
            return
        if draft is None or seen is None:
            self.notify("there is no file to save", severity="warning")
        elif self._saving is not None:
            self.notify("it is being saved; what was changed since can be saved then", severity="warning")
        elif draft.problems():
            self._go_to_problem(draft)
        elif not draft.differences():
            self.notify("nothing to save")
        else:
            question = SaveChanges(seen.file, draft.differences())

            def answered(yes: bool | None) -> None:
                if yes:
                    self.run_worker(self._save(seen, draft), name="save the configuration")

            self.app.push_screen(question, answered)

    def _go_to_problem(self, draft: Draft) -> None:
        """Put the cursor on the first thing that is wrong."""
        for page in form.pages(draft).values():
            changed = {each.setting.key for each in draft.differences()}
            for key, problem in form.errors_of(page, draft.problems(), changed).items():
                if self._page != page.key:
                    self._go(page.key)
                self.table.go_to(".".join(key))
                self.notify(f"not saved: {'.'.join(key)} {problem}", severity="error")
                return
        self.notify(f"not saved: {draft.problems()[0]}", severity="error")

    async def _save(self, seen: Seen, draft: Draft) -> None:
        self._saving = draft.steps
        try:
            text = await asyncio.to_thread(edited, seen.text, draft.edits)
            saved = await self.room.services.save_config(seen, text)
        except MktuiError as error:
            self._saving = None
            self.notify(str(error), title="not saved", severity="error", timeout=15)
            return
        self._take(saved.seen)
        self._saving = None
        theme = saved.config.ui.theme
        if "ui.theme" in saved.live and theme in self.app.available_themes:
            self.app.theme = theme
        self.notify(told(saved), title=f"saved {seen.file.name}", timeout=10)
        self.paint()
