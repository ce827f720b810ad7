"""The original plan's three columns of pool settings."""

from __future__ import annotations

from typing import Final

from mktui.core.pool.options import PoolOptions

PRESETS: Final[dict[str, PoolOptions]] = {
    "default": PoolOptions(),
    "production": PoolOptions(
        min_size=3, max_size=8, acquire_timeout=8, health_check_interval=20, circuit_breaker_threshold=3,
        retry_attempts=5, batch_size=15,
    ),
    "development": PoolOptions(min_size=1, max_size=3, acquire_timeout=15, health_check_interval=60, batch_size=5),
}  # fmt: skip
