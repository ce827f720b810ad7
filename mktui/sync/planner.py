"""Makes the plan, menu by menu and row by row. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mktui.billing.records import RegistryRow
from mktui.sync import renames
from mktui.sync.ambiguity import ambiguous
from mktui.sync.mapping import COMMENTED, MANAGED_MENUS, PROFILE_MENUS, server_of
from mktui.sync.mirror import is_ours_to_touch
from mktui.sync.normalise import is_dangling, same, written
from mktui.sync.options import Absent
from mktui.sync.ownership import row_mark, with_mark
from mktui.sync.plan import SECRET_FIELDS, Action, Change, Plan, Refused, profiles_in, stage_of, whole
from mktui.sync.rows import LiveRows, is_unmarked, whose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from mktui.core.protocol.sentences import Row
    from mktui.sync.mapping import Desired, DesiredRow
    from mktui.sync.mirror import Live

    Digest = Callable[[str], str]

_EXPECTED_AFTER: Final = timedelta(days=1)
_PROFILES: Final = frozenset(PROFILE_MENUS.values())


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person has allowed for this run. ``adopt``: names of rows, or ``*``."""

    installation: str
    prune: bool = False
    heal: bool = False
    adopt: frozenset[str] = frozenset()
    absent: Absent = Absent.DISABLE
    allow_empty: bool = False


def make_plan(
    desired: Desired, live: Live, registry: Iterable[RegistryRow], wishes: Wishes, digest: Digest, *, now: datetime
) -> Plan:
    """Compare and return what to write. ``digest`` stands for a password wherever one would be kept."""
    planner = _Planner(desired, live, {(row.menu, row.external_id): row for row in registry}, wishes, digest, now)
    for row, reason in ambiguous(desired.rows):
        planner.refuse(row, reason)
        planner.ambiguous.add(id(row))
    for menu in MANAGED_MENUS:
        planner.plan_menu(menu)
    changes = sorted(planner.changes, key=lambda change: (change.stage, MANAGED_MENUS.index(change.menu)))
    return Plan(
        desired.router, now, tuple(changes), tuple(planner.refused), planner.in_step,
        learnt=tuple(planner.learnt), forgotten=tuple(planner.forgotten), owned=len(planner.registry),
        profiles=profiles_in(live.rows), follows=frozenset(planner.follows),
    )  # fmt: skip


@dataclass(slots=True)
class _Planner:
    """One plan in the making."""

    desired: Desired
    live: Live
    registry: Mapping[tuple[str, str], RegistryRow]
    wishes: Wishes
    digest: Digest
    now: datetime
    changes: list[Change] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    learnt: list[RegistryRow] = field(default_factory=list)
    forgotten: list[RegistryRow] = field(default_factory=list)
    in_step: int = 0
    ambiguous: set[int] = field(default_factory=set)
    """Rows of billing that cannot all be meant, by ``id()``."""
    given_up: set[tuple[str, str]] = field(default_factory=set)
    """Menu and id of rows that get another name: what they are called now can be had."""
    new_names: dict[tuple[str, str], str] = field(default_factory=dict)
    """Menu and present name -> the name that a row is going to have."""
    follows: set[tuple[str, str, str]] = field(default_factory=set)

    def plan_menu(self, menu: str) -> None:
        """Plan one menu; of one that could not be read nothing is."""
        wanted = [row for row in self.desired.rows if row.menu == menu]
        if menu not in self.live.rows:
            reason = f"unknown: {self.live.unknown.get(menu, 'not read')}"
            missed = [row for row in wanted if not row.is_gone or (menu, row.external_id) in self.registry]
            self.refused += [Refused(menu, row.name, reason, "unknown", row.external_id) for row in missed]
            return
        rows = LiveRows(menu, self.live.rows[menu], self.wishes.installation)
        self._rename(menu, [row for row in wanted if id(row) not in self.ambiguous], rows)
        for row in wanted:
            found = self._found(row, rows) if id(row) not in self.ambiguous else None
            if found is None:
                continue
            self._compare(row, found)
        self._tell_hidden(menu, wanted, rows)
        self._absent(menu, {row.external_id for row in wanted}, rows)

    def _found(self, row: DesiredRow, rows: LiveRows) -> Row | None:
        """Return the row of ours that is meant, or plan that it comes to be, or say why it cannot."""
        known = self.registry.get((row.menu, row.external_id))
        ours = rows.ours(row.external_id, known)
        if ours is not None:
            return ours
        if copies := rows.copies(row.external_id, known):
            self.refuse(row, f"{copies} rows bear its mark: remove the mark from the comments of the copies")
            return None
        present = rows.by_name.get((row.name, row.server))
        if present is not None and (row.menu, present[".id"]) in self.given_up:
            present = None  # by the time that this is written its name is free
        if row.is_gone:
            if known is not None and present is None:
                self.forgotten.append(known)
            elif known is not None and present is not None:
                self.refuse(row, f"{row.reason}; left alone: {whose(present, known)}")
            return None
        if present is None:
            self._add(row, Action.READD if known is not None else Action.ADD)
        elif not is_ours_to_touch(present):
            self.refuse(row, "the router's own row")
        elif row.name in self.wishes.adopt or ("*" in self.wishes.adopt and is_unmarked(present)):
            self._adopt(row, present, known)
        else:
            self.refuse(row, whose(present, known))
        return None

    def _add(self, row: DesiredRow, action: Action) -> None:
        values = {name: value for name, value in row.values.items() if value} | self._mark(row, "")
        self._plan(row, action, None, self._without_secrets(values), {})

    def _adopt(self, row: DesiredRow, present: Row, known: RegistryRow | None) -> None:
        """Make a row ours as it is; what billing wants of it is a change like any other, and goes through the guards.

        Its ``before`` is what counts as last written from now on.
        """
        before = {name: present[name] for name in (*row.values, "comment") if name in present}
        self._plan(row, Action.ADOPT, present, self._mark(row, present.get("comment", "")),
                   self._without_secrets(before))  # fmt: skip
        differing = {name: value for name, value in row.values.items()
                     if value and not same(name, present.get(name), value)}  # fmt: skip
        if differing:
            self._write(row, present, differing, known)

    def _compare(self, row: DesiredRow, present: Row) -> None:
        """Plan what billing has changed in a row of ours; say what others have."""
        known = self.registry.get((row.menu, row.external_id))
        applied = dict(known.applied) if known is not None else {}
        if row.is_gone:
            if row.is_protected:
                self.refuse(row, f"{row.reason}, and protected: left alone", "protected")
            else:
                self._remove(row, present, row.reason)
            return
        wanted = {name: row.values.get(name, "") for name in {*row.values, *applied} - {"comment"}}
        if row.menu == "/ip/hotspot/user":
            wanted.pop("server", None)  # part of what it is called, see _rename
        changed: dict[str, str] = {}
        for name in sorted(wanted):
            if self._is_changed(row, name, wanted[name], present, applied):
                changed[name] = wanted[name]
        if not changed:
            self.in_step += 1
            self._learn(row, present, known)
            return
        if (
            known is not None and known.valid_until != row.valid_until
        ):  # known from now on, whatever becomes of the rest
            self.learnt.append(replace(known, valid_until=row.valid_until, known_since=self.now))
        self._write(row, present, changed, known)

    def _is_renamed(self, row: DesiredRow, found: Row) -> bool:
        """Say whether billing has renamed a row; a name that somebody has given it on the router is drift."""
        there = found.get("name", ""), server_of(row.menu, found)
        if row.is_gone or there == (row.name, row.server):
            return False
        known = self.registry.get((row.menu, row.external_id))
        if known is None or there == (known.name, known.server) or self.wishes.heal:
            return True
        both = (row.name, row.server) != (known.name, known.server)
        who = "billing and somebody on the router have renamed it" if both else "somebody on the router has renamed it"
        self.refuse(row, f"{who}: {there[0]} there, {row.name} here", "conflict" if both else "drift")
        return False

    def _tell_hidden(self, menu: str, wanted: Iterable[DesiredRow], rows: LiveRows) -> None:
        """Say once of a menu that its passwords cannot be read: what cannot be seen is neither drift nor in step."""
        hidden = sum(
            bool(row.values.get("password")) and "password" not in found
            for row in wanted
            if (found := rows.ours(row.external_id, self.registry.get((menu, row.external_id)))) is not None
        )
        if hidden:
            text = (
                f"{hidden} passwords are hidden by the router (the API user's group lacks sensitive): as last written"
            )
            self.refused.append(Refused(menu, "", text, "unverifiable"))

    def _is_changed(self, row: DesiredRow, name: str, wanted: str, present: Row, applied: Mapping[str, str]) -> bool:
        if name in SECRET_FIELDS:
            return self._is_new_secret(row, name, wanted, present, applied)
        there = present.get(name)
        if name == "profile" and row.needs is not None:  # who uses a profile follows its new name by himself
            new_name = self.new_names.get((row.needs[0], "default" if there is None else there))
            if new_name is not None:
                self.follows.add((row.menu, row.external_id, new_name))
                there = new_name
        if same(name, there, wanted):
            return False
        was_chosen = name in applied and not is_dangling(name, present.get(name))
        if not was_chosen or same(name, applied[name], present.get(name)) or self.wishes.heal:
            return True
        both = not same(name, applied[name], wanted)
        who = "billing and somebody on the router have changed" if both else "somebody on the router has changed"
        text = f"{who} {name}: {present.get(name, '(none)')} there, {wanted or '(none)'} here"
        self.refuse(row, text, "conflict" if both else "drift")
        return False

    def _is_new_secret(self, row: DesiredRow, name: str, wanted: str, present: Row, applied: Mapping[str, str]) -> bool:
        """A password that the router hides is judged by what was last written; never written again for ever."""
        digest = self.digest(wanted)
        if name in present:
            if present[name] == wanted:
                return False
            is_drift = applied.get(name) == digest and not self.wishes.heal
            if is_drift:
                self.refuse(row, f"somebody on the router has changed {name}", "drift")
            return not is_drift
        return name in applied and applied[name] != digest

    def _write(self, row: DesiredRow, present: Row, changed: dict[str, str], known: RegistryRow | None) -> None:
        """Plan one row's changes; who loses or gets his service is told apart from the rest."""
        disabled, fallback = changed.pop("disabled", None), self.desired.fallback_profile
        if fallback and not row.reason and changed.get("profile") and present.get("profile") == fallback:
            own = {"profile": changed.pop("profile")}
            self._plan(row, Action.ENABLE, present, own, {"profile": fallback})
        before = {name: present.get(name, "") for name in changed if name not in SECRET_FIELDS}
        values, unset = written(row.menu, changed)
        if values or unset:
            self._plan(row, Action.SET, present, self._without_secrets(values), before, unset=unset)
        if disabled == "no":
            self._plan(row, Action.ENABLE, present, {"disabled": "no"}, {"disabled": "yes"})
        elif disabled == "yes" and row.is_protected:
            self.refuse(row, f"{row.reason}, and protected: left alone", "protected")
        elif disabled == "yes":
            action = Action.EXPIRE if self._is_expected(row, known) else Action.DISABLE
            self._plan(row, action, present, {"disabled": "yes"}, {"disabled": "no"})

    def _is_expected(self, row: DesiredRow, known: RegistryRow | None) -> bool:
        """Say whether his end was known a day before it came."""
        if row.reason != "expired" or known is None or known.known_since is None or row.valid_until is None:
            return False
        is_past = row.valid_until <= self.now  # who is called expired before his end is not expected at all
        return (
            is_past and known.valid_until == row.valid_until and known.known_since <= row.valid_until - _EXPECTED_AFTER
        )

    def _remove(self, row: DesiredRow, present: Row, reason: str) -> None:
        self._plan(replace(row, reason=reason), Action.DELETE, present, {}, whole(present))

    def _rename(self, menu: str, wanted_rows: list[DesiredRow], rows: LiveRows) -> None:
        """Plan the renames of a menu, and note which names are free once they are done."""
        ours = ((rows.ours(row.external_id, self.registry.get((menu, row.external_id))), row) for row in wanted_rows)
        renamed = [(found, row) for found, row in ours if found is not None and self._is_renamed(row, found)]
        taken = {key: row[".id"] for key, row in rows.by_name.items()}
        steps, blocked = renames.in_order([(found[".id"], row.name, row.server) for found, row in renamed], taken)
        wanted = {found[".id"]: (found, row) for found, row in renamed}
        for row_id in blocked:
            self.refuse(wanted[row_id][1], "its new name is taken by a row that is not ours")
        for step in steps:
            found, row = wanted[step.row_id]
            values = {"name": step.name}
            if menu == "/ip/hotspot/user" and not same("server", found.get("server"), row.values.get("server", "all")):
                values["server"] = row.values.get("server", "all")
            before = {name: found.get(name, "") for name in values}
            self._plan(row, Action.RENAME, found, values, before, wave=step.wave)
            self.given_up.add((menu, step.row_id))
            if step.name == row.name:
                self.new_names[menu, found.get("name", "")] = row.name

    def _absent(self, menu: str, wanted: set[str], rows: LiveRows) -> None:
        """Look after rows of ours that billing no longer names: left alone unless pruning was asked for."""
        for stray in rows.unknown({*wanted, *(external_id for where, external_id in self.registry if where == menu)}):
            why = "bears our mark, and neither billing nor our memory knows it (an old backup?): left alone"
            self.refused.append(Refused(menu, stray.get("name", ""), why, "absent"))
        for (where, external_id), known in self.registry.items():
            if where != menu or external_id in wanted:
                continue
            present = rows.ours(external_id, known)
            named = rows.by_name.get((known.name, known.server))
            if present is None and named is None:
                self.forgotten.append(known)
            elif present is None:
                why = whose(named, known) if named is not None else ""
                self.refused.append(Refused(menu, known.name, f"no longer in billing; left alone: {why}", "absent"))
            elif not (self.wishes.prune and self.desired.is_complete):
                why = "the source is not complete" if self.wishes.prune else "--prune was not given"
                self.refused.append(Refused(menu, known.name, f"no longer in billing; left alone: {why}", "absent"))
            elif self.desired.is_empty and not self.wishes.allow_empty:
                why = "held back: the source has no rows at all (--allow-empty says that this is meant)"
                self.refused.append(Refused(menu, known.name, f"no longer in billing; {why}", "held", external_id))
            elif menu in _PROFILES:
                self._remove_profile(menu, known, present)
            else:
                self._prune(menu, known, present)

    def _prune(self, menu: str, known: RegistryRow, present: Row) -> None:
        if self.wishes.absent is Absent.DISABLE and same("disabled", present.get("disabled"), "yes"):
            self.in_step += 1
            return
        is_delete = self.wishes.absent is Absent.DELETE
        self.changes.append(
            Change(
                Action.DELETE if is_delete else Action.DISABLE, menu, known.name, known.external_id, present[".id"],
                {} if is_delete else {"disabled": "yes"}, whole(present) if is_delete else {"disabled": "no"},
                server=known.server,
                reason="no longer in billing", live_name=present.get("name", ""),
                stage=stage_of(Action.DELETE if is_delete else Action.DISABLE, menu),
            )
        )  # fmt: skip

    def _remove_profile(self, menu: str, known: RegistryRow, present: Row) -> None:
        """A profile goes when nothing names it; when that cannot be read, it stays."""
        name = present.get("name", "")
        users = self.live.users_of_profile(menu, name)
        if users is not None:
            users += sum(row.needs == (menu, name) and not row.is_gone for row in self.desired.rows)
        if users is None or users:
            why = "who uses it cannot be read" if users is None else f"{users} rows still name it"
            self.refused.append(Refused(menu, known.name, f"no longer in billing; kept: {why}", "absent"))
            return
        self.changes.append(
            Change(Action.DELETE, menu, known.name, known.external_id, present[".id"], {}, whole(present),
                   server=known.server, reason="no longer in billing", live_name=present.get("name", ""),
                   stage=stage_of(Action.DELETE, menu))
        )  # fmt: skip

    def _learn(self, row: DesiredRow, present: Row, known: RegistryRow | None) -> None:
        """Note a row that needs nothing, when our memory of it is another. What somebody else chose is not learnt."""
        applied = dict(known.applied) if known is not None else {}
        for name, value in row.values.items():
            if name in SECRET_FIELDS:
                is_taken_on_trust = name not in present and name not in applied  # what billing says later is a change
                if value and (present.get(name) == value or is_taken_on_trust):
                    applied[name] = self.digest(value)
            elif same(name, present.get(name), value):
                applied[name] = value
        for name in [name for name in applied if name not in row.values and same(name, present.get(name), "")]:
            del applied[name]  # nobody wants it and it is not there: whoever wants it again has not been overruled
        is_same = known is not None and applied == dict(known.applied) and known.valid_until == row.valid_until
        there = present.get("name", ""), server_of(row.menu, present)
        name, server = there if known is None or there == (row.name, row.server) else (known.name, known.server)
        if is_same and known is not None and (known.name, known.server) == (name, server):
            return
        since = known.known_since if known is not None and known.valid_until == row.valid_until else self.now
        self.learnt.append(
            RegistryRow(self.desired.router, row.menu, name, server, row.external_id, applied, self.now,
                        row.valid_until, since)
        )  # fmt: skip

    def _mark(self, row: DesiredRow, comment: str) -> dict[str, str]:
        if row.menu not in COMMENTED:
            return {}
        return {"comment": with_mark(comment, row_mark(self.wishes.installation, row.external_id))}

    def _without_secrets(self, values: Mapping[str, str]) -> dict[str, str]:
        return {name: self.digest(value) if name in SECRET_FIELDS else value for name, value in values.items()}

    def refuse(self, row: DesiredRow, reason: str, kind: str = "conflict") -> None:
        """Say why a row, or a field of it, is not planned."""
        self.refused.append(Refused(row.menu, row.name, reason, kind, row.external_id))

    def _plan(
        self,
        row: DesiredRow,
        action: Action,
        present: Row | None,
        values: Mapping[str, str],
        before: Mapping[str, str],
        *,
        wave: int = 0,
        unset: tuple[str, ...] = (),
    ) -> None:
        needs = row.needs if action.is_add or "profile" in values else None
        self.changes.append(
            Change(
                action, row.menu, row.name, row.external_id, present[".id"] if present is not None else None, values,
                before, needs, row.server, unset, row.reason, stage_of(action, row.menu) + wave,
                row.valid_until, present.get("name", "") if present is not None else "",
            )
        )  # fmt: skip
