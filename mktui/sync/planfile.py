"""Plans as JSON: to look at, to keep, and to carry out later, exactly or not at all. A password is a digest in it."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads the annotations
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from mktui.billing.model import Kind  # noqa: TC001 - pydantic reads the annotations
from mktui.errors import NotAccepted
from mktui.sync.guards import Lifts
from mktui.sync.order import Order
from mktui.sync.plan import Action, Change, Plan, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA: Final = "mktui.sync.plan/1"
_REMEDY: Final = "mktui sync plan -o FILE makes one"
Record = dict[str, Any]  # Any: JSON

_STRICT = ConfigDict(extra="forbid")
_LONGEST: Final = 4096


def _short(text: str) -> str:
    """Pydantic cannot count the letters of a text with bytes in it that are none."""
    if len(text) > _LONGEST:
        raise ValueError(f"has more than {_LONGEST} letters")
    return text


Text = Annotated[str, AfterValidator(_short)]


class _Change(BaseModel):
    model_config = _STRICT

    action: Action
    menu: Text
    name: Text
    external_id: Text
    row_id: Text | None
    values: dict[Text, Text]
    before: dict[Text, Text]
    needs: tuple[Text, Text] | None
    server: Text
    unset: tuple[Text, ...]
    reason: Text
    stage: int
    valid_until: dt.datetime | None
    live_name: Text


class _Refused(BaseModel):
    model_config = _STRICT

    menu: Text
    name: Text
    reason: Text
    kind: Text
    external_id: Text = ""


class _Plan(BaseModel):
    model_config = _STRICT

    router: Text
    made_at: dt.datetime
    epoch: int | None
    owned: int
    in_step: int
    changes: list[_Change]
    refused: list[_Refused]
    totals: dict[str, int]


class _Lifts(BaseModel):
    model_config = _STRICT

    max_delete: int | None = None
    max_disable: int | None = None
    max_update: int | None = None
    rebuild: bool = False


class _Order(BaseModel):
    model_config = _STRICT

    prune: bool = False
    heal: bool = False
    allow_empty: bool = False
    adopt: list[Text] = []
    kinds: list[Kind] = []
    names: list[Text] = []
    lifts: _Lifts = _Lifts()


class _Document(BaseModel):
    model_config = _STRICT

    schema_: Literal["mktui.sync.plan/1"] = Field(alias="schema")
    ts: dt.datetime
    order: _Order
    plans: list[_Plan]


def plan_record(plan: Plan) -> Record:
    """Return one plan."""
    changes = [
        asdict(change)
        | {
            "action": change.action.value,
            "values": dict(change.values), "before": dict(change.before),
            "valid_until": change.valid_until.isoformat() if change.valid_until else None,
        }
        for change in plan.changes
    ]  # fmt: skip
    totals: dict[str, int] = {}
    for change in plan.changes:
        totals[change.action.value] = totals.get(change.action.value, 0) + 1
    return {
        "router": plan.router, "made_at": plan.made_at.isoformat(), "epoch": plan.epoch, "owned": plan.owned,
        "in_step": plan.in_step, "totals": totals, "changes": changes,
        "refused": [asdict(each) for each in plan.refused],
    }  # fmt: skip


def order_record(order: Order) -> Record:
    """Return what a plan was made by; what a saved plan is made by again."""
    return {
        "prune": order.prune, "heal": order.heal, "allow_empty": order.allow_empty, "adopt": sorted(order.adopt),
        "kinds": sorted(order.kinds), "names": sorted(order.names), "lifts": asdict(order.lifts),
    }  # fmt: skip


def document(plans: Iterable[Plan], order: Order, *, now: dt.datetime) -> Record:
    """Return a plan file."""
    return {
        "schema": SCHEMA, "ts": now.isoformat(), "order": order_record(order),
        "plans": [plan_record(plan) for plan in plans],
    }  # fmt: skip


def read_document(text: str, *, source: str) -> tuple[Order, list[Plan]]:
    """Return the order and the plans of a plan file.

    Raises:
        NotAccepted: It is none, or was made by another version.
    """
    try:
        found = _Document.model_validate(json.loads(text))  # pydantic's own JSON knows no bytes that are no text
    except (ValueError, RecursionError) as error:
        if not isinstance(error, ValidationError):
            raise NotAccepted(f"{source} is no plan of mktui: it is no JSON", remedy=_REMEDY) from None
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        problem = f"{source} is no plan of mktui: {where + ': ' if where else ''}{first['msg']}"
        raise NotAccepted(problem, remedy=_REMEDY) from None
    wishes = found.order
    order = Order(
        prune=wishes.prune, heal=wishes.heal, allow_empty=wishes.allow_empty, adopt=frozenset(wishes.adopt),
        kinds=frozenset(wishes.kinds), names=frozenset(wishes.names), lifts=Lifts(**wishes.lifts.model_dump()),
    )  # fmt: skip
    return order, [_plan(each) for each in found.plans]


def _plan(found: _Plan) -> Plan:
    return Plan(
        found.router, found.made_at, tuple(Change(**each.model_dump()) for each in found.changes),
        tuple(Refused(**each.model_dump()) for each in found.refused), found.in_step, found.epoch, owned=found.owned,
    )  # fmt: skip
