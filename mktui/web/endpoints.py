"""What can be asked, once: routes, roles and the OpenAPI document are all made from these tables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic_core import PydanticSerializationError

from mktui.services.rights import needed
from mktui.web import answers, models

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from mktui.config.http import Role
    from mktui.monitor.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Read:
    """A GET that shows a part of the snapshot; ``?router=NAME`` shows one router's."""

    path: str
    answer: type[models.Answer]
    make: Callable[[Snapshot], models.Answer]
    deed: str = "snapshot"

    @property
    def role(self) -> Role:
        """The lowest role that may ask it."""
        return needed(self.deed)

    def text(self, snapshot: Snapshot) -> bytes:
        """Return the answer's bytes."""
        return as_json(self.make(snapshot))


@dataclass(frozen=True, slots=True)
class Change:
    """A POST that does something to one router."""

    path: str
    deed: str
    order: type[models.TestOrder | models.ResetOrder]
    answer: type[models.Answer]
    summary: str

    @property
    def role(self) -> Role:
        """The lowest role that may do it; to a router that is protected it may take a higher one."""
        return needed(self.deed)


READS: Final = (
    Read("/api/network-stats", models.NetworkStats, answers.network_stats),
    Read("/api/connection-details", models.ConnectionDetails, answers.connection_details),
    Read("/api/performance-metrics", models.PerformanceMetrics, answers.performance_metrics),
    Read("/api/network-health", models.NetworkHealth, answers.network_health),
    Read("/api/alerts", models.Alerts, answers.alerts),
)
TEST: Final = Change(
    "/api/test-connection",
    "test",
    models.TestOrder,
    models.TestAnswer,
    "Test a router over a session of its own, step by step.",
)
RESET: Final = Change(
    "/api/reset-connection-pool", "reset", models.ResetOrder, models.ResetAnswer,
    "Replace a router's connections one at a time; its settings are read afresh first, address and login too.",
)  # fmt: skip
CHANGES: Final = (TEST, RESET)
METRICS: Final = "/metrics"
OPENAPI: Final = "/openapi.json"
HEALTHY: Final = "/-/healthy"
READY: Final = "/-/ready"


def as_json(answer: BaseModel) -> bytes:
    """Return an answer as bytes; what a router says that is no text has question marks in it."""
    try:
        return answer.model_dump_json(by_alias=True).encode()
    except PydanticSerializationError:
        return json.dumps(answer.model_dump(mode="json", by_alias=True), ensure_ascii=False).encode(errors="replace")
