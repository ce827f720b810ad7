"""``mktui config``: what the file says, in words and as JSON; changes that are shown before they are made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mktui import resources
from mktui.config.load import load
from tests.headless.programs import Ended, mktui_here

if TYPE_CHECKING:
    from pathlib import Path

TEXT = (resources.folder("sample_configs") / "isp-fleet.toml").read_text(encoding="utf-8")
MORE = '\n[[routers]]\nname = "plain"\nhost = "h"\npassword = "hunter2"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A provider's configuration, with one password in it."""
    path = tmp_path / "isp.toml"
    path.write_text(TEXT.replace("# database = ", "database = ") + MORE, encoding="utf-8")
    path.chmod(0o600)
    return path


def config(file: Path, *arguments: str, typed: str = "") -> Ended:
    """Run ``mktui config``; no output ever has a secret in it."""
    ended = mktui_here("--config", file, "config", *arguments, typed=typed)
    assert "hunter" not in ended.out + ended.err
    assert "mktui:PASSWORD@" not in ended.out + ended.err
    return ended


def test_show_marks_what_the_file_says_and_hides_secrets(file: Path) -> None:
    shown = config(file, "show")
    assert shown.code == 0
    rows = {line.split()[1] if line.startswith("*") else line.split()[0]: line for line in shown.out.splitlines()[1:]}
    assert rows["pool.max_size"].split()[:6] == ["*", "pool.max_size", "5", "connections", "live", "most"]
    assert rows["pool.idle_timeout"].startswith("   pool.idle_timeout")
    assert "•••••• from env HOTSPOT_1_PASSWORD" in rows["routers.hotspot-1.password"]
    assert "••••••" in rows["routers.plain.password"]
    assert "••••••" in rows["billing.database"]
    assert "on restart" in rows["billing.database"]
    assert "routers.hotspot-1.pool.max_size" in rows
    assert "routers.edge-1.pool.max_size" not in rows


def test_show_as_json_has_every_setting_with_its_facts(file: Path) -> None:
    document = config(file, "show", "--json").document
    settings = {each["key"]: each for each in document["settings"]}
    assert document["schema"] == "mktui.config/1"
    assert settings["pool.cache_ttl"] == {
        "key": "pool.cache_ttl", "value": 30, "is_default": False, "unit": "s", "applies": "live", "is_secret": False,
        "description": "how long a read may be answered from memory",
    }  # fmt: skip
    assert settings["sync.absent"]["value"] == "disable"
    assert settings["routers.plain.password"]["value"] == "••••••"


def test_set_shows_the_difference_and_asks(file: Path) -> None:
    before = file.read_text(encoding="utf-8")
    declined = config(file, "set", "pool.max_size", "8", typed="n\n")
    assert declined.code == 1
    assert declined.out == "pool.max_size  5 → 8\n"
    assert file.read_text(encoding="utf-8") == before
    accepted = config(file, "set", "pool.max_size", "8", typed="y\n")
    assert accepted.code == 0
    assert file.read_text(encoding="utf-8") == before.replace("max_size = 5\n", "max_size = 8\n", 1)
    assert (file.parent / "isp.toml.bak").read_text(encoding="utf-8") == before


def test_many_settings_are_set_together(file: Path) -> None:
    done = config(
        file, "set", "routers.edge-1.password", '{ env = "PW" }', "sync.limits.delete_percent", "2.5",
        "ui.theme", "ansi", "routers.new.one.host", "10.0.0.9", "routers.new.one.pool.max_size", "3",
        "sync.prune", "yes",
        "--unset", "routers.plain", "--unset", "pool.cache_ttl", "--yes",
    )  # fmt: skip
    assert done.code == 0, done.err
    loaded = load(file).config
    routers = {router.name: router for router in loaded.routers}
    assert routers["edge-1"].password.described() == "from env PW"
    assert (routers["new.one"].host, routers["new.one"].pool) == ("10.0.0.9", {"max_size": 3})
    assert "plain" not in routers
    assert (loaded.sync.limits.delete_percent, loaded.sync.prune, loaded.ui.theme) == (2.5, True, "ansi")
    assert "routers.plain.password  •••••• → –" in done.out
    assert "pool.cache_ttl  30 → 30 (default)" in done.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["pool.max_size", "500"], "pool.max_size: must be less than or equal to 50, not 500"),
        (["pool.max_size", "x"], "pool.max_size: must be a valid integer, not 'x'"),
        (["pool.max_size", "1"], "pool: max_size (1) must be at least min_size (2)"),
        (["pool.max_siz", "3"], "no setting is called 'pool.max_siz' (did you mean pool.max_size?)"),
        (["routers.edge-l.port", "3"], "routers.edge-l.host: is missing (it must be given)"),
        (["routers.edge-1.password", "{ env = 3 }"], 'routers.edge-1.password: must be "text", { env = "NAME" }'),
        (["ui.theme"], "'ui.theme' has no value"),
        ([], "nothing to change"),
    ],
    ids=" ".join,
)
def test_what_is_wrong_is_one_clear_line_and_nothing_is_written(file: Path, arguments: list[str], told: str) -> None:
    before = file.read_text(encoding="utf-8")
    ended = config(file, "set", "--yes", *arguments)
    assert ended.code == 2
    assert told in ended.err
    assert file.read_text(encoding="utf-8") == before


def test_all_wrong_values_are_told_at_once(file: Path) -> None:
    ended = config(file, "set", "pool.max_size", "x", "routers.edge-1.port", "0", "--yes")
    assert [line.split()[2] for line in ended.err.splitlines()] == ["pool.max_size:", "routers.edge-1.port:"]
    assert all(line.startswith(f"mktui: {file}: ") for line in ended.err.splitlines())


def test_what_is_so_already_is_not_written(file: Path) -> None:
    ended = config(file, "set", "pool.max_size", "5")
    assert ended.code == 0
    assert "nothing was changed" in ended.complaint
    assert not (file.parent / "isp.toml.bak").exists()


def test_set_makes_a_configuration_where_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    assert config(path, "set", "routers.edge-1.host", "10.0.0.1", "--yes").code == 0
    assert path.read_text(encoding="utf-8") == '[[routers]]\nname = "edge-1"\nhost = "10.0.0.1"\n'


def test_diff_says_what_is_not_the_default(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[pool]\nmax_size = 5\nmin_size = 3\n[[routers]]\nname = "a"\nhost = "h"\n', encoding="utf-8")
    assert config(path, "diff").out.splitlines() == [
        "pool.min_size  2 (default) → 3", "routers.a.name  – → a", "routers.a.host  – → h",
    ]  # fmt: skip


def test_the_schema_describes_the_file(file: Path) -> None:
    schema = json.loads(config(file, "schema").out)
    assert set(schema["properties"]) == {
        "pool", "routers", "ui", "billing", "sync", "keys", "monitor", "maintenance", "alerts", "http", "serve",
    }  # fmt: skip
    router = schema["$defs"]["RouterConfig"]["properties"]
    assert router["pool"]["$ref"] == "#/$defs/PoolOptions"
    assert len(router["password"]["oneOf"]) == 5
    assert schema["$defs"]["PoolOptions"]["properties"]["max_size"]["maximum"] == 50


@pytest.mark.parametrize("command", ["show", "diff", "check"])
def test_a_wrong_file_is_told_with_its_lines(tmp_path: Path, command: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text("[pool]\nmax_size = 'x'\n", encoding="utf-8")
    ended = config(path, command)
    assert ended.code == 2
    assert f"{path}, line 2: pool.max_size: must be a valid integer, not 'x'" in ended.complaint
