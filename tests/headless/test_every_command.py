"""What holds for every command: help with examples, one line for a wrong word, the same options everywhere."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import click
import pytest

from mktui.cli import cli
from tests.headless.programs import PROGRAM, mktui_here, write_config
from tests.headless.shops import closed_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from walk(found, (*path, name))


COMMANDS = [*walk(cli)]
LEAVES = [path for path, command in COMMANDS if not isinstance(command, click.Group)]
BOUNDED = [path for path in LEAVES if all(each.nargs != -1 for each in dict(COMMANDS)[path].params)]
"""Those that do not take any number of arguments."""
NAMES = [" ".join(path) or "mktui" for path, _ in COMMANDS]
WRONG = "--no-such-option"


@pytest.mark.parametrize("path", [path for path, _ in COMMANDS], ids=NAMES)
def test_help_works_and_has_examples(path: tuple[str, ...]) -> None:
    shown = mktui_here(*path, "--help")
    assert shown.code == 0
    assert shown.err == ""
    examples = re.split("Examples?:\n", shown.out)[1]
    assert f"mktui {' '.join(path)}".strip() in examples
    assert max(map(len, shown.out.splitlines())) <= 120


@pytest.mark.parametrize("path", [path for path, _ in COMMANDS if path != ("run",)], ids=" ".join)
def test_an_unknown_option_is_one_line(path: tuple[str, ...]) -> None:
    ended = mktui_here(*path, WRONG)
    assert ended.code == 2
    assert ended.out == ""
    assert WRONG in ended.complaint
    assert f"mktui {' '.join(path)}".strip() + " --help" in ended.complaint


@pytest.mark.parametrize("path", [path for path, command in COMMANDS if isinstance(command, click.Group)])
def test_an_unknown_command_is_one_line(path: tuple[str, ...]) -> None:
    ended = mktui_here(*path, "frobnicate")
    assert ended.code == 2
    assert "frobnicate" in ended.complaint


def test_a_command_that_is_nearly_right_is_guessed() -> None:
    assert "did you mean status?" in mktui_here("stauts").complaint


@pytest.mark.parametrize("path", BOUNDED, ids=" ".join)
def test_too_many_arguments_are_one_line(path: tuple[str, ...], tmp_path: Path) -> None:
    command = dict(COMMANDS)[path]
    words = ["x"] * (1 + sum(isinstance(parameter, click.Argument) for parameter in command.params))
    ended = mktui_here("--config", tmp_path / "c.toml", *path, *words)
    assert ended.code == 2
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [("status", "--json"), ("test", "--json"), ("doctor", "--for", "0", "--json"), ("errors", "--json"),
     ("errors", "audit", "--json"), ("config", "show", "--json"), ("config", "schema"), ("sync", "plan", "--json"),
     ("sync", "status", "--json"), ("billing", "list", "subscribers", "--json"), ("who", "ana", "--json")],
    ids=" ".join,
)  # fmt: skip
def test_json_is_one_document_whatever_the_answer(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    ended = closed_shop(tmp_path).run(*arguments)
    assert isinstance(json.loads(ended.out), dict)


@pytest.mark.parametrize("place", ["before", "behind"])
def test_the_configuration_may_be_named_before_or_behind(place: str, tmp_path: Path) -> None:
    file = write_config(tmp_path / "c.toml", 1)
    words = ("--config", file, "config", "check") if place == "before" else ("config", "check", "--config", file)
    ended = mktui_here(*words)
    assert ended.code == 0
    assert str(file) in ended.out


@pytest.mark.parametrize("words", [("-q", "config", "check"), ("config", "-q", "check"), ("config", "check", "-q")])
def test_quiet_leaves_out_everything_but_errors(words: tuple[str, ...], tmp_path: Path) -> None:
    file = write_config(tmp_path / "c.toml", 1)
    assert "stands in" in mktui_here("--config", file, "config", "check").err
    assert mktui_here("--config", file, *words).err == ""
    assert "no such file" in mktui_here("--config", tmp_path / "none", *words).complaint


@pytest.mark.parametrize(
    "words",
    [("config", "set", "pool.max_size", "9", "--yes"), ("billing", "add", "profile", "gold"),
     ("sync", "apply", "--yes"),
     ("sync", "pause", "edge-1"), ("run", "edge-1", "/ppp/secret/add", "name=x"),
     ("init", "--path", "new.toml", "--host", "x")],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("place", ["before", "behind"])
def test_read_only_refuses_what_would_change_something(words: tuple[str, ...], place: str, tmp_path: Path) -> None:
    shop = closed_shop(tmp_path)
    before = shop.config.read_bytes()
    ended = shop.run("--read-only", *words) if place == "before" else shop.run(*words, "--read-only")
    assert ended.code == 6
    assert "would change something: --read-only" in ended.complaint
    assert shop.config.read_bytes() == before
    assert list(tmp_path.iterdir()) == [shop.config]


def test_every_command_that_changes_something_is_known_to_be_one() -> None:
    """A new command is either in ``changing`` or in this list."""
    reading = {"demo", "status", "test", "doctor", "errors", "run", "batch", "who", "sync", "billing", "simulate",
               "record", "replay", "themes", "config", "capture", "completion", "review", "schedule", "keys", "serve",
               "stability-test", "alerts"}  # fmt: skip
    root = click.Context(cli)
    assert isinstance(cli, click.Group)
    listed = set(cli.list_commands(root))
    assert listed <= reading | type(cli).__dict__["changing"]


@pytest.mark.realtime
def test_whoever_stops_reading_ends_the_program_quietly(tmp_path: Path) -> None:
    file = write_config(tmp_path / "c.toml", 1)
    command = [*PROGRAM, "-q", "--config", str(file), "status", "--watch", "0.5", "--format", "ndjson"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["health"] == "offline"
        process.stdout.close()
        assert process.wait(20) == 0
        assert process.stderr.read() == ""


FRACTIONS = [
    (path, each.opts[0]) for path in LEAVES for each in dict(COMMANDS)[path].params
    if isinstance(each.type, click.FloatRange | type(click.FLOAT))
]  # fmt: skip


@pytest.mark.parametrize("word", ["nan", "inf"])
@pytest.mark.parametrize(
    ("path", "option"), FRACTIONS, ids=lambda given: " ".join(given) if given[0][0] != "-" else given
)
def test_what_is_no_number_is_refused_by_every_option_that_wants_one(
    path: tuple[str, ...], option: str, word: str
) -> None:
    ended = mktui_here(*path, f"{option}={word}")
    assert (ended.code, ended.out) == (2, "")
    assert f"Invalid value for '{option}': " in ended.complaint
