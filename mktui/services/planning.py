"""A plan that somebody looks at: being read, there, or why there is none. Frozen, so that a screen may keep it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from mktui.sync.order import Order
    from mktui.sync.plan import Plan


class PlanStage(enum.StrEnum):
    """How far a plan is."""

    READING = "reading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Planning:
    """One router's plan. ``plan`` is there when it is ready; ``problem`` says why it could not be made.

    ``subscribers`` and ``profiles`` count what billing has for this router; ``because`` says why it was planned again
    when nobody has asked for that.
    """

    order: Order
    begun_at: datetime
    stage: PlanStage = PlanStage.READING
    plan: Plan | None = None
    seconds: float = 0.0
    problem: str = ""
    subscribers: int = 0
    profiles: int = 0
    because: str = ""
