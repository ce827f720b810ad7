"""``[find NAME=VALUE]`` in a batch: read just before, counted, and never written to more rows than was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mktui.cli.batch.finding import resolved
from mktui.cli.batch.script import Step, parse
from mktui.errors import WrongUse
from tests.headless.shops import open_shop
from tests.headless.test_batch import batch, ends

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.headless.programs import Ended
    from tests.headless.shops import Shop

pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("find")) as shop:
        yield shop


@pytest.fixture
def shop(opened: Shop) -> Shop:
    """Three customers."""
    for row in opened.rows().values():
        opened.ask("/ppp/secret/remove", id_=row[".id"])
    for name, disabled in (("ana", "no"), ("eva b", "no"), ("luis", "yes")):
        opened.ask("/ppp/secret/add", name=name, disabled=disabled, password=f"pw-{name}-hush")
    return opened


def comments(shop: Shop) -> dict[str, str]:
    return {name: str(row.get("comment", "")) for name, row in shop.rows().items()}


def text(ended: Ended, line: int = 0) -> str:
    return str(ended.document["results"][line]["text"])


def test_the_row_that_is_found_is_written_and_how_many_there_were_is_said(shop: Shop) -> None:
    ended = batch(shop, '/ppp/secret/set [find name="eva b"] comment=y', "/ppp secret disable [find name=ana]")
    assert ended.code == 0, ended.err
    assert [each["found"] for each in ended.document["results"]] == [1, 1]
    assert comments(shop) == {"ana": "", "eva b": "y", "luis": ""}
    assert shop.rows()["ana"]["disabled"]
    told = shop.run("batch", "-", typed="/ppp/secret/set [find name=ana] comment=z\n")
    assert "1 row found" in told.out


def test_none_or_more_than_was_said_is_refused_and_nothing_of_it_written(shop: Shop) -> None:
    lines = ("/ppp/secret/set [find name=nobody] comment=x", "/ppp/secret/set [find disabled=no] comment=x")
    ended = batch(shop, *lines, options=("--keep-going",))
    assert (ended.code, ends(ended)) == (1, [(1, "not applied"), (2, "not applied")])
    assert "[find name=nobody] finds no row: nothing was written" in text(ended)
    assert "[find disabled=no] finds 2 rows, more than 1: nothing was written (--most 2 allows it)" in text(ended, 1)
    assert set(comments(shop).values()) == {""}
    stopped = batch(shop, *lines[:1], "/ppp/secret/set ana comment=x")
    assert ends(stopped) == [(1, "not applied"), (2, "not sent")]
    allowed = batch(shop, lines[1], options=("--most", "2"))
    assert (allowed.code, allowed.document["results"][0]["found"]) == (0, 2)
    assert comments(shop) == {"ana": "x", "eva b": "x", "luis": ""}


def test_a_line_finds_what_the_lines_before_it_have_made(shop: Shop) -> None:
    ended = batch(
        shop, "/ppp/secret/add name=new comment=fresh", "/ppp/secret/set [find comment=fresh] comment=found",
        "/ppp/secret/remove [find comment=found]", "/ppp/secret/remove [find comment=found]",
    )  # fmt: skip
    assert ends(ended) == [(1, "applied"), (2, "applied"), (3, "applied"), (4, "not applied")]
    assert "new" not in shop.rows()


def test_a_find_whose_rows_cannot_be_read_writes_nothing(shop: Shop) -> None:
    ended = batch(shop, "/ppp/secret/set [find name=ana nonsense=1] comment=x", "/ppp/nothing/set [find name=a] x=y")
    assert ended.code == 1
    assert ends(ended)[0] == (1, "not applied")
    assert set(comments(shop).values()) == {""}


def test_a_dry_run_shows_it_and_asks_nothing_and_hides_what_is_secret(shop: Shop) -> None:
    ended = shop.run("batch", "-", "--dry-run", typed="/ppp/secret/set [find password=hush-1 name=ana] comment=y\n")
    assert (ended.code, "hush" in ended.out + ended.err) == (0, False)
    assert "/ppp/secret/set [find password=•••••• name=ana] comment=y" in ended.out
    assert set(comments(shop).values()) == {""}


def test_a_protected_router_has_to_be_named(shop: Shop) -> None:
    kept = shop.config.read_text("utf-8")
    shop.config.write_text(kept.replace("password = 'secret'", "password = 'secret'\nprotected = true"), "utf-8")
    line = "/ppp/secret/set [find name=ana] comment=x"
    try:
        refused = batch(shop, line)
        assert (refused.code, refused.out) == (6, "")
        assert "edge-1 is protected: name the row, or say --protected edge-1" in refused.err
        assert batch(shop, line, options=("--protected", "edge-9")).code == 2
        assert batch(shop, line, options=("--protected", "edge-1")).code == 0
        assert comments(shop)["ana"] == "x"
    finally:
        shop.config.write_text(kept, "utf-8")


def test_it_is_kept_in_the_audit_by_names_and_not_by_values(shop: Shop) -> None:
    batch(shop, "/ppp/secret/set [find comment=pw-hush name=ana] comment=x", "/ppp/secret/print")
    kept = shop.run("errors", "audit", "--json")
    assert kept.document["changes"][0]["what"] == "run /ppp/secret/set comment=… [find comment=… name=ana]"
    assert "hush" not in kept.out


def test_every_row_that_is_found_is_written_by_its_id_and_no_other() -> None:
    (step,) = parse(["/ppp/secret/set [find profile=old] profile=new"], ["edge-1"], "edge-1").steps
    assert isinstance(step, Step)
    assert resolved(step, ["*1", "*A"], 2).attributes == {".id": "*1,*A", "profile": "new"}
    with pytest.raises(WrongUse):
        resolved(step, ["*1", "*A"], 1)
    with pytest.raises(WrongUse):
        resolved(step, [], 5)
