"""What may be done to a real router: asked of whoever sits at the terminal, said by options where nobody does."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mktui.cli.everywhere import wish
from mktui.cli.exit_codes import ExitCode, code_of, fail
from mktui.cli.output import say
from mktui.cli.sync.asking import confirmed, typed
from mktui.core.client.connection_test import run_connection_test
from mktui.services.stability import CONSEQUENCE, NOT_ASKED, READ_ONLY, real_ground
from mktui.services.start import chosen_routers, setup_of
from mktui.stability.stage import Reach

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.services.router import RouterSetup
    from mktui.stability.stage import RealGround, Scenario


@dataclass(frozen=True, slots=True)
class Allowed:
    """What options allow: rows to be written unasked, and a protected router, by its name, to be tested."""

    yes: bool
    protected: str | None


async def allowed_ground(loaded: LoadedConfig, name: str, scenarios: tuple[Scenario, ...], may: Allowed) -> RealGround:
    """Return the router, once it has answered and somebody has said whether rows may be written.

    Raises:
        Failure: It does not answer, or it is protected and its name was not said.
    """
    setup = await setup_of(loaded, chosen_routers(loaded, [name])[0])
    if setup.is_protected:
        await _named(name, may.protected)
    await _reach(setup)
    return real_ground(setup, await _refusal(setup, scenarios, is_allowed=may.yes))


async def _named(name: str, said: str | None) -> None:
    """Want a protected router's name."""
    if said is None and sys.stdin.isatty():
        said = await typed(f"{name} is protected: type its name to test it")
    if said != name:
        fail(ExitCode.REFUSED, f"{name} is protected, and was left alone: --protected {name} says its name")


async def _reach(setup: RouterSetup) -> None:
    report = await run_connection_test(setup.options, setup.connect, after=setup.pool.connection_timeout)
    if report.error is not None:
        fail(code_of(report.error), report.verdict)


async def _refusal(setup: RouterSetup, scenarios: tuple[Scenario, ...], *, is_allowed: bool) -> str:
    """Return why no rows may be written; "": they may."""
    if wish("read_only"):
        return READ_ONLY
    if is_allowed:
        return ""
    if not any(each.reach is Reach.WRITES for each in scenarios):
        return NOT_ASKED
    name = setup.options.name
    if not sys.stdin.isatty():
        return f"{NOT_ASKED}: nobody is here to confirm, and --yes was not given"
    say(f"{name}{' (protected)' if setup.is_protected else ''}: {CONSEQUENCE}")
    return "" if await confirmed(f"Write them to {name}?") else NOT_ASKED
