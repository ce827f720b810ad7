"""A password in the system's keyring: fetched by its name, and whatever is wrong with a keyring is one clear line."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import anyio
import pytest

from mktui.config import secrets
from mktui.config.load import load
from mktui.config.secrets import SecretSource, parse_source, resolve
from mktui.config.settings import HIDDEN, find, in_words
from mktui.errors import ConfigError
from tests.headless.programs import mktui_here

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
SOURCE = SecretSource("keyring", "edge-1")
ERRORS = """
class KeyringError(Exception): ...
class NoKeyringError(KeyringError, RuntimeError): ...
class KeyringLocked(KeyringError): ...
"""
ASKED = """
import threading
from keyring import errors
never = threading.Event()
def get_password(service, name):
    assert (service, name) == ("mktui", "edge-1")
    {}
"""


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """What a test has put in the library's place goes with it."""
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "keyring"}
    for name in kept:
        del sys.modules[name]
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "keyring"]:
        del sys.modules[name]
    sys.modules.update(kept)


def library(folder: Path, monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    """Put a library that does this where the real one would be."""
    (folder / "keyring").mkdir()
    (folder / "keyring" / "__init__.py").write_text(ASKED.format(does))
    (folder / "keyring" / "errors.py").write_text(ERRORS)
    monkeypatch.syspath_prepend(folder)


async def test_it_is_fetched_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library(tmp_path, monkeypatch, "return 'pw-hush'")
    given = parse_source({"keyring": "edge-1"})
    assert given == SOURCE
    assert given.described() == "from keyring edge-1"
    assert (await resolve(given, router="edge-1")).get_secret_value() == "pw-hush"


TROUBLES = {
    "return None": ("the keyring has no entry mktui edge-1", "keyring set mktui edge-1 makes it"),
    "raise errors.NoKeyringError('long words')": ("this machine has no keyring", "{ file = } or { command = }"),
    "raise errors.KeyringLocked('x')": ("the keyring is locked", "unlock it"),
    "raise OSError('pw-hush')": ("the keyring cannot be asked: OSError", "does keyring get mktui edge-1 work?"),
    "raise errors.KeyringError('pw-hush')": ("cannot be asked: KeyringError", "does keyring get mktui edge-1 work?"),
}


@pytest.mark.parametrize("does", TROUBLES)
async def test_what_is_wrong_is_one_line_that_says_what_to_do(
    does: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library(tmp_path, monkeypatch, does)
    with pytest.raises(ConfigError) as refused:
        await resolve(SOURCE, router="edge-1")
    problem, remedy = TROUBLES[does]
    assert problem in str(refused.value)
    assert remedy in str(refused.value)
    assert refused.value.key == "routers.edge-1.password"
    assert "hush" not in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_without_the_extra_it_is_said_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keyring.py").write_text("raise ModuleNotFoundError(__name__)")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=r"not installed.*pip install 'mktui\[keyring\]'"):
        await resolve(SOURCE, router="edge-1")


async def test_one_that_never_answers_is_given_up_and_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library(tmp_path, monkeypatch, "never.wait()")
    monkeypatch.setattr(secrets, "COMMAND_TIMEOUT", 0.3)
    turns = 0
    async with anyio.create_task_group() as tasks:

        async def turn() -> None:
            nonlocal turns
            while True:
                await anyio.sleep(0.01)
                turns += 1

        tasks.start_soon(turn)
        with pytest.raises(ConfigError, match=r"longer than 0\.3 s: does it wait for somebody to unlock it\?"):
            await resolve(SOURCE, router="edge-1")
        tasks.cancel_scope.cancel()
    assert turns > 2, "others went on meanwhile"
    (left,) = [thread for thread in threading.enumerate() if thread.name == "mktui keyring"]
    assert left.daemon, "it does not keep the program from ending"
    sys.modules["keyring"].never.set()  # let it go


async def test_the_real_library_on_a_machine_without_a_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("keyring")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    for name in [name for name in sys.modules if name.partition(".")[0] == "keyring"]:
        del sys.modules[name]
    with pytest.raises(ConfigError, match="this machine has no keyring that could be asked"):
        await resolve(SOURCE, router="edge-1")


async def test_a_configuration_says_where_it_comes_from_and_never_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[[routers]]\nname = "edge-1"\nhost = "10.0.0.1"\npassword = { keyring = "edge-1" }\n')
    loaded = load(file)
    assert loaded.warnings == ()
    setting = find({"routers": [{"name": "edge-1"}]}, "routers.edge-1.password")
    assert setting is not None
    assert in_words(setting, {"keyring": "edge-1"}) == f"{HIDDEN} from keyring edge-1"


def test_config_check_and_set_know_it(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[[routers]]\nname = "edge-1"\nhost = "10.0.0.1"\npassword = { env = "PW" }\n')
    given = ("routers.edge-1.password", '{ keyring = "edge-1" }', "--yes")
    assert mktui_here("--config", file, "config", "set", *given).code == 0
    checked = mktui_here("--config", file, "config", "check")
    assert (checked.code, checked.out.splitlines()[1:]) == (0, ["  edge-1: password from keyring edge-1"])
    refused = mktui_here("--config", file, "config", "set", "routers.edge-1.password", "{ keyring = 3 }", "--yes")
    assert refused.code == 2
    assert '{ keyring = "NAME" }' in refused.complaint
