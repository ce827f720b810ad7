"""An edit changes what it names and nothing else: comments, order and every other byte stay."""

from __future__ import annotations

import tomllib
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui import resources
from mktui.config.draft import Draft, Edit, applied, differences, nearest_preset, preset_edits, typed
from mktui.config.edit import _says, edited
from mktui.config.load import problems_of
from mktui.config.presets import PRESETS
from mktui.config.settings import Kind, Setting, sections, value_of
from mktui.core.pool.options import PoolOptions
from mktui.errors import ConfigError

SAMPLES: Final = {file.stem: file.read_text(encoding="utf-8") for file in resources.files("sample_configs", ".toml")}
ODD: Final = {
    "inline": 'routers = [{name = "a", host = "h"}, {name = "b", pool = {max_size = 3}}]\npool = {min_size = 1}\n',
    "dotted": "pool.min_size = 1 # one\npool.max_size = 4\nui.theme = 'noc-dark'\n# end",
    "empty tables": "# top\n[pool]\n# nothing yet\n\n[ui]\n[sync.limits]\nsmall = 4\n",
    "windows": '[pool]\r\nmin_size = 1 # one\r\n\r\n# of a\r\n[[routers]]\r\nname = "a"\r\nhost = "h"\r\n',
    "out of order": '[sync]\ninterval = 5\n[[routers]]\nname = "x.y"\nhost = "h"\n[sync.limits]\nsmall = 1\n',
    "no last line": "[pool]\nmax_size = 9",
    "nothing": "",
}  # fmt: skip
TEXTS: Final = SAMPLES | ODD
VALUES: Final = {
    Kind.TEXT: st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    Kind.INTEGER: st.integers(-5, 70_000),
    Kind.NUMBER: st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 900),
    Kind.FLAG: st.booleans(),
    Kind.SECRET: st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    Kind.WORDS: st.lists(st.text("abc \"'\\\n", min_size=1), min_size=1),
    Kind.KEYS: st.sampled_from(["T", "ctrl+r", "?", ["T", "f5"], ""]),
    Kind.PASSWORD: st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.builds(lambda name: {"env": name}, st.text("ABC", min_size=1))
    | st.builds(lambda words: {"command": words}, st.lists(st.text("abc \"'\\\n", min_size=1), min_size=1)),
}


def comments(text: str) -> list[str]:
    """Lines that are comments as a whole."""
    return [line.strip() for line in text.splitlines() if line.strip().startswith("#")]


@st.composite
def edits_of(draw: st.DrawFn, text: str) -> list[Edit]:
    """Some edits of settings that the text has, or could have."""
    settings = [each for section in sections(tomllib.loads(text)) for each in section.settings if each.name != "name"]
    chosen: list[Edit] = []
    for setting in draw(st.lists(st.sampled_from(settings), min_size=1, max_size=5)):
        values = st.sampled_from(setting.choices) if setting.kind is Kind.CHOICE else VALUES[setting.kind]
        chosen.append(Edit(setting.key, draw(st.none() | values)))
    return chosen


@pytest.mark.parametrize("name", TEXTS)
@given(data=st.data())
def test_reading_back_gives_what_was_set_and_every_comment_is_there(name: str, data: st.DataObject) -> None:
    text = TEXTS[name]
    edits = data.draw(edits_of(text))
    result = edited(text, edits)
    assert _says(result, applied(tomllib.loads(text), edits))
    assert comments(result) == comments(text)


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
def test_lines_that_were_not_edited_stay_byte_for_byte(name: str, data: st.DataObject) -> None:
    text = SAMPLES[name]
    [edit, *_] = data.draw(edits_of(text))
    before, after = text.splitlines(keepends=True), edited(text, [edit]).splitlines(keepends=True)
    head = next(
        (n for n, (old, new) in enumerate(zip(before, after, strict=False)) if old != new),
        min(map(len, (before, after))),
    )
    kept = before[head + 1 :]
    assert edit.key[-1] in "".join([*before[head : head + 1], *after[head : head + 4]]) or before == after
    assert not kept or after[len(after) - len(kept) :] == kept


def test_a_value_is_replaced_where_it_stands_and_its_comment_stays_beside_it() -> None:
    text = "# head\n[pool]\nmax_size   =  5   # five\n\n# about ui\n[ui]\n"
    assert edited(text, [Edit(("pool", "max_size"), 7)]) == text.replace("5   #", "7   #")


def test_a_new_setting_stands_after_the_last_of_its_table_and_above_the_next_ones_comment() -> None:
    text = '[pool]\nmax_size = 5 # five\n\n# of a\n[[routers]]\nname = "a"\nhost = "h"\n\n# of b\n[[routers]]\n'
    text += 'name = "b"\n'
    result = edited(text, [Edit(("pool", "min_size"), 1), Edit(("routers", "a", "pool", "max_size"), 3)])
    assert result == text.replace("five\n", "five\nmin_size = 1\n").replace(
        '"h"\n', '"h"\n\n[routers.pool]\nmax_size = 3\n'
    )


def test_a_router_is_added_at_the_end_and_removed_with_its_pool() -> None:
    text = SAMPLES["isp-fleet"]
    added = edited(text, [Edit(("routers", "new.one", "host"), "10.9.9.9")])
    assert added == text + '\n[[routers]]\nname = "new.one"\nhost = "10.9.9.9"\n'
    removed = edited(added, [Edit(("routers", "hotspot-1"))])
    assert [router["name"] for router in tomllib.loads(removed)["routers"]] == [
        *(router["name"] for router in tomllib.loads(text)["routers"] if router["name"] != "hotspot-1"), "new.one",
    ]  # fmt: skip
    assert "# an old board: spare it" not in removed  # it spoke of what is gone
    assert comments(removed) == [line for line in comments(text) if line != "# an old board: spare it"]


@pytest.mark.parametrize("text", ["[pool\n", "pool = 3\n", "routers = 5\n"])
def test_what_cannot_be_edited_is_refused_and_never_half_done(text: str) -> None:
    with pytest.raises(ConfigError):
        edited(text, [Edit(("pool", "max_size"), 3), Edit(("routers", "a", "host"), "h")])


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_preset_is_a_set_of_edits(name: str, text: str) -> None:
    raw = tomllib.loads(text)
    result = applied(raw, preset_edits(raw, name))
    assert nearest_preset(result) == (name, 0)
    assert tomllib.loads(edited(text, preset_edits(raw, name)))["pool"] == result["pool"] if "pool" in result else True
    pool = PoolOptions.model_validate(value_of(result, ("pool",)) or {})
    for field in ("max_in_flight", "cache_ttl"):
        assert getattr(pool, field) == (value_of(raw, ("pool", field)) or getattr(PoolOptions(), field))


def test_differences_are_said_and_no_secret_in_them() -> None:
    raw = tomllib.loads(SAMPLES["minimal"])
    name = raw["routers"][0]["name"]
    draft = Draft(raw)
    draft.change(Edit(("pool", "max_size"), 9), Edit(("routers", name, "password"), "hunter2"))
    draft.change(Edit(("billing", "database"), "mariadb://u:hunter3@h/x"), Edit(("sync", "prune"), True))
    told = "\n".join(map(str, draft.differences()))
    assert "pool.max_size  5 (default) → 9" in told
    assert "sync.prune  no (default) → yes" in told
    assert f"routers.{name}.password" in told
    assert "billing.database" in told
    assert "hunter" not in told
    assert [draft.undo() != () for _ in range(3)] == [True, True, False]
    assert draft.raw == raw
    assert draft.differences() == ()


def test_one_hidden_value_for_another_is_said_to_be_another() -> None:
    def of(value: object) -> dict[str, Any]:
        return {"routers": [{"name": "a", "host": "h", "password": value}]}

    [told] = differences(of("old"), of("new"))
    assert str(told) == "routers.a.password  •••••• → •••••• (another)"
    [told] = differences(of("old"), of({"env": "PW"}))
    assert str(told) == "routers.a.password  •••••• → •••••• from env PW"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.INTEGER, " 8 ", 8), (Kind.INTEGER, "8.5", "8.5"), (Kind.INTEGER, "x", "x"), (Kind.NUMBER, "8", 8),
        (Kind.NUMBER, "0.5", 0.5), (Kind.FLAG, "Yes", True), (Kind.FLAG, "off", False), (Kind.FLAG, "2", "2"),
        (Kind.TEXT, "a b", "a b"), (Kind.TEXT, "  ", None), (Kind.PASSWORD, '{ env = "X" }', {"env": "X"}),
        (Kind.PASSWORD, "{ env = ", {}), (Kind.PASSWORD, "pw ", "pw "), (Kind.WORDS, "tell 'x", "tell 'x"),
        (Kind.WORDS, "tell 'the noc' ", ["tell", "the noc"]),
        (Kind.KEYS, "T", "T"), (Kind.KEYS, " T  f5", ["T", "f5"]), (Kind.KEYS, " ", "space"), (Kind.KEYS, "", None),
        (Kind.CHOICE, " pin", "pin"),
    ],
)  # fmt: skip
def test_what_is_typed_becomes_what_toml_has(kind: Kind, text: str, value: object) -> None:
    assert typed(Setting(("a",), kind, ""), text) == value


def test_problems_of_a_draft_name_the_setting_by_router_and_source() -> None:
    raw = {
        "routers": [{"name": "a.b", "host": "h", "port": 0}],
        "billing": {"sources": [{"name": "old", "kind": "phpnuxbill", "url": "sqlite://", "timeout": -1}]},
    }
    assert [problem.key for problem in problems_of(raw)] == ["routers.a.b.port", "billing.sources.old.timeout"]
