"""Menus that the schema does not have, as public documentation shows them: files, addresses, licence, tunnel servers.

Which arguments they take in which version nobody has gathered: they are the same in all.
"""

from __future__ import annotations

from typing import Final

from mktui.core.protocol import schema
from mktui.core.protocol.schema import Menu, Span

_READ: Final = ("print", "get", "find")
_FLAGS: Final = ["no", "yes"]
_TUNNEL: Final = {
    "enabled": "false", "max-mtu": "1450", "max-mru": "1450", "mrru": "disabled",
    "authentication": "pap,chap,mschap1,mschap2", "keepalive-timeout": "30", "default-profile": "default-encryption",
}  # fmt: skip
TUNNELS: Final[dict[str, dict[str, str]]] = {
    "/interface/l2tp-server/server": _TUNNEL | {
        "max-sessions": "unlimited", "use-ipsec": "no", "ipsec-secret": "", "caller-id-type": "ip-address",
        "one-session-per-host": "false", "allow-fast-path": "false",
    },
    "/interface/pptp-server/server": _TUNNEL,
    "/interface/sstp-server/server": _TUNNEL | {
        "port": "443", "default-profile": "default", "certificate": "none", "verify-client-certificate": "false",
        "tls-version": "any", "keepalive-timeout": "60",
    },
    "/interface/ovpn-server/server": {
        "enabled": "false", "port": "1194", "mode": "ip", "netmask": "24", "default-profile": "default",
        "certificate": "none", "require-client-certificate": "false", "keepalive-timeout": "60", "max-mtu": "1500",
    },
}  # fmt: skip
"""One row each, with what it holds before anybody has set anything. Many servers of one kind (ovpn since 7.17) are
not told apart."""
LICENSE: Final = {"software-id": "S1MU-LA7D", "nlevel": "6", "features": ""}


def _menu(
    path: str,
    verbs: tuple[str, ...],
    settable: tuple[str, ...],
    read_only: tuple[str, ...] = (),
    required: tuple[str, ...] = (),
) -> Menu:
    arguments: dict[str, dict[str, Span]] = {
        verb: dict.fromkeys(settable) for verb in ("add", "set") if verb in verbs
    } | {"print": dict.fromkeys(("detail", "proplist", "count-only", "where", "file", "terse", "without-paging"))}
    return Menu(
        path=path,
        commands=dict.fromkeys(verbs),
        arguments=arguments,
        readable=frozenset((*settable, *read_only)),
        read_only=frozenset(read_only),
        values={
            name: _FLAGS
            for name in settable
            if name == "disabled" or TUNNELS.get(path, {}).get(name) in {"true", "false"}
        },
        defaults=TUNNELS.get(path, {}),
        required=frozenset(required),
        unsettable=frozenset(),
    )


MENUS: Final[dict[str, Menu]] = {
    "/file": _menu(
        "/file", (*_READ, "add", "set", "remove", "edit"), ("name", "contents"), ("type", "size", "creation-time")
    ),
    "/ip/address": _menu(
        "/ip/address",
        (*_READ, "add", "set", "remove", "enable", "disable", "export"),
        ("address", "network", "interface", "comment", "disabled"),
        ("actual-interface", "dynamic", "invalid"),
        ("address", "interface"),
    ),
    "/system/license": _menu("/system/license", ("print", "get"), (), tuple(LICENSE)),
    **{path: _menu(path, ("print", "get", "set", "export"), tuple(values)) for path, values in TUNNELS.items()},
}

_IN_SCHEMA: Final = frozenset(schema.menus())
"""Asked before the schema is, which remembers every path that it was ever asked for."""


def menu(path: str) -> Menu | None:
    """Return a menu's facts: the schema's, or those known by hand."""
    return schema.menu(path) if path in _IN_SCHEMA else MENUS.get(path)


def is_flag(path: str, name: str) -> bool:
    """Say whether an attribute is a flag."""
    facts = MENUS.get(path)
    return schema.is_flag(path, name) or (facts is not None and facts.values.get(name) == _FLAGS)


def menus() -> tuple[str, ...]:
    """Return the paths of all menus."""
    return (*schema.menus(), *MENUS)
