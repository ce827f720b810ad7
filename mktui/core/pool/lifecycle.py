"""The life of one router's connections: when to open, probe, doubt, drain and close them, under the circuit breaker.

The lower half of the dispatcher: pure, synchronous, ``now`` given. It knows links and the breaker; of jobs it knows
only that they occupy links. What the upper half answers for are the four methods that raise NotImplementedError.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from mktui.core.connection.connection import OUR_END
from mktui.core.pool.actions import Action, Close, EventKind, Notify, Open, PoolEvent, Probe, SetTimer
from mktui.core.pool.breaker import Breaker, BreakerState
from mktui.core.pool.ceiling import SessionCeiling
from mktui.core.pool.epoch import Epoch, RouterIdentity
from mktui.core.pool.limit import InFlightLimit
from mktui.core.pool.link import PROBE_GRACE, Condition, Link, LinkState
from mktui.core.pool.openings import Openings
from mktui.core.pool.roster import Roster
from mktui.core.pool.statistics import Recorder
from mktui.errors import ConnectFailed, ConnectionLost, LoginRefused, RouterError

if TYPE_CHECKING:
    import random

    from mktui.core.connection.connection import Traffic
    from mktui.core.pool.options import PoolOptions

_JITTER: Final = 0.1
_ELSEWHERE: Final = "another address or login"


class Lifecycle:
    """Connections, breaker, login refusal, timer."""

    def __init__(self, router: str, options: PoolOptions, *, now: float, random: random.Random) -> None:
        self.router = router
        self.options = options
        self.roster = Roster()
        self.recorder = Recorder()
        self.breaker = Breaker(options.circuit_breaker_threshold, options.circuit_breaker_timeout, random)
        self.limit = InFlightLimit(options.max_in_flight, adaptive=options.adaptive_in_flight)
        self.ceiling = SessionCeiling()
        self.epoch = Epoch()
        self.closed = False
        self.openings = Openings(now, random)
        self.timer = now
        """When ``tick`` wants to be called next; infinite when nothing is planned."""
        self.roster.weighted = options.balance == "weighted_round_robin"
        self._random = random
        self._actions: list[Action] = []
        self._first_here = 0  # links of earlier generations lead elsewhere
        self._probe_asked = False  # by a person, while every place was still taken

    # --- what the upper half answers for

    def _pump(self, now: float) -> None:
        raise NotImplementedError

    def _has_waiters(self, now: float) -> bool:
        raise NotImplementedError

    def _fail_waiters(self, now: float) -> None:
        raise NotImplementedError

    def _expire_due(self, now: float) -> None:
        raise NotImplementedError

    def _next_due(self, now: float) -> float | None:
        raise NotImplementedError

    # --- what a person or the pool's owner asks for

    def start(self, now: float) -> list[Action]:
        """Begin to open min_size connections."""
        self._advance(now)
        return self._flush()

    def close(self, now: float) -> list[Action]:
        """Refuse everything from now on and close every connection."""
        self.closed = True
        self._fail_waiters(now)
        for link in self.roster:
            self._close(link)
        return self._flush()

    def reset(self, now: float, options: PoolOptions, *, elsewhere: bool = False) -> list[Action]:
        """Take new options and replace every connection, one at a time; commands in flight go on to their end.

        ``elsewhere``: new ones lead to another address, or have another login: the old ones take nothing new any more.
        """
        self.options = options
        self.breaker.threshold = options.circuit_breaker_threshold
        self.breaker.break_time = options.circuit_breaker_timeout
        self.limit.reconfigure(options.max_in_flight, adaptive=options.adaptive_in_flight)
        self.roster.generation += 1
        self.roster.weighted = options.balance == "weighted_round_robin"
        self.ceiling.forget()
        self.openings.at_once(now)
        if elsewhere:
            self._leave(now)
        self._tell(now, EventKind.RESET)
        self._advance(now)
        return self._flush()

    def isolate(self, now: float, reason: str) -> list[Action]:
        """Ask nothing more: what is in flight drains, the sessions close, until a person probes."""
        self.breaker.isolate(now, reason)
        self._probe_asked = False
        self._tell(now, EventKind.ISOLATED, reason)
        self._fail_waiters(now)
        self._dismiss_all()
        return self._flush()

    def probe(self, now: float) -> list[Action]:
        """Let a person end the break, the isolation, or the wait after a refused login."""
        self.openings.at_once(now)
        self._begin_probe(now, by_hand=True)
        self._advance(now)
        return self._flush()

    # --- what happened

    def connected(
        self, link_id: int, traffic: Traffic, local_port: int, now: float, identity: RouterIdentity | None = None
    ) -> list[Action]:
        """Take a connection that is logged in, and what the router said of itself."""
        link = self.roster.get(link_id)
        assert link is not None
        if self._is_former(link):  # it was being closed, and that came a moment too late
            return self._flush()
        link.traffic, link.local_port, link.ready_at, link.idle_since = traffic, local_port, now, now
        self.recorder.connects += 1
        self.openings.succeeded()
        if identity is not None and (change := self.epoch.seen(identity, now)):
            self._new_life(change, now)
        if link.token is not None:
            self._end_probe(link, now, failure=None)
        self.breaker.succeeded(now)
        if link.state is LinkState.CONNECTING and self.breaker.allows and not self.closed:
            link.state = LinkState.READY
            self._tell(now, EventKind.CONNECTED, f"connection {link.id}")
            self._arm(now + self.options.health_check_interval)
        else:
            self._close(link)
        self._advance(now)
        return self._flush()

    def connect_failed(self, link_id: int, error: RouterError, now: float) -> list[Action]:
        """Take the failure to open a connection: no connect, no login, or no answer to the probe."""
        link = self.roster.get(link_id)
        assert link is not None
        self.roster.remove(link)
        reason = getattr(error, "reason", str(error))
        if link.state is LinkState.CLOSING:  # we closed it while it was opening
            self._end_probe(link, now, failure=reason)
        elif isinstance(error, LoginRefused):
            self._login_refused(link, error, now)
        elif isinstance(error, ConnectFailed) and error.hung_up and self.roster.ready:
            self._limit_met(link, now)
        else:
            self.openings.failed(error, self.options, now)
            self._tell(now, EventKind.CONNECT_FAILED, reason)
            self._end_probe(link, now, failure=reason)
            is_cut = getattr(error, "hung_up", isinstance(error, ConnectionLost))
            self._count_failure(link, now, reason, is_cut=is_cut)
        self._advance(now)
        return self._flush()

    def went_down(self, link_id: int, reason: str, now: float) -> list[Action]:
        """Hear that a connection is ending; its calls end next, and ``closed`` comes last."""
        link = self.roster.get(link_id)
        if link is not None and link.state not in {LinkState.CLOSING, LinkState.CONNECTING}:
            link.state = LinkState.CLOSING
            self._end_probe(link, now, failure=None if reason == OUR_END else reason)
            if reason != OUR_END:  # else the program ends, and its tasks heard of it before the pool: nothing is lost
                self.recorder.drops += 1
                lost = sum(job not in link.abandoned for job in link.jobs)
                self._tell(now, EventKind.CONNECTION_LOST, f"{reason}; {lost} in flight" if lost else reason)
                self._count_failure(link, now, reason, is_loss=True)
        return self._flush()

    def link_closed(self, link_id: int, now: float) -> list[Action]:
        """Hear that a connection's socket is closed: only now its place is free."""
        if (link := self.roster.get(link_id)) is not None:
            assert not link.jobs
            self.roster.remove(link)
        self._begin_probe(now, by_hand=self._probe_asked)
        self._advance(now)
        return self._flush()

    def probe_ended(self, link_id: int, now: float) -> list[Action]:
        """Take a connection's sign of life."""
        link = self.roster.get(link_id)
        if link is not None:
            link.probe_sent_at = None
            self._end_probe(link, now, failure=None)
            if not self._is_former(link):
                self.breaker.succeeded(now)
            self._advance(now)
        return self._flush()

    def tick(self, now: float) -> list[Action]:
        """Do what time alone brings about, and plan the next tick."""
        self._expire_due(now)
        for link in self.roster:
            self._watch(link, now)
        self.ceiling.tick(now, self.options.max_size)
        idle = self.roster.idle_too_long(self.options, now)
        if idle is not None:
            self._close(idle)
        self.openings.tick(now)
        self._begin_probe(now)
        self._advance(now)
        self.timer = self._earliest(now)
        return self._flush()

    @property
    def room(self) -> int:
        """The most connections to have: max_size, or what the router's session limit leaves."""
        return self.ceiling.within(self.options.max_size)

    # --- how

    def _add_link(self, now: float) -> Link:
        return self.roster.add(now, self._random.uniform(1.0, 1.0 + _JITTER))

    def _limit_met(self, link: Link, now: float) -> None:
        """One session more than we have was closed before its login: that is the router's limit, and no failure."""
        if self.ceiling.met(len(self.roster), now):
            self._tell(now, EventKind.CEILING_LOWERED, f"the router allows us {self.ceiling.value} sessions")
        self._arm(self.ceiling.raise_at)
        self._end_probe(link, now, failure=None)

    def _new_life(self, change: str, now: float) -> None:
        """Another life of the router, or another router: what is known of its rows means nothing any more."""
        self._tell(now, EventKind.CHANGED, change)

    def _leave(self, now: float) -> None:
        """Go elsewhere: no link that there is takes anything new, and nothing that was counted there counts here."""
        self._first_here = self.roster.generation
        self.limit = InFlightLimit(self.options.max_in_flight, adaptive=self.options.adaptive_in_flight)
        self.openings.begin_anew(now)
        self._probe_asked = False
        if self.breaker.begin_anew(now, _ELSEWHERE):
            self._tell(now, EventKind.CIRCUIT_CLOSED)
        self.epoch.moved()
        self._new_life(_ELSEWHERE, now)
        self._dismiss_all()

    def _dismiss_all(self) -> None:
        """Let every link end what is in flight, and close."""
        for link in self.roster:
            link.token = None
            if link.state in {LinkState.READY, LinkState.SUSPECT}:
                self._drain(link)
            elif link.state is LinkState.CONNECTING:
                self._close(link)

    def _is_former(self, link: Link) -> bool:
        """Say whether a link leads where nothing is asked any more."""
        return link.generation < self._first_here

    def _advance(self, now: float) -> None:
        """After anything: serve waiters, go on with a reset, open what is wanted."""
        self._pump(now)
        old = self.roster.next_to_replace(self.options, self.room, now)
        if old is not None and not self.closed:
            self._drain(old)
        self._open_if_wanted(now)

    def _open_if_wanted(self, now: float) -> None:
        if self.closed or not self.breaker.allows or self.openings.refusal is not None:
            return
        if not self.roster.wants_another(self.options, self.room, lambda: self._has_waiters(now), now):
            return
        if now < self.openings.not_before:
            self._arm(self.openings.not_before)
            return
        link = self._add_link(now)
        self._do(Open(link.id, is_probe=False))

    def _begin_probe(self, now: float, *, by_hand: bool = False) -> None:
        """Send the one probe when it is time: over a session that outlived the trouble, else over a new one."""
        survivor = next((link for link in self.roster if link.state is LinkState.READY), None)
        no_room = survivor is None and len(self.roster) >= self.options.max_size  # until a socket is closed
        if no_room:
            self._probe_asked = self._probe_asked or by_hand
        token = None if self.closed or no_room else self.breaker.begin_probe(now, by_hand=by_hand)
        if token is None:
            return
        self._probe_asked = False
        self._tell(now, EventKind.CIRCUIT_PROBING)
        if survivor is None:
            link = self._add_link(now)
            self._do(Open(link.id, is_probe=True))
        else:
            link = survivor
            self._ask_for_life(link, now)
        link.token = token

    def _end_probe(self, link: Link, now: float, *, failure: str | None) -> None:
        if link.token is None:
            return
        token, link.token = link.token, None
        before = self.breaker.state
        self.breaker.end_probe(token, now, failure=failure)
        if self.breaker.state is BreakerState.CLOSED and before is not BreakerState.CLOSED:
            self._tell(now, EventKind.CIRCUIT_CLOSED)
        elif self.breaker.state is BreakerState.OPEN:
            self._opened(now)

    def _count_failure(
        self, link: Link, now: float, reason: str, *, is_loss: bool = False, is_cut: bool = False
    ) -> None:
        if not self._is_former(link) and self.breaker.failed(now, reason, is_loss=is_loss, is_cut=is_cut):
            self._opened(now)
            self._fail_waiters(now)

    def _opened(self, now: float) -> None:
        self._tell(now, EventKind.CIRCUIT_OPENED, self.breaker.history[-1].reason)
        if self.breaker.retry_at is not None:
            self._arm(self.breaker.retry_at)

    def _login_refused(self, link: Link, error: LoginRefused, now: float) -> None:
        self.openings.refused(error, self.options, now)
        self._end_probe(link, now, failure=None)
        self._arm(self.openings.retry_at)
        self._tell(now, EventKind.LOGIN_REFUSED, error.text)
        self._fail_waiters(now)

    def _watch(self, link: Link, now: float) -> None:
        """Doubt and end what does not answer; ask what has been silent."""
        condition = link.condition(self.options, now)
        if condition is Condition.DEAD:
            self._tell(now, EventKind.CONNECTION_LOST, "silent")
            self.recorder.drops += 1
            self._end_probe(link, now, failure="silent")
            self._close(link)
            self._count_failure(link, now, condition.value, is_loss=True)
            return
        if condition in {Condition.MUTE, Condition.NO_SIGN}:
            link.state = LinkState.SUSPECT
            self._end_probe(link, now, failure="no answer to a probe")
            self._tell(now, EventKind.SUSPECT, condition.value)
        elif condition is Condition.SILENT:
            self._ask_for_life(link, now)
        self._close_if_drained(link)

    def _ask_for_life(self, link: Link, now: float) -> None:
        if link.probe_sent_at is None:
            link.probe_sent_at = now
            self._do(Probe(link.id))
            self._arm(now + PROBE_GRACE)

    def _drain(self, link: Link) -> None:
        link.state = LinkState.DRAINING
        self._close_if_drained(link)

    def _close_if_drained(self, link: Link) -> None:
        if link.is_drained:
            self._close(link)

    def _after_release(self, link: Link, now: float) -> None:
        if link.state is LinkState.READY:
            self._pump(now)  # nothing else follows from a slot that is free again
        else:
            self._close_if_drained(link)
            self._advance(now)

    def _close(self, link: Link) -> None:
        if link.state is not LinkState.CLOSING:
            link.state = LinkState.CLOSING
            self._do(Close(link.id))

    def _earliest(self, now: float) -> float:
        """Return when the next tick has something to do."""
        times = [math.inf, self.ceiling.raise_at, *self.openings.times(now), *self.roster.looks(self.options, now)]
        if (due := self._next_due(now)) is not None:
            times.append(due)
        retry_at = self.breaker.retry_at
        if retry_at is not None and retry_at > now:  # when it has passed, a place is waited for, not a time
            times.append(retry_at)
        return min(times)

    def _arm(self, at: float) -> None:
        if at < self.timer:
            self.timer = at
            self._do(SetTimer())

    def _do(self, action: Action) -> None:
        self._actions.append(action)

    def _tell(self, now: float, kind: EventKind, text: str = "") -> None:
        self._do(Notify(PoolEvent(now, kind, text)))

    def _flush(self) -> list[Action]:
        actions, self._actions = self._actions, []
        return actions
