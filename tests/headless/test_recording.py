"""What was seen comes back as it was; a file that is no recording is said to be none."""

from __future__ import annotations

import functools
import gzip
import json
import operator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from mktui.cli.record import _opened as opened_file
from mktui.cli.replay import replay
from mktui.errors import RecordingUnreadable
from mktui.monitor.recording import CUT, line_of, read
from mktui.monitor.snapshot import Remark
from mktui.services.replay import Replay, load
from tests.headless.programs import mktui, write_config
from tests.terminal.driving import lines as shown_lines
from tests.terminal.driving import opened, press
from tests.terminal.recorded import fleet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINE = line_of(fleet(), 1)


@pytest.mark.parametrize("is_gzipped", [False, True])
def test_a_picture_comes_back_as_it_was(tmp_path: Path, *, is_gzipped: bool) -> None:
    file = tmp_path / "night"
    file.write_bytes(gzip.compress((LINE * 3).encode()) if is_gzipped else (LINE * 3).encode())
    assert list(read(file)) == [fleet()] * 3


@pytest.mark.parametrize("name", ["night.ndjson", "night.ndjson.gz"])
def test_what_a_router_says_that_is_no_text_is_recorded_all_the_same(tmp_path: Path, name: str) -> None:
    whole = fleet()
    odd = replace(whole.routers[0], health=replace(whole.routers[0].health, reasons=("failure: \udcff",)))
    seen = replace(whole, routers=(odd, *whole.routers[1:]))
    with opened_file(tmp_path / name) as lines:
        lines.write(line_of(seen, 1))
    assert list(read(tmp_path / name)) == [seen]


def test_a_picture_with_what_a_plan_has_found_comes_back_too(tmp_path: Path) -> None:
    whole = fleet()
    sync = replace(whole.routers[0].sync, remarks=(Remark("held", "20 % would be disabled", 3),))
    seen = replace(whole, routers=(replace(whole.routers[0], sync=sync),))
    (tmp_path / "night").write_text(line_of(seen, 1), encoding="utf-8")
    assert list(read(tmp_path / "night")) == [seen]


def test_a_file_cut_in_its_last_line_ends_there(tmp_path: Path) -> None:
    file = tmp_path / "night"
    file.write_text(LINE * 2 + LINE[:500], encoding="utf-8")
    said: list[str] = []
    assert len(list(read(file, said.append))) == 2
    assert said == [f"{file}: it ends within a picture: it was cut, or is still being written"]
    whole = gzip.compress((LINE * 2).encode())
    file.write_bytes(whole[: len(whole) - 20])
    assert len(list(read(file, said.append))) >= 1
    assert len(said) == 2
    file.write_text(LINE * 2, encoding="utf-8")
    assert len(list(read(file, said.append))) == 2
    assert len(said) == 2, "a whole one is not called cut"


@pytest.mark.realtime
def test_who_replays_a_recording_that_was_cut_is_told(tmp_path: Path) -> None:
    file = tmp_path / "night"
    file.write_text(LINE * 2 + LINE[:500], encoding="utf-8")
    ended = mktui("replay", file, "--summary")
    assert (ended.code, ended.err) == (0, f"mktui: {file}: {CUT}\n")
    assert mktui("replay", file, "--json").document["is_cut"] is True


@pytest.mark.realtime
def test_a_recording_of_the_demo_begins_when_its_routers_are_known(tmp_path: Path) -> None:
    assert mktui("record", "--demo", tmp_path / "demo", "--seconds", "0.5").code == 0
    first = next(iter(read(tmp_path / "demo")))
    assert len(first.routers) == 3
    assert not [router.name for router in first.routers if router.health.reasons == ("connecting",)]


@pytest.mark.realtime
def test_without_a_terminal_a_replay_is_refused_and_names_what_can_be_had_without_one(tmp_path: Path) -> None:
    (tmp_path / "night").write_text(LINE, encoding="utf-8")
    ended = mktui("replay", tmp_path / "night", within=20)
    assert (ended.code, ended.out) == (2, "")
    assert "mktui replay FILE --summary" in ended.complaint


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no picture"),
        (b"hello\n", "line 1: it is no line of a recording"),
        (b"\xff\xfe\x00", "it is no text"),
        (b'{"schema": "mktui.recording/9"}\n', "of another kind"),
        (LINE.replace("RouterFacts", "os.system", 1).encode(), "line 1: it is no line of a recording"),
        (LINE.encode() + b"{}\n", "line 2"),
        (json.dumps({"schema": "mktui.recording/1", "snapshot": 5}).encode() + b"\n", "no picture of a fleet"),
    ],
    ids=["empty", "a word", "binary", "newer", "a foreign record", "a foreign line", "a number"],
)
def test_what_is_no_recording_is_said_to_be_none(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "night"
    file.write_bytes(content)
    with pytest.raises(RecordingUnreadable, match=words):
        load(file)


PACKED = gzip.compress((LINE * 2).encode(), mtime=0)


@given(at=st.integers(0, len(PACKED) - 1), spoilt=st.binary(min_size=1, max_size=20), cut=st.booleans())
def test_a_damaged_recording_is_told_in_one_line_wherever_it_is_damaged(
    tmp_path_factory: pytest.TempPathFactory, at: int, spoilt: bytes, *, cut: bool
) -> None:
    file = tmp_path_factory.getbasetemp() / "damaged"
    file.write_bytes(PACKED[:at] + spoilt + (b"" if cut else PACKED[at + len(spoilt) :]))
    with suppress(RecordingUnreadable):
        load(file)


def leaves(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # Any: JSON
    """Yield the way to each value of a document, but for the names of records."""
    within = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in within:
        if key != "$":
            yield from leaves(each, (*way, key))
    if way:
        yield way


WAYS = list(leaves(json.loads(LINE)["snapshot"]))


@given(way=st.sampled_from(WAYS), other=st.sampled_from([None, "x", 5, -1.5, True, [], [[]], {}, {"$": "Silence"}]))
def test_a_value_of_a_wrong_type_is_refused_with_its_line_wherever_it_stands(
    tmp_path_factory: pytest.TempPathFactory, way: tuple[Any, ...], other: object
) -> None:
    document = json.loads(LINE)
    functools.reduce(operator.getitem, way[:-1], document["snapshot"])[way[-1]] = other
    file = tmp_path_factory.getbasetemp() / "odd"
    file.write_text(LINE + json.dumps(document) + "\n", encoding="utf-8")
    ended = CliRunner().invoke(replay, [str(file), "--summary"])
    if ended.exit_code == 0:
        assert len(load(file)) == 2, "it was of the right type"
    else:
        assert isinstance(ended.exception, RecordingUnreadable), ended.exception
        assert "line 2: it is no" in str(ended.exception)


def test_an_hour_without_its_zone_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "night"
    file.write_text(LINE + LINE.replace("+00:00", ""), encoding="utf-8")
    with pytest.raises(RecordingUnreadable, match="line 2"):
        load(file)


@pytest.mark.anyio
async def test_a_recording_is_shown_on_the_same_screens_and_nothing_can_be_done_to_it(tmp_path: Path) -> None:
    file = tmp_path / "night"
    file.write_text(LINE, encoding="utf-8")
    async with opened(Replay(load(file)), read_only=True) as (app, pilot):  # type: ignore[arg-type]  # served alike
        assert any("hotspot-plaza" in line for line in shown_lines(app))
        await press(pilot, "enter", "R")
        assert any("read-only" in notice.message for notice in app._notifications)


@pytest.mark.realtime
def test_the_demo_is_recorded_and_summed_up(tmp_path: Path) -> None:
    file = tmp_path / "demo.ndjson.gz"
    ended = mktui("record", "--demo", file, "--seconds", "3", "--every", "0.5")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    summary = mktui("replay", file, "--json")
    assert summary.code == 0
    assert set(summary.document["routers"]) == {"edge-1", "hotspot-1", "tower-west"}
    assert summary.document["pictures"] >= 4
    assert "edge-1" in mktui("replay", file, "--summary").out
    assert mktui("replay", tmp_path / "none").code == 2


@pytest.mark.realtime
def test_a_recording_is_its_owners_alone_and_no_other_one_takes_its_place_unasked(tmp_path: Path) -> None:
    file = tmp_path / "night.ndjson"
    assert mktui("record", "--demo", file, "--seconds", "1", "--every", "0.5").code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    kept = file.read_bytes()
    refused = mktui("record", "--demo", file, "--seconds", "1")
    assert (refused.code, refused.err) == (2, f"mktui: {file} is there already (--force replaces it)\n")
    assert file.read_bytes() == kept
    assert mktui("record", "--demo", file, "--force", "--seconds", "1", "--every", "0.5").code == 0
    assert file.read_bytes() != kept
    assert len(load(file)) >= 1


@pytest.mark.realtime
def test_what_cannot_be_recorded_empties_no_file_and_makes_none(tmp_path: Path) -> None:
    kept, new = tmp_path / "night.ndjson", tmp_path / "new.ndjson"
    kept.write_text(LINE, encoding="utf-8")
    config = write_config(tmp_path / "c.toml", 1)
    for words in (("--config", tmp_path / "none.toml"), ("--config", config, "nobody")):
        for file in (kept, new):
            assert mktui("record", *words, file, "--force", "--seconds", "1").code == 2
    assert kept.read_text(encoding="utf-8") == LINE
    assert not new.exists()
