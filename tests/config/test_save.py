"""A save leaves the old file or the new one, never a half, and never writes over what it has not seen."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from mktui.config.load import load
from mktui.config.save import look, save
from mktui.errors import ConfigError

TEXT: Final = '# mine\n[pool]\nmax_size = 5\n\n[[routers]]\nname = "a"\nhost = "h"\n'
OTHER: Final = TEXT.replace("5", "7")
KILLS: Final = 20


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration that only its owner may read."""
    path = tmp_path / "config.toml"
    path.write_text(TEXT, encoding="utf-8")
    path.chmod(0o600)
    return path


def mode(path: Path) -> int:
    """A file's rights."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_save_is_read_back_and_what_stood_there_is_kept(file: Path) -> None:
    after = save(look(file), OTHER)
    assert after.text == file.read_text(encoding="utf-8") == OTHER
    assert (file.parent / "config.toml.bak").read_text(encoding="utf-8") == TEXT
    assert sorted(path.name for path in file.parent.iterdir()) == ["config.toml", "config.toml.bak"]
    assert save(after, TEXT).text == TEXT  # what was seen last is what is there


@pytest.mark.parametrize(("given", "left"), [(0o644, 0o600), (0o600, 0o600), (0o400, 0o400)])
def test_only_the_owner_may_read_it_afterwards_and_stricter_rights_stay(file: Path, given: int, left: int) -> None:
    file.chmod(given)
    save(look(file), OTHER)
    assert mode(file) == mode(file.parent / "config.toml.bak") == left


@pytest.mark.parametrize("changed", [TEXT + "# by hand\n", TEXT], ids=["another text", "the same text, written again"])
def test_a_file_changed_underneath_is_never_overwritten(file: Path, changed: str) -> None:
    seen = look(file)
    file.write_text(changed, encoding="utf-8")
    os.utime(file, ns=(1, 1))
    with pytest.raises(ConfigError, match="changed underneath"):
        save(seen, OTHER)
    assert file.read_text(encoding="utf-8") == changed
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]


def test_a_file_that_came_or_went_meanwhile_is_left_alone(file: Path) -> None:
    seen = look(file)
    file.unlink()
    with pytest.raises(ConfigError, match="changed underneath"):
        save(seen, OTHER)
    assert not file.exists()
    nothing = look(file)
    file.write_text(TEXT, encoding="utf-8")
    with pytest.raises(ConfigError, match="changed underneath"):
        save(nothing, OTHER)


def test_the_first_save_makes_folder_and_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    save(look(path), TEXT)
    assert load(path).config.pool.max_size == 5
    assert mode(path) == 0o600
    assert not (path.parent / "config.toml.bak").exists()


def test_a_wrong_text_is_never_written(file: Path) -> None:
    with pytest.raises(ConfigError, match="max_size"):
        save(look(file), TEXT.replace("5", "500"))
    with pytest.raises(ConfigError, match="no TOML"):
        save(look(file), "[pool")
    with pytest.raises(ConfigError, match="cannot be written"):
        save(look(file), TEXT + "# \udc80\n")
    assert file.read_text(encoding="utf-8") == TEXT


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_takes_no_file_leaves_the_old_one(file: Path) -> None:
    seen = look(file)
    file.parent.chmod(0o500)
    try:
        with pytest.raises(ConfigError, match="permission denied"):
            save(seen, OTHER)
    finally:
        file.parent.chmod(0o700)
    assert file.read_text(encoding="utf-8") == TEXT


def test_a_place_that_takes_no_file_is_told_even_to_root() -> None:
    with pytest.raises(ConfigError, match=r"/proc/config\.toml: "):
        save(look(Path("/proc/config.toml")), TEXT)


def test_a_place_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="not a directory"):
        look(tmp_path / "file" / "config.toml")


def test_a_link_stays_a_link_and_what_it_leads_to_is_written(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    save(look(link), OTHER)
    assert link.is_symlink()
    assert file.read_text(encoding="utf-8") == OTHER
    assert (tmp_path / "config.toml.bak").read_text(encoding="utf-8") == TEXT


SAVER: Final = """
import sys
from pathlib import Path
from mktui.config.save import look, save
seen = look(Path(sys.argv[1]))
texts = [seen.text.replace("max_size = 5", f"max_size = {size}") + "# long\\n" * 2000 for size in (6, 7)]
print("saving", flush=True)
number = 0
while True:
    seen = save(seen, texts[number % 2])
    number += 1
    print(number, flush=True)
"""


@pytest.mark.realtime
def test_a_kill_in_the_middle_of_saves_leaves_one_whole_file(file: Path) -> None:
    """The kill comes at as many different moments of a save as there are kills."""
    for number in range(KILLS):
        file.write_text(TEXT, encoding="utf-8")
        saver = subprocess.Popen([sys.executable, "-c", SAVER, str(file)], stdout=subprocess.PIPE, text=True)
        assert saver.stdout is not None
        for _ in range(2 + number):
            assert saver.stdout.readline()
        saver.send_signal(signal.SIGKILL)
        saver.stdout.read()
        saver.stdout.close()
        assert saver.wait() == -signal.SIGKILL
        content = file.read_text(encoding="utf-8")
        assert content.count("# long\n") == 2000
        assert content.endswith("# long\n")
        assert load(file).config.pool.max_size in {6, 7}
        assert load(file.parent / "config.toml.bak").config.pool.max_size in {5, 6, 7}
