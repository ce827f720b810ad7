"""``mktui sync rollback`` that is refused: what it has paused goes on as before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mktui.services.one_writer import only_writer
from tests.headless.shops import customers, open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.headless.shops import Shop

pytestmark = pytest.mark.realtime


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path, count=3) as opened:
        yield opened


def test_a_rollback_that_is_refused_holds_nothing(shop: Shop) -> None:
    def paused() -> str | None:
        (router,) = shop.run("sync", "status", "--json").document["routers"]
        why: str | None = router["paused"]
        return why

    shop.run("sync", "apply", "--yes")
    shop.save(customers(2, mac="02:00:00:00:00:01"))
    shop.run("sync", "apply", "--yes", "--max-update", "2")
    guarded = shop.run("sync", "rollback", "edge-1", "2", "--yes", "--max-update", "0")
    assert (guarded.code, paused()) == (6, None)
    with only_writer("edge-1", f"127.0.0.1:{shop.ports[0]}", "another one"):
        assert shop.run("sync", "rollback", "edge-1", "2", "--yes", "--max-update", "2").code == 6
        assert paused() is None, "another program writes there: nothing was undone"
        shop.run("sync", "pause", "edge-1", "--reason", "a flood")
        told = shop.run("sync", "rollback", "edge-1", "2", "--yes", "--max-update", "2").err
        assert "nothing was undone; automatic syncs are paused as before" in told
        assert paused() == "a flood"
    assert shop.rows()["user-001"]["caller-id"] == "02:00:00:00:00:01"
