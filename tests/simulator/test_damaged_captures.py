"""A capture that is damaged is refused with what is wrong with it, before a router is made of it."""

from __future__ import annotations

import functools
import json
import operator
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.errors import RecordingUnreadable
from mktui.simulator.profile import RouterProfile
from mktui.simulator.recorded import SCHEMA, Capture, RecordedRouter, read
from tests.headless.programs import mktui_here

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = {
    "schema": SCHEMA, "version": "7.20.8 (stable)",
    "menus": [
        {"path": "/ppp/secret/print", "rows": [{".id": "*1", "name": "name-1"}, {".id": "*2", "name": "name-2"}]},
        {"path": "/system/identity/print", "rows": [{"name": "name-3"}]},
        {"path": "/user/print", "attributes": {"detail": ""}, "rows": [{".id": "*1", "name": "name-4"}]},
    ],
    "probes": [{"path": "/no/such", "refusal": "no such command prefix", "category": 0}],
    "measured": {"command": 0.01, "row": 0.001}, "totals": {"/log": 10},
}  # fmt: skip
TEXT = json.dumps(WHOLE)


def made_of(capture: Capture) -> RecordedRouter:
    """Return a router that replays it; one is made in an event loop only."""

    async def make() -> RecordedRouter:
        await anyio.lowlevel.checkpoint()
        return RecordedRouter(RouterProfile(secrets=0), capture)

    return anyio.run(make)


def test_a_whole_one_is_read(tmp_path: Path) -> None:
    (tmp_path / "capture").write_text(TEXT, encoding="utf-8")
    router = made_of(read(tmp_path / "capture"))
    assert [row.values["name"] for row in router.tables["/ppp/secret"]] == ["name-1", "name-2"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (TEXT.replace('"*1"', '"x"'), "/ppp/secret/print, row 1: .id is 'x', which is no row's id"),
        (TEXT.replace('"*1"', '"*1\\u0000"'), r"/ppp/secret/print, row 1: .id is '*1\x00', which is no row's id"),
        (TEXT.replace('"*2"', '"*1"'), "/ppp/secret/print, row 2: .id is '*1' a second time"),
        (TEXT.replace("7.20.8 (stable)", "new"), "version is 'new', which is none"),
        (TEXT.replace('"command": 0.01', '"command": NaN'), "measured: nan and 0.001 are no seconds"),
        (TEXT.replace('"/user/print"', '"user"'), "'user' is no path of a command"),
        ("[" * 200_000, "this is no capture of a router"),
        ("{}", "this is no capture of a router"),
    ],
    ids=["a word for an id", "a control character", "an id twice", "version", "no number", "path", "depth", "empty"],
)
def test_what_is_damaged_is_refused_with_2_and_what_is_wrong(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "capture").write_text(text, encoding="utf-8")
    ended = mktui_here("simulate", "--from", tmp_path / "capture", "--port", "0")
    assert ended.code == 2
    assert why in ended.complaint


def ways(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # Any: JSON
    """Return the way to each value of a document."""
    within = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([way] if way else []), *(each for key, part in within for each in ways(part, (*way, key)))]


ODD: list[object] = [
    "",
    "x",
    "*",
    "*1\u0000",
    "\ud800",
    "*" + "F" * 5000,
    "1" * 5000,
    None,
    5,
    -1.5,
    1e999,
    True,
    [],
    [[]],
    {},
]


@given(way=st.sampled_from(ways(WHOLE)), other=st.sampled_from(ODD))
def test_whatever_is_wrong_in_it_is_refused_or_does_no_harm(
    tmp_path_factory: pytest.TempPathFactory, way: tuple[Any, ...], other: object
) -> None:
    document = json.loads(TEXT)
    functools.reduce(operator.getitem, way[:-1], document)[way[-1]] = other
    file = tmp_path_factory.getbasetemp() / "odd-capture"
    file.write_text(json.dumps(document), encoding="utf-8")
    try:
        capture = read(file)
    except RecordingUnreadable:
        return
    made_of(capture)
