"""A reset over HTTP says whether the router answers with its settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import pytest

from tests.web.serving import ADMIN, site
from tests.web.test_api import RESET, problem
from tests.wiring import until

if TYPE_CHECKING:
    from mktui.services.router import RouterSetup

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]


async def test_a_reset_to_an_address_that_does_not_answer_is_refused_and_the_connections_stay() -> None:
    async with site() as here:
        await until(lambda: here.fleet.snapshot().routers[0].pool.ready > 0)
        service = here.fleet.service("edge-1")

        async def with_a_slip(_name: str) -> RouterSetup:
            await anyio.lowlevel.checkpoint()
            return replace(service.setup, options=service.setup.options.model_copy(update={"port": 1}))

        here.fleet._read_setup = with_a_slip
        order = {"router": "edge-1", "confirm": "edge-1"}
        said = problem(await here.ask(RESET, ADMIN, "POST", json=order), 409)
        assert "127.0.0.1:1: connection refused; nothing was reset, its connections stay as they are" in said.lower()
        assert here.fleet.snapshot().routers[0].pool.ready > 0
