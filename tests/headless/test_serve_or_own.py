"""Who is asked by a reset and a status: the mktui that runs, or a pool of their own; and what they say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.headless.programs import mktui, simulated, write_config
from tests.headless.shops import Shop, open_shop
from tests.headless.test_serve import AUTOMATIC, serving, wait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.realtime


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path, count=5, more=AUTOMATIC) as opened:
        yield opened


def test_an_address_of_the_edited_file_is_taken_with_a_reset_and_no_restart(tmp_path: Path) -> None:
    def facts() -> dict[str, Any]:
        router: dict[str, Any] = served.ask("snapshot")["done"]["routers"][0]
        return router

    with (
        simulated("--secrets", "2") as (_, [first]),
        simulated("--secrets", "3") as (_, [second]),
    ):
        shop = Shop(tmp_path, write_config(tmp_path / "shop.toml", first["port"]), [second["port"]])
        with serving(shop) as served:
            wait(lambda: facts()["facts"]["read_at"])
            hush = tmp_path / "password"
            hush.write_text("secret\n", encoding="utf-8")
            write_config(shop.config, second["port"], password=f"{{ file = '{hush}' }}")
            reset = mktui("--config", shop.config, "reset", "edge-1")
            assert (reset.code, reset.err) == (0, "")
            assert facts()["address"] == f"127.0.0.1:{second['port']}"
            wait(lambda: facts()["facts"]["read_at"])
            assert len([each for each in shop.ask("/user/active/print") if each["via"] == "api"]) > 1
            write_config(shop.config, 1)
            slip = mktui("--config", shop.config, "reset", "edge-1")
            assert (slip.code, slip.out) == (3, "")
            assert "127.0.0.1:1: connection refused; nothing was reset, its connections stay" in slip.complaint.lower()
            assert facts()["pool"]["ready"], "a slip throws no working session away"


def test_a_status_of_a_router_that_the_one_that_runs_does_not_know_says_that_it_looks_itself(shop: Shop) -> None:
    with serving(shop):
        text = shop.config.read_text(encoding="utf-8")
        shop.config.write_text(text.replace("'edge-1'", "'edge-2'").replace('"edge-1"', '"edge-2"'), encoding="utf-8")
        status = mktui("--config", shop.config, "status", "edge-2")
        assert "edge-2" in status.out
        assert status.complaint.startswith("mktui: the mktui that runs has not all of these routers: this looks over")


def test_without_one_that_runs_they_act_on_a_pool_of_their_own_and_say_so(shop: Shop) -> None:
    reset = mktui("--config", shop.config, "reset", "edge-1")
    assert (reset.code, reset.out) == (0, "edge-1: reset\n")
    assert reset.complaint == "mktui: nobody serves here: this resets a pool of its own, which ends with this command"
    assert mktui("--config", shop.config, "reset", "edge-9").complaint.endswith("(there are: edge-1)")
    status = mktui("--config", shop.config, "status")
    assert (
        status.complaint == "mktui: nobody serves here: this looks over a pool of its own, which ends with this command"
    )
    assert mktui("--config", shop.config, "status", "-q").err == ""
    shop.order("down")
    gone = mktui("--config", shop.config, "reset", "edge-1")
    assert (gone.code, gone.out) == (3, "")
    assert "its settings are taken all the same" in gone.err
