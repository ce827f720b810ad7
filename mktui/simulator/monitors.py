"""Commands that go on saying how things are: monitor, monitor-traffic, ping, torch. Pure: a number in, rows out."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mktui.core.protocol.values import parse_duration
from mktui.simulator import refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mktui.core.protocol.sentences import Command, Row
    from mktui.simulator.desk import Desk
    from mktui.simulator.tables import TableRow

    Sample = Callable[[int], Sequence[Row]]
    """The number of the look, from 0 -> its rows."""

STANDALONE: Final = {
    "/ping": frozenset({"address", "count", "interval", "size", "interface", "src-address", "ttl", "duration", "once"}),
    "/tool/torch": frozenset(
        {"interface", "src-address", "dst-address", "ip-protocol", "port", "duration", "interval", "once"}
    ),
}  # fmt: skip
"""Commands outside the menus of the schema, and what they take."""
_LONGEST: Final = 86_400.0 * 365
"""Seconds; who asks for a longer interval means something else."""
_VERBS: Final = frozenset({"monitor", "monitor-traffic"})


@dataclass(frozen=True, slots=True)
class Monitor:
    """What to say each ``interval`` seconds, ``looks`` times; None: until it is cancelled."""

    sample: Sample
    interval: float
    looks: int | None


def is_monitor(command: Command) -> bool:
    """Say whether a command goes on by itself."""
    return command.path in STANDALONE or command.verb in _VERBS


def begin(desk: Desk, command: Command) -> Monitor:
    """Check a command and return what it will say.

    Raises:
        Refusal: The router says no.
    """
    attributes = command.attributes
    _check(desk, command)
    interval = _seconds(attributes, "interval", 1.0)
    looks = 1 if "once" in attributes else None
    if "count" in attributes:
        looks = _count(attributes["count"])
    if "duration" in attributes:
        looks = max(1, int(_seconds(attributes, "duration", 1.0) / interval))
    return Monitor(_SAMPLES[command.path](desk, attributes), interval, looks)


def _check(desk: Desk, command: Command) -> None:
    known = STANDALONE.get(command.path)
    if known is None:
        if not desk.schema.has_menu(command.menu):
            raise desk.no_such_menu(command.menu)
        if command.path not in _SAMPLES or not desk.schema.has_command(command.menu, command.verb):
            raise refusals.no_such_command()
        unknown = desk.schema.unknown_argument(command.menu, command.verb, list(command.attributes))
    else:
        unknown = next((name for name in command.attributes if name not in known), None)
    if ("test" if known else "read") not in desk.policies:
        raise refusals.not_permitted()
    if unknown is not None:
        raise refusals.unknown_parameter(unknown)


def _seconds(attributes: Mapping[str, str], name: str, usual: float) -> float:
    try:
        seconds = parse_duration(attributes.get(name, "") or f"{usual:.0f}s")
    except (ValueError, OverflowError):
        raise refusals.invalid_value(name) from None
    if seconds > _LONGEST:
        raise refusals.invalid_value(name)
    return max(0.01, seconds)


def _count(text: str) -> int:
    if not re.fullmatch("[0-9]{1,10}", text):
        raise refusals.invalid_value("count")
    return int(text)


def _interfaces(desk: Desk, attributes: Mapping[str, str]) -> list[TableRow]:
    named = attributes.get("interface") or attributes.get("numbers") or attributes.get(".id", "")
    if not named:
        raise refusals.missing("interface")
    rows = [desk.tables["/interface"].find(name) for name in named.split(",")]
    found = [row for row in rows if row is not None]
    if len(found) < len(rows):
        raise refusals.no_match("interface")
    return found


def _traffic(desk: Desk, attributes: Mapping[str, str]) -> Sample:
    rows = _interfaces(desk, attributes)

    def sample(look: int) -> list[Row]:
        said = []
        for index, row in enumerate(rows):
            rate = (97 * (look + 3) * (index + 5)) % 9_000 + 1_000
            said.append({
                "name": row.values["name"],
                "rx-packets-per-second": str(rate // 8), "rx-bits-per-second": str(rate * 900),
                "fp-rx-packets-per-second": "0", "fp-rx-bits-per-second": "0",
                "tx-packets-per-second": str(rate // 4), "tx-bits-per-second": str(rate * 7_000),
                "fp-tx-packets-per-second": "0", "fp-tx-bits-per-second": "0",
            })  # fmt: skip
        return said

    return sample


def _torch(desk: Desk, attributes: Mapping[str, str]) -> Sample:
    _interfaces(desk, attributes)
    names = [row.values["address"] for row in desk.tables["/ppp/active"]][:5]
    return lambda look: [
        {"src-address": name, "tx": str(4_000 * (look + index + 1)), "rx": str(900 * (look + index + 1)),
         "tx-packets": "4", "rx-packets": "3"}
        for index, name in enumerate(names)
    ]  # fmt: skip


def _ping(_desk: Desk, attributes: Mapping[str, str]) -> Sample:
    address = attributes.get("address", "")
    if not address:
        raise refusals.missing("address")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise refusals.invalid_value("address") from None
    size = attributes.get("size", "56")
    return lambda look: [{
        "seq": str(look), "host": address, "size": size, "ttl": "64", "time": "1ms204us", "sent": str(look + 1),
        "received": str(look + 1), "packet-loss": "0", "min-rtt": "1ms102us", "avg-rtt": "1ms204us",
        "max-rtt": "1ms411us",
    }]  # fmt: skip


def _resource(desk: Desk, _attributes: Mapping[str, str]) -> Sample:
    free = next(iter(desk.tables["/system/resource"])).values.get("free-memory", "0")
    return lambda look: [{"cpu-used": str(3 + look % 9), "cpu-used-per-cpu": "3,4,2,5", "free-memory": free}]


def _pppoe_server(_desk: Desk, _attributes: Mapping[str, str]) -> Sample:
    return lambda _look: [{"status": "connected", "encoding": "", "mtu": "1480", "mru": "1480"}]


def _radius(_desk: Desk, _attributes: Mapping[str, str]) -> Sample:
    return lambda look: [
        {"pending": "0", "requests": str(look), "accepts": str(look), "rejects": "0", "resends": "0", "timeouts": "0",
         "bad-replies": "0", "last-request-rtt": "0s"}
    ]  # fmt: skip


_SAMPLES: Final[dict[str, Callable[[Desk, Mapping[str, str]], Sample]]] = {
    "/ping": _ping,
    "/tool/torch": _torch,
    "/interface/monitor-traffic": _traffic,
    "/interface/pppoe-server/monitor": _pppoe_server,
    "/system/resource/monitor": _resource,
    "/radius/monitor": _radius,
}
