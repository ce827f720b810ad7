"""Who comes from a browser: his badge says who he is and what he may, whatever his program says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mktui.config.http import Role
from mktui.errors import ControlRefused
from mktui.monitor.audit import Actor
from mktui.services.control.badges import Badge, Badges
from tests.services.control.houses import house

if TYPE_CHECKING:
    from pathlib import Path

    from mktui.services.control.client import ControlLink

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
OPER = Badge(Actor("oper", "browser 10.0.0.7"), Role.OPERATOR)
SAVE: dict[str, Any] = {"digest": None, "modified_ns": 0, "text": "[[routers]]"}  # Any: JSON


async def is_refused(link: ControlLink, do: str, **facts: Any) -> str:  # Any: JSON
    with pytest.raises(ControlRefused) as refused:
        await link.ask(do, **facts)
    assert refused.value.kind == "Role"
    return str(refused.value)


async def test_an_operator_from_a_browser_tests_and_resets_and_neither_configures_nor_runs(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        text = (tmp_path / "config.toml").read_text(encoding="utf-8")
        with at.badges.issued(OPER) as badge:
            async with at.link(badge=badge, role="admin", origin="pts/1") as link:
                assert (link.greeting["who"], link.greeting["role"]) == ("oper", "operator")
                assert (await link.ask("test", router="edge-1"))["ok"]
                await link.ask("reset", router="edge-1")
                words = "config: this needs the role admin; oper is operator"
                assert await is_refused(link, "config") == words
                await is_refused(link, "save config", **SAVE)
                await is_refused(link, "run", router="edge-1", path="/system/identity/print")
                await link.ask("hello", role="admin", origin="pts/1")
                await is_refused(link, "config")
        assert (tmp_path / "config.toml").read_text(encoding="utf-8") == text
    who = {(who, origin) for who, origin, _, _ in at.audit()}
    assert who == {("oper", "browser 10.0.0.7")}
    assert ("reset pool", "done") in {(what, outcome) for _, _, what, outcome in at.audit()}
    assert ("save config", "refused: this needs the role admin; oper is operator") in {
        (what, outcome) for _, _, what, outcome in at.audit()
    }


async def test_an_operator_changes_nothing_at_a_protected_router(tmp_path: Path) -> None:
    async with house(tmp_path, is_protected=True) as at:
        with at.badges.issued(OPER) as badge:
            async with at.link(badge=badge) as link:
                for do in ("reset", "isolate", "probe", "apply", "let go"):
                    said = await is_refused(link, do, router="edge-1")
                    assert said == f"{do}: edge-1 is protected: this needs the role admin; oper is operator"
                assert (await link.ask("test", router="edge-1"))["ok"]
        async with at.link() as link:
            await link.ask("reset", router="edge-1")


async def test_a_badge_makes_nobody_more_than_he_was(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        with at.badges.issued(Badge(Actor("boss", "browser 10.0.0.8"), Role.ADMIN)) as boss:
            async with at.link(role="viewer", badge=boss) as link:
                assert link.greeting["may_write"] is False
                assert "operator; boss is viewer" in await is_refused(link, "test", router="edge-1")
            with at.badges.issued(OPER) as oper:
                async with at.link(badge=oper) as link:
                    await link.ask("hello", badge=boss)
                    await is_refused(link, "config")


async def test_a_badge_is_void_when_its_terminal_has_ended_and_who_shows_it_only_looks(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        with at.badges.issued(OPER) as badge:
            pass
        for word, why in (
            (badge, "this badge is void"),
            ("guessed", "this badge is void"),
            ("\ud800", "half a letter"),
        ):
            with pytest.raises(ControlRefused, match=why):
                async with at.link(badge=word):
                    raise AssertionError("it was greeted")
        async with at.link() as link:
            await is_refused(link, "hello", badge=badge)
            assert await is_refused(link, "test", router="edge-1")
            assert (await link.ask("snapshot"))["routers"]


def test_no_badge_is_another_and_none_is_left() -> None:
    badges = Badges()
    with badges.issued(OPER) as one, badges.issued(OPER) as other:
        assert one != other
        assert badges.find(one) == badges.find(other) == OPER
        assert badges.find("") is None
    assert badges.find(one) is None
