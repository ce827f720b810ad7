"""The first configuration, and what a router must be told so that mktui may log in. Texts only: nothing is written.

The commands are RouterOS terminal lines in the form that 6.x and 7.x both take. The group has the policies that mktui
needs and no other: ``test`` is for ping, ``sensitive`` lets passwords be compared instead of being hidden.
"""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mktui.core.pool.options import PoolOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

POLICIES: Final = ("api", "read", "write", "sensitive", "test")
PLACEHOLDER: Final = "CHANGE-ME"
"""Stands in the commands where the password is not known here."""
_SHOWN: Final = ("min_size", "max_size", "command_timeout", "circuit_breaker_threshold", "max_commands_per_second")
"""Pool settings that a newcomer looks for first."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:,@/-]+")


@dataclass(frozen=True, slots=True)
class FirstRouter:
    """What is asked of a newcomer. ``source`` is how the password is kept (env, file, command), ``where`` its place."""

    name: str
    host: str
    username: str
    source: str
    where: str | Sequence[str]
    port: int | None = None
    tls: str = "off"
    fingerprint: str = ""
    ca_file: str = ""


def config_text(router: FirstRouter) -> str:
    """Return a whole configuration of one router, with comments that say what else there is."""
    where = router.where if isinstance(router.where, str) else list(router.where)
    lines = [
        "# mktui: the routers it watches. After a change: mktui config check",
        "# Every setting with its meaning: mktui config show",
        "",
        "[[routers]]",
        f"name = {_toml(router.name)}",
        f"host = {_toml(router.host)}",
        f"port = {router.port}" if router.port else "# port = 8728               # 8729 with tls",
        f"username = {_toml(router.username)}",
        f"password = {{ {router.source} = {_toml(where)} }}",
        f"tls = {_toml(router.tls)}                 # off, verify, pin (with fingerprint), anonymous",
        *([f"fingerprint = {_toml(router.fingerprint)}"] if router.fingerprint else []),
        *([f"ca_file = {_toml(router.ca_file)}"] if router.ca_file else []),
        "# protected = true          # dangerous actions want its name typed",
        "# [routers.pool]            # pool settings of this router alone",
        "",
        "# One more [[routers]] for each further router.",
        "",
        "# [pool]                    # settings of every router's pool",
        *(_default(name) for name in _SHOWN),
        "",
        "[ui]",
        'theme = "noc-dark"          # noc-light, high-contrast, colour-blind, ansi',
    ]
    return "\n".join(lines) + "\n"


def user_commands(name: str, address: str = "", *, group: str = "mktui", password: str = PLACEHOLDER) -> list[str]:
    """Return what makes a group with the fewest rights that do, and a user in it.

    ``address``: where mktui runs, an address or a network; the router then lets the user in from nowhere else.
    """
    where = f" address={quoted(_network(address))}" if address else ""
    return [
        f"/user group add name={quoted(group)} policy={','.join(POLICIES)}",
        f"/user add name={quoted(name)} group={quoted(group)}{where} password={quoted(password)}",
    ]


def login_commands(name: str, *, tls: str) -> list[str]:
    """Return what lets a new user in: itself, and the service that it logs in to."""
    return [*user_commands(name), f"/ip service enable {'api' if tls == 'off' else 'api-ssl'}"]


def certificate_commands(host: str, *, name: str = "mktui-api") -> list[str]:
    """Return what makes a certificate of the router's own and gives it to the API's TLS service (port 8729)."""
    authority = f"{name}-ca"
    return [
        f"/certificate add name={quoted(authority)} common-name={quoted(authority)} key-usage=key-cert-sign,crl-sign",
        f"/certificate sign {quoted(authority)}",
        f"/certificate add name={quoted(name)} common-name={quoted(host)} subject-alt-name={_alternative(host)}",
        f"/certificate sign {quoted(name)} ca={quoted(authority)}",
        f"/ip service set api-ssl certificate={quoted(name)} disabled=no",
    ]


def firewall_commands(address: str, *, list_name: str = "mktui") -> list[str]:
    """Return the address-list line that a firewall rule of one's own can name (``src-address-list=mktui``)."""
    address = _network(address).removesuffix("/32").removesuffix("/128")
    family = "/ipv6" if ":" in address else "/ip"
    return [f"{family} firewall address-list add list={quoted(list_name)} address={address} comment=mktui"]


def quoted(text: str) -> str:
    r"""Return a value as RouterOS's terminal reads it: plain, or in quotes with everything doubtful as ``\XX``."""
    if _PLAIN.fullmatch(text):
        return text
    plain = (chr(byte) if (chr(byte).isalnum() and byte < 128) or byte in b" _.:,@/+-" else f"\\{byte:02X}"
             for byte in text.encode("utf-8"))  # fmt: skip
    return f'"{"".join(plain)}"'


def _toml(value: str | list[str]) -> str:
    """JSON's texts and lists of texts are TOML's, except for one letter."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _default(name: str) -> str:
    field = PoolOptions.model_fields[name]
    return f"# {f'{name} = {field.default}':<34}# {field.description}"


def _network(address: str) -> str:
    """Return an address or a network as RouterOS writes it.

    Raises:
        ValueError: It is none.
    """
    network = ipaddress.ip_network(address, strict=False)
    return str(network)


def _alternative(host: str) -> str:
    try:
        return f"IP:{ipaddress.ip_address(host)}"
    except ValueError:
        return f"DNS:{quoted(host)}"
