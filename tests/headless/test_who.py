"""``mktui who``: the answer to the call at 3 a.m.; what nobody could be asked about is never said to be nothing."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from mktui import clock
from tests.headless.shops import customers, open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.headless.shops import Shop

pytestmark = pytest.mark.realtime
KEYS = "schema ts name verdict subscribers sessions rows history unknown billing_problem"
SESSION = "router kind address device uptime down_bytes up_bytes rate is_radius"
ROW = "router menu is_ours .id name profile disabled last-logged-out last-disconnect-reason last-caller-id comment"
HISTORY = "run router menu name action state text at"


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Two routers in step with billing; ``user-000`` is connected to the first."""
    with pytest.MonkeyPatch.context() as patch, open_shop(tmp_path_factory.mktemp("who"), routers=2, count=5) as shop:
        for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
            patch.setenv(name, str(shop.folder))
        until = clock.utc_now() + dt.timedelta(days=3)
        past = clock.utc_now() - dt.timedelta(days=3)
        shop.save([*customers(1, valid_until=until), *customers(2, valid_until=past)[1:],
                   *customers(3, status="suspended")[2:]])  # fmt: skip
        assert shop.run("sync", "apply", "--yes").code == 0
        shop.order("sim-1: dial user-000")
        yield shop


@pytest.fixture
def shop(synced: Shop) -> Iterator[Shop]:
    yield synced
    synced.order("clear")
    synced.order("up")


def asked(shop: Shop, name: str, *options: str, code: int = 0) -> dict[str, Any]:
    ended = shop.run("who", name, "--json", *options)
    assert ended.code == code, ended.err
    document = ended.document
    assert document["schema"] == "mktui.who/1"
    assert sorted(document) == sorted(KEYS.split())
    return document


def test_who_is_paid_and_online_is_said_with_router_rate_and_what_was_done_to_him(shop: Shop) -> None:
    found = asked(shop, "user-000")
    assert found["verdict"].startswith("paid until ")
    assert "; online on edge-1 for " in found["verdict"]
    (session,) = found["sessions"]
    assert sorted(session) == sorted(SESSION.split())
    assert (session["router"], session["kind"], session["is_radius"]) == ("edge-1", "pppoe", False)
    assert session["rate"] == "2000000/10000000", "as the router has it"
    assert [each["router"] for each in found["rows"]] == ["edge-1", "edge-2"]
    assert all(each["is_ours"] for each in found["rows"])
    assert set(found["rows"][0]) <= set(ROW.split())
    assert sorted(found["history"][0]) == sorted(HISTORY.split())
    assert {each["action"] for each in found["history"]} == {"add"}
    assert "password" not in str(found)


def test_the_same_for_people(shop: Shop) -> None:
    ended = shop.run("who", "user-000")
    assert (ended.code, ended.err) == (0, "")
    first, *others = ended.out.splitlines()
    assert first.startswith("user-000  paid until ")
    assert any(
        line.startswith("  online   edge-1 pppoe · ") and line.endswith(" · limit 10M down, 2M up") for line in others
    )
    assert any("plan-10 (10M down, 2M up)" in line for line in others)


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("user-001", "expired "), ("user-002", "suspended; not online"), ("user-003", "paid; not online")],
)
def test_who_is_not_online_or_has_not_paid(name: str, verdict: str, shop: Shop) -> None:
    found = asked(shop, name)
    assert found["verdict"].startswith(verdict)
    assert found["verdict"].endswith("; not online")
    assert found["sessions"] == []


def test_somebody_on_a_router_who_is_not_billings(shop: Shop) -> None:
    shop.ask("/ppp/secret/add", name="boss", password="pw-boss-hush", profile="default", router=1)
    found = asked(shop, "boss")
    assert found["verdict"] == "not in billing; not online"
    assert [(each["router"], each["is_ours"]) for each in found["rows"]] == [("edge-2", False)]
    assert "row      edge-2 /ppp/secret · default · enabled · not ours" in shop.run("who", "boss").out


def test_nobody_of_that_name_is_the_answer_no(shop: Shop) -> None:
    found = asked(shop, "nobody", code=1)
    assert found["verdict"] == "nobody is called nobody"
    assert shop.run("who", "user-000'; drop").code == 1


def test_only_the_routers_that_are_named_are_asked(shop: Shop) -> None:
    found = asked(shop, "user-000", "--router", "edge-2")
    assert (found["sessions"], len(found["rows"])) == ([], 1)
    wrong = shop.run("who", "user-000", "--router", "edge-9")
    assert wrong.code == 2
    assert "no router is called 'edge-9'" in wrong.complaint


def test_a_router_that_is_down_is_named_and_what_the_others_say_is_said(shop: Shop) -> None:
    shop.order("sim-1: down")
    found = asked(shop, "user-003", code=5)
    assert found["verdict"] == "paid; not online where it could be asked; edge-1 could not be asked"
    assert list(found["unknown"]) == ["edge-1"]
    ended = shop.run("who", "user-003")
    assert ended.complaint.startswith("mktui: edge-1 could not be asked: cannot connect to 127.0.0.1:")
    stranger = asked(shop, "stranger", code=3)
    assert stranger["verdict"] == "not in billing; not online where it could be asked; edge-1 could not be asked"


def test_a_router_that_shows_us_nothing_is_not_one_where_nobody_is(shop: Shop) -> None:
    shop.order("sim-1: reply traps /ppp/active/print")
    found = asked(shop, "user-000", code=5)
    assert found["verdict"].endswith("not online where it could be asked; edge-1 could not be asked")


def test_billing_that_is_gone_makes_nobody_unpaid(shop: Shop) -> None:
    place = shop.folder / "billing.db"
    place.rename(shop.folder / "aside.db")
    place.mkdir()
    try:
        found = asked(shop, "user-000", code=5)
        nobody = asked(shop, "nobody", code=3)
        said = shop.run("who", "user-000").complaint
    finally:
        place.rmdir()
        (shop.folder / "aside.db").rename(place)
    assert found["verdict"].startswith("billing could not be asked; online on edge-1 for ")
    assert {each["is_ours"] for each in found["rows"]} == {None}
    assert nobody["verdict"] == "billing could not be asked; not online"
    assert "it cannot be opened" in said
