"""A router as it was recorded elsewhere: what a capture holds, its file, and the simulated router that replays it.

The file is one JSON document. What a router says (menus, rows, refusals) is apart from what was measured (seconds),
because only the first is the same whenever it is recorded.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from mktui.core.protocol.values import version_key
from mktui.errors import RecordingUnreadable
from mktui.simulator.cost import CostModel
from mktui.simulator.refusals import Refusal
from mktui.simulator.router import SimulatedRouter
from mktui.simulator.schema import known_versions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mktui.core.protocol.sentences import Command, Row
    from mktui.simulator.profile import RouterProfile

SCHEMA: Final = "mktui.capture/1"
_VERSION: Final = re.compile(r"\d{1,4}(\.\d{1,4})*(?!\d)")
_PATH: Final = re.compile(r"(/[\w.-]+)+", re.ASCII)
_ROW_ID: Final = re.compile(r"\*[0-9A-Fa-f]{1,16}")
_ORIGIN: Final = "mktui capture ROUTER -o FILE makes one"


@dataclass(frozen=True, slots=True)
class Said:
    """What came of one command: rows, or the text and the category of a refusal."""

    path: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    refusal: str = ""
    category: int | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds: of a small command, and of each further row that is printed."""

    command: float = 0.0
    row: float = 0.0


@dataclass(frozen=True, slots=True)
class Capture:
    """A recording. ``menus`` were printed, ``probes`` are commands that were meant to be refused."""

    version: str
    menus: tuple[Said, ...]
    probes: tuple[Said, ...]
    measured: Measured = Measured()
    totals: Mapping[str, int] = field(default_factory=dict)
    """How many rows the menus have of which not all were taken."""

    def to_json(self) -> dict[str, Any]:  # Any: JSON
        """Return the document."""
        return {
            "schema": SCHEMA, "version": self.version, "menus": [_plain(each) for each in self.menus],
            "probes": [_plain(each) for each in self.probes],
            "measured": {"command": round(self.measured.command, 6), "row": round(self.measured.row, 9)},
            "totals": dict(self.totals),
        }  # fmt: skip


def read(file: Path) -> Capture:
    """Read a capture.

    Raises:
        RecordingUnreadable: It cannot be read, is none, or is damaged; says where.
    """
    try:
        capture = _capture(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        problem = (error.strerror or "cannot be read").lower()
        raise RecordingUnreadable(file, problem, origin=_ORIGIN) from None
    except _Damaged as error:
        raise RecordingUnreadable(file, str(error), origin=_ORIGIN) from None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise RecordingUnreadable(file, "this is no capture of a router", origin=_ORIGIN) from None
    return capture


class _Damaged(Exception):
    """What is wrong in a capture, and where."""


def _capture(given: dict[str, Any]) -> Capture:  # Any: JSON
    if given["schema"] != SCHEMA:
        raise _Damaged(f"{SCHEMA} was expected, not {given['schema']}")
    version = str(given["version"])
    if not _VERSION.match(version):
        raise _Damaged(f"version is {version!r}, which is none")
    seconds = [float(given["measured"][name]) for name in ("command", "row")]
    if not all(0 <= each < math.inf for each in seconds):
        raise _Damaged(f"measured: {seconds[0]} and {seconds[1]} are no seconds")
    menus, probes = (tuple(_said(each) for each in given[name]) for name in ("menus", "probes"))
    return Capture(version, menus, probes, Measured(*seconds), dict(given["totals"]))


def _said(given: dict[str, Any]) -> Said:  # Any: JSON
    path, category = str(given["path"]), given.get("category")
    if not _PATH.fullmatch(path):
        raise _Damaged(f"{path!r} is no path of a command")
    rows = tuple({str(name): str(value) for name, value in row.items()} for row in given.get("rows", ()))
    _check_ids(path, rows)
    attributes = {str(name): str(value) for name, value in given.get("attributes", {}).items()}
    return Said(path, attributes, rows, str(given.get("refusal", "")), None if category is None else int(category))


def _check_ids(path: str, rows: tuple[Row, ...]) -> None:
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        row_id = row.get(".id")
        if row_id is None:
            continue
        if not _ROW_ID.fullmatch(row_id):
            raise _Damaged(f"{path}, row {number}: .id is {row_id!r}, which is no row's id")
        if row_id in seen:
            raise _Damaged(f"{path}, row {number}: .id is {row_id!r} a second time")
        seen.add(row_id)


def _plain(said: Said) -> dict[str, Any]:  # Any: JSON
    told: dict[str, Any] = {"path": said.path}
    if said.attributes:
        told["attributes"] = dict(said.attributes)
    if said.refusal:
        return told | {"refusal": said.refusal, "category": said.category}
    return told | {"rows": list(said.rows)}


def profile_of(capture: Capture, profile: RouterProfile) -> RouterProfile:
    """Return a profile changed to what was recorded: the nearest version that can be simulated, its speed, nobody."""
    wanted = version_key(capture.version)
    older = [version for version in known_versions() if version_key(version) <= wanted]
    cost = CostModel(command=capture.measured.command, row=capture.measured.row)
    return replace(profile, version=(older or known_versions())[-1 if older else 0], secrets=0, online=0.0, cost=cost)


class RecordedRouter(SimulatedRouter):
    """Says what was recorded, and of all else what a simulated router says."""

    def __init__(self, profile: RouterProfile, capture: Capture) -> None:
        super().__init__(profile_of(capture, profile))
        self._refused = {
            _key(each.path, each.attributes): each for each in (*capture.menus, *capture.probes) if each.refusal
        }
        for menu in capture.menus:
            if not menu.refusal:
                self.load_rows(menu.path.rpartition("/")[0], menu.rows)

    def refuse_as_recorded(self, command: Command) -> None:
        """Say no where the recorded router did.

        Raises:
            Refusal: In its words.
        """
        if (said := self._refused.get(_key(command.path, command.attributes))) is not None:
            raise Refusal(said.refusal, said.category)


def _key(path: str, attributes: Mapping[str, str]) -> tuple[str, frozenset[tuple[str, str]]]:
    """Return what a command is known by; which columns it asks for does not matter."""
    return path, frozenset(
        (name, value) for name, value in attributes.items() if name not in {".proplist", "count-only"}
    )
