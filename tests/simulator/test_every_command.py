"""Every command of every menu with values that nobody in his senses gives: none of them ends the router."""

from __future__ import annotations

import os
import random
from typing import Final

import anyio
import pytest

from mktui.simulator import by_hand
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.simulator.talk import LOGIN, Talk, talking
from tests.virtual_time import backend

pytestmark = pytest.mark.anyio

ROUTERS: Final = int(os.environ.get("MKTUI_FUZZ_BYTES", "100000")) // 2500
"""One for each so many bytes of the other fuzz test: four hundred by hand."""
VALUES: Final = (
    "", " ", "yes", "no", "none", "unlimited", "all", "0", "1", "-1", "²", "٣", "9" * 400, "9" * 400 + "s",
    "9" * 5000, "1w2d", "1d 00:00:00", "inf", "nan", "1e9", "1/2", "1M/2M", "a/b/c", "x" * 70_000, "\udcff", "žluť",
    "*1", "*2", "*01", "*a", "*FFFF", "*zz", "*1,*1", "*1,*2", "gold", "bronze", "default", "day-pass", "default-trial",
    "ana-01", "ana-01,luis-01", "<pppoe-ana-01>", "ether1", "ether1,ether1", "hs1", "hs-pool", "pppoe-pool", "admin",
    "read", "full", "api,read", "!api", "10.0.0.1", "10.0.0.1-10.0.0.9", "::1", "10.0.0.0/24", "\r\n", "=", "?", "%",
)  # fmt: skip
QUERIES: Final = (
    "?#", "?#!", "?#&", "?#|", "?#.", "?#0", "?#5", "?#0.!", "?#" + "9" * 5000, "?#x", "?", "?-", "?>", "?<", "?=",
    "??", "?name", "?-name", "?=name=x", "?name~x", "?.id=*1", "?disabled=yes", "?>uptime=1s",
    "?>limit-bytes-in=" + "9" * 5000,
)  # fmt: skip
ALONE: Final = {
    "/export": ("file", "terse", "show-sensitive"), "/import": ("file-name", "verbose", "dry-run"),
    "/file/read": ("file", "offset", "chunk-size"), "/system/backup/save": ("name",),
    "/system/backup/load": ("name", "password"), "/ping": ("address", "count", "interval", "duration", "once"),
    "/tool/torch": ("interface", "once", "duration"), "/cancel": ("tag",), "/login": ("name", "password", "response"),
    "/ppp/export": ("file",), "/system/reboot": (),
}  # fmt: skip
ON_ROWS: Final = frozenset({
    "set", "remove", "unset", "enable", "disable", "comment", "move", "get", "reset", "reset-counters", "run",
})  # fmt: skip


def every_command() -> list[tuple[str, tuple[str, ...]]]:
    listed = [
        (f"{path}/{verb}", tuple(sorted(facts.arguments.get(verb, {}))))
        for path in by_hand.menus()
        if (facts := by_hand.menu(path)) is not None
        for verb in facts.commands or ("print", "get")
    ]
    return [*listed, *ALONE.items()]


COMMANDS: Final = every_command()


def sentence(dice: random.Random) -> list[str]:
    path, arguments = dice.choice(COMMANDS)
    verb = path.rpartition("/")[2]
    words = [path, *(f"={name}={dice.choice(VALUES)}" for name in dice.sample(arguments, min(len(arguments), 3)))]
    if verb in ON_ROWS and dice.random() < 0.9:
        words.append(f"={dice.choice(('.id', 'numbers'))}={dice.choice(VALUES)}")
    if verb in {"unset", "get", "reset"}:
        words.append(
            f"=value-name={dice.choice((*arguments, 'name', 'comment', 'profile', 'limit-uptime', 'no-such'))}"
        )
    if verb in {"print", "find"}:
        words += dice.choices(QUERIES, k=dice.randrange(4))
        words += [f"=.proplist={dice.choice(VALUES)}"] * (dice.random() < 0.3)
    return [*words, f".tag={dice.randrange(7)}"]


async def _read_all(talk: Talk) -> None:
    try:
        while True:
            await talk.hear()
    except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
        pass


async def _say_many(talk: Talk, dice: random.Random, count: int) -> None:
    try:
        for index in range(count):
            await talk.say(*sentence(dice))
            if not index % 5:
                await anyio.sleep(dice.choice((0, 1, 20)))
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        pass  # rebooted


@pytest.fixture
def anyio_backend() -> object:
    return backend("asyncio")


async def test_no_command_with_any_values_ends_the_router() -> None:
    for seed in range(ROUTERS):
        dice = random.Random(seed)  # noqa: S311 - rubbish, the same each time
        profile = RouterProfile(
            secrets=20, version=dice.choice(("6.49", "7.9", "7.15.3", "7.20.8", "7.24")), online=0.5,
            churn=dice.choice((0.0, 100.0)), renumbers_at_reboot=bool(seed % 2), seed=seed,
        )  # fmt: skip
        router = SimulatedRouter(profile)
        async with talking(router, within=float("inf")) as talk:
            await talk.ask(*LOGIN)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_read_all, talk)
                await _say_many(talk, dice, 100)
                tasks.cancel_scope.cancel()
        await anyio.sleep(60)
        async with talking(router) as talk:
            assert (await talk.ask("/login"))[-1][0] == "!done", "it answers still"
