"""A small provider's books for the demo, in memory: three profiles, fifty customers, the same for the same seed."""

from __future__ import annotations

import random

from pydantic import SecretStr

from mktui.billing.model import Profile, Subscriber, SubscriberStatus

_MEGABIT = 1_000_000


def demo_books(count: int = 50, seed: int = 1) -> tuple[tuple[Profile, ...], tuple[Subscriber, ...]]:
    """Return profiles and subscribers."""
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
        )
        for index in range(count)
    )
    return profiles, subscribers
