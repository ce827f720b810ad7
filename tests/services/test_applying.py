"""A save does what was saved and nothing else, and tells what the file has otherwise than it runs."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from mktui.config.draft import Edit
from mktui.config.edit import edited
from mktui.config.load import check_text, load
from mktui.config.save import Seen
from mktui.errors import ConfigError, ConnectFailed
from mktui.services.applying import decide
from mktui.services.configuring import Saved
from mktui.services.fleet import Fleet, open_fleet
from mktui.services.router import RouterSetup
from mktui.services.start import chosen_routers, setup_of
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.wiring import until, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mktui.sync.options import SyncOptions

pytestmark = pytest.mark.anyio
NAMES: Final = ("r1", "r2", "r3", "r5")
POOL: Final = "[pool]\nmin_size = 1\nmax_size = 2\n"
THEME: Final = Edit(("ui", "theme"), "ansi")


def entry_of(name: str, *, port: int = 8728, more: str = "") -> str:
    """Return a router as it stands in a file."""
    lines = [f'name = "{name}"', 'host = "127.0.0.1"', f"port = {port}", 'username = "admin"', more]
    return "\n".join(("\n[[routers]]", *lines, "" if "password" in more else 'password = "secret"', ""))


def file_of(*entries: str) -> str:
    """Return a file."""
    return POOL + "".join(entries)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Fleet]:
    """Run r1, r2, r3 and r5 by a file, all wired to one simulated router; a reset reads it again."""
    file = folder / "config.toml"
    file.write_text(file_of(*map(entry_of, NAMES)), encoding="utf-8")
    config = load(file).config
    async with anyio.create_task_group() as tasks:
        connect = wire(SimulatedRouter(RouterProfile(secrets=3)), tasks)
        setups = [
            RouterSetup(each.options(SecretStr("secret")), config.pool_for(each), connect=connect)
            for each in config.routers
        ]

        async def read_setup(name: str) -> RouterSetup:
            fresh = await anyio.to_thread.run_sync(load, file)
            return await setup_of(fresh, chosen_routers(fresh, [name])[0])

        async with open_fleet(setups, read_setup=read_setup) as fleet:
            fleet.config_file, fleet.newcomers.connect = file, connect
            yield fleet
        tasks.cancel_scope.cancel()


async def save(fleet: Fleet, *edits: Edit) -> Saved:
    """Save edits of the file as it is now."""
    seen = await fleet.config_text()
    assert seen is not None
    saved = await fleet.save_config(seen, edited(seen.text, edits))
    await anyio.wait_all_tasks_blocked()
    return saved


def ports(fleet: Fleet) -> dict[str, int]:
    """Return where each router runs."""
    return {name: fleet.service(name).setup.options.port_in_use for name in fleet.names}


def by_hand(fleet: Fleet) -> None:
    """Move r1, take r5 out and put r6 in, in an editor."""
    assert fleet.config_file is not None
    text = file_of(entry_of("r1", port=9999), entry_of("r2"), entry_of("r3"), entry_of("r6"))
    fleet.config_file.write_text(text, encoding="utf-8")


async def test_a_save_of_the_theme_moves_no_router_and_tells_what_was_changed_by_hand(tmp_path: Path) -> None:
    async with running(tmp_path) as fleet:
        by_hand(fleet)
        saved = await save(fleet, THEME)
        assert ports(fleet) == dict.fromkeys(NAMES, 8728)
    assert saved.problems == (
        "r1 runs otherwise than the file says (port 8728 → 9999): mktui reset r1 takes it",
        "r6 is in the file and does not run: a restart starts it",
        "r5 runs and is no longer in the file: a restart leaves it out",
    )
    assert (saved.came, saved.went, saved.live) == ((), (), ("ui.theme",))


async def test_a_save_of_a_router_takes_all_that_the_file_says_of_it(tmp_path: Path) -> None:
    async with running(tmp_path) as fleet:
        by_hand(fleet)
        saved = await save(fleet, Edit(("routers", "r1", "protected"), True))
        assert ports(fleet) == {**dict.fromkeys(NAMES, 8728), "r1": 9999}
        assert fleet.service("r1").setup.is_protected
    assert [problem.split()[0] for problem in saved.problems] == ["r6", "r5"]


async def test_a_save_of_the_pool_is_for_all_that_run_and_moves_none(tmp_path: Path) -> None:
    async with running(tmp_path) as fleet:
        by_hand(fleet)
        saved = await save(fleet, Edit(("pool", "max_size"), 3))
        assert {name: fleet.service(name).setup.pool.max_size for name in fleet.names} == {
            "r1": 3, "r2": 3, "r3": 3, "r5": 2,
        }  # fmt: skip
        assert ports(fleet) == dict.fromkeys(NAMES, 8728)
    assert [problem.split()[0] for problem in saved.problems] == ["r1", "r6", "r5"]


async def test_syncs_take_their_settings_from_a_save_of_them_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[SyncOptions] = []
    async with running(tmp_path) as fleet:
        monkeypatch.setattr(fleet.office, "take", taken.append)
        assert fleet.config_file is not None
        text = fleet.config_file.read_text(encoding="utf-8")
        fleet.config_file.write_text(f"{text}\n[sync.limits]\ndelete_most = 1\n", encoding="utf-8")
        await save(fleet, THEME)
        assert taken == []
        await save(fleet, Edit(("sync", "limits", "delete_most"), 2))
    assert [options.limits.delete_most for options in taken] == [2]


async def test_a_router_that_cannot_be_started_is_not_told_as_started_and_starts_once_it_is_put_right(
    tmp_path: Path,
) -> None:
    of_it = ("routers", "r4")
    async with running(tmp_path) as fleet:
        failed = await save(
            fleet, Edit((*of_it, "host"), "127.0.0.1"), Edit((*of_it, "password"), {"env": "NOT_SET_ANYWHERE"})
        )
        assert (failed.came, "r4" in fleet.names) == ((), False)
        (problem,) = failed.problems
        assert problem.endswith("; r4 does not run")
        again = await save(fleet, Edit((*of_it, "password"), {"env": "NOR_THIS_ONE"}))
        assert (again.came, again.live, len(again.problems)) == ((), (), 1)
        other = await save(fleet, THEME)
        assert other.problems == ("r4 is in the file and does not run: a restart starts it",)
        right = await save(fleet, Edit((*of_it, "password"), "secret"))
        assert (right.came, right.problems) == (("r4",), ())
        assert "r4" in fleet.names
        await until(lambda: fleet.service("r4").client.connection_stats().pool.ready > 0)


async def test_a_login_that_is_not_taken_is_not_told_as_applied(tmp_path: Path) -> None:
    async with running(tmp_path) as fleet:
        password = Edit(("routers", "r1", "password"), {"env": "NOT_SET_ANYWHERE"})
        more = [Edit(("routers", "r1", "pool", "max_size"), 4), Edit(("routers", "r1", "protected"), True)]
        saved = await save(fleet, password, *more)
    assert saved.live == ("routers.r1.protected", "routers.r1.pool.max_size")


async def test_a_password_of_another_hand_is_told_without_it(tmp_path: Path) -> None:
    async with running(tmp_path) as fleet:
        assert fleet.config_file is not None
        text = file_of(entry_of("r1", more='password = "hush-hush"'), *map(entry_of, NAMES[1:]))
        fleet.config_file.write_text(text, encoding="utf-8")
        (problem,) = (await save(fleet, THEME)).problems
    assert problem == "r1 runs otherwise than the file says (another password): mktui reset r1 takes it"


async def test_the_audit_says_what_a_reset_took_from_the_file_and_no_secret(tmp_path: Path) -> None:
    async with running(tmp_path) as fleet:
        assert fleet.config_file is not None
        moved = entry_of("r1", port=9999, more="protected = true")
        fleet.config_file.write_text(file_of(moved, *map(entry_of, NAMES[1:])), encoding="utf-8")
        await fleet.reset("r1")
        await fleet.reset("r2")
        other = entry_of("r1", port=9999, more='protected = true\npassword = "hush-hush"')
        fleet.config_file.write_text(file_of(other, *map(entry_of, NAMES[1:])), encoding="utf-8")
        with pytest.raises(ConnectFailed, match="nothing was reset"):
            await fleet.reset("r1")
        fleet.config_file.write_text("pool = 1", encoding="utf-8")
        with pytest.raises(ConfigError):
            await fleet.reset("r3")
        third, refused, second, first = fleet.changes()
    assert first.what == "reset pool: port 8728 → 9999, protected no → yes"
    assert (refused.what, refused.outcome.partition(":")[0]) == ("reset pool: another password", "failed")
    assert (second.what, second.outcome) == ("reset pool", "done"), "it took nothing"
    assert (third.what, third.outcome.partition(":")[0]) == ("reset pool", "failed")


@given(
    before=st.dictionaries(st.sampled_from("abcd"), st.sampled_from([8728, 9001]), max_size=4),
    file=st.dictionaries(st.sampled_from("abcd"), st.sampled_from([8728, 9001]), max_size=4),
    running_at=st.dictionaries(st.sampled_from("abcd"), st.sampled_from([8728, 9001]), max_size=4),
    is_of_pool=st.booleans(),
)
def test_after_every_save_each_router_runs_by_the_file_or_is_told(
    tmp_path_factory: pytest.TempPathFactory,
    before: dict[str, int],
    file: dict[str, int],
    running_at: dict[str, int],
    *,
    is_of_pool: bool,
) -> None:
    path = tmp_path_factory.getbasetemp() / "config.toml"
    config = check_text(file_of(*(entry_of(name, port=at) for name, at in file.items())), path).config
    of = check_text(file_of(*(entry_of(name, port=at) for name, at in running_at.items())), path).config
    setups = {each.name: RouterSetup(each.options(SecretStr("secret")), of.pool) for each in of.routers}
    touched = tuple(name for name in file if name in before and before[name] != file[name])
    saved = Saved(
        Seen(path, "", None), config, ("pool.max_size",) if is_of_pool else (),
        came=tuple(name for name in file if name not in before),
        went=tuple(name for name in before if name not in file),
        touched=touched,
    )  # fmt: skip
    steps = decide(saved, setups)
    after = running_at | {name: file[name] for name in (*steps.start, *steps.whole)}
    after = {name: at for name, at in after.items() if name not in steps.stop}
    told = {line.split()[0] for line in steps.untaken}
    assert told == {name for name in {*after, *file} if after.get(name) != file.get(name)}
    changed = {name for name in {*before, *file} if before.get(name) != file.get(name)}
    assert {*steps.start, *steps.stop, *steps.whole} <= changed, "what the save did not touch, it leaves alone"
    assert len(told) == len(steps.untaken)
