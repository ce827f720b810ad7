"""Everything a key can do, once: bindings, footer, palette, help and the README's table are made from this."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.binding import Binding


class Place(enum.Enum):
    """A screen where keys are pressed."""

    FLEET = "fleet"
    ROUTER = "router"
    SYNC = "sync"
    PLAN = "plan"
    CUSTOMER = "customer"
    CONFIG = "config"
    ADD = "add"
    ROWS = "rows"
    TESTS = "tests"
    ERRORS = "errors"
    CHANGES = "changes"
    BILLING = "billing"
    FORM = "form"
    IMPORT = "import"
    ALERTS = "alerts"
    SCHEDULE = "schedule"


EVERYWHERE: Final = frozenset(Place)
ROUTERS: Final = frozenset(
    {Place.FLEET, Place.ROUTER, Place.SYNC, Place.PLAN, Place.ERRORS, Place.ALERTS, Place.SCHEDULE}
)
"""Where there is a router under the cursor, or one that is open."""
_FLEET: Final = frozenset({Place.FLEET})
_PLAN: Final = frozenset({Place.PLAN})
_SYNCS: Final = frozenset({Place.SYNC, Place.PLAN})
_ALERTS: Final = frozenset({Place.ALERTS})
_SCHEDULE: Final = frozenset({Place.SCHEDULE})
_LOGS: Final = frozenset({Place.ERRORS, Place.CHANGES, Place.ALERTS})
_FILTERED: Final = frozenset({Place.FLEET, Place.SYNC, Place.PLAN, Place.ROWS}) | _LOGS | _SCHEDULE
"""Where rows can be filtered."""
_TABLES: Final = frozenset({Place.FLEET, Place.SYNC, Place.PLAN}) | _LOGS | _SCHEDULE
_BUT_PLAN: Final = frozenset({Place.FLEET, Place.ROUTER, Place.SYNC})
_LISTS: Final = frozenset({Place.FLEET, Place.SYNC})
_ERRORS: Final = frozenset({Place.ERRORS})
_CHANGES: Final = frozenset({Place.CHANGES})
_SORTED: Final = frozenset({Place.FLEET, Place.SYNC, Place.PLAN}) | _LOGS
_CUSTOMER: Final = frozenset({Place.CUSTOMER})
_CONFIG: Final = frozenset({Place.CONFIG})
_ROWS: Final = frozenset({Place.ROWS})
_ADD: Final = frozenset({Place.ADD})
_BUT_ADD: Final = EVERYWHERE - _ADD
"""Where a letter is a command; on the form it is typed."""
_TESTS: Final = frozenset({Place.TESTS})
_BILLING: Final = frozenset({Place.BILLING})
_FORM: Final = frozenset({Place.FORM})
_FORMS: Final = _CONFIG | _FORM
_IMPORT: Final = frozenset({Place.IMPORT})


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
    """In words; another action's key stands there as its id in braces: see ``help_of``."""
    where: frozenset[Place] = EVERYWHERE
    danger: Danger = Danger.NONE
    in_footer: frozenset[Place] = frozenset()
    is_urgent: bool = False
    """Its key is taken before anybody is asked who has the focus."""
    is_of_screen: bool = False
    """The screen has its handler, not the app."""
    is_place: bool = False
    """It opens one of the numbered screens."""


ACTIONS: Final = (
    Action("help", "question_mark,f1", "?", "help", "What every key does.", in_footer=_BUT_ADD),
    Action("palette", "colon", ":", "command", "Find a command by its name.", in_footer=_LISTS, is_urgent=True),
    Action("filter", "slash", "/", "filter", "Show rows that have a text (! have not).",
           _FILTERED | _BILLING, in_footer=_FILTERED | _BILLING, is_urgent=True),
    Action("open", "enter", "⏎", "open", "Open what is under the cursor.", _TABLES | _FORMS | _TESTS | _BILLING,
           in_footer=_TABLES - _PLAN | _FORMS | _TESTS),
    Action("back", "escape", "esc", "back", "Back; in a filter: leave it.",
           in_footer=EVERYWHERE - _FLEET - _BILLING),
    Action("fleet", "1", "1", "fleet", "A row per router, trouble first."),
    Action("syncs", "2", "2", "syncs", "How each router stands with billing.", is_place=True),
    Action("error_log", "3", "3", "error log", "What went wrong, and how often.", in_footer=_CHANGES, is_place=True),
    Action("tests", "4", "4", "tests", "The stability test: scenarios, verdicts, reports.", is_place=True),
    Action("billing", "5", "5", "billing", "Subscribers and profiles, trouble first.", is_place=True),
    Action("config", "6", "6", "config", "Look at the configuration, and change it.", is_place=True),
    Action("alerts", "7", "7", "alerts", "What is worth waking somebody for; who is told.", is_place=True),
    Action("schedule", "8", "8", "schedule", "What is done by itself, when, how it went.", is_place=True),
    Action("last", "minus", "-", "last screen", "Back to the numbered screen before this one.", _BUT_ADD),
    Action("customer", "f", "f", "customer", "Find a customer: paid, online, on which router.",
           in_footer=_CUSTOMER),
    Action("sync", "s", "s", "sync", "Plan what would bring the router into step.", ROUTERS | _CUSTOMER | _BILLING,
           in_footer=_BUT_PLAN | _CUSTOMER),
    Action("apply", "a", "a", "apply", "Write exactly what is shown.", _PLAN | _IMPORT, Danger.CONFIRMED,
           in_footer=_PLAN | _IMPORT, is_of_screen=True),
    Action("adopt", "A", "A", "adopt", "Take over the conflicting row; plan again.", _PLAN, Danger.CONFIRMED,
           in_footer=_PLAN, is_of_screen=True),
    Action("prune", "P", "P", "prune", "Plan with or without who left billing.", _PLAN, in_footer=_PLAN,
           is_of_screen=True),
    Action("heal", "H", "H", "heal", "Plan with or without undoing drift.", _PLAN, in_footer=_PLAN, is_of_screen=True),
    Action("failed", "F", "F", "failed only", "Only rows that were not, or cannot be, written.", _PLAN | _IMPORT,
           in_footer=_PLAN | _IMPORT,
           is_of_screen=True),
    Action("rollback", "U", "U", "roll back", "Plan to take the last run back; {apply} writes it.", _PLAN,
           Danger.WRITES, is_of_screen=True),
    Action("hold", "z", "z", "hold", "Hold its automatic syncs, or let them go on.", _SYNCS, Danger.CONFIRMED,
           in_footer=frozenset({Place.SYNC})),
    Action("switch", "tab", "tab", "switch", "Subscribers, or profiles.", _BILLING, in_footer=_BILLING,
           is_urgent=True, is_of_screen=True),
    Action("mark", "space", "spc", "mark", "Mark a row: what is done is done to all marked.", _BILLING,
           in_footer=_BILLING, is_of_screen=True),
    Action("standing", "E,S", "E", "suspend", "Suspend a customer, or let him connect.", _CUSTOMER | _BILLING,
           Danger.CONFIRMED, in_footer=_CUSTOMER | _BILLING, is_of_screen=True),
    Action("extend", "X", "X", "extend", "Let him be paid for 1, 7 or 30 days more.", _CUSTOMER | _BILLING,
           Danger.CONFIRMED, in_footer=_CUSTOMER, is_of_screen=True),
    Action("new_row", "N", "N", "new", "Add a subscriber, or a profile.", _BILLING, Danger.WRITES,
           in_footer=_BILLING, is_of_screen=True),
    Action("remove", "D", "D", "delete", "He is no customer any more.", _BILLING, Danger.CONFIRMED,
           is_of_screen=True),
    Action("import", "I", "I", "import", "Read a CSV file into billing: shown first.", _BILLING, Danger.WRITES,
           in_footer=_BILLING, is_of_screen=True),
    Action("kick", "K", "K", "kick", "End his sessions, on every router.", _CUSTOMER, Danger.CONFIRMED,
           in_footer=_CUSTOMER, is_of_screen=True),
    Action("again", "r", "r", "refresh", "Ask afresh.", _CUSTOMER | _BILLING, in_footer=_CUSTOMER, is_of_screen=True),
    Action("test", "t", "t", "test", "Test its connection, step by step.", ROUTERS | _CUSTOMER, in_footer=_BUT_PLAN),
    Action("stability", "T", "T", "stability", "Test what the router and its pool bear.",
           frozenset({Place.FLEET, Place.ROUTER, Place.TESTS}), in_footer=_TESTS),
    Action("one", "v", "v", "run one", "Run the scenario under the cursor.", _TESTS, in_footer=_TESTS,
           is_of_screen=True),
    Action("aim", "m", "m", "where", "Simulated routers, or the next router.", _TESTS, in_footer=_TESTS,
           is_of_screen=True),
    Action("stop", "Z", "Z", "stop", "Stop the test; what it found stays.", _TESTS, in_footer=_TESTS,
           is_of_screen=True),
    Action("reset", "R", "R", "reset pool", "Replace its connections, one at a time.", ROUTERS, Danger.CONFIRMED,
           in_footer=frozenset({Place.ROUTER})),
    Action("breaker", "b", "b", "circuit", "Isolate the router, or let it back in.", ROUTERS, Danger.CONFIRMED,
           in_footer=frozenset({Place.ROUTER})),
    Action("run", "x", "x", "run", "Run one command; a write asks first.", ROUTERS | _ROWS,
           in_footer=frozenset({Place.ROUTER, Place.ROWS})),
    Action("silence", "M", "M", "silence", "Tell nothing of it for a while, or again.", _ALERTS,
           Danger.CONFIRMED, in_footer=_ALERTS, is_of_screen=True),
    Action("run_job", "J", "J", "run now", "Begin the job under the cursor now.", _SCHEDULE, Danger.CONFIRMED,
           in_footer=_SCHEDULE, is_of_screen=True),
    Action("copy", "y", "y", "copy", "Copy the row, over SSH too.", _LOGS | _SCHEDULE | _ROWS,
           in_footer=_LOGS | _SCHEDULE | _ROWS, is_of_screen=True),
    Action("edit", "e", "e", "edit", "Change a router's settings, a row, a file's columns.",
           ROUTERS | _CUSTOMER | _BILLING | _IMPORT, in_footer=_IMPORT),
    Action("new", "n", "n", "add router", "Add a router: tested live, then saved.", _BUT_ADD, Danger.WRITES),
    Action("try", "ctrl+t", "^t", "try it", "Test the new router as it was typed.", _ADD, in_footer=_ADD,
           is_of_screen=True),
    Action("save", "ctrl+s", "^s", "save", "Save what was changed, or the report.", _FORMS | _ADD | _TESTS,
           Danger.CONFIRMED, in_footer=_FORMS | _ADD | _TESTS, is_of_screen=True),
    Action("undo", "u", "u", "undo", "Take the last change back.", _FORMS | _BILLING, in_footer=_FORMS,
           is_of_screen=True),
    Action("preset", "L", "L", "preset", "The next preset for the pool's settings.", _CONFIG, in_footer=_CONFIG,
           is_of_screen=True),
    Action("unset", "delete", "del", "default", "A setting to its default; takes an entry out.", _FORMS,
           in_footer=_FORMS, is_of_screen=True),
    Action("diagnosis", "d", "d", "why", "What is wrong with it, and what to do.", ROUTERS,
           in_footer=ROUTERS - _PLAN),
    Action("errors", "l", "l", "errors", "Only this router's errors; again: all.", ROUTERS,
           in_footer=frozenset({Place.FLEET, Place.ERRORS})),
    Action("changes", "c", "c", "changes", "Who changed what, when, from where.", _BUT_ADD,
           in_footer=_ERRORS | _SCHEDULE, is_place=True),
    Action("sort", "o", "o", "sort", "Sort by the next column.", _SORTED | _BILLING, in_footer=_LOGS),
    Action("reverse", "O", "O", "reverse", "Turn the order round.", _SORTED | _BILLING),
    Action("wide", "w", "w", "wide", "Every column, or those that fit.",
           frozenset({Place.FLEET, Place.ROUTER, Place.SYNC})),
    Action("span", "h", "h", "span", "Latency of 1 h, 6 h or 24 h, larger; or both.", frozenset({Place.ROUTER}),
           is_of_screen=True),
    Action("pause", "p", "p", "pause", "Hold the screen still; the pools go on."),
    Action("down", "j", "j", "down", "Next row."),
    Action("up", "k", "k", "up", "Row before."),
    Action("top", "g", "g", "top", "First row."),
    Action("bottom", "G", "G", "bottom", "Last row."),
    Action("redraw", "ctrl+l", "^l", "redraw", "Draw everything afresh."),
    Action("suspend", "ctrl+z", "^z", "shell", "Back to the shell, until fg.", EVERYWHERE),
    Action("quit", "q", "q", "quit", "Leave the screen; from the fleet, the program.",
           in_footer=_FLEET | _BILLING),
)  # fmt: skip
_BY_ID: Final = {action.id: action for action in ACTIONS}


def by_id(action_id: str) -> Action:
    """Return an action."""
    return _BY_ID[action_id]


def is_at_home(action_id: str, place: Place) -> bool:
    """Say whether an action has a meaning on a screen; what is not in the registry is Textual's own, and has."""
    action = _BY_ID.get(action_id)
    return action is None or place in action.where


def bindings(registry: Iterable[Action] = ACTIONS) -> list[Binding]:
    """Return Textual's bindings; each leads to ``action_<id>`` of the app, or of the screen that is on top."""
    from textual.binding import Binding  # noqa: PLC0415 - the registry is read by commands that load no terminal

    return [
        Binding(action.keys, binding_of(action), action.title, show=False, priority=action.is_urgent)
        for action in registry
    ]


def binding_of(action: Action) -> str:
    """Return what Textual calls an action."""
    if action.is_place:
        return f"app.go({action.id!r})"
    return f"{'screen' if action.is_of_screen else 'app'}.{action.id}"


def footer(place: Place, width: int, registry: Iterable[Action] = ACTIONS) -> list[Action]:
    """Return the keys of a screen's last line, as many as fit."""
    fitting: list[Action] = []
    for action in registry:
        if place not in action.in_footer:
            continue
        width -= len(action.shown) + len(action.title) + 3
        if width < 0:
            break
        fitting.append(action)
    return fitting


def help_of(action: Action, registry: Iterable[Action] = ACTIONS) -> str:
    """Return what an action does in words, with the keys of others as they are used."""
    return action.help.format_map({each.id: each.shown for each in registry})


def as_markdown() -> str:
    """Return the README's table of keys."""
    rows = [f"| `{action.shown}` | {action.title} | {help_of(action)} |" for action in ACTIONS]
    return "\n".join(("| key | does | in words |", "|---|---|---|", *rows))
