"""What a simulated router is, before it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mktui.simulator.cost import MODELS, CostModel


@dataclass(frozen=True, slots=True)
class RouterProfile:
    """One simulated router. ``latency`` and ``jitter`` are seconds a command, besides what its model costs.

    ``online`` is the share of its customers that are connected, ``churn`` how often an hour each of them leaves and
    comes back by himself. What no public source settles is a switch here, not a constant.
    """

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
    churn: float = 0.0
    cost: CostModel = MODELS["none"]
    cancel_order: Literal["cancel between", "command first", "cancel first", "two traps"] = "cancel between"
    """How /cancel is answered: all have been seen in the wild, the first in MikroTik's manual and librouteros' too."""
    dead_word: Literal["yes", "true"] = "yes"
    """What ``.dead`` says of a row that is gone: ``yes`` in MikroTik's manual, ``true`` as librouteros recorded it."""
    hides_removals: frozenset[str] = frozenset()
    """Menus whose ``listen`` does not tell of removals: there are such, nobody has listed them."""
    says_categories: bool = True
    """Whether refusals carry ``=category=``; older builds were heard to leave it out."""
    names_unknown_paths: bool = False
    """Whether an unknown menu is ``no such command or directory (x)``, as a 7.23 was heard to say."""
    completes_names: bool = False
    """Whether a name may be given by its beginning when only one begins so; several are refused as ambiguous."""
    lists_connections: bool | None = None
    """Whether /ip/service shows open connections as dynamic rows; None: from 7.21 on. Since when is not known."""
    renumbers_at_reboot: bool = False
    """Whether row ids are other ones after a reboot. No source says that they are, or that they are not."""
