"""PHPNuxBill's tables -> rows. Pure. It is read as its own device code writes to routers.

- ``tbl_plans`` of type PPPOE and Hotspot are profiles; plans and purchases on RADIUS are left out, with a note.
- A customer has one subscriber for each kind that he has bought; its id holds his number, so he can be renamed.
  ``pppoe_username`` and ``pppoe_password`` stand for his own where they are filled in.
- Status: a purchase that is ``on`` is active, ``off`` is expired; a customer who is not ``Active`` is suspended.
- ``expiration`` and ``time`` are in its own time zone: ``[billing] timezone`` has to be the same.
- Months of validity are 30 days; ``Period`` is none. MB and GB of a data limit are powers of 1000.
- Its names of routers are taken for ours.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mktui.billing.model import Kind, SubscriberStatus
from mktui.billing.sources.fields import text_of
from mktui.billing.sources.native import Folded, NativeRow
from mktui.billing.sources.rates import rate_fields
from mktui.billing.sources.rows import RowError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Row: TypeAlias = "Mapping[str, Any]"  # Any: what a database gives
Tables: TypeAlias = "Mapping[str, Sequence[Row]]"

TABLES: Final[dict[str, tuple[frozenset[str], frozenset[str]]]] = {
    "tbl_plans": (
        frozenset({"id", "name_plan", "id_bw", "price", "type", "typebp", "limit_type", "time_limit", "time_unit",
                   "data_limit", "data_unit", "validity", "validity_unit", "shared_users", "routers", "pool"}),
        frozenset({"enabled", "is_radius"}),
    ),
    "tbl_bandwidth": (
        frozenset({"id", "rate_down", "rate_down_unit", "rate_up", "rate_up_unit"}), frozenset({"burst"}),
    ),
    "tbl_pool": (frozenset({"pool_name"}), frozenset({"local_ip", "routers"})),
    "tbl_customers": (
        frozenset({"id", "username", "password"}),
        frozenset({"pppoe_username", "pppoe_password", "pppoe_ip", "status"}),
    ),
    "tbl_user_recharges": (
        frozenset({"id", "customer_id", "username", "plan_id", "expiration", "time", "status", "routers"}), frozenset(),
    ),
}  # fmt: skip
"""Table -> columns that must be there, and those that newer versions have. Nothing else is read of anybody."""

_KINDS: Final = {"pppoe": Kind.PPP, "hotspot": Kind.HOTSPOT}
_SECONDS: Final = {"mins": 60, "hrs": 3600, "days": 86_400, "months": 30 * 86_400}
_BYTES: Final = {"mb": 10**6, "gb": 10**9}
_LETTERS: Final = {"kbps": "k", "mbps": "M"}
_RADIUS: Final = "radius"


def fold(tables: Tables) -> Folded:
    """Return the profiles and subscribers that the tables hold."""
    plans = {plan["id"]: plan for plan in tables["tbl_plans"] if _word(plan["type"]) in _KINDS and not _on_radius(plan)}
    rows = [_profile(plan, tables) for plan in plans.values()]
    notes = []
    on_radius = sum(_on_radius(plan) for plan in tables["tbl_plans"])
    if on_radius:
        notes.append(f"left out as RADIUS has them, not routers: {on_radius} plans and who bought them")
    others = {plan["id"] for plan in tables["tbl_plans"]} - set(plans)
    bought: dict[tuple[Any, Kind], list[Row]] = defaultdict(list)
    orphans = 0
    for purchase in tables["tbl_user_recharges"]:
        plan = plans.get(purchase["plan_id"])
        if plan is not None:
            bought[purchase["customer_id"] or purchase["username"], _KINDS[_word(plan["type"])]].append(purchase)
        elif purchase["plan_id"] not in others:
            if _is_on(purchase):
                rows.append(_without_plan(purchase))
            orphans += not _is_on(purchase)
    if orphans:
        notes.append(f"left out as their plans are gone: {orphans} purchases that have ended")
    customers: dict[Any, Row] = {row["username"]: row for row in tables["tbl_customers"]}
    customers |= {row["id"]: row for row in tables["tbl_customers"]}
    for (customer, kind), purchases in bought.items():
        rows.append(_subscriber(customers.get(customer), kind, purchases, plans))
    return Folded(tuple(rows), tuple(notes))


def _word(value: object) -> str:
    return str(value or "").strip().lower()


def _on_radius(plan: Row) -> bool:
    return bool(plan.get("is_radius")) or _word(plan["routers"]) == _RADIUS


def _is_on(purchase: Row) -> bool:
    return _word(purchase["status"]) == "on"


def _profile(plan: Row, tables: Tables) -> NativeRow:
    where = f"tbl_plans {plan['id']}"
    kind = _KINDS[_word(plan["type"])]
    bandwidth = next((row for row in tables["tbl_bandwidth"] if row["id"] == plan["id_bw"]), None)
    errors = () if bandwidth else (RowError(where, "id_bw", str(plan["id_bw"]), "there is no such bandwidth"),)
    pool = str(plan["pool"] or "")
    cells: dict[str, object] = {
        "external_id": f"phpnuxbill:plan:{plan['id']}", "name": plan["name_plan"], "kind": kind, "pool": pool,
        "price": plan["price"], "validity_s": _validity(plan), "enabled": _flag(plan.get("enabled")),
        **(_rates(bandwidth) if bandwidth else {}),
    }  # fmt: skip
    if kind is Kind.HOTSPOT:
        cells["shared_sessions"] = plan["shared_users"] or 1
    else:
        # a pool without an address of its own lends the router's end one too
        own = (row.get("local_ip") for row in tables["tbl_pool"] if row["pool_name"] == pool)
        cells["local_address"] = next((address for address in own if address), pool)
    return NativeRow("profile", where, cells, errors)


def _flag(value: object) -> object:
    """Return a flag; a version without the column has none switched off."""
    return True if value is None else value


def _validity(plan: Row) -> int:
    return int(plan["validity"] or 0) * _SECONDS.get(_word(plan["validity_unit"]), 0)


def _rates(bandwidth: Row) -> dict[str, str]:
    up, down = (f"{bandwidth[way] or 0}{_LETTERS.get(_word(bandwidth[f'{way}_unit']), '?')}"
                for way in ("rate_up", "rate_down"))  # fmt: skip
    return rate_fields(f"{up}/{down} {bandwidth.get('burst') or ''}")


def _without_plan(purchase: Row) -> NativeRow:
    where = _place(purchase)
    problem = RowError(where, "plan_id", str(purchase["plan_id"]), "there is no such plan")
    return NativeRow("subscriber", where, {"username": purchase["username"]}, (problem,))


def _place(purchase: Row) -> str:
    return f"tbl_user_recharges {purchase['id']}"


def _subscriber(customer: Row | None, kind: Kind, purchases: Sequence[Row], plans: Mapping[Any, Row]) -> NativeRow:
    current = [one for one in purchases if _is_on(one)] or [max(purchases, key=_until)]
    first = current[0]
    where, plan = _place(first), plans[first["plan_id"]]
    if customer is None:
        problem = RowError(where, "customer_id", str(first["customer_id"]), "there is no such customer")
        return NativeRow("subscriber", where, {"username": first["username"]}, (problem,))
    errors: tuple[RowError, ...] = ()
    if any((one["plan_id"], _until(one)) != (first["plan_id"], _until(first)) for one in current):
        others = ", ".join(_place(one) for one in current[1:])
        errors = (RowError(where, "plan_id", "", f"is on together with {others}: billing has one profile for a name"),)
    ppp = kind is Kind.PPP
    cells: dict[str, object] = {
        "external_id": f"phpnuxbill:{customer['id']}:{kind}", "kind": kind, "profile": plan["name_plan"],
        "username": (ppp and customer.get("pppoe_username")) or customer["username"],
        "password": (ppp and customer.get("pppoe_password")) or customer["password"],
        "routers": [one["routers"] for one in current], "status": _status(customer, first),
        "valid_until": _until(first),
        **({"static_ip": customer.get("pppoe_ip")} if ppp else _quotas(plan)),
    }  # fmt: skip
    return NativeRow("subscriber", where, cells, errors)


def _status(customer: Row, purchase: Row) -> SubscriberStatus:
    if _word(customer.get("status") or "active") != "active":
        return SubscriberStatus.SUSPENDED
    return SubscriberStatus.ACTIVE if _is_on(purchase) else SubscriberStatus.EXPIRED


def _until(purchase: Row) -> str:
    time = purchase["time"]
    if isinstance(time, dt.timedelta):  # what MariaDB's TIME becomes
        time = f"{time.seconds // 3600:02}:{time.seconds // 60 % 60:02}:{time.seconds % 60:02}"
    return f"{text_of(purchase['expiration'])} {time or ''}".strip()


def _quotas(plan: Row) -> dict[str, object]:
    if _word(plan["typebp"]) != "limited":
        return {"quota_uptime_s": None, "quota_bytes": None}
    limits = _word(plan["limit_type"])
    time = int(plan["time_limit"] or 0) * _SECONDS.get(_word(plan["time_unit"]), 0)
    size = int(plan["data_limit"] or 0) * _BYTES.get(_word(plan["data_unit"]), 0)
    return {
        "quota_uptime_s": time if limits in {"time_limit", "both_limit"} else None,
        "quota_bytes": size if limits in {"data_limit", "both_limit"} else None,
    }
