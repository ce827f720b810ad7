"""A router and a performer of the dispatcher's actions as plain books, for tests: no loop, no socket, no waiting."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from mktui.core.connection.connection import Traffic
from mktui.core.pool.actions import Action, Cancel, Close, Open, Probe, Wake, Write
from mktui.core.pool.dispatcher import Dispatcher
from mktui.core.pool.effects import effect_of
from mktui.core.pool.job import Job, Priority
from mktui.core.pool.options import PoolOptions
from mktui.core.protocol.sentences import Command, Trap
from mktui.core.protocol.session import Call
from mktui.errors import ConnectFailed, LoginRefused

OPTIONS = PoolOptions(
    min_size=1, max_size=3, max_in_flight=2, adaptive_in_flight=False, max_waiting=6, acquire_timeout=5,
    command_timeout=8, circuit_breaker_threshold=2, circuit_breaker_timeout=10, idle_timeout=60,
)  # fmt: skip
COMMANDS = (Command("/ppp/secret/print"), Command("/ppp/secret/add"), Command("/ppp/secret/set"))


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
                    self.woken.append(action.job)
                case Probe():
                    self.probing.append(action.link)

    def _write(self, link: int, job: Job) -> None:
        assert link in self.up, "a command was written to a connection that is not up"
        assert link not in self.closing, "a command was written to a connection that is closing"
        job.call = Call(str(len(self.sent) + 1), job.command, lambda _: None)
        job.call.left = True
        self.running[job] = link
        self.sent[id(job)] = self.sent.get(id(job), 0) + 1

    def submit(self, command: Command, priority: Priority, timeout: float = 10.0, *, stream: bool = False) -> Job:
        """Ask for a command."""
        on_row = (lambda _row: None) if stream else None
        job = Job(command, effect_of(command), priority, self.now + timeout, self.now, on_row)
        self.jobs.append(job)
        self.perform(self.dispatcher.submit(job, self.now))
        return job

    def connect(self, index: int = 0) -> None:
        """Let an opening connection succeed."""
        link = self.opening.pop(index % len(self.opening))
        traffic = self.up[link] = Traffic(self.now, self.now)
        self.perform(self.dispatcher.connected(link, traffic, 50_000, self.now))

    def fail_connect(self, *, refused: bool = False) -> None:
        """Let an opening connection fail."""
        link = self.opening.pop(0)
        error = (
            LoginRefused("edge-1", username="admin", text="invalid user name or password (6)")
            if refused
            else ConnectFailed("edge-1", address="127.0.0.1:8728", reason="connection refused")
        )
        self.perform(self.dispatcher.connect_failed(link, error, self.now))

    def answer(self, job: Job, *, trap: bool = False) -> None:
        """Let the router answer a command."""
        link = self.running.pop(job)
        assert job.call is not None
        self.up[link].heard_at = self.now
        job.call.done = {}
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
