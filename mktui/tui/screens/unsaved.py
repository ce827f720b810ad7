"""A screen on which something is typed: it is not left, and what was typed not forgotten, without a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui.tui.screens.config_questions import Discard
from mktui.tui.screens.view import View

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Unsaved(View):
    """The screen counts in ``unsaved`` what would be lost."""

    is_discarded = False
    """What is not saved may be forgotten."""

    def unsaved(self) -> int:
        """Return how many changes are not saved."""
        raise NotImplementedError

    def may_leave(self, again: Callable[[], Awaitable[None] | None], *, is_back: bool) -> bool:
        """Leave at once when nothing would be lost; else ask first."""
        del is_back
        if not self.unsaved() or self.is_discarded:
            return True

        def answered(yes: bool | None) -> None:
            self.is_discarded = bool(yes)
            if yes:
                self.app.call_later(again)

        self.app.push_screen(Discard(self.unsaved()), answered)
        return False
