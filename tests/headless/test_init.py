"""``mktui init``: what it writes is right, what it prints lets mktui in, and nothing that is there is written over."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import tomllib
from typing import TYPE_CHECKING

import librouteros
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.config import starter
from mktui.config.load import check_text
from mktui.simulator.script import parse
from tests.headless.programs import PROGRAM, mktui, mktui_here, simulated

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60)


def test_it_writes_a_right_configuration_that_only_its_owner_reads(tmp_path: Path) -> None:
    file = tmp_path / "new" / "c.toml"
    ended = mktui_here("init", "--path", file, "--host", "10.0.0.1", "--user", "watch")
    assert ended.code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "/user group add name=mktui policy=api,read,write,sensitive,test" in ended.out.splitlines()
    assert "/user add name=watch group=mktui password=CHANGE-ME" in ended.out.splitlines()
    assert "$MKTUI_EDGE_1_PASSWORD" in ended.err
    checked = mktui_here("--config", file, "config", "check")
    assert (checked.code, checked.err) == (0, "")


def test_the_command_that_comes_next_names_the_file_only_when_it_must(tmp_path: Path) -> None:
    assert "mktui: then: mktui test edge-1" in mktui_here("init", "--host", "10.0.0.1").err.splitlines()
    elsewhere = mktui_here("init", "--path", tmp_path / "c.toml", "--host", "10.0.0.1")
    assert f"mktui: then: mktui --config {tmp_path}/c.toml test edge-1" in elsewhere.err.splitlines()


@pytest.mark.parametrize("options", [(), ("--path", "{}")])
def test_a_file_that_is_there_is_left_as_it_is(options: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text("# mine\n", encoding="utf-8")
    ended = mktui_here("--config", file, "init", *(each.format(file) for each in options), "--host", "10.0.0.1")
    assert ended.code == 2
    assert f"{file} is there already" in ended.complaint
    assert file.read_text(encoding="utf-8") == "# mine\n"
    assert ended.out == ""


def test_by_force_it_is_replaced_and_kept_and_that_is_said(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text("# mine\n", encoding="utf-8")
    ended = mktui_here("init", "--path", file, "--host", "10.0.0.1", "--force")
    assert ended.code == 0
    assert "c.toml.bak" in ended.err
    assert (tmp_path / "c.toml.bak").read_text(encoding="utf-8") == "# mine\n"


def test_a_password_file_that_is_there_is_never_written_to(tmp_path: Path) -> None:
    secret = tmp_path / "pw"
    secret.write_text("mine\n", encoding="utf-8")
    ended = mktui_here("init", "--path", tmp_path / "c.toml", "--host", "10.0.0.1", "--password-file", secret)
    assert ended.code == 0
    assert secret.read_text(encoding="utf-8") == "mine\n"
    assert "mine" not in ended.out + ended.err
    assert "password=CHANGE-ME" in ended.out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "--host is missing"),
        (("--host", "x", "--tls", "pin"), "needs fingerprint"),
        (("--host", "x", "--address", "10.0.0.300"), "'10.0.0.300' is neither an address nor a network"),
        (("--host", "x", "--password-env", "A", "--password-file", "b"), "one of them"),
        (("--host", "x", "--password-command", "'"), "cannot be split into words"),
        (("--host", "x", "--name", ""), ""),
        (("--host", "x" * 300), "--host: String should have at most 255"),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_nothing_behind(
    options: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    ended = mktui_here("init", "--path", tmp_path / "c.toml", *options)
    if not says:  # an empty name is as none
        assert ended.code == 0
        return
    assert ended.code == 2
    assert says in ended.complaint
    assert list(tmp_path.iterdir()) == []


def test_a_made_password_goes_with_a_configuration_that_could_not_be_written(tmp_path: Path) -> None:
    given_options = ("--host", "x", "--tls", "pin", "--password-file", tmp_path / "pw")
    ended = mktui_here("init", "--path", tmp_path / "c.toml", *given_options)
    assert ended.code == 2
    assert list(tmp_path.iterdir()) == []


@given(name=TEXTS, host=TEXTS, user=TEXTS, where=TEXTS)
def test_whatever_is_answered_is_what_the_file_says(name: str, host: str, user: str, where: str) -> None:
    text = starter.config_text(starter.FirstRouter(name, host, user, "command", [where, "x"]))
    (router,) = tomllib.loads(text)["routers"]
    assert (router["name"], router["host"], router["username"]) == (name, host, user)
    assert router["password"] == {"command": [where, "x"]}


@given(name=TEXTS, password=TEXTS)
def test_whatever_is_answered_is_what_the_router_hears(name: str, password: str) -> None:
    group, user = parse("\n".join(starter.user_commands(name, "10.0.0.7/24", group=name, password=password)))
    assert group.values == {"name": name, "policy": "api,read,write,sensitive,test"}
    assert user.values == {"name": name, "group": name, "address": "10.0.0.0/24", "password": password}


def test_every_setting_that_the_starter_shows_is_one(tmp_path: Path) -> None:
    text = starter.config_text(starter.FirstRouter("edge-1", "10.0.0.1", "mktui", "env", "PW"))
    shown = text.replace("# [pool]", "[pool]").replace("# protected", "protected").replace("# port", "port")
    for line in starter.config_text(starter.FirstRouter("a", "b", "c", "env", "D")).splitlines():
        if line.startswith("# ") and " = " in line and line.split()[1] in starter._SHOWN:
            shown = shown.replace(line, line[2:])
    config = check_text(shown, tmp_path / "c.toml").config
    assert config.routers[0].protected
    assert config.pool.min_size == 2


@pytest.mark.realtime
def test_what_it_prints_lets_mktui_in_with_every_right_it_needs(tmp_path: Path) -> None:
    file, secret = tmp_path / "c.toml", tmp_path / "pw"
    with simulated("--secrets", "1") as (_, announced):
        port = announced[0]["port"]
        ended = mktui("init", "--path", file, "--host", "127.0.0.1", "--port", str(port),
                      "--address", "127.0.0.1", "--password-file", secret)  # fmt: skip
        assert ended.code == 0, ended.err
        api = librouteros.connect("127.0.0.1", username="admin", password="secret", port=port)
        try:
            for each in parse(ended.out):
                list(api(f"{each.menu}/{each.verb}", **each.values))
        finally:
            api.close()
        tested = mktui("--config", file, "test", "--json")
    assert tested.code == 0, tested.err
    (report,) = tested.document["tests"]
    assert report["ok"]
    assert report["warnings"] == []
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


@pytest.mark.realtime
def test_on_a_terminal_it_asks_and_a_wrong_answer_is_asked_again(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    file = tmp_path / "c.toml"
    with subprocess.Popen(
        [*PROGRAM, "init", "--path", str(file)], stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, text=True
    ) as process:
        os.close(theirs)
        answers = iter(["core", "x" * 300, "10.0.0.1", "", "env", "CORE_PW"])
        heard = ""
        for awaited in ("What do you call", "host name", "host name", "API user", "kept", "variable"):
            while awaited not in heard:
                heard += os.read(ours, 1000).decode()
            heard = heard.partition(awaited)[2]
            os.write(ours, f"{next(answers)}\n".encode())
        out, _ = process.communicate(timeout=20)
    os.close(ours)
    assert process.returncode == 0
    assert "/user add name=mktui" in out
    (router,) = tomllib.loads(file.read_text(encoding="utf-8"))["routers"]
    assert (router["name"], router["host"]) == ("core", "10.0.0.1")
    assert router["password"] == {"env": "CORE_PW"}
