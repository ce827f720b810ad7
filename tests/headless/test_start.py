"""What a script that asks for a status pays: no terminal, no database, nothing of syncs, and its whole output."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.headless.programs import PROGRAM, simulated, write_config

pytestmark = pytest.mark.realtime
SCRIPT = """
import sys
from mktui.__main__ import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert not end.code, end.code
print(*sorted(sys.modules), file=sys.stderr)
"""
NOT_NEEDED = (
    "importlib.metadata", "logging.handlers", "pickle", "zipfile",
    "textual", "rich", "sqlalchemy", "alembic", "tomlkit", "structlog", "aiohttp", "gzip", "statistics",
    "mktui.tui", "mktui.simulator", "mktui.sync.plan", "mktui.billing.model", "mktui.services.syncing",
    "mktui.services.customers", "mktui.services.course", "mktui.services.sources", "mktui.services.control.client",
    "mktui.monitor.outlook", "mktui.monitor.hours", "mktui.monitor.history", "mktui.monitor.recording",
    "mktui.core.client.connection_test", "mktui.config.save",
)  # fmt: skip


def test_a_status_of_a_router_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    with simulated("--secrets", "1") as (_, announced):
        config = write_config(tmp_path / "c.toml", announced[0]["port"])
        command = [sys.executable, "-c", SCRIPT, "--config", str(config), "status", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=40)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["routers"][0]["health"] == "healthy"
    loaded = set(done.stderr.split())
    assert "mktui.core.pool.pool" in loaded
    assert loaded.isdisjoint(NOT_NEEDED), loaded & set(NOT_NEEDED)


def test_whatever_else_pydantic_asks_of_its_loader_of_plugins_it_gets() -> None:
    script = (
        "from mktui.__main__ import main\n"
        "from pydantic.plugin import _loader\n"
        "assert _loader.get_plugins() == ()\n"
        "assert _loader.PYDANTIC_ENTRY_POINT_GROUP == 'pydantic'\n"
        "assert not hasattr(_loader, 'what_is_not_there')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=40)
    assert done.returncode == 0, done.stderr


def test_a_quick_end_loses_no_output_and_no_code(tmp_path: Path) -> None:
    file = tmp_path / "out"
    config = write_config(tmp_path / "c.toml", 1)
    with file.open("w", encoding="utf-8") as out:
        done = subprocess.run(
            [*PROGRAM, "--config", str(config), "status", "--json"], stdout=out, stderr=subprocess.PIPE, check=False,
            timeout=40,
        )  # fmt: skip
    assert done.returncode == 3
    assert json.loads(file.read_text(encoding="utf-8"))["routers"][0]["health"] == "offline"


def test_an_output_that_cannot_be_written_is_no_success(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    with full.open("w", encoding="utf-8") as out:
        done = subprocess.run(
            [*PROGRAM, "config", "schema"], stdout=out, stderr=subprocess.PIPE, check=False, timeout=40, cwd=tmp_path
        )
    assert done.returncode != 0
