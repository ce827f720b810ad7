"""How a customer connects. Alone here, because a configuration names it and need not load what a customer is."""

from __future__ import annotations

import enum


class Kind(enum.StrEnum):
    """How a customer connects."""

    PPP = "ppp"
    HOTSPOT = "hotspot"
