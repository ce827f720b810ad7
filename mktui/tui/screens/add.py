"""Add router: typed, tested live as it was typed, then saved and started. Nothing is saved before it was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from mktui.config.load import default_path, parse
from mktui.config.newcomer import Newcomer, errors_of, pool_of, suggested_name, suggested_where
from mktui.config.settings import names
from mktui.errors import MktuiError
from mktui.tui import add_form as form
from mktui.tui.actions import Place
from mktui.tui.palette import Palette
from mktui.tui.screens.new_questions import Pin, SaveRouter
from mktui.tui.screens.unsaved import Unsaved
from mktui.tui.screens.view import StillStatic
from mktui.tui.widgets.choice import Choice
from mktui.tui.widgets.line import Line
from mktui.tui.widgets.page import Page
from mktui.tui.widgets.top_lines import TopLines, first_line, second_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.events import DescendantBlur, Resize

    from mktui.config.save import Seen
    from mktui.config.settings import Raw
    from mktui.core.client.connection_test import TestStep
    from mktui.monitor.snapshot import Snapshot
    from mktui.services.newcomers import Tried

_NO_FILE = "there is no configuration file here: a demo and a recording have routers of their own"


class AddScreen(Unsaved):
    """A form for one router. ``is_first``: there is no configuration yet."""

    place = Place.ADD
    DEFAULT_CSS = """
    AddScreen #form { height: auto; padding: 1 1 0 1; background: $background; }
    AddScreen .field { height: 1; }
    AddScreen .field .label { width: 13; color: $quiet; }
    AddScreen .field Line, AddScreen .field Choice { width: 31; }
    AddScreen .field Input { background: $surface; }
    AddScreen .field Line:focus { background: $panel; }
    AddScreen .field .hint { width: 1fr; padding: 0 0 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    AddScreen.wide .field Line, AddScreen.wide .field Choice { width: 60; }
    """

    BINDINGS: ClassVar[
        list[BindingType]
    ] = [  # taken before the field is asked: what follows in a burst is for the next
        Binding("tab,down", "app.focus_next", "next", show=False, priority=True),
        Binding("shift+tab,up", "app.focus_previous", "before", show=False, priority=True),
        Binding("enter", "next", "next", show=False, priority=True),
    ]

    def __init__(self, *, is_first: bool = False) -> None:
        super().__init__()
        self._is_first = is_first
        self._seen: Seen | None = None
        self._raw: Raw = {}
        self._touched: set[str] = set()
        self._filled: dict[str, str] = {}
        self._steps: list[TestStep] = []
        self._tried: Tried | None = None
        self._tested: Newcomer | None = None
        self._is_testing = False
        self._refused: tuple[Newcomer | None, dict[str, str]] = (None, {})
        self._newcomer = self._blank = Newcomer()
        self._last: tuple[Snapshot, Palette, str] | None = None

    def compose(self) -> ComposeResult:
        """Lay out lines, fields, what the test shows, and keys."""
        yield TopLines()
        with Vertical(id="form"):
            for name in form.LABELS:
                with Horizontal(classes="field", id=f"row-{name}"):
                    yield Static(form.LABELS[name], classes="label")
                    yield self._editor(name)
                    yield StillStatic(classes="hint")
        with Page(id="page", can_focus=False):
            yield StillStatic(id="shown")
        yield Static(id="keys")

    def _editor(self, name: str) -> Line | Choice:
        if name == "tls":
            return Choice(form.TLS, id=name)
        if name == "keep":
            return Choice([form.KEPT[keep] for keep in form.KEEPS], id=name)
        box = Line(str(getattr(self._blank, name)), id=name, compact=True, password=name == "password")
        box.cursor_blink = False  # a form that waits for its typist costs nothing
        return box

    def on_mount(self) -> None:
        """Read the file that it is for."""
        self.query_one("#host").focus()
        self.run_worker(self._read(), name="read the configuration")

    async def _read(self) -> None:
        try:
            self._seen = await self.room.services.newcomers.look()
            self._raw = parse(self._seen.text, self._seen.file) if self._seen is not None else {}
        except MktuiError as error:
            self.notify(str(error), title="no router can be added", severity="error", timeout=15)
        self._changed()

    def on_resize(self, event: Resize) -> None:
        """Keep the end of a test in sight."""
        super().on_resize(event)
        if self._steps:
            self.call_after_refresh(self.query_one(Page).scroll_end, animate=False)

    @property
    def _folder(self) -> Path:
        return (self._seen.file if self._seen is not None else default_path()).parent

    # --- what is typed

    def on_input_changed(self, event: Line.Changed) -> None:
        """Judge what was typed."""
        event.stop()
        name = str(event.input.id)
        if event.value != self._filled.get(name, getattr(self._blank, name)):
            self._touched.add(name)
        self._changed()

    def on_choice_changed(self, event: Choice.Changed) -> None:
        """Show the fields that belong to another choice."""
        event.stop()
        self._changed()

    def action_next(self) -> None:
        """Go to the next field; from the last one, test."""
        if self.focused is not None and self.focused.id == form.fields_shown(self._newcomer)[-1]:
            self.action_try()
        else:
            self.focus_next()

    def on_descendant_focus(self) -> None:
        """Say what is wrong with the field that has the keys now."""
        self._paint()

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """A field that was left may be told what is missing in it."""
        if isinstance(event.widget, Line) and event.widget.value:
            self._touched.add(str(event.widget.id))
            self._paint()

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Line).value

    def _choice(self, name: str) -> int:
        return self.query_one(f"#{name}", Choice).place

    def _changed(self) -> None:
        if not self.is_mounted:
            return
        self._suggest()
        texts = {name: self._text(name) for name in form.LABELS if name not in {"tls", "keep"}}
        self._newcomer = Newcomer(**texts, tls=form.TLS[self._choice("tls")], keep=form.KEEPS[self._choice("keep")])
        if not self._touched:
            self._blank = self._newcomer
        self._paint()

    def _suggest(self) -> None:
        """Fill in what follows from the rest, as long as nobody has typed there."""
        keep = form.KEEPS[self._choice("keep")]
        host = self._text("host")
        if "name" not in self._touched:
            known = names(self._raw, ("routers",))
            self._fill("name", suggested_name(host, known) if host.strip() else "")
        if "where" not in self._touched:
            self._fill("where", suggested_where(self._text("name"), keep, self._folder))

    def _fill(self, name: str, value: str) -> None:
        box = self.query_one(f"#{name}", Line)
        if box.value == self._filled.get(name, "") != value:
            self._filled[name] = box.value = value

    def _errors(self) -> dict[str, str]:
        return errors_of(self._newcomer, self._raw)

    # --- showing

    def target(self) -> str | None:
        """No router yet."""
        return None

    def show(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        """Show the form; figures of routers are shown elsewhere."""
        self._last = (snapshot, palette, mode)
        self._paint()

    def _paint(self) -> None:
        if self._last is None or not self.is_mounted:
            return
        _, palette, mode = self._last
        width = self.width_of_lines()
        self.set_class(width >= 118, "wide")
        file = str(self._seen.file) if self._seen is not None else "no file"
        second = second_line(palette, width, "Fleet › new router", file)
        self.query_one(TopLines).show(first_line("mktui · new router", mode, self._state(palette), width), second)
        shown, errors = form.fields_shown(self._newcomer), self._errors()
        for name in form.LABELS:
            row = self.query_one(f"#row-{name}")
            row.display = name in shown
            problem = errors.get(name, "") if name in self._touched else ""
            problem = problem or (self._refused[1].get(name, "") if self._refused[0] == self._newcomer else "")
            row.query_one(".hint", StillStatic).show(form.hint(name, self._newcomer, problem, palette))
            row.query_one(".label", Static).update(form.label(name, self._newcomer))
        self.query_one("#shown", StillStatic).show(self._shown(palette, width))

    def _state(self, palette: Palette) -> Text:
        if self._is_testing:
            return Text("testing …", style=palette.accent)
        if self._tried is None:
            return Text("not tested", style=palette.quiet)
        if self._tested != self._newcomer:
            return Text("changed since its test", style=palette.state("warning"))
        if not self._tried.report.ok:
            return Text("✗ test failed", style=palette.state("critical"))
        return Text(f"✓ tested: {self.room.keymap.key('save')} saves it", style=palette.state("healthy"))

    def _shown(self, palette: Palette, width: int) -> Text:
        parts = []
        name = str(self.focused.id) if self.focused is not None else ""
        if name in self._touched and (problem := self._errors().get(name)):
            parts.append(Text(f"{form.label(name, self._newcomer)}: {problem}", style=palette.state("critical")))
        if self._steps or self._is_testing:
            parts.append(form.steps_text(self._steps, palette, width - 1))  # the page's bar may take a column
        if self._tried is not None and not self._is_testing:
            parts.append(form.verdict_text(self._tried, palette, width - 1))
        elif self._is_first and not self._is_testing:
            parts.append(form.welcome(self._seen.file if self._seen is not None else default_path(), width))
        if not self._is_testing and form.needs_commands(self._tried):
            parts.append(form.commands(self._newcomer, palette))
        return Text("\n\n").join(part for part in parts if part.plain)

    # --- testing

    def action_try(self) -> None:
        """Test it as it was typed."""
        if self._is_right():
            self.run_worker(self._test(self._newcomer), name="try", exclusive=True)

    def _is_right(self) -> bool:
        """Say whether nothing is wrong with it; when not, go to the first field that is."""
        errors = self._errors()
        if errors:
            self._touched |= set(form.LABELS)
            self.query_one(f"#{next(name for name in form.LABELS if name in errors)}").focus()
            self.room.bell()
            self._paint()
        return not errors

    async def _test(self, newcomer: Newcomer) -> None:
        self._steps, self._tried, self._tested, self._is_testing = [], None, newcomer, True
        self._paint()
        try:
            pool = pool_of(self._raw)
            self._tried = await self.room.services.newcomers.test(newcomer, pool, on_step=self._add_step)
        except MktuiError as error:
            self.notify(str(error), title="not tested", severity="error", timeout=15)
        finally:
            self._is_testing = False
            self._paint()
        if self._tried is not None and self._tried.fingerprint and self._newcomer == newcomer:
            fingerprint = self._tried.fingerprint
            await self.app.push_screen(Pin(newcomer.host.strip(), fingerprint), lambda yes: self._pin(fingerprint, yes))

    def _add_step(self, step: TestStep) -> None:
        self._steps.append(step)
        self._paint()
        self.query_one(Page).scroll_end(animate=False)

    def _pin(self, fingerprint: str, yes: bool | None) -> None:
        if yes:
            self.query_one("#tls", Choice).place = form.TLS.index("pin")
            self.query_one("#fingerprint", Line).value = fingerprint
            self._changed()
            self.action_try()

    # --- saving and leaving

    def action_save(self) -> None:
        """Ask, save, start."""
        seen = self._seen
        if not self.room.is_allowed("save") or not self._is_right():
            return
        if seen is None:
            self.notify(_NO_FILE, severity="warning")
            return
        newcomer, tried = self._newcomer, self._tried if self._tested == self._newcomer else None
        palette = Palette(self.app.theme_variables)

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(self._save(seen, newcomer), name="save the router")

        asked = form.question(newcomer, seen.file, tried, palette, self.room.keymap)
        self.app.push_screen(SaveRouter(asked), answered)

    async def _save(self, seen: Seen, newcomer: Newcomer) -> None:
        try:
            saved = await self.room.services.newcomers.save(seen, newcomer)
        except MktuiError as error:
            self.notify(str(error), title="not saved", severity="error", timeout=15)
            self._refused = (newcomer, form.beside_fields(error))
            await self._read()  # somebody else may have changed it: what clashes is said beside its field
            for name in list(self._refused[1])[:1]:
                self.query_one(f"#{name}").focus()
            return
        self.notify(f"saved in {saved.seen.file}", title=newcomer.name.strip())
        for problem in saved.problems:
            self.notify(problem, severity="error", timeout=15)
        self.is_discarded = True
        if self.is_current:
            cast("Callable[[], object]", self.app.pop_screen)()
            self.room.look()

    def unsaved(self) -> int:
        """What was typed is one thing, however much it is."""
        return int(self._newcomer != self._blank)
