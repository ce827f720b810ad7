"""Everything a key can do, once: bindings, footer, palette, help and the README's table are made from this."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from textual.binding import Binding


class Where(enum.Enum):
    """On which screens an action is at home."""

    EVERYWHERE = "everywhere"
    FLEET = "fleet"
    ROUTERS = "fleet and router"
    """Acts on the router under the cursor, or the one that is open."""


class Danger(enum.Enum):
    """What an action may do to a network."""

    NONE = "none"
    WRITES = "writes"
    """Refused when read-only."""
    CONFIRMED = "confirmed"
    """Refused when read-only; asks first, naming the router."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done. ``keys`` are Textual's names, the first is the one that is shown as ``shown``."""

    id: str
    keys: str
    shown: str
    title: str
    help: str
    where: Where = Where.EVERYWHERE
    danger: Danger = Danger.NONE
    in_footer: bool = False
    is_urgent: bool = False
    """Its key is taken before anybody is asked who has the focus."""


ACTIONS: Final = (
    Action("help", "question_mark", "?", "help", "What every key does.", in_footer=True),
    Action("palette", "colon", ":", "command", "Find a command by its name.", in_footer=True),
    Action("filter", "slash", "/", "filter", "Show routers whose name has a text (! has not).",
           Where.FLEET, in_footer=True, is_urgent=True),
    Action("open", "enter", "⏎", "open", "Open the router under the cursor.", Where.FLEET, in_footer=True),
    Action("back", "escape", "esc", "back", "Back; in a filter: leave it."),
    Action("fleet", "1", "1", "fleet", "A row per router, trouble first."),
    Action("sync", "s", "s", "sync", "Bring the router into step with billing.", Where.ROUTERS, Danger.CONFIRMED,
           in_footer=True),
    Action("test", "t", "t", "test", "Test its connection, step by step.", Where.ROUTERS,
           in_footer=True),
    Action("reset", "R", "R", "reset pool", "Replace its connections, one at a time.", Where.ROUTERS,
           Danger.CONFIRMED, in_footer=True),
    Action("breaker", "b", "b", "circuit", "Isolate the router, or let it back in.", Where.ROUTERS, Danger.CONFIRMED),
    Action("sort", "o", "o", "sort", "Sort by the next column.", Where.FLEET),
    Action("reverse", "O", "O", "reverse", "Turn the order round.", Where.FLEET),
    Action("pause", "p", "p", "pause", "Hold the screen still; the pools go on."),
    Action("down", "j", "j", "down", "Next row."),
    Action("up", "k", "k", "up", "Row before."),
    Action("top", "g", "g", "top", "First row."),
    Action("bottom", "G", "G", "bottom", "Last row."),
    Action("redraw", "ctrl+l", "^l", "redraw", "Draw everything afresh."),
    Action("quit", "q", "q", "quit", "Leave a router, then the program.",
           in_footer=True),
)  # fmt: skip


def by_id(action_id: str) -> Action:
    """Return an action."""
    return next(action for action in ACTIONS if action.id == action_id)


def bindings() -> list[Binding]:
    """Return Textual's bindings; each leads to ``action_<id>`` of the app."""
    return [
        Binding(action.keys, f"app.{action.id}", action.title, show=False, priority=action.is_urgent)
        for action in ACTIONS
    ]


def footer(*, is_fleet: bool, width: int) -> list[Action]:
    """Return the keys of a screen's last line, as many as fit."""
    shown = [action for action in ACTIONS if action.in_footer and (is_fleet or action.where is not Where.FLEET)]
    if not is_fleet:
        shown.insert(1, by_id("back"))
        shown.append(by_id("breaker"))
    fitting: list[Action] = []
    for action in shown:
        width -= len(action.shown) + len(action.title) + 3
        if width < 0:
            break
        fitting.append(action)
    return fitting


def as_markdown() -> str:
    """Return the README's table of keys."""
    rows = [f"| `{action.shown}` | {action.title} | {action.help} |" for action in ACTIONS]
    return "\n".join(("| key | does | in words |", "|---|---|---|", *rows))
