"""Whom a browser believes to be talking to, and on whose behalf. Pure.

Host: a name of a stranger's domain can be made to lead here (DNS rebinding), and then his page may read our answers; so
only addresses, localhost and names that the configuration gives are answered. Origin: another site's page may send
requests here, and open WebSockets; so a request that bears an Origin must bear ours.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_our_host(host: str, names: frozenset[str]) -> bool:
    """Say whether a Host header names us. An address needs no DNS, so nobody can bend it."""
    name = _name_of(f"//{host}")
    if name is None:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name == "localhost" or name in names
    return True


def is_our_origin(origin: str, host: str) -> bool:
    """Say whether a page that was loaded from this very host asks. The scheme may differ: a proxy may add TLS."""
    scheme, _, rest = origin.partition("://")
    return scheme in {"http", "https"} and bool(rest) and rest.lower() == host.lower()


def _name_of(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is none
    except ValueError:
        return None
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return None
    return parts.hostname.rstrip(".") if parts.hostname else None
