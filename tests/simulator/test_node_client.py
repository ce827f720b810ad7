"""A client in another language, from its own registry, on the common journey: node-routeros."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from mktui.simulator.profile import RouterProfile
from tests.simulator.test_foreign_clients import listening

if TYPE_CHECKING:
    from mktui.simulator.router import SimulatedRouter

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
_JOURNEY = Path(__file__).with_name("journey.js")
_CLIENT = "node-routeros@1.6.9"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the client is installed."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no node and npm here")
    place = tmp_path_factory.mktemp("node")
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(place), _CLIENT]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=55)
    if ended.returncode:
        pytest.skip(f"npm cannot install {_CLIENT} here")
    shutil.copy(_JOURNEY, place)
    return place


async def journey(installed: Path, port: int, password: str = "secret") -> dict[str, Any]:  # Any: JSON
    command = ["node", _JOURNEY.name, str(port), "admin", password]
    with anyio.fail_after(30):
        ended = await anyio.run_process(command, cwd=installed, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    seen: dict[str, Any] = json.loads(ended.stdout)
    return seen


def is_as_expected(seen: dict[str, Any], router: SimulatedRouter) -> None:
    assert seen["found"] == [{"name": "ana-01", "profile": "bronze"}]
    assert [row["name"] for row in seen["either"]] == ["ana-01", "luis-01"]
    assert seen["several"] == [30] * 4
    assert seen["written"] == [{"name": "foreign", "profile": "gold", "comment": "a=b c", "disabled": "true"}]
    assert seen["twice"] == {"refused": "failure: secret with the same name already exists"}
    assert seen["unknown"] == {"refused": "unknown parameter colour"}
    assert seen["gone"] == {"refused": "no such item"}
    assert "listened" in seen["heard"]
    assert router.tables["/ppp/secret"].find("listened") is not None


async def test_it_finds_its_way_at_a_version_before_empty_answers(installed: Path) -> None:
    async with listening(RouterProfile(secrets=30, version="7.15.3")) as (router, port):
        seen = await journey(installed, port)
        is_as_expected(seen, router)
        assert seen["none"] == []


async def test_from_7_18_on_its_own_fault_stops_it_at_an_empty_answer(installed: Path) -> None:
    async with listening(RouterProfile(secrets=30, version="7.20.8")) as (router, port):
        seen = await journey(installed, port)
        is_as_expected(seen, router)
        assert seen["uncaught"] == "Tried to process unknown reply: !empty", "the client's fault: it knows no !empty"


async def test_a_wrong_password_is_refused_in_its_words(installed: Path) -> None:
    async with listening() as (_, port):
        seen = await journey(installed, port, "wrong")
        assert "refused" in seen
        assert "invalid" in seen["refused"].lower() or "login" in seen["refused"].lower()
