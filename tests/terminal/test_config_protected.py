"""A protected router is neither taken out nor moved by the form before its name was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from mktui.config.draft import Draft, Edit
from mktui.config.load import parse
from mktui.config.protection import endangered
from mktui.tui.screens.config_questions import TakeOut
from mktui.tui.screens.modals import Confirm
from tests.terminal.driving import notices, opened, press, text
from tests.terminal.recorded_configs import SEEN, TEXT, with_file

if TYPE_CHECKING:
    from mktui.tui.app import ControlRoom
    from mktui.tui.screens.config import ConfigScreen

pytestmark = pytest.mark.anyio
EDGE = ("routers", "edge-1")


def screen_of(app: ControlRoom) -> ConfigScreen:
    """Return the form."""
    return cast("ConfigScreen", app.screen)


def changed(app: ControlRoom, *edits: Edit) -> None:
    """Change the draft as pressed keys would."""
    draft = screen_of(app)._draft
    assert draft is not None
    draft.change(*edits)
    screen_of(app).paint()


async def test_del_on_a_protected_router_wants_its_name_typed() -> None:
    async with opened(with_file()) as (app, pilot):
        await press(pilot, "6")
        screen = screen_of(app)
        screen.table.go_to("routers.edge-1")
        await press(pilot, "delete")
        assert isinstance(app.screen, Confirm)
        await press(pilot, "y", "enter")
        assert isinstance(app.screen, Confirm), "y alone is no name"
        await press(pilot, "escape")
        assert screen.unsaved() == 0
        await press(pilot, "delete", *"edge-1", "enter")
        assert screen.unsaved() > 0
        screen.table.go_to("routers.hotspot-plaza")
        await press(pilot, "delete")
        assert isinstance(app.screen, TakeOut), "one that is not protected asks for y"


@pytest.mark.parametrize(
    ("key", "value"), [("host", "10.0.0.9"), ("port", 9999), ("username", "robot"), ("tls", "anonymous"),
                       ("password", "other"), ("protected", None)],
)  # fmt: skip
async def test_what_a_protected_router_is_reached_by_is_saved_once_its_name_is_typed(key: str, value: object) -> None:
    services = with_file()
    async with opened(services) as (app, pilot):
        await press(pilot, "6")
        changed(app, Edit((*EDGE, key), value))
        await press(pilot, "ctrl+s", "y")
        assert isinstance(app.screen, Confirm)
        assert f"Save another {key} of edge-1?" in text(app)
        await press(pilot, "escape")
        assert services.saves == []
        assert "edge-1 was left alone" in notices(app)[-1].message
        await press(pilot, "ctrl+s", "y", *"edge-1", "enter")
        assert len(services.saves) == 1


async def test_what_is_nothing_of_a_protected_routers_way_in_asks_no_name() -> None:
    services = with_file()
    async with opened(services) as (app, pilot):
        await press(pilot, "6")
        changed(app, Edit((*EDGE, "pool", "max_size"), 3), Edit(("routers", "hotspot-plaza", "host"), "10.0.7.4"))
        await press(pilot, "ctrl+s", "y")
        assert len(services.saves) == 1


def test_each_protected_router_is_asked_for_and_one_that_was_asked_for_is_not_asked_for_again() -> None:
    def of(*edits: Edit, running: frozenset[str] = frozenset()) -> dict[str, str]:
        draft = Draft(parse(TEXT, SEEN.file))
        for edit in edits:
            draft.change(edit)
        return endangered(draft, running)

    plaza = ("routers", "hotspot-plaza")
    assert of(Edit((*EDGE, "host"), "a"), Edit((*EDGE, "port"), 1)) == {"edge-1": "host, port"}
    assert of(Edit((*EDGE, "name"), "edge-9")) == {"edge-1": "name"}
    assert of(Edit(EDGE)) == {}, "del has asked"
    assert of(Edit(EDGE), Edit((*EDGE, "host"), "a")).keys() == {"edge-1"}, "out, and back in elsewhere"
    assert of(Edit((*plaza, "host"), "a")) == {}
    assert of(Edit((*plaza, "host"), "a"), running=frozenset({"hotspot-plaza"})) == {"hotspot-plaza": "host"}
