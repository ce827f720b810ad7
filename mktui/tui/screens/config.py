"""Screen 6: the configuration as a form made from its model. Nothing is written before its difference was looked at."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from mktui.config.edit import edited
from mktui.config.load import parse
from mktui.config.protection import endangered
from mktui.errors import MktuiError
from mktui.tui import config_form as form
from mktui.tui.config_keys import KeyedDraft
from mktui.tui.keymap import keymap_of
from mktui.tui.screens.config_pages import ConfigPages
from mktui.tui.screens.config_questions import SaveChanges, told
from mktui.tui.screens.modals import Confirm

if TYPE_CHECKING:
    from mktui.config.draft import Draft
    from mktui.config.save import Seen
    from mktui.services.configuring import Saved

NO_FILE = (
    "There is no configuration file here: a demo and a recording have settings of their own.\n\n"
    "mktui config path says where yours would be; mktui config set makes it."
)


class ConfigScreen(ConfigPages):
    """Reads the file, saves it, and applies what can be."""

    def __init__(self, router: str | None = None) -> None:
        super().__init__(router)
        self._seen: Seen | None = None
        self._problem = ""

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
            self._draft = KeyedDraft(raw, self.room.themes.names)
        else:
            self._draft.was_saved(raw, self._saving or 0)
        self._seen, self._file = seen, seen.file
        if self._page not in form.pages(self._draft):
            self._page = ()

    def _say(self, message: Text) -> None:
        self.set_class(True, "said")
        self.query_one("#message", Static).update(message)

    def paint(self) -> None:
        """Show the form as it is, or why there is none."""
        super().paint()
        if self._problem and self._last is not None:
            head = ("▲ the configuration cannot be read", self._last[1].state("critical"))
            again = f"{self.room.keymap.key('back')} and {self.room.keymap.key('config')} read it again."
            self._say(Text.assemble(head, f"\n\n{self._problem}\n\nMend it in an editor; {again}"))

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
                    self._save_protected(seen, draft, endangered(draft, self.protected()))

            self.app.push_screen(question, answered)

    def _save_protected(self, seen: Seen, draft: Draft, touched: dict[str, str]) -> None:
        """Ask for the name of each protected router that is touched, one after the other, then save."""
        if not touched:
            self.run_worker(self._save(seen, draft), name="save the configuration")
            return
        (name, words), *others = touched.items()

        def answered(yes: bool | None) -> None:
            if yes:
                self._save_protected(seen, draft, dict(others))
            else:
                self.notify(f"nothing was saved: {name} was left alone")

        why = "Whoever works on it by this address and login does so by the new ones at once."
        self.app.push_screen(Confirm(name, f"Save another {words} of", why, must_type=True), answered)

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
        self._apply(saved)
        self.notify(told(saved), title=f"saved {seen.file.name}", timeout=10)
        self.paint()

    def _apply(self, saved: Saved) -> None:
        """Wear what a screen wears: a theme, and keys."""
        theme = saved.config.ui.theme
        if "ui.theme" in saved.live and theme in self.app.available_themes:
            self.app.theme = theme
        if any(key.startswith("keys.") for key in saved.live):
            self.room.wear(keymap_of(saved.config.keys))
