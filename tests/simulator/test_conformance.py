"""Each menu of each version, over the wire: its commands and arguments are accepted, and no others.

The oracle is the schema as it was gathered (tests/data/routeros-schema.json: public domain dumps of RouterOS's own
/console/inspect), not the form of it that the simulator reads.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from mktui.core.protocol.values import version_key
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.simulator.talk import LOGIN, Talk, talking
from tests.virtual_time import backend

pytestmark = pytest.mark.anyio

SCHEMA: Final = json.loads((Path(__file__).parent.parent / "data" / "routeros-schema.json").read_text(encoding="utf-8"))
VERSIONS: Final = ("7.9", "7.15.3", "7.18.2", "7.22.3", "7.24")
MENUS: Final = sorted(SCHEMA["paths"])
Facts = dict[str, Any]  # Any: JSON


@pytest.fixture
def anyio_backend() -> object:
    return backend("asyncio")


def has(span: Facts, version: str) -> bool:
    return version_key(span["first"]) <= version_key(version) <= version_key(span["last"])


async def _message(talk: Talk, *words: str) -> str:
    """Say a command and return the trap's text, "" when there was none. A stream is stopped at once."""
    heard = await talk.ask(*words)
    texts = [word.removeprefix("=message=") for sentence in heard for word in sentence if word.startswith("=message=")]
    return texts[0] if texts else ""


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("menu", MENUS)
async def test_a_menu_takes_its_versions_commands_and_arguments_and_no_others(menu: str, version: str) -> None:
    facts: Facts = SCHEMA["paths"][menu]
    commands: Facts = facts.get("commands", {})
    wrong: list[str] = []
    for verb, span in commands.items():
        router = SimulatedRouter(RouterProfile(version=version, secrets=3))
        async with talking(router) as talk:
            await talk.ask(*LOGIN)
            wrong += await _check_command(talk, f"/{menu}/{verb}", has(span, version))
            if not has(span, version):
                continue
            for name, known in facts.get("args", {}).get(verb, {}).items():
                wrong += await _check_argument(talk, f"/{menu}/{verb}", name, has(known, version))
            if not (await _message(talk, f"/{menu}/{verb}", "=no-such-thing=1", "=once=")).startswith("unknown param"):
                wrong.append(f"{verb} takes no-such-thing")
    assert wrong == []


async def _check_command(talk: Talk, path: str, is_there: bool) -> list[str]:
    said = await _message(talk, path, "=once=") if path.endswith(("monitor", "monitor-traffic")) else ""
    said = said or await _message(talk, path, "=no-such-thing=1", "=once=")
    refused = said in {"no such command", "no such command prefix"}
    return [] if refused is not is_there else [f"{path}: {said!r}"]


async def _check_argument(talk: Talk, path: str, name: str, is_there: bool) -> list[str]:
    """An argument that is there may have a wrong value, but is never unknown; a second one makes it harmless."""
    said = await _message(talk, path, f"={name}=", "=no-such-thing=1", "=once=")
    unknown = said == f"unknown parameter {name}"
    return [] if unknown is not is_there else [f"{path} {name}: {said!r}"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_is_no_menu_is_no_command_prefix(version: str) -> None:
    async with talking(SimulatedRouter(RouterProfile(version=version, secrets=0))) as talk:
        await talk.ask(*LOGIN)
        assert await _message(talk, "/no/such/menu/print") == "no such command prefix"
        assert await _message(talk, "/ppp/secret/frobnicate") == "no such command"
