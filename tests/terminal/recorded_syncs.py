"""Plans and reports of the recorded fleet: what a sync of a town's hotspot router looks like before and after."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mktui.services.planning import Planning, PlanStage
from mktui.sync.order import Order
from mktui.sync.plan import Action, Change, Plan, Refused
from mktui.sync.report import Report, RowReport, RowStatus
from tests.terminal.recorded import NOW, before, fleet

if TYPE_CHECKING:
    from mktui.monitor.snapshot import Snapshot

ROUTER: Final = "hotspot-plaza"
SECRET, USER, PROFILE = "/ppp/secret", "/ip/hotspot/user", "/ppp/profile"
HELD: Final = (
    "disable held back: 120 rows of 500 that are ours would be disabled; the limit is 100 "
    "(--max-disable N, [sync.limits] disable_percent)"
)


def change(action: Action, menu: str, name: str, /, *, reason: str = "", **fields: tuple[str, str]) -> Change:
    """A change with fields as (before, after)."""
    named = {field.replace("_", "-"): values for field, values in fields.items()}
    values = {key: new for key, (_, new) in named.items()}
    was = {key: old for key, (old, _) in named.items() if old}
    return Change(action, menu, name, f"c-{name}", None if action.is_add else "*1F", values, was, reason=reason)


CHANGES: Final = (
    change(Action.SET, PROFILE, "gold", rate_limit=("10M/20M", "20M/40M")),
    change(Action.ADD, SECRET, "ana-77", password=("", "#d1"), profile=("", "gold"), service=("", "pppoe")),
    change(Action.READD, SECRET, "marta-12", password=("", "#d2"), profile=("", "silver"), service=("", "pppoe")),
    change(Action.SET, SECRET, "luis-03", profile=("silver", "gold")),
    change(Action.SET, SECRET, "pedro-41", password=("", "#d3")),
    change(Action.RENAME, SECRET, "taller-norte", name=("taller", "taller-norte")),
    change(Action.ENABLE, SECRET, "rosa-55", disabled=("yes", "no")),
    change(Action.ADD, USER, "room-214", profile=("", "hour"), limit_uptime=("", "3600")),
    change(Action.EXPIRE, SECRET, "old-19", reason="expired 2026-11-22 23:59", disabled=("no", "yes")),
    change(Action.DISABLE, SECRET, "nube-08", reason="suspended", disabled=("no", "yes")),
)
REFUSED: Final = (
    Refused(SECRET, "boss", "a row of this name is there and is not ours (adopt it, or rename one of them)"),
    Refused(SECRET, "ivan-02", "somebody on the router has changed profile: gold there, silver here", "drift"),
    Refused(SECRET, "sara-90", "no longer in billing; left alone: --prune was not given", "absent"),
    Refused(SECRET, "sara-91", "no longer in billing; left alone: --prune was not given", "absent"),
    *(Refused(SECRET, f"camp-{number:03}", HELD, "held") for number in range(1, 121)),
)
PLAN: Final = Plan(ROUTER, NOW, CHANGES, REFUSED, in_step=4860, owned=500)
IN_STEP: Final = Plan(ROUTER, NOW, (), (), in_step=5020, owned=500)
ORDER: Final = Order(cause="by hand")


def planned(plan: Plan = PLAN, order: Order = ORDER) -> Planning:
    """A plan that is ready."""
    return Planning(order, before(3), PlanStage.READY, plan, 1.84, subscribers=5000, profiles=20)


READING: Final = Planning(ORDER, before(7))
FAILED: Final = Planning(
    ORDER, before(3), PlanStage.FAILED, problem=f"{ROUTER}: cannot connect to 10.0.7.3:8728: connection refused"
)


def many(count: int) -> Plan:
    """A plan of so many new customers."""
    changes = tuple(
        change(Action.ADD, SECRET, f"user-{number:05}", password=("", "#d"), profile=("", "gold"))
        for number in range(count)
    )
    return Plan(ROUTER, NOW, changes, (), in_step=0)


def report() -> Report:
    """A run in which most went well."""
    refusal = "input does not match any value of profile"
    rows = [RowReport(each, RowStatus.APPLIED, took_ms=4.2) for each in CHANGES[2:]]
    rows += [RowReport(each, RowStatus.FAILED, "CommandTrapped", refusal, 3.1) for each in CHANGES[1:2]]
    newcomers = [change(Action.ADD, SECRET, f"nueva-{number}", profile=("", "platinum")) for number in (1, 2)]
    rows += [RowReport(each, RowStatus.FAILED, "CommandTrapped", refusal, 2.9) for each in newcomers]
    lacking = change(Action.ADD, USER, "room-300", profile=("", "suite"))
    rows.append(RowReport(lacking, RowStatus.SKIPPED, "dependency", "profile suite is not on the router"))
    return Report(
        ROUTER, len(rows), tuple(rows), len(REFUSED), 3.42, run=17, findings=REFUSED, kicked=2,
    )  # fmt: skip


def with_sync(name: str, **facts: object) -> Snapshot:
    """The recorded fleet, with something else known of one router's sync."""
    recorded = fleet()
    routers = tuple(
        replace(each, sync=replace(each.sync, **facts)) if each.name == name else each  # type: ignore[arg-type]  # facts of a SyncState
        for each in recorded.routers
    )
    return replace(recorded, routers=routers)


def writing(name: str = ROUTER) -> Snapshot:
    """In the middle of writing a plan of 41 changes."""
    return with_sync(
        name, is_running=True, planned=41, applied=20, failed=1, deferred=0, begun_at=before(1.75), reason="",
        finished_at=None,
    )  # fmt: skip
