"""The house keeps its own law: sizes, files at the top, what a headless start loads, what ships."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from mktui import resources

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [*ROOT.glob("mktui/**/*.py"), *ROOT.glob("tests/**/*.py")]
TOP = {"pyproject.toml", "mktui", "tests", "themes", "sample_configs", "README.md", "LICENSE", "CHANGELOG.md"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno + 1 <= 50, node.name


def test_the_top_level_is_as_the_owner_asked() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    tops = {line.partition("/")[0] for line in listed.stdout.splitlines()}
    assert {top for top in tops if not top.startswith(".")} == TOP


@pytest.mark.parametrize(
    ("command", "absent"),
    [
        (["status", "--help"], ["textual", "rich", "sqlalchemy", "tomlkit", "aiohttp"]),
        (["doctor", "--help"], ["textual", "rich", "sqlalchemy", "tomlkit"]),
        (["errors", "--help"], ["textual", "rich", "sqlalchemy", "tomlkit"]),
        (["review", "--help"], ["textual", "rich", "sqlalchemy", "tomlkit"]),
        (["test", "--help"], ["textual", "sqlalchemy", "tomlkit"]),
        (["stability-test", "--help"], ["textual", "rich", "sqlalchemy", "tomlkit"]),
        (["run", "--help"], ["textual", "sqlalchemy", "tomlkit"]),
        (["simulate", "--help"], ["textual", "sqlalchemy", "tomlkit"]),
        (["keys"], ["textual", "rich", "sqlalchemy", "tomlkit"]),
        (["config", "path"], ["textual", "sqlalchemy", "tomlkit"]),
        (["--config", "sample_configs/isp-fleet.toml", "config", "check"], ["textual", "sqlalchemy", "tomlkit"]),
        (["--config", "sample_configs/isp-fleet.toml", "config", "show"], ["textual", "sqlalchemy", "tomlkit"]),
        (["demo", "--headless", "--seconds", "0.5", "--json"], ["textual", "tomlkit"]),  # it syncs: billing is open
    ],
    ids=" ".join,
)
def test_a_headless_command_loads_no_terminal_and_no_database(command: list[str], absent: list[str]) -> None:
    script = f"""
import sys
from mktui.cli import main
try:
    main({command!r})
except SystemExit as end:
    assert not end.code, end.code
loaded = [name for name in {absent!r} if name in sys.modules]
assert not loaded, loaded
"""
    run = [sys.executable, "-c", script]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr


def test_shipped_folders_are_found_in_a_checkout_and_in_a_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert resources.folder("themes") == ROOT / "themes"
    package = tmp_path / "mktui"
    (package / "_data" / "themes").mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert resources.folder("themes") == package / "_data" / "themes"
    with pytest.raises(FileNotFoundError, match="sample_configs"):
        resources.folder("sample_configs")


def test_the_wheel_is_told_to_hold_what_resources_looks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included == {"themes": "mktui/_data/themes", "sample_configs": "mktui/_data/sample_configs"}


def test_every_dependency_has_its_reason_beside_it() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text[text.index("dependencies = [") : text.index("[project.scripts]")]
    listed = [line for line in block.splitlines() if line.strip().startswith('"')]
    assert len(listed) > 15
    assert all(" # " in line for line in listed)
