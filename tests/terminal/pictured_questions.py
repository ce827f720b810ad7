"""The configuration, and what stands on top of a screen: questions, help, lines to type in, the palette."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import anyio
from textual.command import CommandList, CommandPalette

from mktui.errors import ConfigError
from mktui.tui.billing_questions import ConfirmMany, ExtendMany, SaveRow
from mktui.tui.customer_deeds import Extend
from mktui.tui.finding import Find
from mktui.tui.screens.config import ConfigScreen
from mktui.tui.screens.config_questions import Discard, SaveChanges, TakeOut
from mktui.tui.screens.importing import PathLine
from mktui.tui.screens.modals import Confirm, Help, Hold
from mktui.tui.screens.new_questions import Pin, SaveRouter
from tests.terminal.billing_driving import filled, under
from tests.terminal.driving import press, settle
from tests.terminal.pictured import Shown, State, keys
from tests.terminal.pictured_routers import TYPED, lost, new
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_billing import crowd
from tests.terminal.recorded_configs import SEEN, with_file

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from mktui.config.save import Seen
    from tests.terminal.pictured import Reasons

NORMAL, EMPTY, LOADING, ERROR, OFFLINE = State
EDITED: Final = ("6", "enter", "j", "enter", "1", "2", "enter", "j", "enter", "9", "enter", "escape")
FIELD: Final = ("6", "enter", "j", "j", "enter", "9", "enter", "k", "enter", "2")

OWN_KEYS: Final = ("6", "G", *["k"] * 3, "enter")
TAKEN_KEY: Final = ("j", "enter", "t")
NEW_TOKEN: Final = ("6", "G", *["k"] * 4, "enter", *"grafana", "enter")


@dataclass
class SlowFile(RecordedServices):
    """A file on a disk that does not answer."""

    async def config_text(self) -> Seen | None:
        await anyio.sleep_forever()
        return await super().config_text()


@dataclass
class BrokenFile(RecordedServices):
    """A file that is no TOML."""

    async def config_text(self) -> Seen | None:
        await anyio.lowlevel.checkpoint()
        raise ConfigError("Expected '=' after a key in a key/value pair", file=SEEN.file, line=12)


def many() -> RecordedServices:
    """Fourteen subscribers."""
    services = RecordedServices()
    services.billing.books = crowd(14)
    return services


def lost_file() -> RecordedServices:
    """A configuration here, of a fleet that was seen last 95 s ago."""
    return replace(lost(), config=SEEN)


async def changed_row(pilot: Pilot[None]) -> None:
    """Change a subscriber, and ask for it to be saved."""
    await press(pilot, "5")
    await under(pilot, "carmen")
    await press(pilot, "e")
    await filled(pilot, "profile", "gold")
    await filled(pilot, "password", "another")
    await press(pilot, "ctrl+s")


async def unmatched(pilot: Pilot[None]) -> None:
    """Look for a command that there is not; Textual says so only after a while."""
    await press(pilot, "colon", *"zzz")
    with anyio.fail_after(20):
        while not pilot.app.screen.query_one(CommandList).option_count:
            assert pilot.app._exception is None
            await anyio.sleep(0.02)
    await settle(pilot)


SHOWN: Final = (
    Shown(ConfigScreen, NORMAL, keys("6"), with_file),
    Shown(ConfigScreen, NORMAL, keys("6", "enter"), with_file, which="page"),
    Shown(ConfigScreen, NORMAL, keys(*OWN_KEYS), with_file, which="keys"),
    Shown(ConfigScreen, ERROR, keys(*OWN_KEYS, *TAKEN_KEY), with_file, which="keys"),
    Shown(ConfigScreen, ERROR, keys(*NEW_TOKEN), with_file, which="new"),
    Shown(ConfigScreen, EMPTY, keys("6")),
    Shown(ConfigScreen, LOADING, keys(held="6"), SlowFile),
    Shown(ConfigScreen, ERROR, keys(*FIELD), with_file),
    Shown(ConfigScreen, ERROR, keys("6"), BrokenFile, which="file"),
    Shown(ConfigScreen, OFFLINE, keys("6"), lost_file),
    Shown(Confirm, NORMAL, keys("R", filtered="plaza")),
    Shown(Confirm, NORMAL, keys("R", filtered="edge-1"), which="protected"),
    Shown(Confirm, ERROR, keys("R", *"edge-2", "enter", filtered="edge-1")),
    Shown(Hold, NORMAL, keys("2", "j", "j", "z")),
    Shown(Help, NORMAL, keys("question_mark")),
    Shown(CommandPalette, NORMAL, keys("colon")),
    Shown(CommandPalette, EMPTY, unmatched),
    Shown(Find, NORMAL, keys("f")),
    Shown(PathLine, NORMAL, keys("5", "I")),
    Shown(Extend, NORMAL, keys("f", *"luis-03", "enter", "X")),
    Shown(ExtendMany, NORMAL, keys("5", "space", "space", "space", "X")),
    Shown(ConfirmMany, NORMAL, keys("5", *["space"] * 3, "E")),
    Shown(ConfirmMany, NORMAL, keys("5", *["space"] * 14, "E"), many, which="counted"),
    Shown(ConfirmMany, ERROR, keys("5", *["space"] * 14, "E", *"13", "enter"), many),
    Shown(SaveRow, NORMAL, changed_row),
    Shown(SaveChanges, NORMAL, keys(*EDITED, "ctrl+s"), with_file),
    Shown(TakeOut, NORMAL, keys("6", "j", "j", "j", "delete"), with_file),
    Shown(Discard, NORMAL, keys(*EDITED, "escape"), with_file),
    Shown(SaveRouter, NORMAL, keys(*TYPED, "ctrl+s"), new()),
    Shown(Pin, NORMAL, keys(*TYPED, "tab", "right", "ctrl+t"), new("certificate")),
)
_ASKS: Final = (Confirm, Hold, Extend, ExtendMany, ConfirmMany, SaveRow, SaveChanges, TakeOut, Discard, SaveRouter, Pin,
                Find, PathLine)  # fmt: skip
_WITHOUT: Final = {
    EMPTY: "a question is asked of something that is there", LOADING: "a question waits for nobody but its answer",
    ERROR: "its answers are keys that cannot be wrong", OFFLINE: "what it is about is on the screen below it",
}  # fmt: skip
CANNOT: Final[Reasons] = {
    **{(screen, state): why for screen in _ASKS for state, why in _WITHOUT.items()},
    **{(Help, state): "it lists the keys, and knows nothing else" for state in _WITHOUT},
    **{(CommandPalette, state): "it looks through the keys of the screen below it" for state in
       (LOADING, ERROR, OFFLINE)},
}  # fmt: skip
for _wrong in (Confirm, ConfirmMany):
    del CANNOT[_wrong, ERROR]  # a name or a number that must be typed can be mistyped
