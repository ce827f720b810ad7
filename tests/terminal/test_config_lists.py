"""Whatever the configuration has several of is made and taken out in the form, each new one judged field by field."""

from __future__ import annotations

import tomllib
import typing
from typing import TYPE_CHECKING, Any, Final

import pytest
from pydantic import BaseModel
from textual.widgets import Input

from mktui.config.http import digest_of
from mktui.config.load import problems_of
from mktui.config.model import Config
from mktui.config.settings import LISTS, Kind, names
from mktui.tui.config_form import kind_of
from mktui.tui.screens.config import ConfigScreen
from mktui.tui.screens.config_questions import SaveChanges, TakeOut
from tests.terminal.driving import lines, notices, opened, press, text
from tests.terminal.recorded_configs import TEXT, with_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.pilot import Pilot

    from mktui.config.settings import Key, Raw
    from mktui.tui.app import ControlRoom

pytestmark = pytest.mark.anyio
MORE: Final = """
[[http.tokens]]
name = "grafana"                # the board in the hall
token = "a-token-that-nobody-guesses"

[[alerts.webhooks]]
name = "noc"
url = "https://noc.example/hush"

[[alerts.hooks]]
name = "sms"
command = ["/etc/mktui/tell", "the noc"]
"""
WHOLE: Final = TEXT + MORE
RIGHT: Final = {
    Kind.TEXT: "10.9.9.9", Kind.SECRET: "sqlite:///shop.db", Kind.PASSWORD: '{ env = "SECRET" }',
    Kind.WORDS: "tell noc",
}  # fmt: skip
ELSE: Final[dict[Key, dict[str, str]]] = {
    ("billing", "sources"): {"subscribers_query": "select name from customers"},
    ("alerts", "webhooks"): {"url": "https://noc.example/"},
}
"""What only some of them need, or need to be of another form."""


def tables_of(model: type[BaseModel], path: Key = ()) -> Iterator[Key]:
    """Every place of the model that holds as many tables as somebody wants: lists of them, and maps to them."""
    for name, field in model.model_fields.items():
        inner = [each for each in (field.annotation, *typing.get_args(field.annotation)) if _is_model(each)]
        for each in inner:
            if each is not field.annotation:
                yield (*path, name)
            yield from tables_of(each, (*path, name))


def _is_model(each: Any) -> bool:  # Any: a type, as typing has it
    return isinstance(each, type) and issubclass(each, BaseModel)


EVERY: Final = tuple(dict.fromkeys(tables_of(Config)))


def draft_of(app: ControlRoom) -> Raw:
    """What would be saved."""
    assert isinstance(app.screen, ConfigScreen)
    assert app.screen._draft is not None
    return app.screen._draft.raw


async def add(app: ControlRoom, pilot: Pilot[None], path: Key, name: str) -> None:
    """Type a name on the row that makes an entry."""
    assert isinstance(app.screen, ConfigScreen)
    app.screen.table.go_to(".".join(path))
    await press(pilot, "enter")
    await type_in(app, pilot, name)


async def type_in(app: ControlRoom, pilot: Pilot[None], value: str) -> None:
    """Type a value and take it."""
    app.screen.query_one("#value", Input).value = value
    await press(pilot)
    await press(pilot, "enter")


async def ask_to_take_out(app: ControlRoom, pilot: Pilot[None], path: Key, name: str) -> None:
    """Press delete on an entry's row of the list of pages."""
    assert isinstance(app.screen, ConfigScreen)
    app.screen.table.go_to(".".join((*path, name)))
    await press(pilot, "delete")


def test_the_form_knows_every_list_of_the_model() -> None:
    assert set(EVERY) == set(LISTS)


@pytest.mark.parametrize("path", EVERY, ids=".".join)
async def test_an_entry_of_each_list_is_made_filled_in_saved_and_taken_out_again(path: Key) -> None:
    services = with_file(WHOLE)
    async with opened(services, size=(120, 60)) as (app, pilot):
        await press(pilot, "6")
        await add(app, pilot, path, "new.one")
        screen = app.screen
        assert isinstance(screen, ConfigScreen)
        assert screen._page == (*path, "new.one")
        page = screen._open_page()
        assert page is not None
        needed = {each.name: RIGHT[each.kind] for each in page.settings if each.must_be_given and each.name != "name"}
        for name in needed:
            assert "✗ is missing (it must be given) " in next(line for line in lines(app) if f" {name} " in line)
        for name, value in (needed | ELSE.get(path, {})).items():
            screen.table.go_to(".".join((*path, "new.one", name)))
            await press(pilot, "enter")
            await type_in(app, pilot, value)
        assert problems_of(draft_of(app)) == ()
        await press(pilot, "escape", "ctrl+s", "y")
        assert screen.unsaved() == 0
        assert all(comment in services.saves[-1] for comment in ("# the board in the hall", "# half the town"))
        before = names(tomllib.loads(WHOLE), path)
        assert names(tomllib.loads(services.saves[-1]), path) == [*before, "new.one"]
        await ask_to_take_out(app, pilot, path, "new.one")
        await press(pilot, "y", "ctrl+s", "y")
        assert tomllib.loads(services.saves[-1]) == tomllib.loads(WHOLE)


@pytest.mark.parametrize("path", EVERY, ids=".".join)
async def test_nothing_is_taken_out_before_it_was_asked_and_undo_brings_it_back(path: Key) -> None:
    last = names(tomllib.loads(WHOLE), path)[-1]  # the first router is protected
    services = with_file(WHOLE)
    async with opened(services, size=(120, 60)) as (app, pilot):
        await press(pilot, "6")
        for answer in ("n", "escape", "y"):
            await ask_to_take_out(app, pilot, path, last)
            assert isinstance(app.screen, TakeOut)
            assert f"Take {kind_of(path)} {last} out?" in text(app)
            await press(pilot, answer)
            assert (last in names(draft_of(app), path)) is (answer != "y")
        assert "is taken out once you save" in notices(app)[-1].message
        await press(pilot, "u")
        assert draft_of(app) == tomllib.loads(WHOLE)
    assert services.saves == []


@pytest.mark.parametrize("path", EVERY, ids=".".join)
async def test_a_wrong_name_makes_nothing_and_is_told_on_its_row(path: Key) -> None:
    first = names(tomllib.loads(WHOLE), path)[0]
    async with opened(with_file(WHOLE), size=(120, 60)) as (app, pilot):
        await press(pilot, "6")
        for wrong in (first, "x" * 300, " blank"):
            await add(app, pilot, path, wrong)
            assert "✗" in next(line for line in lines(app) if line.startswith(f"▸ + {kind_of(path)} ")), text(app)
            assert "1 error · not saved" in lines(app)[0]
            assert draft_of(app) == tomllib.loads(WHOLE)
            await press(pilot, "escape")
        await add(app, pilot, path, "")
        assert draft_of(app) == tomllib.loads(WHOLE)
        assert "✗" not in text(app)


async def test_a_list_that_is_empty_is_begun_in_the_form() -> None:
    services = with_file('[[routers]]\nname = "a"\nhost = "h"\n')
    async with opened(services, size=(120, 60)) as (app, pilot):
        await press(pilot, "6")
        await add(app, pilot, ("http", "tokens"), "grafana")
        await press(pilot, "enter")
        await type_in(app, pilot, '{ env = "TOKEN" }')
        await press(pilot, "ctrl+s", "y")
    tokens = tomllib.loads(services.saves[-1])["http"]["tokens"]
    assert tokens == [{"name": "grafana", "token": {"env": "TOKEN"}}]


async def test_an_entry_cannot_be_renamed_to_another_even_while_something_else_is_wrong() -> None:
    async with opened(with_file(WHOLE), size=(120, 60)) as (app, pilot):
        await press(pilot, "6")
        await add(app, pilot, ("http", "tokens"), "second")
        assert "1 error" in lines(app)[0]
        assert isinstance(app.screen, ConfigScreen)
        app.screen.table.go_to("http.tokens.second.name")
        await press(pilot, "enter")
        await type_in(app, pilot, "grafana")
        assert "✗ 'grafana' is the name of another token already" in text(app)
        assert names(draft_of(app), ("http", "tokens")) == ["grafana", "second"]


async def test_tab_turns_a_token_into_its_digest_and_then_offers_each_place_it_may_come_from() -> None:
    token = "correct-horse-battery-staple"
    services = with_file(WHOLE)
    async with opened(services, size=(120, 60)) as (app, pilot):
        seen = []
        await press(pilot, "6")
        await add(app, pilot, ("http", "tokens"), "second")
        await press(pilot, "enter", *token)
        seen.append(text(app))
        await press(pilot, "tab")
        assert f"sha256:{digest_of(token)[7:20]}" in text(app)
        await press(pilot, "enter", "ctrl+s")
        assert isinstance(app.screen, SaveChanges)
        seen.append(text(app))
        await press(pilot, "y")
        assert tomllib.loads(services.saves[-1])["http"]["tokens"][1]["token"] == digest_of(token)
        assert not any(token in each or digest_of(token) in each for each in (*seen, services.saves[-1].split("\n")[0]))
        await press(pilot, "enter")
        box = app.screen.query_one("#value", Input)
        offered = []
        for _ in range(5):
            await press(pilot, "tab")
            offered.append(box.value)
        assert offered == ['{ env = "" }', '{ file = "" }', '{ keyring = "" }', '{ command = [""] }', ""]
        await press(pilot, "tab", *"TOKEN", "enter")
        assert draft_of(app)["http"]["tokens"][1]["token"] == {"env": "TOKEN"}


async def test_a_token_that_is_too_short_is_not_hidden_in_a_digest() -> None:
    async with opened(with_file(WHOLE), size=(120, 60)) as (app, pilot):
        await press(pilot, "6")
        await add(app, pilot, ("http", "tokens"), "second")
        await press(pilot, "enter", *"hunter5")
        assert "✗ a token has at least 20 letters" in text(app)
        await press(pilot, "tab")
        assert app.screen.query_one("#value", Input).value == '{ env = "" }'


async def test_tab_leaves_what_is_no_secret_as_it_was_typed() -> None:
    async with opened(with_file(WHOLE), size=(120, 60)) as (app, pilot):
        await press(pilot, "6", "enter", "j", "enter", "6", "tab", "enter")
        assert draft_of(app)["pool"]["max_size"] == 6


async def test_a_program_is_edited_as_words() -> None:
    services = with_file(WHOLE)
    async with opened(services, size=(120, 60)) as (app, pilot):
        await press(pilot, "6")
        assert isinstance(app.screen, ConfigScreen)
        app.screen._go(("alerts", "hooks", "sms"))
        app.screen.table.go_to("alerts.hooks.sms.command")
        await press(pilot, "enter")
        assert app.screen.query_one("#value", Input).value == "/etc/mktui/tell 'the noc'"
        await type_in(app, pilot, "/etc/mktui/tell 'all of us'")
        await press(pilot, "ctrl+s", "y")
    assert tomllib.loads(services.saves[-1])["alerts"]["hooks"][0]["command"] == ["/etc/mktui/tell", "all of us"]


def test_a_place_for_tables_of_another_model_would_be_found() -> None:
    class Inner(BaseModel):
        name: str

    class Outer(BaseModel):
        rows: list[Inner]
        several: tuple[Inner, ...]
        by_name: dict[str, Inner]
        one: Inner

    assert list(tables_of(Outer)) == [("rows",), ("several",), ("by_name",)]
