"""The resilient RouterOS client: a pool of connections, priorities, a circuit breaker, and verbs on top.

Knows no file, no database, no screen, and no event loop of its own: anyio alone.
"""

from mktui.core.client.client import Client, open_client
from mktui.core.client.query import And, Key, Or
from mktui.core.connection.options import RouterOptions
from mktui.core.pool.job import Outcome, Priority
from mktui.core.pool.options import PoolOptions
from mktui.core.protocol.sentences import Command

__all__ = [
    "And",
    "Client",
    "Command",
    "Key",
    "Or",
    "Outcome",
    "PoolOptions",
    "Priority",
    "RouterOptions",
    "open_client",
]
