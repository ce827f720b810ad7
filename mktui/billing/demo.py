"""A small provider's books for the demo, in memory: three profiles, fifty customers, the same for the same seed."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import SecretStr

from mktui.billing.model import Profile, Subscriber, SubscriberStatus

if TYPE_CHECKING:
    from datetime import datetime

_MEGABIT = 1_000_000
_OVERDUE = 23
"""The one who has not paid."""


def _end(index: int, now: datetime) -> datetime:
    """Return midnight some days from now: from today on, or a few days ago."""
    days = -3 if index == _OVERDUE else 1 + index * 7 % 38
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)


def demo_books(count: int = 50, seed: int = 1, *, now: datetime) -> tuple[tuple[Profile, ...], tuple[Subscriber, ...]]:
    """Return profiles and subscribers: most are paid for some weeks, a few only until today, one is overdue."""
    chance = random.Random(seed)  # noqa: S311 - a demo's books, not cryptography
    profiles = tuple(
        Profile(
            external_id=f"plan-{index}",
            name=name,
            rate_down_bps=down * _MEGABIT,
            rate_up_bps=up * _MEGABIT,
            local_address="10.64.0.1",
            pool="pppoe-pool",
        )
        for index, (name, down, up) in enumerate((("basic", 10, 2), ("family", 40, 10), ("business", 100, 50)))
    )
    subscribers = tuple(
        Subscriber(
            external_id=f"customer-{index:04}",
            username=f"demo-{index:03}",
            password=SecretStr(f"{chance.getrandbits(40):010x}"),
            profile=profiles[index % len(profiles)].name,
            status=SubscriberStatus.SUSPENDED if index % 17 == 16 else SubscriberStatus.ACTIVE,
            valid_until=_end(index, now),
        )
        for index in range(count)
    )
    return profiles, subscribers
