"""The error log of the recorded fleet: a night of one slow router, one dead one, and one that refuses us."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from mktui.monitor.error_ring import hour_of
from mktui.monitor.records import Audited, ErrorCount, ErrorLog, SeenError
from tests.terminal.recorded import before

if TYPE_CHECKING:
    from datetime import datetime

PRINT, ADD = "/ppp/secret/print", "/ppp/secret/add"


def row(
    ago: float, router: str, kind: str, command: str, text: str, *, repeats: int = 1, since: float = 0
) -> SeenError:
    """A row as (seconds ago, ...); ``since`` seconds before that for the first time."""
    return SeenError(before(ago + since), router, kind, command, text, repeats, before(ago))


ROWS: Final = (
    row(3, "hotspot-plaza", "CommandTimeout", PRINT, "no answer within 30 s (waiting for the answer)", repeats=14,
        since=610),
    row(8, "hotspot-plaza", "Silent", "", "no answer to a health probe"),
    row(19, "tower-west", "CircuitOpened", "", "5 failures in a row, the last: cannot connect to 10.0.9.1:8728"),
    row(21, "tower-west", "ConnectFailed", "", "connection refused", repeats=5, since=60),
    row(83, "tower-west", "ConnectionLost", "", "reset by peer while reading"),
    row(600, "tower-cerro-alto", "LoginRefused", "", "invalid user name or password (6)"),
    row(840, "edge-1", "CommandTrapped", ADD, "failure: secret with the same name already exists"),
    row(842, "edge-1", "CommandTrapped", "/ppp/secret/set", "input does not match any value of profile", repeats=7),
    row(1260, "hotspot-plaza", "Overloaded", PRINT, "1000 commands wait already", repeats=214, since=900),
    row(1712, "edge-1", "ConnectionLost", "", "reset by peer while reading; 2 in flight"),
    row(9000, "edge-2", "OutcomeUnknown", "/ppp/active/remove", "outcome unknown, it may have been done"),
    row(14_000, "hotspot-plaza", "SessionLimit", "", "the router allows us 3 sessions"),
    row(30_000, "edge-2", "RouterChanged", "", "booted 12 s ago", repeats=2, since=3),
    row(31_000, "edge-2", "CommandTrapped", "/ip/hotspot/user/add", "jos\udce9 — not enough permissions (9)"),
    row(61_000, "edge-2", "CommandTimeout", "/log/print", "no answer within 10 s (waiting for the answer)"),
)  # fmt: skip


def counted(rows: tuple[SeenError, ...] = ROWS) -> tuple[ErrorCount, ...]:
    """What the rows come to by the hour, with the rows of older hours that are not shown."""
    found: Counter[tuple[datetime, str, str, str]] = Counter()
    for each in rows:
        found[hour_of(each.at), each.router, each.kind, each.command] += each.repeats
    for hours, times in enumerate((0, 3, 0, 41, 12, 0, 0, 9, 2, 0, 0, 18, 77, 60, 33, 5, 0, 0, 1, 0, 0, 2, 0, 4)):
        if times:
            found[hour_of(before(3600 * hours)), "hotspot-plaza", "CommandTimeout", PRINT] += times
    return tuple(ErrorCount(*key, times) for key, times in found.items())


def log(*, problem: str = "") -> ErrorLog:
    """The whole log."""
    return ErrorLog(ROWS, counted(), problem)


def deed(ago: float, router: str, what: str, outcome: str = "done", *, who: str = "ana", origin: str = "") -> Audited:
    """A change so many seconds ago."""
    return Audited(before(ago), who, origin or "ssh 10.9.0.4 pts/3", what, router, outcome)


CHANGES: Final = (
    deed(21, "tower-west", "let back in", "failed: tower-west: cannot connect to 10.0.9.1:8728: connection refused"),
    deed(95, "hotspot-plaza", "test", "hotspot-plaza answers slowly: RouterOS 7.16.2, 2.9 s"),
    deed(310, "hotspot-plaza", "sync (billing has changed)",
         "deferred: hotspot-plaza: connection lost: silent", who="mktui", origin="no terminal"),
    deed(840, "edge-1", "sync (by hand)", "41 planned: 41 applied", who="luis (as root)"),
    deed(1900, "tower-west", "hold automatic syncs: mast is being replaced", who="luis (as root)"),
    deed(5400, "edge-2", "reset pool"),
    deed(80_000, "edge-2", "isolate", "interrupted", who="ana", origin="tty1"),
)  # fmt: skip
