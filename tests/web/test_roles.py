"""What a role may do over HTTP, as one table; every documented endpoint is walked with every role."""

from __future__ import annotations

from typing import Final

import pytest

from mktui.config.http import Role
from mktui.web.openapi import document
from tests.web.serving import SECRETS, site

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]

CHANGING: Final = frozenset({"/api/reset-connection-pool"})
MAY: Final = {
    "get /api/network-stats": "viewer operator admin",
    "get /api/connection-details": "viewer operator admin",
    "get /api/performance-metrics": "viewer operator admin",
    "get /api/network-health": "viewer operator admin",
    "get /api/alerts": "viewer operator admin",
    "get /metrics": "viewer operator admin",
    "post /api/test-connection": "operator admin",
    "post /api/reset-connection-pool": "operator admin",
    "get /openapi.json": "nobody viewer operator admin",
    "get /-/healthy": "nobody viewer operator admin",
    "get /-/ready": "nobody viewer operator admin",
}
"""Endpoint -> who may; ``nobody`` has no token. Of a router that is protected, a reset is an admin's."""
ROUTER: Final = "tower-west"


def walked() -> list[str]:
    """Return every endpoint that the document tells of."""
    return [f"{method} {path}" for path, methods in document()["paths"].items() for method in methods]


def test_every_documented_endpoint_stands_in_the_table() -> None:
    assert set(walked()) == set(MAY)


@pytest.mark.parametrize("may_write", [True, False])
async def test_each_role_may_what_the_table_says_and_under_read_only_changes_nothing(may_write: bool) -> None:
    async with site(may_write=may_write) as here:
        for endpoint in walked():
            method, path = endpoint.split(" ")
            for who in ("nobody", *Role):
                token = SECRETS[Role(who)] if who != "nobody" else ""
                body = {"json": {"router": ROUTER}} if method == "post" else {}
                status = (await here.ask(path, token, method.upper(), **body)).status
                may = who in MAY[endpoint].split() and (may_write or path not in CHANGING)
                refused = 401 if who == "nobody" else 403
                assert (status == refused) is not may, (endpoint, who, status)
                assert may or status == refused, (endpoint, who, status)


async def test_a_protected_router_is_reset_by_an_admin_alone_who_names_it_twice() -> None:
    async with site() as here:
        order = {"router": "edge-1", "confirm": "edge-1"}
        seen = [
            (await here.ask("/api/reset-connection-pool", SECRETS[role], "POST", json=order)).status for role in Role
        ]
        assert seen == [403, 403, 200]
