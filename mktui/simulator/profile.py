"""What a simulated router is, before it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class RouterProfile:
    """One simulated router. ``latency`` and ``jitter`` are seconds a command; ``online`` a share of its secrets."""

    name: str = "edge-1"
    version: str = "7.20.8"
    username: str = "admin"
    password: str = field(default="secret", repr=False)
    secrets: int = 1000
    seed: int = 1
    latency: float = 0.0
    jitter: float = 0.0
    max_sessions: int = 20
    board: str = "RB5009UG+S+"
    serial: str = "HE108ABCDEF"
    login: Literal["plain", "challenge"] = "plain"
    online: float = 0.2
