"""Simulated months of a router's figures: well ones with all that is usual, and ones that fail in a known minute.

A point a minute. The seeds by which the rules were tuned and those by which they are judged are two ranges that do not
meet.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mktui.core.pool.options import PoolOptions
from mktui.monitor.figures import WATCHED
from mktui.monitor.outlook import Outlook
from mktui.monitor.steps import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mktui.monitor.snapshot import Forecast

TUNING_SEEDS: Final = range(1, 1000)
HELD_OUT_SEEDS: Final = range(500_000, 600_000)

DAY: Final = 1440
"""Minutes."""
POOL: Final = PoolOptions()
LIMITS: Final = {name: watched.limits(POOL)[0] for name, watched in WATCHED.items()}
USUAL: Final = {
    "p95": 0.08, "error_percent": 0.3, "utilisation_percent": 18.0, "oldest": 0.02, "cpu_percent": 22.0,
    "memory_percent": 45.0,
}  # fmt: skip


@dataclass
class Noise:
    """What scatters a figure: some of it lasts for minutes, and some minutes are wild."""

    chance: random.Random
    scatter: float
    wild: float
    kept: float = 0.0

    def next(self) -> float:
        """Return the next minute's factor."""
        self.kept = 0.8 * self.kept + self.chance.gauss(0, self.scatter * 0.6)
        factor = math.exp(self.kept + self.chance.gauss(0, self.scatter * 0.8))
        return factor * self.chance.uniform(2, 8) if self.chance.random() < self.wild else factor


def daily(minute: int, depth: float) -> float:
    """A provider's day: least at four in the morning, most at eight in the evening."""
    hour = minute / 60 % 24
    return 1 + depth * (math.cos((hour - 20) / 24 * 2 * math.pi) + 0.3 * math.cos((hour - 20) / 12 * 2 * math.pi))


def _quiet(_chance: random.Random, _length: int) -> Callable[[int], float]:
    return lambda _minute: 1.0


def _cycle(chance: random.Random, _length: int) -> Callable[[int], float]:
    depth = chance.uniform(0.3, 0.7)
    return lambda minute: daily(minute, depth)


def _weekend(chance: random.Random, _length: int) -> Callable[[int], float]:
    depth, week = chance.uniform(0.2, 0.5), chance.uniform(1.2, 1.7)
    begins = chance.randrange(7) * DAY
    return lambda minute: daily(minute, depth) * (week if (minute + begins) // DAY % 7 < 5 else 1.0)


def _steps(chance: random.Random, length: int) -> Callable[[int], float]:
    changes = sorted((chance.randrange(length), chance.uniform(0.6, 1.9)) for _ in range(max(1, length // DAY * 2)))
    begins, factors = [at for at, _ in changes], [1.0, *(factor for _, factor in changes)]
    return lambda minute: factors[bisect_right(begins, minute)]


def _jobs(chance: random.Random, _length: int) -> Callable[[int], float]:
    """A backup each night, a report each hour."""
    at, lasts, height = chance.randrange(DAY), chance.randrange(10, 90), chance.uniform(1.5, 2.5)
    return lambda minute: (height if (minute - at) % DAY < lasts else 1.0) * (1.5 if minute % 60 < 3 else 1.0)


HEALTHY: Final = {"quiet": _quiet, "daily cycle": _cycle, "weekend": _weekend, "steps": _steps, "nightly jobs": _jobs}
SCATTER: Final = {"quiet": 0.15, "daily cycle": 0.15, "weekend": 0.2, "steps": 0.2, "nightly jobs": 0.15}


@dataclass(frozen=True)
class Minute:
    """One point: what is read, and without noise."""

    reading: Reading
    truth: dict[str, float]


def healthy(kind: str, seed: int, length: int) -> Iterator[Minute]:
    """A router that is well, as usual as ``kind`` has it; at no time does its load itself reach a limit."""
    chance = random.Random(f"{kind} {seed}")  # noqa: S311 - a simulation
    shape = HEALTHY[kind](chance, length)
    busy = chance.uniform(0.6, 1.4)
    scatter = SCATTER[kind] * chance.uniform(0.5, 2.0)
    noises = {name: Noise(chance, scatter, chance.choice([0.0, 0.01, 0.04])) for name in WATCHED}
    noises["memory_percent"] = Noise(chance, 0.01, 0.0)
    begins = chance.randrange(DAY)
    for minute in range(length):
        load = min(2.6, max(0.05, shape(minute + begins) * busy))
        truth = {name: min(usual * load, 0.85 * LIMITS[name]) for name, usual in USUAL.items()}
        truth["memory_percent"] = USUAL["memory_percent"] * (1 + 0.1 * (load - 1))
        yield Minute(_read({name: value * noises[name].next() for name, value in truth.items()}), truth)


@dataclass(frozen=True)
class Failure:
    """A figure that begins to grow at ``begins`` and reaches its limit at ``fails``, in minutes."""

    figure: str
    shape: str
    begins: int
    fails: int


def failing(what: str, seed: int) -> tuple[Failure, list[Minute]]:
    """A router that is well for more than a day, and then fails within one to eighteen hours."""
    chance = random.Random(f"{what} {seed}")  # noqa: S311 - a simulation
    figure, shape = FAILURES[what]
    begins = 26 * 60 + chance.randrange(DAY)
    lasts = round(60 * math.exp(chance.uniform(math.log(1.0), math.log(18.0))))
    before = healthy(chance.choice(list(HEALTHY)), seed, begins + 3 * lasts)
    growth = _growth(shape, lasts, chance)
    minutes: list[Minute] = []
    for minute, each in enumerate(before):
        more = growth(minute - begins) * LIMITS[figure] if minute >= begins else 0.0
        true = each.truth[figure] + more
        noise = getattr(each.reading, figure) / each.truth[figure]
        reading = _read({name: getattr(each.reading, name) for name in WATCHED} | {figure: true * noise})
        minutes.append(Minute(reading, each.truth | {figure: true}))
        if minute > begins and _has_failed(minutes, figure):
            break
    return Failure(figure, shape, begins, len(minutes) - 1), minutes


FAILURES: Final = {
    "a leak of slots": ("utilisation_percent", "leak"),
    "latency that grows": ("p95", "line"),
    "latency that doubles and doubles": ("p95", "doubling"),
    "a queue that grows": ("oldest", "doubling"),
    "a memory leak": ("memory_percent", "line"),
    "a cpu that climbs": ("cpu_percent", "line"),
    "errors that spread": ("error_percent", "doubling"),
}


def _growth(shape: str, lasts: int, chance: random.Random) -> Callable[[int], float]:
    """Return what is added, as a share of the limit, so many minutes after it began."""
    if shape == "line":
        return lambda minute: minute / lasts
    if shape == "doubling":
        doublings = chance.uniform(3, 5)
        return lambda minute: (2 ** (doublings * min(3.0, minute / lasts)) - 1) / (2**doublings - 1)
    leaked = sorted(chance.uniform(0, 3 * lasts) for _ in range(120))  # forty slots, one after another, at random
    return lambda minute: bisect_right(leaked, minute) / 40


def _has_failed(minutes: list[Minute], figure: str) -> bool:
    return minutes[-1].truth[figure] >= LIMITS[figure]


def _read(values: dict[str, float]) -> Reading:
    """What is measured: whole percents of cpu, slots in fortieths, nothing above its top."""
    return Reading(
        p95=values["p95"],
        error_percent=min(100.0, values["error_percent"]),
        utilisation_percent=min(100.0, round(values["utilisation_percent"] / 2.5) * 2.5),
        oldest=values["oldest"],
        cpu_percent=min(100.0, round(values["cpu_percent"])),
        memory_percent=min(100.0, values["memory_percent"]),
    )


# -- judged -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What came of one failure. Minutes; ``lead`` None: it was never said."""

    what: str
    lead: float | None
    predicted: float | None
    confidence: str = ""


def looks(minutes: list[Minute]) -> Iterator[tuple[int, tuple[Forecast, ...]]]:
    """What is warned of in each minute."""
    outlook = Outlook()
    for minute, each in enumerate(minutes):
        outlook.take(60.0 * minute, each.reading, POOL)
        yield minute, outlook.forecasts


def judge_failure(what: str, seed: int) -> Outcome:
    """Replay a failure: when was it first said that this figure would fail?"""
    failure, minutes = failing(what, seed)
    for minute, forecasts in looks([_only(each, failure.figure) for each in minutes]):
        for each in forecasts:
            if failure.begins < minute < failure.fails:
                return Outcome(what, failure.fails - minute, each.seconds / 60, each.confidence)
    return Outcome(what, None, None)


def false_alarms(kind: str, seed: int, days: int) -> list[str]:
    """Replay a router that is well: each warning that was given, once for as long as it stood."""
    given: list[str] = []
    standing: frozenset[str] = frozenset()
    for _, forecasts in looks(list(healthy(kind, seed, days * DAY))):
        now = frozenset(each.figure for each in forecasts)
        given += [f"{each.figure} {each.confidence}" for each in forecasts if each.figure not in standing]
        standing = now
    return given


def _only(minute: Minute, figure: str) -> Minute:
    """The same minute when nothing else is known: each figure is judged by itself, and this is quicker."""
    return replace(minute, reading=Reading(**{figure: getattr(minute.reading, figure)}))
