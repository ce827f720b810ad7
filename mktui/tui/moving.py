"""The app's part that goes from screen to screen, and about in one."""

from __future__ import annotations

from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING

from textual.command import CommandPalette
from textual.widgets import DataTable

from mktui.tui.places import SCREENS
from mktui.tui.room import Room
from mktui.tui.screens.add import AddScreen
from mktui.tui.screens.config import ConfigScreen
from mktui.tui.screens.filtering import Filterable
from mktui.tui.screens.fleet import FleetScreen
from mktui.tui.screens.modals import Help
from mktui.tui.screens.sorting import Sortable
from mktui.tui.screens.view import View
from mktui.tui.widgets.live_table import LiveTable
from mktui.tui.widgets.long_table import LongTable
from mktui.tui.widgets.page import Page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Moves(Room):
    """An app in which keys lead from screen to screen."""

    _before = "fleet"
    """The numbered screen that was open before this one."""

    def action_help(self) -> None:
        """Show every key."""
        self.push_screen(Help(self.keymap.actions))

    def action_help_quit(self) -> None:
        """Answer ctrl+c: it is no way out of a program that holds connections."""
        self.notify(f"{self.keymap.key('quit')} leaves", timeout=3)

    async def action_palette(self) -> None:
        """Open the command palette, ready to be typed in."""
        await self.push_screen(CommandPalette(id="--command-palette"))

    def action_filter(self) -> None:
        """Filter the rows."""
        if isinstance(self.screen, Filterable):
            self.screen.open_filter()

    async def action_open(self) -> None:
        """Open what is under the cursor."""
        screen = self.view.opened() if self.view is not None else None
        if screen is not None:
            await self.show_screen(screen)

    async def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter on a row opens it."""
        event.stop()
        await self.action_open()

    async def action_back(self) -> None:
        """Go back to where we came from."""
        if isinstance(self.screen, Filterable) and self.screen.close_filter(keep=False):
            return
        if len(self.screen_stack) > 2 and self._may_leave(self.action_back, is_back=True):  # the fleet stays
            self.pop_screen()
            self.look()

    def action_fleet(self) -> None:
        """Go to the fleet."""
        before = self._numbered() if len(self.screen_stack) > 2 else self._before
        if self._close_down(self.action_fleet):
            self._before = before
            self.look()

    def _close_down(self, again: Callable[[], Awaitable[None] | None], *, but: type[View] = FleetScreen) -> bool:
        """Close what is open, down to a screen or to the fleet; False: one of them asks whether it may be left."""
        closing = list(takewhile(lambda screen: not isinstance(screen, but), reversed(self.screen_stack[2:])))
        if not all(screen.may_leave(again, is_back=False) for screen in closing if isinstance(screen, View)):
            return False
        for _ in closing:
            self.pop_screen()
        return True

    def _may_leave(self, again: Callable[[], Awaitable[None] | None], *, is_back: bool = False) -> bool:
        return self.view is None or self.view.may_leave(again, is_back=is_back)

    async def action_edit(self) -> None:
        """Open the form of what is under the cursor, or the configuration at the router."""
        form = self.view.form() if self.view is not None else None
        if form is not None:
            await self.show_screen(form)
        elif name := self.target("edit"):
            await self.show_screen(ConfigScreen(name))

    async def action_new(self) -> None:
        """Open the form for one more router."""
        if self.is_allowed("new") and self._may_leave(self.action_new):
            await self.show_screen(AddScreen())

    async def action_go(self, place: str) -> None:
        """Go to one of the numbered screens."""
        screen, before = SCREENS[place], self._numbered()
        if not isinstance(self.screen, screen) and self._close_down(partial(self.action_go, place), but=screen):
            if isinstance(self.screen, screen):  # what was open began there: it is as it was left
                self.look()
            else:
                await self.show_screen(screen())
            self._before = before if before != place else self._before

    async def action_last(self) -> None:
        """Go to the numbered screen that was open before this one."""
        if self._before == "fleet":
            self.action_fleet()
        else:
            await self.action_go(self._before)

    def _numbered(self) -> str:
        """Return the numbered screen that everything which is open began at."""
        first = self.screen_stack[2] if len(self.screen_stack) > 2 else None
        return next((place for place, screen in SCREENS.items() if isinstance(first, screen)), "fleet")

    def action_wide(self) -> None:
        """Show every column of a table, or those that fit."""
        for table in self.screen.query(LiveTable):
            table.is_wide = not table.is_wide
            table.fit_to(self.size.width)
            if table.is_wide:
                self.notify(f"← → move sideways; {self.keymap.key('wide')} fits it again", timeout=3)
        self.look()

    def action_sort(self) -> None:
        """Sort by the next column."""
        if isinstance(self.screen, Sortable):
            self.screen.next_sort()

    def action_reverse(self) -> None:
        """Turn the order round."""
        if isinstance(self.screen, Sortable):
            self.screen.reverse()

    def action_down(self) -> None:
        """Next row."""
        self._table_do("cursor_down")

    def action_up(self) -> None:
        """Row before."""
        self._table_do("cursor_up")

    def action_top(self) -> None:
        """First row."""
        self._table_do("scroll_top")

    def action_bottom(self) -> None:
        """Last row."""
        self._table_do("scroll_bottom")

    def _table_do(self, what: str) -> None:
        if isinstance(self.focused, DataTable | LongTable | Page):
            getattr(self.focused, f"action_{what}")()

    async def action_quit(self) -> None:
        """Leave the screen; from the fleet, leave the program."""
        if len(self.screen_stack) > 2:
            await self.action_back()
        else:
            self.exit()
