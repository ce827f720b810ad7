"""A configuration is read whole or refused with every problem: file, key, line, and what would be right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mktui import resources
from mktui.config.load import load
from mktui.config.presets import PRESETS
from mktui.config.secrets import SecretSource, parse_source, resolve
from mktui.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

ROUTER = '[[routers]]\nname = "a"\nhost = "h"\n'


def problems(path: Path, text: str) -> list[str]:
    """Return what is said of a file, without its path."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load(path)
    assert all(each.file == path for each in (refused.value, *refused.value.others))
    return [str(each).removeprefix(str(path)) for each in (refused.value, *refused.value.others)]


@pytest.mark.parametrize("file", resources.files("sample_configs", ".toml"), ids=lambda file: file.stem)
def test_every_sample_configuration_loads(file: Path) -> None:
    loaded = load(file)
    assert loaded.config.routers
    for router in loaded.config.routers:
        assert loaded.config.pool_for(router).max_size >= 1


@pytest.mark.parametrize("name", ["production", "development"])
def test_samples_and_presets_agree(name: str) -> None:
    loaded = load(resources.folder("sample_configs") / f"{name}.toml")
    assert loaded.config.pool == PRESETS[name]


USUAL = "usual ones are utf-8, cp1250, cp1251, cp1252"
CASES = {
    "unknown key": ("[pool]\nmin_sze = 2\n", [", line 2: pool.min_sze: is not known (did you mean min_size?)"]),
    "unknown section": ("[pol]\na = 1\n", [", line 1: pol: is not known (did you mean pool?)"]),
    "wrong type": ("# c\n[pool]\nmax_size = '5'\n", [", line 3: pool.max_size: must be a valid integer, not '5'"]),
    "a flag for a number": (
        "[pool]\nmax_size = true\n", [", line 2: pool.max_size: must be a valid integer, not True"]
    ),
    "out of range": (
        "[pool]\nretry_delay = 0\n", [", line 2: pool.retry_delay: must be greater than 0, not 0"]
    ),
    "not finite": ("[pool]\nretry_delay = nan\n", [", line 2: pool.retry_delay: must be a finite number, not nan"]),
    "sizes that disagree": (
        "[pool]\nmin_size = 9\nmax_size = 3\n", [", line 1: pool: max_size (3) must be at least min_size (9)"]
    ),
    "missing host": ('[[routers]]\nname = "a"\n', [", line 1: routers.a.host: is missing (it must be given)"]),
    "two of one name": (ROUTER + "\n" + ROUTER, [", line 6: routers.a.name: 'a' is the name of router 1 too"]),
    "an override that is none": (
        ROUTER + "[routers.pool]\nmax_siz = 2\n",
        [", line 5: routers.a.pool.max_siz: is not known (did you mean max_size?)"],
    ),
    "an override that disagrees": (
        ROUTER + "[routers.pool]\nmax_size = 1\n",
        [", line 4: routers.a.pool: max_size (1) must be at least min_size (2)"],
    ),
    "broken TOML": ("[pool]\nmin_size = \n", [", line 2: no TOML: Invalid value"]),
    "an encoding that is none": (
        ROUTER + 'encoding = "klingon"\n',
        [f", line 4: routers.a.encoding: no text encoding is called 'klingon'; {USUAL}"],
    ),
    "everything at once": (
        "[pool]\nmin_size = 'x'\n" + ROUTER + "port = 70000\n",
        [", line 2: pool.min_size: must be a valid integer, not 'x'",
         ", line 6: routers.a.port: must be less than or equal to 65535, not 70000"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_problem_names_key_and_line_and_what_would_be_right(name: str, tmp_path: Path) -> None:
    text, expected = CASES[name]
    assert problems(tmp_path / "c.toml", text) == expected


def test_a_wrong_password_entry_never_shows_its_value(tmp_path: Path) -> None:
    [told] = problems(tmp_path / "c.toml", ROUTER + "password = 12345\n")
    assert "12345" not in told
    assert "env" in told


def test_files_that_cannot_be_read_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="is a directory"):
        load(tmp_path)
    (tmp_path / "binary.toml").write_bytes(b"a = '\xff\xfe'")
    with pytest.raises(ConfigError, match=r"not UTF-8 text \(byte 5\)"):
        load(tmp_path / "binary.toml")


def test_a_password_in_the_file_is_warned_about_and_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(ROUTER + 'password = "hunter2"\n', encoding="utf-8")
    loaded = load(path)
    assert "the password of a stands in" in loaded.warnings[0]
    assert "hunter2" not in repr(loaded) + str(loaded.warnings)


@pytest.mark.anyio
async def test_passwords_come_from_where_they_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pw").write_text("from file\n", encoding="utf-8")
    monkeypatch.setenv("MKTUI_TEST_PW", "from env")
    for given, expected in (
        ("plain", "plain"),
        ({"env": "MKTUI_TEST_PW"}, "from env"),
        ({"file": str(tmp_path / "pw")}, "from file"),
        ({"command": ["printf", "from command\\n"]}, "from command"),
    ):
        assert (await resolve(parse_source(given), router="a")).get_secret_value() == expected


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("source", "told"),
    [
        (SecretSource("env", "MKTUI_NOT_SET"), "the environment has no variable MKTUI_NOT_SET"),
        (SecretSource("file", "/no/such/file"), "cannot read the password file /no/such/file"),
        (SecretSource("command", ("false",)), "false ended with exit code 1"),
        (SecretSource("command", ("/no/such/program",)), "cannot run /no/such/program"),
    ],
)
async def test_a_password_that_cannot_be_fetched_names_router_and_source(source: SecretSource, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as refused:
        await resolve(source, router="edge-1")
    assert refused.value.key == "routers.edge-1.password"
