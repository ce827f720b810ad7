"""The README says what is so: its tables, its two commands, its picture, its example."""

from __future__ import annotations

import re
from urllib.parse import unquote

import click
import pytest

from mktui.cli import cli
from mktui.core import Key, PoolOptions
from mktui.services.control.messages import WORDS
from tests.readme import README, tables, with_tables
from tests.wiring import client_and_router

TEXT = README.read_text(encoding="utf-8")


def test_the_tables_are_what_the_code_says() -> None:
    for name in tables():
        assert f"<!-- {name} -->" in TEXT
    assert with_tables(TEXT) == TEXT


def test_there_are_two_set_up_commands_and_each_makes_its_own_fresh_venv() -> None:
    commands = re.findall(r"^(python3 -m venv --clear .*)$", TEXT, re.MULTILINE)
    assert len(commands) == 2
    run, test = commands
    assert run.endswith("/bin/mktui demo")
    assert test.endswith("/bin/pytest")
    assert len({re.search(r"\.venv\S*", command)[0] for command in commands}) == 2  # type: ignore[index]  # it has one
    assert "apt" not in run + test


def _commands_told() -> list[list[str]]:
    """Return the words of each command of the README's table, without its options."""
    table = TEXT.partition("| command | does |\n|---|---|\n")[2].partition("\n\n")[0]
    told = re.findall(r"`mktui ([^`]+)`", table)
    return [re.split(r" [^a-z]", each.replace("\\|", "|"), maxsplit=1)[0].split() for each in told]


def test_every_command_of_the_table_is_one_and_every_one_is_in_the_table() -> None:
    assert isinstance(cli, click.Group)
    context = click.Context(cli)
    told = _commands_told()
    assert {first for first, *_ in told} == set(cli.list_commands(context))
    for first, *more in told:
        command = cli.get_command(context, first)
        if isinstance(command, click.Group) and more:
            inner = set(command.list_commands(context))
            named = set(more[-1].split("|"))
            assert named == inner if "|" in more[-1] else named <= inner, first


def test_every_word_that_the_socket_takes_is_told() -> None:
    told = TEXT.partition("`do` is one of ")[2].partition("An answer has")[0]
    assert set(WORDS) == set(re.findall(r"`([a-z ]+)`", told))


def test_every_picture_and_file_it_points_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (README.parent / unquote(target)).exists(), target


@pytest.mark.anyio
async def test_its_example_of_the_library_runs() -> None:
    assert "from mktui.core import" in TEXT
    async with client_and_router(PoolOptions(min_size=1)) as (client, _):
        rows = await client.get("/ppp/secret", columns=("name", "profile"), where=Key("service") == "pppoe")
        assert rows
        assert set(rows[0]) == {"name", "profile"}
