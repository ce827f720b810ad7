"""The pure dispatcher under every order of events that hypothesis can think of: no loop, no socket, no waiting.

``World`` performs actions as the pool does and keeps its own books; the machine checks them against the dispatcher.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mktui.core.pool.breaker import BreakerState
from mktui.core.pool.effects import Effect
from mktui.core.pool.job import JobState, Outcome, Priority, Status
from mktui.core.pool.link import LinkState
from mktui.core.protocol.sentences import Command
from mktui.errors import OutcomeUnknown
from tests.core.world import COMMANDS, OPTIONS, World


class PoolMachine(RuleBasedStateMachine):
    """Any order of what callers, routers, people and time can do."""

    world_type = World

    def __init__(self) -> None:
        super().__init__()
        self.world = self.world_type()

    @rule(
        command=st.sampled_from(COMMANDS), priority=st.sampled_from(Priority), timeout=st.sampled_from([1.0, 4.0, 30.0])
    )
    def ask(self, command: Command, priority: Priority, timeout: float) -> None:
        self.world.submit(command, priority, timeout)

    @rule()
    def open_stream(self) -> None:
        self.world.submit(Command("/ppp/active/listen"), Priority.NORMAL, stream=True)

    @rule(pick=st.integers(0, 50))
    def leave(self, pick: int) -> None:
        waiting = [job for job in self.world.jobs if job.state is not JobState.SETTLED]
        if waiting:
            self.world.leave(waiting[pick % len(waiting)])

    @rule(pick=st.integers(0, 5))
    def connect(self, pick: int) -> None:
        if self.world.opening:
            self.world.connect(pick)

    @rule(refused=st.booleans())
    def fail_connect(self, refused: bool) -> None:
        if self.world.opening:
            self.world.fail_connect(refused=refused)

    @rule(pick=st.integers(0, 50), trap=st.booleans())
    def answer(self, pick: int, trap: bool) -> None:
        running = list(self.world.running)
        if running:
            self.world.answer(running[pick % len(running)], trap=trap)

    @rule(pick=st.integers(0, 5))
    def lose(self, pick: int) -> None:
        links = [*self.world.up, *(link for link in self.world.closing if link not in self.world.up)]
        if links:
            self.world.lose(links[pick % len(links)])

    @rule()
    def finish_closing(self) -> None:
        for link in list(self.world.closing):
            self.world.lose(link, "closed")

    @rule()
    def sign_of_life(self) -> None:
        if self.world.probing:
            link = self.world.probing.pop()
            self.world.up[link].heard_at = self.world.now
            self.world.perform(self.world.dispatcher.probe_ended(link, self.world.now))

    @rule(seconds=st.sampled_from([0.1, 1.0, 2.5, 11.0, 40.0]))
    def wait(self, seconds: float) -> None:
        self.world.advance(seconds)

    @rule()
    def reset(self) -> None:
        self.world.perform(self.world.dispatcher.reset(self.world.now, OPTIONS))

    @rule()
    def reboot(self) -> None:
        self.world.reboot()

    @rule()
    def meet_the_session_limit(self) -> None:
        if self.world.opening:
            self.world.fail_connect(hung_up=True)

    @rule()
    def isolate(self) -> None:
        self.world.perform(self.world.dispatcher.isolate(self.world.now, "by hand"))

    @rule()
    def probe(self) -> None:
        self.world.perform(self.world.dispatcher.probe(self.world.now))

    @invariant()
    def one_outcome_each(self) -> None:
        """I1: a settled job was woken once, another never."""
        for job in self.world.jobs:
            woken = self.world.woken.count(job)
            assert woken <= 1
            assert (job.outcome is not None) == (job.state is JobState.SETTLED)
            if woken:
                assert job.state is JobState.SETTLED

    @invariant()
    def slots_within_limits(self) -> None:
        """I2: tags taken are within the limit, and one critical extra."""
        over = [link.in_flight - OPTIONS.max_in_flight for link in self.world.dispatcher.roster]
        assert sum(max(0, extra) for extra in over) <= 1
        assert sum(link.in_flight for link in self.world.dispatcher.roster) == len(self.world.running)

    @invariant()
    def sessions_within_max_size(self) -> None:
        """I3: everything that may hold a session counts."""
        held = set(self.world.opening) | set(self.world.up) | set(self.world.closing)
        assert len(held) <= OPTIONS.max_size
        assert {link.id for link in self.world.dispatcher.roster} == held

    @invariant()
    def nobody_waits_beside_a_free_slot(self) -> None:
        """I4: a command does not wait while a ready connection without streams has a free slot."""
        dispatcher = self.world.dispatcher
        free = any(
            link.state is LinkState.READY and not link.streams and link.in_flight < OPTIONS.max_in_flight
            for link in dispatcher.roster
        )
        if free:
            heads = dispatcher.queue.heads(self.world.now)
            assert all(job.is_stream for job in heads)

    @invariant()
    def nothing_is_sent_twice(self) -> None:
        """I6: one job's bytes leave once."""
        assert all(count == 1 for count in self.world.sent.values())

    @invariant()
    def writes_that_left_are_never_called_not_applied_without_an_answer(self) -> None:
        for job in self.world.jobs:
            if job.outcome is None or job.effect is Effect.READ or job.call is None or job.call.done is not None:
                continue
            assert job.outcome.status is Status.UNKNOWN

    @invariant()
    def at_most_one_probe(self) -> None:
        """I9: HALF_OPEN has exactly one carrier, other states none."""
        dispatcher = self.world.dispatcher
        carriers = [
            link
            for link in dispatcher.roster
            if link.token is not None and link.token == dispatcher.breaker.probe_token
        ]
        assert len(carriers) == (dispatcher.breaker.state is BreakerState.HALF_OPEN)

    @invariant()
    def the_queue_counts_right(self) -> None:
        """I15: what is queued is what waits; the dispatcher's own reads are in the queue too."""
        dispatcher = self.world.dispatcher
        waiting = [job for level in dispatcher.queue._levels for job in level if job.state is JobState.QUEUED]
        assert len(dispatcher.queue) == len(waiting)
        assert {job for job in self.world.jobs if job.state is JobState.QUEUED} <= set(waiting)
        assert {job for job in self.world.jobs if job.state is JobState.PARKED} == set(dispatcher.parked)

    @invariant()
    def rows_are_let_go(self) -> None:
        """A line is held by a write that is not over, and by nothing else."""
        held = sum(job.claim is not None and (job.state is not JobState.SETTLED or job in self.world.running)
                   for job in self.world.jobs)  # fmt: skip
        assert (len(self.world.dispatcher.rows) > 0) == (held > 0)

    def teardown(self) -> None:
        """However it went: a healthy router leads back to CLOSED, and after closing nobody waits."""
        world = self.world
        world.perform(world.dispatcher.probe(world.now))
        for _ in range(60):
            while world.opening:
                world.connect()
            self.finish_closing()
            while world.probing:
                self.sign_of_life()
            for job in list(world.running):
                world.answer(job)
            world.advance(30.0)
        assert world.dispatcher.breaker.state is BreakerState.CLOSED
        assert world.dispatcher.roster.ready >= OPTIONS.min_size
        world.perform(world.dispatcher.close(world.now))
        self.finish_closing()
        assert all(job.state is JobState.SETTLED for job in world.jobs)
        assert not len(world.dispatcher.rows)


PoolMachine.TestCase.settings = settings(stateful_step_count=40)
TestPool = PoolMachine.TestCase


def ready_world(**changes: object) -> World:
    world = World(options=OPTIONS.model_copy(update=changes))
    while world.opening:
        world.connect()
    return world


def test_waiters_of_a_level_are_served_in_order() -> None:
    world = ready_world(max_size=1)
    first = [world.submit(COMMANDS[0], Priority.NORMAL, 60) for _ in range(5)]
    while world.running:
        world.answer(next(iter(world.running)))
    assert [job for job in world.woken if job in first] == first


def test_a_higher_level_goes_first_and_a_low_one_rises_with_time() -> None:
    world = ready_world(max_size=1, max_in_flight=1, acquire_timeout=60)
    busy = world.submit(COMMANDS[0], Priority.NORMAL, 60)
    low = world.submit(COMMANDS[0], Priority.LOW, 60)
    world.now += 5
    high = world.submit(COMMANDS[0], Priority.HIGH, 60)
    critical_extra = world.submit(COMMANDS[0], Priority.CRITICAL, 60)
    assert critical_extra.state is JobState.IN_FLIGHT, "critical has one extra slot"
    world.answer(critical_extra)
    world.answer(busy)
    assert low.state is JobState.IN_FLIGHT, "it has waited long enough to stand beside HIGH, and came first"
    world.answer(low)
    assert high.state is JobState.IN_FLIGHT


def test_a_full_queue_evicts_the_youngest_of_the_lowest_level() -> None:
    world = ready_world(max_size=1, max_in_flight=1, max_waiting=2)
    world.submit(COMMANDS[0], Priority.NORMAL)
    old, young = world.submit(COMMANDS[0], Priority.LOW), world.submit(COMMANDS[0], Priority.LOW)
    refused = world.submit(COMMANDS[0], Priority.LOW)
    taken = world.submit(COMMANDS[0], Priority.HIGH)
    assert refused.state is young.state is JobState.SETTLED
    assert old.state is taken.state is JobState.QUEUED


def test_a_reset_never_leaves_a_reachable_router_without_a_connection() -> None:
    world = ready_world()
    world.submit(COMMANDS[0], Priority.NORMAL)
    world.perform(world.dispatcher.reset(world.now, world.options))
    for _ in range(20):
        assert world.dispatcher.roster.ready >= 1
        while world.opening:
            world.connect()
        for link in list(world.closing):
            world.lose(link, "closed")
        for job in list(world.running):
            world.answer(job)
    assert all(link.generation == world.dispatcher.roster.generation for link in world.dispatcher.roster)


def test_a_timed_out_write_is_unknown_and_its_tag_stays_taken_until_its_end() -> None:
    world = ready_world(max_size=1)
    job = world.submit(COMMANDS[1], Priority.NORMAL, 3.0)
    world.advance(3.0)
    assert isinstance(job.outcome, Outcome)
    assert isinstance(job.outcome.error, OutcomeUnknown)
    assert job in world.cancelled
    assert world.dispatcher.roster.get(1) is not None
    [link] = list(world.dispatcher.roster)
    assert link.in_flight == 1
    world.answer(job)
    assert link.in_flight == 0
    assert link.state is LinkState.READY


def test_a_connection_that_ignores_a_cancel_is_suspect_and_replaced() -> None:
    world = ready_world(max_size=1)
    world.submit(COMMANDS[0], Priority.NORMAL, 3.0)
    world.advance(5.5)
    assert world.closing == [1]
    world.lose(1, "closed")
    assert world.opening, "a successor is opened"
