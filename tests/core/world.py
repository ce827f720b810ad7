"""A router and a performer of the dispatcher's actions as plain books, for tests: no loop, no socket, no waiting."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from mktui.core.connection.connection import Traffic
from mktui.core.pool.actions import Action, Cancel, Close, Open, Probe, Wake, Write
from mktui.core.pool.dispatcher import Dispatcher
from mktui.core.pool.effects import effect_of
from mktui.core.pool.epoch import RouterIdentity
from mktui.core.pool.job import Job, Priority
from mktui.core.pool.options import PoolOptions
from mktui.core.protocol.sentences import Command, Trap
from mktui.core.protocol.session import Call
from mktui.errors import ConnectFailed, LoginRefused

OPTIONS = PoolOptions(
    min_size=1, max_size=3, max_in_flight=2, adaptive_in_flight=False, max_waiting=6, acquire_timeout=5,
    command_timeout=8, circuit_breaker_threshold=2, circuit_breaker_timeout=10, idle_timeout=60,
)  # fmt: skip
COMMANDS = (
    Command("/ppp/secret/print"),
    Command("/ppp/secret/add"),
    Command("/ppp/secret/set", {".id": "*1"}),
    Command("/ppp/secret/disable", {".id": "*2"}),
    Command("/ppp/secret/set", {".id": "*1,*2"}),
)


@dataclass
class World:
    """A router and a performer of actions, as plain books."""

    options: PoolOptions = OPTIONS
    now: float = 100.0
    opening: list[int] = field(default_factory=list)
    up: dict[int, Traffic] = field(default_factory=dict)
    closing: list[int] = field(default_factory=list)
    running: dict[Job, int] = field(default_factory=dict)
    woken: list[Job] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    probing: list[int] = field(default_factory=list)
    sent: dict[int, int] = field(default_factory=dict)
    cancelled: set[Job] = field(default_factory=set)
    epochs: dict[Job, int | None] = field(default_factory=dict)
    boot: float = 0.0
    seen_boot: float = 0.0
    written: list[Job] = field(default_factory=list)
    doubts: dict[tuple[str, str], bool] = field(default_factory=dict)
    """Rows whose last write ended unknown -> have they been read since?"""

    def __post_init__(self) -> None:
        self.dispatcher = Dispatcher("edge-1", self.options, now=self.now, random=random.Random(1))  # noqa: S311 - jitter
        self.perform(self.dispatcher.start(self.now))

    def perform(self, actions: list[Action]) -> None:
        """Do what was decided, as the pool does."""
        for action in actions:
            match action:
                case Open():
                    self.opening.append(action.link)
                case Close():
                    if action.link in self.opening:
                        self.opening.remove(action.link)
                    self.closing.append(action.link)
                case Write():
                    self._write(action.link, action.job)
                case Cancel():
                    self.cancelled.add(action.job)
                case Wake():
                    self._wake(action.job)
                case Probe():
                    self.probing.append(action.link)

    def _wake(self, job: Job) -> None:
        self.woken.append(job)
        self._know(job)

    def _know(self, job: Job) -> None:
        """Let the caller take the outcome, as the pool does."""
        if job.claim is not None and not job.claim.is_finished:
            assert job.outcome is not None
            unknown = job.outcome.unknown
            if unknown:
                self.doubts |= dict.fromkeys(job.claim.keys, False)
            self.perform(self.dispatcher.finished(job.claim, self.now, unknown=unknown))

    def _check_rows(self, job: Job) -> None:
        """I19: writes to one row go one after another, in order, and after an unknown one only after a read."""
        if job.claim is None:
            return
        for key in job.claim.keys:
            under_way = [other for other in self.running if other.claim is not None and key in other.claim.keys]
            assert not under_way, f"two writes to {key} at once"
            assert self.doubts.pop(key, True), f"{key} was in doubt and not read"
        earlier = [other for other in self.written if other.claim is not None]
        for other in earlier:
            assert other.claim is not None
            if set(other.claim.keys) & set(job.claim.keys):
                assert self.jobs.index(other) < self.jobs.index(job), "a write has overtaken another"

    def _write(self, link: int, job: Job) -> None:
        assert link in self.up, "a command was written to a connection that is not up"
        assert link not in self.closing, "a command was written to a connection that is closing"
        asked_in = self.epochs.get(job)
        assert asked_in in {None, self.dispatcher.epoch.number}, "a row id of an older life was written"
        self._check_rows(job)
        self.written.append(job)
        job.call = Call(str(len(self.sent) + 1), job.command, lambda _: None)
        job.call.left = True
        self.running[job] = link
        self.sent[id(job)] = self.sent.get(id(job), 0) + 1

    def submit(self, command: Command, priority: Priority, timeout: float = 10.0, *, stream: bool = False) -> Job:
        """Ask for a command."""
        on_row = (lambda _row: None) if stream else None
        job = Job(command, effect_of(command), priority, self.now + timeout, self.now, on_row)
        job.claim = self.dispatcher.claim(command)
        if job.claim is not None:
            job.epoch = self.epochs[job] = self.dispatcher.epoch.number
        self.jobs.append(job)
        self.perform(self.dispatcher.submit(job, self.now))
        return job

    def connect(self, index: int = 0) -> None:
        """Let an opening connection succeed."""
        link = self.opening.pop(index % len(self.opening))
        traffic = self.up[link] = Traffic(self.now, self.now)
        if self.boot != self.seen_boot:  # no write of an older life can be done any more
            self.seen_boot = self.boot
            self.doubts.clear()
        identity = RouterIdentity("edge-1", "SERIAL", self.boot)
        self.perform(self.dispatcher.connected(link, traffic, 50_000, self.now, identity))

    def leave(self, job: Job) -> None:
        """Let a caller be cancelled."""
        self.perform(self.dispatcher.abandon(job, self.now))
        self._know(job)

    def reboot(self) -> None:
        """Let the router begin another life: every connection is lost, and row ids mean something else."""
        self.boot = self.now + 100.0
        for link in list(self.up):
            self.lose(link)

    def fail_connect(self, *, refused: bool = False, hung_up: bool = False) -> None:
        """Let an opening connection fail."""
        link = self.opening.pop(0)
        error = (
            LoginRefused("edge-1", username="admin", text="invalid user name or password (6)")
            if refused
            else ConnectFailed("edge-1", address="127.0.0.1:8728", reason="connection refused", hung_up=hung_up)
        )
        self.perform(self.dispatcher.connect_failed(link, error, self.now))

    def answer(self, job: Job, *, trap: bool = False) -> None:
        """Let the router answer a command."""
        link = self.running.pop(job)
        assert job.call is not None
        self.up[link].heard_at = self.now
        job.call.done = {}
        if job.command.path == "/ppp/secret/print" and not trap:
            self.doubts = dict.fromkeys(self.doubts, True)
        if trap:
            job.call.traps.append(Trap("no such item", 0))
        self.perform(self.dispatcher.ended(job, self.now))

    def lose(self, link: int, reason: str = "reset by peer") -> None:
        """Let a connection end, with everything on it, as the pool reports it."""
        if link in self.up:
            self.perform(self.dispatcher.went_down(link, reason, self.now))
            for job in [job for job, where in self.running.items() if where == link]:
                assert job.call is not None
                del self.running[job]
                job.call.lost = reason
                self.perform(self.dispatcher.ended(job, self.now))
            del self.up[link]
        if link in self.closing:
            self.closing.remove(link)
        self.probing = [other for other in self.probing if other != link]
        self.perform(self.dispatcher.link_closed(link, self.now))

    def advance(self, seconds: float) -> None:
        """Let time pass, tick by tick."""
        until = self.now + seconds
        ticks = 0
        while self.dispatcher.timer <= until:
            self.now = max(self.now, self.dispatcher.timer)
            self.perform(self.dispatcher.tick(self.now))
            ticks += 1
            assert ticks < 500, "the timer never rests"
        self.now = until
