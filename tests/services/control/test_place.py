"""The place of a socket: nothing that is somebody's is taken away for it, and nobody else gets into its folder."""

from __future__ import annotations

import os
import pwd
import socket as sockets
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from mktui.cli.exit_codes import code_of
from mktui.cli.running import running
from mktui.config.load import LoadedConfig
from mktui.config.model import Config
from mktui.config.serve import ServeConfig
from mktui.errors import ControlError, ControlRefused
from mktui.folders import make_private
from mktui.services.control import unix
from mktui.services.control.place import claimed
from mktui.services.log import open_log
from mktui.services.serve_log import open_serve_log

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY: Final = 65534


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where somebody wants a socket."""
    return tmp_path / "control.sock"


def refuse(place: Path, problem: str) -> ControlError:
    with pytest.raises(ControlError, match=problem) as refused, claimed(place):
        raise AssertionError("it was claimed")
    return refused.value


def test_a_file_in_the_place_of_the_socket_stays_as_it_is(place: Path) -> None:
    place.write_text("precious", encoding="utf-8")
    assert str(refuse(place, "no socket")) == (
        f"{place}: this is no socket; it is left as it is (give another by --socket)"
    )
    assert place.read_text(encoding="utf-8") == "precious"


def test_a_folder_or_a_link_there_stays_too(place: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sock"
    with sockets.socket(sockets.AF_UNIX) as alive:
        alive.bind(str(other))
        place.symlink_to(other)
        refuse(place, "no socket")
        assert place.is_symlink()
        assert other.is_socket()
    refuse(tmp_path, "no socket")
    assert tmp_path.is_dir()


def test_another_users_socket_stays_too(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sockets.socket(sockets.AF_UNIX) as left:
        left.bind(str(place))
    monkeypatch.setattr(os, "getuid", lambda: place.stat().st_uid + 1)
    refuse(place, "another user's socket")
    assert place.is_socket()


@pytest.mark.parametrize("text", ["precious", "12\n34x", "🔑"])
def test_a_file_that_is_only_called_like_the_lock_stays_too(place: Path, text: str) -> None:
    lock = place.with_name("control.sock.lock")
    lock.write_text(text, encoding="utf-8")
    refuse(place, "no lock of mktui's")
    assert lock.read_text(encoding="utf-8") == text
    lock.unlink()
    lock.symlink_to(place.with_name("elsewhere"))
    refuse(place, "symbolic links")
    assert not place.with_name("elsewhere").exists()


def test_what_a_dead_one_of_ours_left_is_replaced_and_gone_at_the_end(place: Path) -> None:
    with sockets.socket(sockets.AF_UNIX) as left:
        left.bind(str(place))
    place.with_name("control.sock.lock").write_text("99999\n", encoding="ascii")
    with claimed(place):
        assert not place.exists()
        place.write_text("somebody was quicker", encoding="utf-8")
    assert place.exists(), "what is no socket is not taken away at the end either"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_every_folder_that_is_made_on_the_way_is_its_owners_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        with open_log(tmp_path / "state" / "mktui" / "log" / "mktui.log"):
            made = [tmp_path / "state", tmp_path / "state" / "mktui", tmp_path / "state" / "mktui" / "log"]
            assert [mode_of(each) for each in made] == [0o700] * 3
            make_private(made[1])
    finally:
        os.umask(old)


def test_a_folder_that_is_there_keeps_its_mode_and_a_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o750)
    make_private(tmp_path / "shared")
    assert mode_of(tmp_path / "shared") == 0o750
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        make_private(tmp_path / "file")
    with pytest.raises(NotADirectoryError):
        make_private(tmp_path / "file" / "below")


def test_a_log_file_is_its_owners_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        with open_serve_log("text", tmp_path / "mktui.log"):
            assert mode_of(tmp_path / "mktui.log") == 0o600
    finally:
        os.umask(old)


@contextmanager
def folder_of(*, is_hidden: bool) -> Iterator[Path]:
    """A folder into which everybody may look, or only its owner."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o700 if is_hidden else 0o755)
        yield folder


@contextmanager
def somebody_else(place: Path) -> Iterator[None]:
    """Be one who may not use it: another user, where we are root, else one who has locked himself out."""
    if os.getuid() == 0:
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)
    else:
        place.chmod(0)
        yield
        place.chmod(0o700)


@pytest.mark.anyio
@pytest.mark.parametrize("is_hidden", [False, True])
async def test_who_may_not_use_it_is_told_whose_it_is_and_what_to_do(is_hidden: bool) -> None:
    with folder_of(is_hidden=is_hidden) as folder:
        place = folder / "control.sock"
        loaded = LoadedConfig(Config(serve=ServeConfig(socket=str(place))), folder / "c.toml", ())
        with unix.listening(place), somebody_else(folder if is_hidden else place):
            with pytest.raises(ControlRefused) as refused:
                await unix.connect(place, 1)
            with pytest.raises(ControlRefused):
                async with running(loaded):
                    pass
    owner = pwd.getpwuid(os.getuid()).pw_name
    assert f"{place}: permission denied to user " in str(refused.value)
    assert f"only user {owner}, and root, may ask here (sudo -u {owner} mktui ..." in str(refused.value)
    assert code_of(refused.value) == 3
