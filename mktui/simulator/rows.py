"""The rows a router is born with, shaped as real ones print them, and what a new row holds unasked."""

from __future__ import annotations

import datetime as dt
import ipaddress
import random
from typing import TYPE_CHECKING, Final

from mktui.core.protocol.values import format_date, version_key
from mktui.simulator import by_hand
from mktui.simulator.schema import VersionedSchema
from mktui.simulator.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.core.protocol.sentences import Row
    from mktui.simulator.profile import RouterProfile

_NAMES: Final = (
    "ana", "luis", "maria", "jose", "carla", "pedro", "rosa", "juan", "elena", "diego",
    "ines", "tomas", "lucia", "marco", "sofia", "bruno", "nadia", "oscar", "vera", "ivan",
)  # fmt: skip
PROFILES: Final = {"bronze": "2M/10M", "silver": "5M/20M", "gold": "10M/40M"}
"""Rate limits as the router sees them: upload first."""

POLICIES: Final = (
    "local", "telnet", "ssh", "ftp", "reboot", "read", "write", "policy", "test", "winbox", "password", "web", "sniff",
    "sensitive", "api", "romon", "rest-api",
)  # fmt: skip

_BLANK: Final[dict[str, Row]] = {
    "/ppp/secret": {"name": "", "service": "any", "caller-id": "", "password": "", "profile": "default", "routes": "",
                    "ipv6-routes": "", "limit-bytes-in": "0", "limit-bytes-out": "0", "disabled": "false"},
    "/ppp/profile": {"name": "", "bridge-learning": "default", "use-ipv6": "yes", "use-mpls": "default",
                     "use-compression": "default", "use-encryption": "default", "only-one": "default",
                     "change-tcp-mss": "default", "use-upnp": "default", "address-list": "", "on-up": "",
                     "on-down": "", "default": "false"},
    "/ip/hotspot/user": {"name": "", "password": "", "profile": "default", "uptime": "0s", "bytes-in": "0",
                         "bytes-out": "0", "packets-in": "0", "packets-out": "0", "dynamic": "false",
                         "disabled": "false"},
    "/ip/hotspot/user/profile": {"name": "", "idle-timeout": "none", "keepalive-timeout": "2m",
                                 "status-autorefresh": "1m", "shared-users": "1", "add-mac-cookie": "true",
                                 "mac-cookie-timeout": "3d", "address-list": "", "transparent-proxy": "false"},
    "/queue/simple": {"name": "", "target": "", "parent": "none", "packet-marks": "", "priority": "8/8",
                      "queue": "default-small/default-small", "limit-at": "0/0", "max-limit": "0/0",
                      "burst-limit": "0/0", "burst-threshold": "0/0", "burst-time": "0s/0s",
                      "bucket-size": "0.1/0.1", "bytes": "0/0", "total-bytes": "0", "packets": "0/0",
                      "total-packets": "0", "dropped": "0/0", "total-dropped": "0", "rate": "0/0", "total-rate": "0",
                      "packet-rate": "0/0", "total-packet-rate": "0", "queued-packets": "0/0",
                      "total-queued-packets": "0", "queued-bytes": "0/0", "total-queued-bytes": "0",
                      "invalid": "false", "dynamic": "false", "disabled": "false"},
    "/ip/firewall/address-list": {"list": "", "address": "", "dynamic": "false", "disabled": "false"},
    "/user": {"name": "", "group": "read", "address": "", "expired": "false", "disabled": "false"},
}  # fmt: skip


def blank_row(path: str) -> Row:
    """Return what a new row of a menu holds before anything was given."""
    known = _BLANK.get(path)
    if known is not None:
        return dict(known)
    facts = by_hand.menu(path)
    if facts is None:
        return {}
    defaults = {name: {"True": "true", "False": "false"}.get(value, value) for name, value in facts.defaults.items()}
    state = {name: "false" for name in ("invalid", "dynamic") if name in facts.read_only}
    return ({"name": "", **defaults} if "name" in facts.readable else defaults) | state


def said_by_router(path: str, values: Row, version: str) -> Row:
    """Return what the router itself adds to a new row: dates that have not been, states, counts."""
    said = _SAID.get(path)
    return said(values, version) if said is not None else {}


def _said_of_an_address(values: Row, _version: str) -> Row:
    try:
        network = str(ipaddress.ip_interface(values.get("address", "")).network.network_address)
    except ValueError:
        return {}
    state = {"invalid": "false", "dynamic": "false", "disabled": "false"}
    return {"network": network, "actual-interface": values.get("interface", "")} | state


def _said_of_a_pool(values: Row, _version: str) -> Row:
    total = str(sum(_addresses(part) for part in values.get("ranges", "").split(",")))
    return {"total": total, "used": "0", "available": total}


_SAID: Final[dict[str, Callable[[Row, str], Row]]] = {
    "/ppp/secret": lambda _values, version: {"last-logged-out": never(version)},
    "/user/group": lambda _values, version: {"policy": policies(frozenset(), version), "skin": "default"},
    "/ip/firewall/address-list": lambda _values, version: {
        "creation-time": format_date(dt.datetime.now(dt.UTC), version)
    },
    "/ip/hotspot": lambda _values, _version: {"proxy-status": "running", "HTTPS": "false"},
    "/ip/address": _said_of_an_address,
    "/ip/pool": _said_of_a_pool,
}


def policies(granted: frozenset[str], version: str) -> str:
    """Return a group's policies as they print: those it has, then those it has not, each in their own order."""
    known = POLICIES if version_key(version) >= (7,) else tuple(name for name in POLICIES if name != "rest-api")
    return ",".join([name for name in known if name in granted] + [f"!{name}" for name in known if name not in granted])


def _addresses(ranges: str) -> int:
    """Return how many addresses ``10.0.0.1-10.0.0.9``, ``10.0.0.0/24`` or one address are."""
    first, _, last = ranges.partition("-")
    try:
        if "/" in ranges:
            return ipaddress.ip_network(ranges, strict=False).num_addresses
        return int(ipaddress.ip_address(last or first)) - int(ipaddress.ip_address(first)) + 1
    except ValueError:
        return 0


def never(version: str) -> str:
    """Return what stands for a date that has not been yet."""
    return "1970-01-01 00:00:00" if version_key(version) >= (7, 10) else "jan/01/1970 00:00:00"


def customer(index: int) -> str:
    """Return the name of customer number ``index``: the same on every router, different for every number."""
    return f"{_NAMES[index % len(_NAMES)]}-{index // len(_NAMES) + 1:02}"


def build_tables(profile: RouterProfile) -> dict[str, Table]:
    """Return all menus of a new router, filled from its seed."""
    tables = {path: Table(path, first_id=_first_id(path)) for path in by_hand.menus()}
    chance = random.Random(f"{profile.seed} {profile.name}")  # noqa: S311 - believable rows, not cryptography
    _system(tables, profile)
    _access(tables, profile)
    _network(tables, profile)
    _ppp(tables, profile, chance)
    _hotspot(tables, profile, chance)
    _by_hand(tables, profile)
    _as_of(tables, profile)
    _remember_birth(tables)
    return tables


def _by_hand(tables: dict[str, Table], profile: RouterProfile) -> None:
    for path, values in by_hand.TUNNELS.items():
        _single(tables, path, dict(values))
    _single(tables, "/system/license", dict(by_hand.LICENSE))
    tables["/file"].add({"name": "skins", "type": "directory", "creation-time": never(profile.version)})


def _as_of(tables: dict[str, Table], profile: RouterProfile) -> None:
    """Take away what this version does not have yet, or no longer."""
    schema = VersionedSchema(profile.version)
    for path, table in tables.items():
        readable = schema.readable(path)
        gone = {name for row in table for name in row.values} - readable - {".id"} if readable is not None else set()
        for row in table if gone else ():
            row.change({}, unset=gone)


def _remember_birth(tables: dict[str, Table]) -> None:
    """Note what is there from the factory: an export says only what was changed of it."""
    for path, table in tables.items():
        for row in table:
            is_default = row.values.get("default") == "true" or not row.row_id
            if is_default or path in {"/ip/service", "/interface", "/user", "/user/group"}:
                row.born = dict(row.values)


def _first_id(path: str) -> int:
    return 0 if path in {"/ip/service", "/ppp/profile", "/ip/hotspot/user"} else 1


def _single(tables: dict[str, Table], path: str, values: Row) -> None:
    """Fill a menu that is one row: it has no id."""
    table = tables[path]
    row = table.add(values)
    del table.rows[row.row_id]
    del row.values[".id"]
    table.rows[""] = row


def _system(tables: dict[str, Table], profile: RouterProfile) -> None:
    _single(tables, "/system/identity", {"name": profile.name})
    built = "2026-03-02 10:11:12" if version_key(profile.version) >= (7, 10) else "Mar/02/2026 10:11:12"
    _single(tables, "/system/resource", {
        "uptime": "0s", "version": f"{profile.version} (stable)", "build-time": built,
        "factory-software": "7.4.1", "free-memory": "892313600", "total-memory": "1073741824", "cpu": "ARM64",
        "cpu-count": "4", "cpu-frequency": "1400", "cpu-load": "3", "free-hdd-space": "987713536",
        "total-hdd-space": "1073741824", "write-sect-since-reboot": "6296", "write-sect-total": "98712",
        "bad-blocks": "0", "architecture-name": "arm64", "board-name": profile.board, "platform": "MikroTik",
    })  # fmt: skip
    _single(tables, "/system/routerboard", {
        "routerboard": "true", "model": profile.board, "serial-number": profile.serial,
        "firmware-type": "al64", "current-firmware": profile.version, "upgrade-firmware": profile.version,
    })  # fmt: skip
    _single(tables, "/system/clock", {
        "time": "00:00:00", "date": "1970-01-01", "time-zone-autodetect": "true", "time-zone-name": "UTC",
        "gmt-offset": "+00:00", "dst-active": "false",
    })  # fmt: skip
    _single(tables, "/ppp/aaa", {
        "use-radius": "false", "accounting": "true", "interim-update": "0s", "use-circuit-id-in-nas-port-id": "false",
    })  # fmt: skip
    _single(tables, "/user/aaa", {
        "use-radius": "false", "accounting": "true", "interim-update": "0s", "default-group": "read",
        "exclude-groups": "",
    })  # fmt: skip
    if version_key(profile.version) < (7,):
        _single(tables, "/system/health", {"voltage": "24.1", "temperature": "38"})
    else:
        for name, value, kind in (("cpu-temperature", "44", "C"), ("voltage", "24.1", "V")):
            tables["/system/health"].add({"name": name, "value": value, "type": kind})


def _access(tables: dict[str, Table], profile: RouterProfile) -> None:
    everything = frozenset(POLICIES)
    groups = {
        "read": everything - {"ftp", "write", "policy"},
        "write": everything - {"ftp", "policy"},
        "full": everything,
    }
    for name, granted in groups.items():
        policy = policies(granted, profile.version)
        tables["/user/group"].add({"name": name, "policy": policy, "skin": "default"})
    tables["/user"].add({
        "name": profile.username, "group": "full", "address": "", "last-logged-in": never(profile.version),
        "expired": "false", "disabled": "false", "comment": "system default user",
    })  # fmt: skip
    services = {"telnet": 23, "ftp": 21, "www": 80, "ssh": 22, "www-ssl": 443, "api": 8728, "winbox": 8291,
                "api-ssl": 8729}  # fmt: skip
    for name, port in services.items():
        row = {"name": name, "port": str(port), "address": "", "vrf": "main"}
        if version_key(profile.version) >= (7, 16):
            row["max-sessions"] = str(profile.max_sessions)
        tables["/ip/service"].add(row | {"disabled": "false", "invalid": "false"})


def _network(tables: dict[str, Table], profile: RouterProfile) -> None:
    for number in range(1, 6):
        tables["/interface"].add({
            "name": f"ether{number}", "default-name": f"ether{number}", "type": "ether", "mtu": "1500",
            "actual-mtu": "1500", "l2mtu": "1514", "mac-address": f"02:4D:4B:00:00:{number:02X}",
            "last-link-up-time": never(profile.version), "link-downs": "0", "rx-byte": "0", "tx-byte": "0",
            "rx-packet": "0", "tx-packet": "0", "rx-drop": "0", "tx-drop": "0", "tx-queue-drop": "0", "rx-error": "0",
            "tx-error": "0", "fp-rx-byte": "0", "fp-tx-byte": "0", "fp-rx-packet": "0", "fp-tx-packet": "0",
            "running": "true" if number < 4 else "false", "disabled": "false",
        })  # fmt: skip
    for name, ranges in (("pppoe-pool", "10.64.0.10-10.64.255.250"), ("hs-pool", "10.5.50.2-10.5.50.254")):
        pool = {"name": name, "ranges": ranges}
        tables["/ip/pool"].add(pool | said_by_router("/ip/pool", pool, profile.version))


def _ppp(tables: dict[str, Table], profile: RouterProfile, chance: random.Random) -> None:
    profiles = tables["/ppp/profile"]
    profiles.add(blank_row("/ppp/profile") | {"name": "default", "default": "true"})
    for name, rate in PROFILES.items():
        pool = {"local-address": "10.64.0.1", "remote-address": "pppoe-pool", "rate-limit": rate}
        profiles.add(blank_row("/ppp/profile") | {"name": name} | pool)
    profiles.add(blank_row("/ppp/profile") | {"name": "default-encryption", "use-encryption": "yes", "default": "true"})
    tables["/interface/pppoe-server/server"].add({
        "service-name": "pppoe", "interface": "ether2", "max-mtu": "auto", "max-mru": "auto", "mrru": "disabled",
        "authentication": "pap,chap,mschap1,mschap2", "keepalive-timeout": "10", "one-session-per-host": "true",
        "max-sessions": "unlimited", "pado-delay": "0", "default-profile": "default",
        "accept-empty-service": "true", "invalid": "false", "disabled": "false",
    })  # fmt: skip
    blank = blank_row("/ppp/secret") | {"service": "pppoe", "last-logged-out": never(profile.version)}
    names = list(PROFILES)
    for index in range(profile.secrets):
        tables["/ppp/secret"].add(
            blank | {"name": customer(index), "password": f"{chance.getrandbits(32):08x}", "profile": names[index % 3]}
        )


def _hotspot(tables: dict[str, Table], profile: RouterProfile, chance: random.Random) -> None:
    tables["/ip/hotspot/profile"].add({
        "name": "default", "hotspot-address": "10.5.50.1", "dns-name": "", "login-by": "cookie,http-chap",
        "use-radius": "false", "default": "true",
    })  # fmt: skip
    tables["/ip/hotspot"].add({
        "name": "hs1", "interface": "ether3", "address-pool": "hs-pool", "profile": "default", "idle-timeout": "5m",
        "keepalive-timeout": "none", "login-timeout": "none", "addresses-per-mac": "2", "proxy-status": "running",
        "invalid": "false", "HTTPS": "false", "disabled": "false",
    })  # fmt: skip
    users = tables["/ip/hotspot/user/profile"]
    users.add(blank_row("/ip/hotspot/user/profile") | {"name": "default", "default": "true"})
    users.add(blank_row("/ip/hotspot/user/profile") | {"name": "day-pass", "rate-limit": "1M/4M"})
    table = tables["/ip/hotspot/user"]
    blank = blank_row("/ip/hotspot/user")
    table.add(blank | {"name": "default-trial", "default": "true", "comment": "counters and limits for trial users"})
    for _ in range(min(200, profile.secrets // 5)):
        code = f"V{chance.getrandbits(32):08X}"
        table.add(blank | {"name": code, "password": code, "profile": "day-pass", "limit-uptime": "1d"})
