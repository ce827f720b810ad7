"""What a saved configuration does to the routers that run: decided from what was saved and what runs, then done.

A save does to a router what it changed of it. What the file says of another one was written by somebody else, who has
not asked for it yet: that is told, with what takes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from pydantic import SecretStr

from mktui.config.load import LoadedConfig
from mktui.config.secrets import resolve
from mktui.errors import ConfigError
from mktui.services.router import RouterSetup, setup_differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mktui.config.model import Config, RouterConfig
    from mktui.core.connection.transport import Connect
    from mktui.services.alerts.watching import Alerting
    from mktui.services.chronicle import Chronicle
    from mktui.services.configuring import Saved
    from mktui.services.office import LazyOffice
    from mktui.services.router import RouterService


class Running(Protocol):
    """The fleet that a configuration is applied to."""

    chronicle: Chronicle
    office: LazyOffice
    alerting: Alerting | None

    @property
    def names(self) -> tuple[str, ...]:
        """Its routers."""

    def service(self, name: str) -> RouterService:
        """Return one of them."""

    def reconfigure_soon(self, name: str, setup: RouterSetup) -> None:
        """Begin to run one by other settings."""

    async def start_router(self, setup: RouterSetup) -> None:
        """Run one more."""

    async def stop_router(self, name: str) -> None:
        """Run one no longer."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What a save does, router by router, each in one of them at most.

    ``whole`` take all that the file says of them, ``pools`` the settings of their pools alone. ``untaken``: a line for
    each that goes on otherwise than the file says.
    """

    start: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()
    untaken: tuple[str, ...] = ()


def decide(saved: Saved, running: Mapping[str, RouterSetup]) -> Steps:
    """Return what a save does to those that run: a router is its own when it came, went, or a key of it was changed."""
    in_file = {router.name: router for router in saved.config.routers}
    is_own = {*saved.came, *saved.touched}.__contains__
    common = any(key.startswith("pool.") for key in saved.live)
    others = [name for name in in_file if name in running and not is_own(name)]
    return Steps(
        start=tuple(name for name in in_file if name not in running and is_own(name)),
        stop=tuple(name for name in saved.went if name in running),
        whole=tuple(name for name in in_file if name in running and is_own(name)),
        pools=tuple(others) if common else (),
        untaken=tuple(_untaken(saved, in_file, running, is_common=common)),
    )


def _untaken(
    saved: Saved, in_file: Mapping[str, RouterConfig], running: Mapping[str, RouterSetup], *, is_common: bool
) -> Iterator[str]:
    """Yield a line for each router that the file has otherwise than it runs, and that the save did not touch."""
    for name in dict.fromkeys((*in_file, *running)):
        if name in {*saved.came, *saved.went, *saved.touched}:
            continue
        if name not in running:
            yield f"{name} is in the file and does not run: a restart starts it"
        elif name not in in_file:
            yield f"{name} runs and is no longer in the file: a restart leaves it out"
        else:
            present = running[name]
            now = replace(present, pool=saved.config.pool_for(in_file[name])) if is_common else present
            if differing := setup_differences(now, _in_file(saved.config, in_file[name], present)):
                yield f"{name} runs otherwise than the file says ({differing}): mktui reset {name} takes it"


def _in_file(config: Config, router: RouterConfig, present: RouterSetup) -> RouterSetup:
    """Return a setup as the file says, as far as it can be told without asking for a password."""
    is_plain = router.password.kind == "plain"
    password = SecretStr(str(router.password.value)) if is_plain else present.options.password
    return replace(
        present, options=router.options(password), pool=config.pool_for(router), is_protected=router.protected
    )


async def setup_in(saved: Saved, router: RouterConfig, present: RouterSetup) -> tuple[RouterSetup, str]:
    """Return what a router that runs is to run by, and why it keeps its former address and login ("": it does not).

    Its password is fetched only when the file says another address or login than it has: that may ask a person.
    """
    setup = replace(present, pool=saved.config.pool_for(router), is_protected=router.protected)
    is_same = router.options(present.options.password) == present.options
    if is_same and f"routers.{router.name}.password" not in saved.live:
        return setup, ""
    try:
        password = await resolve(router.password, router=router.name)
    except ConfigError as error:
        return setup, f"{error}; {router.name} keeps its former address and login"
    return replace(setup, options=router.options(password)), ""


async def apply(saved: Saved, fleet: Running, connect: Connect, passwords: Mapping[str, SecretStr]) -> Saved:
    """Do to routers, syncs and alerts what a save has changed; commands in flight go on to their end.

    Returns what became of it: who was started and stopped, what applies now, and what does not, and why. ``passwords``:
    of those that somebody has just typed.
    """
    running = {name: fleet.service(name).setup for name in fleet.names}
    steps = decide(saved, running)
    if any(key.startswith("sync.") for key in saved.live):
        fleet.office.take(saved.config.sync)
    problems = [*saved.problems, *filter(None, (_tell_alerts(saved, fleet),))]
    for name in steps.stop:
        await fleet.stop_router(name)
        fleet.chronicle.audit("remove router", name)
    in_file = {router.name: router for router in saved.config.routers}
    kept: list[str] = []
    for name in steps.whole:
        setup, problem = await setup_in(saved, in_file[name], running[name])
        if problem:
            problems.append(problem)
            kept.append(name)
        fleet.reconfigure_soon(name, setup)
    for name in steps.pools:
        fleet.reconfigure_soon(name, replace(running[name], pool=saved.config.pool_for(in_file[name])))
    failed = [await _start(saved, fleet, in_file[name], connect, passwords) for name in steps.start]
    problems += [*filter(None, failed), *steps.untaken]
    return replace(
        saved,
        live=tuple(_applied(saved.live, kept, [name for name, why in zip(steps.start, failed, strict=True) if why])),
        came=tuple(name for name in in_file if name in {*saved.came, *steps.start} and name in fleet.names),
        went=steps.stop,
        problems=tuple(problems),
    )


async def _start(
    saved: Saved, fleet: Running, router: RouterConfig, connect: Connect, passwords: Mapping[str, SecretStr]
) -> str:
    """Run one more; return why it does not run, "": it does."""
    try:
        typed = passwords.get(router.name)
        password = await resolve(router.password, router=router.name) if typed is None else typed
    except ConfigError as error:
        return f"{error}; {router.name} does not run"
    setup = RouterSetup(router.options(password), saved.config.pool_for(router), router.protected, connect)
    await fleet.start_router(setup)
    return ""


def _applied(live: Iterable[str], kept: Iterable[str], failed: Iterable[str]) -> Iterator[str]:
    """Yield the keys that did apply: none of a router that could not be started, of one that kept its login few."""
    none_of = tuple(f"routers.{name}." for name in failed)
    few_of = tuple(f"routers.{name}." for name in kept)
    for key in live:
        is_login = key.startswith(few_of) and ".pool." not in key and not key.endswith(".protected")
        if not key.startswith(none_of) and not is_login:
            yield key


def _tell_alerts(saved: Saved, fleet: Running) -> str:
    """Let whoever looks for alerts go by what was saved; return why he does not yet, "": he does."""
    if fleet.alerting is None or not any(key.startswith("alerts.") for key in saved.live):
        return ""
    from mktui.services.alerts.plan import plan_of  # noqa: PLC0415 - few saves change who is told

    return fleet.alerting.take(plan_of(LoadedConfig(saved.config, saved.seen.file, ())))
