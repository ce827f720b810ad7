"""The read cache as a pure state: no answer is older than the last settled write, in whatever order things happen."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from mktui.core.client import cache as cache_module
from mktui.core.client.cache import EVERYTHING, Flight, ReadCache, WriteMark, key_of, touched_by
from mktui.core.protocol.sentences import Command

if TYPE_CHECKING:
    from collections.abc import Callable

MENUS = ("/ppp/profile", "/ppp/secret")
WRITES = {menu: Command(f"{menu}/add", {"name": "x"}) for menu in MENUS} | {"": Command("/system/script/run")}


@dataclass
class Read:
    """One read: what the router said, once it has."""

    menu: str
    flight: Flight
    version: int | None = None


@dataclass
class Write:
    """One write, and the version of each menu that the router had after it."""

    menus: tuple[str, ...]
    mark: WriteMark
    after: dict[str, int] = field(default_factory=dict)


class CacheMachine(RuleBasedStateMachine):
    """Callers, a router that executes when it likes, and a cache in between. A version counts a menu's writes."""

    def __init__(self) -> None:
        super().__init__()
        self.cache = ReadCache(unknown_blocks=30)
        self.now = 0.0
        self.version = dict.fromkeys(MENUS, 0)
        self.floor = dict.fromkeys(MENUS, 0)
        self.reads: list[Read] = []
        self.writes: list[Write] = []

    @rule(menu=st.sampled_from(MENUS))
    def ask(self, menu: str) -> None:
        key = key_of(Command(f"{menu}/print"))
        assert key is not None
        kept = self.cache.lookup(key, 30, self.now)
        if kept is not None:
            assert int(kept.rows[0]["version"]) >= self.floor[menu], "a stale answer from memory"
            return
        joined = self.cache.flight(key)
        if joined is None:
            self.reads.append(Read(menu, self.cache.begin(key, self.now)))
            return
        read = next(read for read in self.reads if read.flight is joined)
        assert read.version is None or read.version >= self.floor[menu], "joined a read from before a settled write"

    @rule(pick=st.integers(0, 9))
    def router_executes_a_read(self, pick: int) -> None:
        waiting = [read for read in self.reads if read.version is None]
        if waiting:
            read = waiting[pick % len(waiting)]
            read.version = self.version[read.menu]

    @rule(pick=st.integers(0, 9), fails=st.booleans())
    def read_ends(self, pick: int, fails: bool) -> None:
        if self.reads:
            read = self.reads.pop(pick % len(self.reads))
            if read.version is None:
                read.version = self.version[read.menu]
            rows = None if fails else [{"version": str(read.version)}]
            self.cache.end(read.flight, rows, self.now)

    @rule(menu=st.sampled_from([*MENUS, ""]))
    def submit_a_write(self, menu: str) -> None:
        if self.writes:  # else one is nearly always pending, and nothing is ever kept
            return
        mark = self.cache.write_submitted(WRITES[menu])
        assert mark is not None
        menus = MENUS if EVERYTHING in mark.menus else tuple(set(mark.menus) & set(MENUS))
        self.writes.append(Write(menus, mark))

    @rule(pick=st.integers(0, 9))
    def router_executes_a_write(self, pick: int) -> None:
        waiting = [write for write in self.writes if not write.after]
        if waiting:
            self._execute(waiting[pick % len(waiting)])

    def _execute(self, write: Write) -> None:
        for menu in write.menus:
            self.version[menu] += 1
        write.after = {menu: self.version[menu] for menu in write.menus}

    @rule(pick=st.integers(0, 9), known=st.sampled_from([True, True, True, True, False]))
    def write_settles(self, pick: int, known: bool) -> None:
        if self.writes:
            write = self.writes.pop(pick % len(self.writes))
            if known and not write.after:
                self._execute(write)
            self.cache.write_settled(write.mark, self.now, known=known)
            for menu, version in write.after.items():
                self.floor[menu] = max(self.floor[menu], version)

    @rule(seconds=st.sampled_from([0.5, 1.0, 10.0, 31.0]), boots=st.sampled_from([False, False, False, True]))
    def wait(self, seconds: float, boots: bool) -> None:
        self.now += seconds
        if boots:
            self.cache.flush()


CacheMachine.TestCase.settings = settings(stateful_step_count=40)
TestCache = CacheMachine.TestCase


def walk(seed: int, steps: int = 60) -> None:
    """Take the machine's steps by dice: hypothesis leaves rules out of each run, and these bugs need all of them."""
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    machine = CacheMachine()
    for _ in range(steps):
        match dice.randrange(6):
            case 0 | 1:
                machine.ask(menu=dice.choice(MENUS))
            case 2:
                machine.router_executes_a_read(pick=dice.randrange(10))
            case 3:
                machine.read_ends(pick=dice.randrange(10), fails=dice.random() < 0.1)
            case 4:
                machine.submit_a_write(menu=dice.choice([*MENUS, ""]))
            case _:
                machine.write_settles(pick=0, known=dice.random() < 0.9)


def walk_often() -> None:
    for seed in range(500):
        walk(seed)


def test_no_walk_finds_a_stale_answer() -> None:
    walk_often()


def _stale_fill(monkeypatch: pytest.MonkeyPatch) -> None:
    original = ReadCache.end

    def end(self: ReadCache, flight: Flight, rows: list[dict[str, str]] | None, now: float) -> None:
        flight.stamp = self._stamp(flight.key.menu)
        original(self, flight, rows, now)

    monkeypatch.setattr(ReadCache, "end", end)


def _stale_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReadCache, "flight", lambda self, key: self._flights.get(key))


def _no_epoch_at_settling(monkeypatch: pytest.MonkeyPatch) -> None:
    original = ReadCache.write_settled

    def settled(self: ReadCache, mark: WriteMark, now: float, *, known: bool) -> None:
        self._stamps.subtract(mark.menus)
        original(self, mark, now, known=known)
        self._pending.clear()

    monkeypatch.setattr(ReadCache, "write_settled", settled)


def _forgotten_relation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "touched_by", lambda command: (command.menu,))
    monkeypatch.setattr(ReadCache, "_is_blocked", lambda *_given: False)
    _stale_fill(monkeypatch)


@pytest.mark.parametrize("plant", [_stale_fill, _stale_flight, _no_epoch_at_settling, _forgotten_relation])
def test_planted_bugs_are_caught(monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None]) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError, match=r"stale|settled"):
        walk_often()


@pytest.mark.parametrize(
    "command",
    [
        Command("/log/print"),
        Command("/ppp/active/print"),
        Command("/ip/hotspot/active/print"),
        Command("/system/resource/print"),
        Command("/queue/simple/print", {"stats": ""}),
        Command("/ppp/secret/print", {"count-only": ""}),
        Command("/ppp/secret/print", {"follow": ""}),
        Command("/ppp/secret/print", {"from": "*1"}),
        Command("/ppp/secret/getall"),
        Command("/ppp/secret/add", {"name": "x"}),
    ],
    ids=str,
)
def test_what_changes_by_itself_is_never_kept(command: Command) -> None:
    assert key_of(command) is None


def test_columns_in_another_order_are_the_same_read_and_other_queries_are_not() -> None:
    key = key_of(Command("/ppp/secret/print", {".proplist": "name,profile"}))
    assert key is not None
    assert key == key_of(Command("/ppp/secret/print", {".proplist": "profile,name"}))
    assert key != key_of(Command("/ppp/secret/print", {".proplist": "name"}))
    assert key != key_of(Command("/ppp/secret/print", {".proplist": "name,profile"}, ("?name=a",)))
    both = [key_of(Command("/ppp/secret/print", {}, query)) for query in (("?a", "?b"), ("?b", "?a"))]
    assert both[0] != both[1]


@pytest.mark.parametrize(
    ("command", "touched"),
    [
        (Command("/ppp/secret/print"), ()),
        (Command("/ppp/secret/set", {".id": "*1"}), ("/ppp/secret", "/ppp/active", "/queue/simple", "/interface")),
        (Command("/system/reboot"), (EVERYTHING,)),
        (Command("/no/such/menu/add"), (EVERYTHING,)),
        (Command("/ip/address/add"), (EVERYTHING,)),
        (Command("/ppp/secret/print", {"file": "backup"}), (EVERYTHING,)),
        (Command("/system/script/run"), (EVERYTHING,)),
    ],
    ids=str,
)
def test_a_write_touches_its_menu_and_those_that_follow_it_and_an_action_everything(
    command: Command, touched: tuple[str, ...]
) -> None:
    assert set(touched_by(command)) == set(touched)


def test_memory_is_bounded_by_rows() -> None:
    cache = ReadCache(unknown_blocks=30)
    rows = [{"name": str(number)} for number in range(60_000)]
    for menu in ("/ip/pool", "/ppp/profile", "/ppp/secret", "/user"):
        key = key_of(Command(f"{menu}/print"))
        assert key is not None
        cache.end(cache.begin(key, 0.0), list(rows), 0.0)
    assert cache._rows <= cache_module.MOST_ROWS
    newest = key_of(Command("/user/print"))
    assert newest is not None
    assert cache.lookup(newest, 30, 1.0) is not None
