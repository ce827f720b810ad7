"""Why a router is in trouble, and the key that helps: every finding with its figures, on top of any screen."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from rich.text import Text
from textual.binding import Binding, BindingsMap
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from mktui.letters import printable
from mktui.tui import words
from mktui.tui.screens.modals import box_css

if TYPE_CHECKING:
    from datetime import datetime

    from textual.app import ComposeResult

    from mktui.monitor.records import Diagnosis
    from mktui.monitor.snapshot import RouterSnapshot
    from mktui.tui.keymap import Keymap
    from mktui.tui.palette import Palette

_GLYPHS: Final = {"critical": "▲", "warning": "◐", "notice": "·"}
_LEADS: Final = {
    "errors": "its errors, one by one",
    "open": "the router itself: connections, queue, latency",
    "test": "test its connection, step by step",
    "sync": "plan what would bring it into step, and look at it",
    "breaker": "let it back in",
}
"""Where the key of a finding leads, in words that fit this router and not any row."""
_DOES: Final = {
    "back": "dismiss", "quit": "dismiss", "diagnosis": "dismiss", "copy": "copy", "down": "scroll(1)",
    "up": "scroll(-1)",
}  # fmt: skip
"""What the keys of actions do here."""
_WIDTH: Final = 66
_INDENT: Final = 6


class DiagnosisView(ModalScreen[str | None]):
    """What is wrong with a router; gives back the action whose key was pressed."""

    DEFAULT_CSS = box_css("DiagnosisView")

    def __init__(
        self, router: RouterSnapshot, found: tuple[Diagnosis, ...], at: datetime, palette: Palette, keymap: Keymap
    ) -> None:
        super().__init__()
        self._router, self._found, self._at, self._palette = router, found, at, palette
        self._keymap = keymap
        does = _DOES | {each.action: f"follow({each.action!r})" for each in found if each.action}
        self._bindings = BindingsMap(Binding(keymap.action(name).keys, deed, show=False) for name, deed in does.items())

    def compose(self) -> ComposeResult:
        """Lay out the findings."""
        with VerticalScroll(id="box"):
            yield Static(in_words(self._router, self._found, self._palette, self._keymap))

    def action_follow(self, action_id: str) -> None:
        """Go and do what one of the findings names."""
        self.dismiss(action_id)

    def action_copy(self) -> None:
        """Copy all of it, for whoever must mend it."""
        self.app.copy_to_clipboard(as_text(self._router, self._found, self._at))
        self.notify("copied", timeout=3)

    def action_scroll(self, lines: int) -> None:
        """Move the text."""
        self.query_one("#box", VerticalScroll).scroll_relative(y=lines, animate=False, immediate=True)


def in_words(router: RouterSnapshot, found: tuple[Diagnosis, ...], palette: Palette, keymap: Keymap) -> Text:
    """Return all findings, the worst first, with the operator's own keys."""
    status = router.health.status.value
    text = Text.assemble((router.name, "bold"), "  ", (f"{words.GLYPHS[status]} {status}", palette.state(status)))
    text.append(f"   {words.count(len(found), 'finding') if found else 'no findings'}", style=palette.quiet)
    keys = f"{keymap.key('copy')} copies   {keymap.key('back')} closes"
    text.append(f"{keys:>{max(len(keys) + 2, _WIDTH + 2 - text.cell_len)}}\n\n", style=palette.quiet)
    if not found and status == "healthy":
        text.append("Nothing is wrong with it, as far as its figures say.\n")
    elif not found:
        why = _wrapped("; ".join(router.health.reasons) or "no reason is known", 0)
        text.append(f"{why}\n\nIts figures say nothing more yet.\n")
    for number, each in enumerate(found):
        text.append("\n" if number else "")
        _finding(text, each, palette, keymap)
    text.rstrip()
    return text


def as_text(router: RouterSnapshot, found: tuple[Diagnosis, ...], at: datetime) -> str:
    """Return the same without colours and keys, to be pasted somewhere else."""
    lines = [f"{router.name} {router.address}: {router.health.status.value}, {at.isoformat(timespec='seconds')}"]
    for each in found:
        lines += ["", f"{each.severity.value}: {each.symptom}", *(f"  {line}" for line in each.evidence)]
        lines += [f"  why: {each.cause}", f"  do: {each.remedy}"]
    return "\n".join(printable(line) for line in lines)


def _finding(text: Text, found: Diagnosis, palette: Palette, keymap: Keymap) -> None:
    severity = found.severity.value
    style = palette.quiet if severity == "notice" else palette.state(severity)
    text.append(f"{_GLYPHS[severity]} {severity}: ", style=style)
    text.append(f"{found.symptom}\n", style=f"bold {style}")
    for line in found.evidence:
        text.append(f"      {_wrapped(line, _INDENT)}\n", style=palette.quiet)
    text.append("  why ", style=palette.quiet)
    text.append(f"{_wrapped(found.cause, _INDENT)}\n")
    text.append("  do  ", style=palette.quiet)
    text.append(f"{_wrapped(found.remedy, _INDENT)}\n")
    if found.action:
        text.append(f"  {keymap.key(found.action):<3} ", style=f"bold {palette.accent}")
        text.append(f"{_LEADS[found.action]}\n", style=palette.accent)


def _wrapped(words_of: str, indent: int) -> str:
    return f"\n{' ' * indent}".join(textwrap.wrap(printable(words_of), _WIDTH - indent) or [""])
