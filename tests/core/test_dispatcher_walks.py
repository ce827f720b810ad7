"""The dispatcher's machine walked by dice, and the bugs that such walks must find.

Hypothesis leaves rules out of each run, which finds other things; a bug that needs many different events at once needs
a walk in which all of them happen.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

import pytest

from mktui.core.pool.dispatcher import Dispatcher
from mktui.core.pool.epoch import Epoch, RouterIdentity
from mktui.core.pool.job import Job, JobState, Priority
from mktui.core.pool.lifecycle import Lifecycle
from mktui.core.pool.queue import WaitingQueue
from mktui.core.pool.roster import Roster
from mktui.core.pool.row_order import RowOrder
from tests.core.test_dispatcher import PoolMachine
from tests.core.world import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.core.pool.link import Link
    from mktui.errors import RouterError

INVARIANTS: Final = [
    name for name, value in vars(PoolMachine).items() if hasattr(value, "hypothesis_stateful_invariant")
]


def ask(machine: PoolMachine, dice: random.Random) -> None:
    timeout = dice.choice([1.0, 4.0, 30.0])
    machine.ask(command=dice.choice(COMMANDS), priority=dice.choice(list(Priority)), timeout=timeout)


STEPS: Final[tuple[tuple[float, Callable[[PoolMachine, random.Random], None]], ...]] = (
    (30, ask),
    (2, lambda machine, _: machine.open_stream()),
    (3, lambda machine, dice: machine.leave(pick=dice.randrange(50))),
    (12, lambda machine, _: machine.connect(pick=0)),
    (2, lambda machine, dice: machine.fail_connect(refused=dice.random() < 0.3)),
    (1, lambda machine, _: machine.meet_the_session_limit()),
    (25, lambda machine, dice: machine.answer(pick=dice.randrange(50), trap=dice.random() < 0.1)),
    (3, lambda machine, dice: machine.lose(pick=dice.randrange(50))),
    (6, lambda machine, _: machine.finish_closing()),
    (4, lambda machine, _: machine.sign_of_life()),
    (12, lambda machine, dice: machine.wait(seconds=dice.choice([0.1, 0.1, 1.0, 1.0, 2.5, 11.0]))),
    (1, lambda machine, _: machine.reset()),
    (1, lambda machine, _: machine.probe()),
    (1, lambda machine, _: machine.reboot()),
    (0.3, lambda machine, _: machine.isolate()),
)
"""What may happen, and how often: answers and asking are common, catastrophes are not."""


def walk(seed: int, steps: int = 120) -> None:
    """Take one walk, checking every invariant after each step and the way back to health at its end."""
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    machine = PoolMachine()
    for _ in range(steps):
        dice.choices([do for _, do in STEPS], [weight for weight, _ in STEPS])[0](machine, dice)
        for name in INVARIANTS:
            getattr(machine, name)()
    machine.teardown()


def walk_often(walks: int = 150) -> None:
    for seed in range(walks):
        walk(seed)


def test_no_walk_breaks_an_invariant() -> None:
    assert len(INVARIANTS) >= 9
    walk_often()


@pytest.mark.deep
def test_many_walks_break_no_invariant() -> None:
    walk_often(5000)


def _double_release(monkeypatch: pytest.MonkeyPatch) -> None:
    def release(self: Roster, job: Job, link: Link, now: float) -> None:
        del self, now
        link.jobs.pop(job, None)
        if link.jobs:
            link.jobs.popitem()

    monkeypatch.setattr(Roster, "release", release)


def _slot_freed_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Dispatcher._give_up

    def give_up(self: Dispatcher, job: Job, error: RouterError | None, now: float) -> None:
        link = self.roster.get(job.link) if job.link is not None else None
        original(self, job, error, now)
        if link is not None:
            link.jobs.pop(job, None)

    monkeypatch.setattr(Dispatcher, "_give_up", give_up)


def _no_bound_on_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Roster, "wants_another", lambda *_given: True)


def _overtaking_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RowOrder, "is_turn", lambda _self, _claim: True)


def _no_read_after_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RowOrder, "is_in_doubt", lambda _self, _claim: False)


def _leaking_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lifecycle, "_end_probe", lambda *_given, **_named: None)


def _stale_row_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget to compare: the check is done when a write is asked, and not when it is sent."""
    original = Dispatcher._write

    def write(self: Dispatcher, job: Job, link: Link, now: float) -> None:
        job.epoch = self.epoch.number if job.epoch is not None else None
        original(self, job, link, now)

    monkeypatch.setattr(Dispatcher, "_write", write)


def _last_come_first_served(monkeypatch: pytest.MonkeyPatch) -> None:
    original = WaitingQueue.heads

    def heads(self: WaitingQueue, now: float) -> list[Job]:
        return original(self, now)[1:] if len(self) > 1 else original(self, now)

    monkeypatch.setattr(WaitingQueue, "heads", heads)


@pytest.mark.parametrize(
    "plant",
    [
        _double_release, _slot_freed_too_early, _no_bound_on_connections, _overtaking_writes, _no_read_after_unknown,
        _leaking_probe, _stale_row_ids, _last_come_first_served,
    ],
)  # fmt: skip
def test_planted_bugs_are_caught(monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None]) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, KeyError)):
        walk_often(300)


def test_an_epoch_ends_with_a_boot_another_box_or_another_name_and_not_with_a_slow_clock() -> None:
    epoch = Epoch()
    assert epoch.seen(RouterIdentity("edge-1", "A1", 500.0), 1000.0) == ""
    assert epoch.number == 1
    assert epoch.seen(RouterIdentity("edge-1", "A1", 504.0), 2000.0) == ""
    assert epoch.seen(RouterIdentity("edge-1", "A1", None), 2000.0) == ""
    day_later = 2000.0 + 86_400
    epoch.seen(RouterIdentity("edge-1", "A1", 504.0), 2000.0)
    assert epoch.seen(RouterIdentity("edge-1", "A1", 540.0), day_later) == "", "its clock runs 0.04 % slow"
    assert "booted" in epoch.seen(RouterIdentity("edge-1", "A1", day_later - 30), day_later)
    assert "another box" in epoch.seen(RouterIdentity("edge-1", "B2", day_later - 30), day_later)
    assert "another identity" in epoch.seen(RouterIdentity("edge-2", "B2", day_later - 30), day_later)
    assert epoch.number == 4


def test_a_job_whose_line_is_left_while_it_is_taken_is_counted_once() -> None:
    machine = PoolMachine()
    world = machine.world
    world.connect()
    jobs = [world.submit(COMMANDS[2 + number % 2], Priority.NORMAL, 60.0) for number in range(6)]
    world.reboot()
    while world.opening:
        world.connect()
    world.advance(10)
    while world.opening:
        world.connect()
    assert all(job.state is JobState.SETTLED for job in jobs[:1])
    assert len(world.dispatcher.queue) >= 0
