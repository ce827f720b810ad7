"""Stability tests of a running fleet: one at a time, going on when the screen is left, their reports kept in files.

The reports stand in the state folder, in ``stability/``: each as JSON, and as a page to look at.
"""

from __future__ import annotations

import hashlib
import socket
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio

from mktui.core.pool.caller import asked_by
from mktui.errors import ConfigError, ReportUnreadable, WrongUse
from mktui.folders import make_private
from mktui.monitor.history import History
from mktui.services.chronicle import Chronicle
from mktui.services.office import state_folder
from mktui.services.one_writer import alone, lock_folder
from mktui.stability import own_rows
from mktui.stability.keeping import write_report
from mktui.stability.report import SIMULATED, StabilityReport, read_report
from mktui.stability.runner import Run
from mktui.stability.scenarios import SCENARIOS
from mktui.stability.stage import RealGround, SimulatedGround

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from anyio.abc import TaskGroup

    from mktui.config.load import LoadedConfig
    from mktui.services.fleet import Fleet
    from mktui.services.router import RouterSetup
    from mktui.stability.stage import Ground

LISTED: Final = 20
"""Kept reports that are listed, the newest first."""
CONSEQUENCE: Final = (
    f"Reads over connections of its own (3 at most), and {own_rows.MOST} rows of its own in the address list "
    f"{own_rows.LIST}, which no rule names; they are removed again, and so is what a killed test has left there."
)
NOT_ASKED: Final = "nobody has allowed rows to be written"
AUDITED: Final = "stability test, rows written"
READ_ONLY: Final = "it writes rows of its own, and this is read-only"


def real_ground(setup: RouterSetup, refusal: str) -> RealGround:
    """Return a configured router as a test has it. ``refusal`` says why nothing may be written; "": it may."""
    name, address = setup.options.name, setup.options.address
    writing = partial(alone, name, address, "a stability test")
    return RealGround(setup.options, setup.pool, refusal, home(), writing, setup.connect)


def home() -> str:
    """Return a word for this machine, and those on it who share its locks: their rows are known to be dead or not.

    "" where there are no locks.
    """
    try:
        place = lock_folder().stat()
    except OSError:
        return ""
    return hashlib.sha256(f"{socket.gethostname()} {place.st_dev} {place.st_ino}".encode()).hexdigest()[:6]


def keep_in_audit(loaded: LoadedConfig, router: str, summary: str, say: Callable[[str], None]) -> None:
    """Keep that rows were written to a router by somebody at a command line. ``say`` hears when it cannot be."""
    if loaded.config.monitor.history:
        history = History(loaded.config.monitor.path, loaded.config.monitor, say)
        Chronicle(history).audit(AUDITED, router, summary)
        history.close()


def reports_folder() -> Path:
    """Return where reports are kept."""
    return state_folder() / "stability"


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A report that is in a file: when it was made, of what, and how it ended in a line."""

    file: Path
    begun_at: datetime
    target: str
    summary: str
    has_failed: bool


@dataclass(frozen=True, slots=True)
class StabilityState:
    """What a screen shows. ``report`` is of the run that goes on (``share`` of it done, 0-1), or of the last one."""

    report: StabilityReport | None = None
    is_running: bool = False
    share: float = 0.0
    waiting: tuple[str, ...] = ()
    """Scenarios of the run that goes on whose turn has not come."""
    leftovers: str = ""
    """What earlier runs had left on the router, and what became of it."""
    problem: str = ""
    """Why nothing can be tested here; "": it can."""
    kept: tuple[KeptReport, ...] = ()
    folder: str = ""
    ends_with_screen: bool = False
    """It was begun from this screen, far from where it runs: it ends when the screen does."""


class StabilityDesk:
    """The tests of one fleet."""

    def __init__(self, fleet: Fleet, tasks: TaskGroup) -> None:
        self._fleet = fleet
        self._tasks = tasks
        self._run: Run | None = None
        self._scope = anyio.CancelScope()
        self._kept: tuple[KeptReport, ...] = ()
        self._is_listed = False

    def state(self) -> StabilityState:
        """Return how it stands now. Asks nobody."""
        if not self._is_listed:
            self._is_listed = True
            self._tasks.start_soon(self._list, name="list of stability reports")
        folder = str(reports_folder())
        if self._run is None:
            return StabilityState(kept=self._kept, folder=folder)
        run, report = self._run, self._run.report()
        waiting = () if run.is_over else tuple(
            each.name for each in run.scenarios if report.scenario(each.name) is None
        )  # fmt: skip
        return StabilityState(
            report, not run.is_over, run.progress.share, waiting, run.leftovers.words(run.ground.name),
            kept=self._kept, folder=folder,
        )  # fmt: skip

    def start(self, target: str, names: Sequence[str] = (), *, may_write: bool = False) -> None:
        """Begin a test of a router, or of simulated ones, that goes on when whoever asked has left.

        Raises:
            ConfigError: There is no such router.
            WrongUse: One runs already.
        """
        if self._run is not None and not self._run.is_over:
            raise WrongUse("a stability test runs already: stop it, or wait for its end")
        ground: Ground = SimulatedGround()
        if target != SIMULATED:
            ground = real_ground(self._fleet.service(target).setup, "" if may_write else READ_ONLY)
        self._run = Run(ground, [each for each in SCENARIOS if not names or each.name in names])
        self._scope = anyio.CancelScope()
        self._tasks.start_soon(self._play, self._run, self._scope, name=f"stability test of {target}")

    def stop(self) -> None:
        """End the test that runs; what it has found so far stays."""
        self._scope.cancel()

    async def save(self) -> Path:
        """Keep the last report, and return its page.

        Raises:
            WrongUse: There is none, or it is not finished.
            ReportUnreadable: It cannot be written.
        """
        if self._run is None or not self._run.is_over:
            raise WrongUse("there is no report to save: run a test to its end first")
        page = await anyio.to_thread.run_sync(_saved, self._run.report())
        await self._list()
        return page

    async def _play(self, run: Run, scope: anyio.CancelScope) -> None:
        with scope, asked_by("a stability test"):
            await run.play()
        if run.ground.name == SIMULATED:
            return
        summary = run.report().summary
        told = filter(None, (summary, run.leftovers.words(run.ground.name)))
        with suppress(ConfigError):  # it was taken out meanwhile
            self._fleet.service(run.ground.name).note("stability test", "; ".join(told))
        self._fleet.chronicle.audit(AUDITED if run.has_written else "stability test", run.ground.name, summary)

    async def _list(self) -> None:
        self._kept = await anyio.to_thread.run_sync(partial(list_reports, reports_folder()))


def _saved(report: StabilityReport) -> Path:
    folder = reports_folder()
    try:
        make_private(folder)
    except OSError as error:
        raise ReportUnreadable(folder, f"cannot be made: {error.strerror}") from None
    place = folder / f"{report.run}-{_plain(report.target)}"
    write_report(report, place.with_name(f"{place.name}.json"))
    page = place.with_name(f"{place.name}.html")
    write_report(report, page)
    return page


def _plain(name: str) -> str:
    """Return a router's name as part of a file's."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)


def list_reports(folder: Path) -> tuple[KeptReport, ...]:
    """Return the newest reports of a folder; what is no report is left out."""
    found = []
    for file in sorted(folder.glob("*.json"), reverse=True)[:LISTED] if folder.is_dir() else []:
        try:
            report = read_report(file)
        except ReportUnreadable:
            continue
        found.append(KeptReport(file, report.begun_at, report.target, report.summary, report.has_failed))
    return tuple(found)
