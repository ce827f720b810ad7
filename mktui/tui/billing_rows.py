"""Profiles and subscribers as rows of a table, with a badge that says how each stands on the routers. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from rich.text import Text

from mktui.billing.model import Profile
from mktui.services.books import Books, Step, key_of, name_of, routers_of, source_warning, standing_of
from mktui.services.customer_words import rate
from mktui.tui import words
from mktui.tui.widgets.live_table import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, tzinfo

    from mktui.billing.model import Subscriber
    from mktui.monitor.snapshot import Snapshot
    from mktui.services.books import Badge, Row
    from mktui.tui.keymap import Keymap
    from mktui.tui.palette import Palette

SUBSCRIBERS: Final = (
    Column("mark", "", 2),
    Column("name", "NAME", 18),
    Column("status", "STATUS", 12),
    Column("until", "PAID UNTIL", 17),
    Column("left", "LEFT", 7, least=100, is_number=True),
    Column("profile", "PROFILE", 12),
    Column("routers", "ROUTERS", 16, least=118),
    Column("kind", "BY", 8, least=142),
    Column("address", "ADDRESS", 16, least=142),
    Column("source", "SOURCE", 16, least=160),
    Column("sync", "SYNC", 0),
)
PROFILES: Final = (
    Column("mark", "", 2),
    Column("name", "NAME", 16),
    Column("status", "STATUS", 8),
    Column("kind", "BY", 8),
    Column("down", "DOWN", 9, is_number=True),
    Column("up", "UP", 9, is_number=True),
    Column("users", "SOLD", 6, is_number=True),
    Column("session", "SESSION", 9, least=100, is_number=True),
    Column("pool", "POOL", 14, least=118),
    Column("price", "PRICE", 9, least=118, is_number=True),
    Column("gap", "", 2),
    Column("source", "SOURCE", 16, least=142),
    Column("sync", "SYNC", 0),
)
_STEPS: Final = {
    Step.FAILED: ("▲", "critical"), Step.HELD: ("⊘", "critical"), Step.CLASH: ("!", "warning"),
    Step.PENDING: ("~", "warning"), Step.DRIFT: ("≠", "warning"), Step.OFFLINE: ("○", "offline"),
    Step.UNKNOWN: ("–", "quiet"), Step.IN_STEP: ("●", "healthy"),
}  # fmt: skip
_STATUS: Final = {
    "active": ("●", "healthy"), "expired": ("▲", "critical"), "suspended": ("⊘", "warning"), "deleted": ("✗", "quiet"),
    "gone": ("?", "warning"), "sold": ("●", "healthy"), "off": ("⊘", "quiet"),
}  # fmt: skip
_STATUS_ORDER: Final = {"expired": 0, "gone": 1, "suspended": 2, "active": 3, "deleted": 4}
_SOON: Final = 3 * 86_400
"""Seconds before an end from which on it stands out."""


@dataclass(frozen=True)
class Seen:
    """One look at billing: its picture, and the routers that cannot be asked now."""

    books: Books
    snapshot: Snapshot
    local: tzinfo
    palette: Palette = field(repr=False)

    @cached_property
    def offline(self) -> dict[str, str]:
        """Router -> since when, in words."""
        now = self.snapshot.at
        gone = [each for each in self.snapshot.routers if each.health.status.value == "offline"]
        return {
            each.name: words.age((now - since).total_seconds()) if (since := each.trouble_since) else ""
            for each in gone
        }

    def badge(self, row: Row) -> Badge:
        """Return how a row stands."""
        return self.books.badge(row, self.offline, self.snapshot.at)

    def rank(self, row: Row) -> int:
        """Return its place among the others, trouble first."""
        return self.books.rank(row, self.offline, self.snapshot.at)


def _until(_seen: Seen, row: Row) -> float:
    until = getattr(row, "valid_until", None)
    return until.timestamp() if until is not None else float("inf")


def _status_rank(seen: Seen, row: Row) -> int:
    return _STATUS_ORDER.get(status_of(seen, row), 9)


ORDERS: Final[dict[str, dict[str, Callable[[Seen, Row], object]]]] = {
    "subscriber": {
        "trouble": lambda seen, row: (seen.rank(row), _status_rank(seen, row)),
        "name": lambda _seen, _row: 0,
        "status": _status_rank,
        "paid until": _until,
        "profile": lambda _seen, row: getattr(row, "profile", ""),
    },
    "profile": {
        "trouble": lambda seen, row: seen.rank(row),
        "name": lambda _seen, _row: 0,
        "sold": lambda seen, row: -seen.books.users.get((row.kind, name_of(row)), 0),
        "rate": lambda _seen, row: -getattr(row, "rate_down_bps", 0),
    },
}
"""What -> the orders its rows can be put in, the usual one first; within one, by name."""


def sorted_rows(rows: Sequence[Row], seen: Seen, order: str, *, is_reversed: bool) -> tuple[Row, ...]:
    """Return rows in an order."""
    if not rows:
        return ()
    key = ORDERS[key_of(rows[0])[0]][order]
    by_name = sorted(rows, key=lambda row: name_of(row).casefold())
    return tuple(sorted(by_name, key=lambda row: key(seen, row), reverse=is_reversed))  # type: ignore[arg-type, return-value]  # each order's keys are of one type


def status_of(seen: Seen, row: Row) -> str:
    """Return a row's own state in one word."""
    if key_of(row) in seen.books.gone:
        return "gone"
    if isinstance(row, Profile):
        return "sold" if row.enabled else "off"
    return standing_of(row, seen.snapshot.at)


def searched(row: Row) -> tuple[str, ...]:
    """Return the texts of a row that a filter looks into."""
    if isinstance(row, Profile):
        return row.name, row.external_id, row.pool
    return row.username, row.external_id, row.profile, row.static_ip, row.mac, row.comment, *row.routers


def cells(row: Row, seen: Seen, *, is_marked: bool, is_wide: bool) -> Mapping[str, Text]:
    """Return a row as the table shows it."""
    palette, status = seen.palette, status_of(seen, row)
    glyph, state = _STATUS[status]
    is_off = status in {"deleted", "off"}
    source = seen.books.source_of(row)
    common = {
        "mark": Text("▪" if is_marked else "", style=palette.accent),
        "name": Text(name_of(row), style=palette.quiet if is_off else "bold"),
        "status": Text(f"{glyph} {status}", style=palette.quiet if state == "quiet" else palette.state(state)),
        "kind": Text(row.kind.value, style=palette.quiet),
        "gap": Text(""),
        "source": Text(source or "by hand", style="" if source else palette.quiet),
        "sync": badge_text(seen.badge(row), seen, says_why=is_wide),
    }
    return common | (_of_profile(row, seen) if isinstance(row, Profile) else _of_subscriber(row, seen, quiet=is_off))


def _of_subscriber(row: Subscriber, seen: Seen, *, quiet: bool) -> dict[str, Text]:
    palette = seen.palette
    left, style = _left(row.valid_until, seen.snapshot.at, palette)
    plain = palette.quiet if quiet else ""
    routers = ", ".join(row.routers)
    return {
        "until": Text(moment(row.valid_until, seen.local), style=plain or style),
        "left": Text(left, style=plain or style),
        "profile": Text(row.profile, style=plain),
        "routers": Text(routers or "every router", style=plain if routers else palette.quiet),
        "address": Text(row.static_ip or words.UNKNOWN, style=plain if row.static_ip else palette.quiet),
    }


def _of_profile(row: Profile, seen: Seen) -> dict[str, Text]:
    users = seen.books.users.get((row.kind, row.name), 0)
    quiet = seen.palette.quiet
    raw = row.rate_limit_raw
    return {
        "down": Text("own text" if raw else rate(row.rate_down_bps)), "up": Text("" if raw else rate(row.rate_up_bps)),
        "users": Text(f"{users:,}", style="" if users else quiet),
        "session": Text(duration(row.session_timeout_s) or words.UNKNOWN, style="" if row.session_timeout_s else quiet),
        "pool": Text(row.pool or words.UNKNOWN, style="" if row.pool else quiet),
        "price": Text(money(row.price_minor) if row.price_minor else words.UNKNOWN),
    }  # fmt: skip


def _left(until: datetime | None, now: datetime, palette: Palette) -> tuple[str, str]:
    if until is None:
        return words.UNKNOWN, palette.quiet
    seconds = (until - now).total_seconds()
    style = palette.state("critical") if seconds <= 0 else palette.state("warning") if seconds <= _SOON else ""
    days = int(abs(seconds) // 86_400)
    told = f"{days:,} d" if days else words.age(abs(seconds))
    return (f"-{told}" if seconds <= 0 else told), style


def moment(at: datetime | None, local: tzinfo) -> str:
    """Return an end as billing's own zone has it."""
    return "no end" if at is None else f"{at.astimezone(local):%Y-%m-%d %H:%M}"


def money(minor: int) -> str:
    """Return 12.50 for 1250."""
    return f"{minor // 100}.{minor % 100:02}"


def duration(seconds: int) -> str:
    """Return 1h30m for 5400, in whole units; "" for 0."""
    parts = []
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        number, seconds = divmod(seconds, length)
        parts += [f"{number}{unit}"] if number else []
    return "".join(parts)


def badge_text(badge: Badge, seen: Seen, *, says_why: bool) -> Text:
    """Return a badge: glyph, word, where, since when, and why where there is room for it."""
    glyph, state = _STEPS[badge.step]
    style = seen.palette.quiet if state == "quiet" else seen.palette.state(state)
    text = Text.assemble((f"{glyph} {badge.step.value}", style))
    if badge.step is Step.IN_STEP:
        if badge.unseen:
            text.append(f" {badge.of - badge.unseen} of {badge.of}", style=seen.palette.quiet)
        return text
    if badge.step is Step.OFFLINE:
        since = next((seen.offline[name] for name in badge.routers if seen.offline.get(name)), "")
        text.append(f" {since}" if since else "", style=style)
        if since and not says_why:
            return text
    text.append(f" {_where(badge)}{f': {badge.why}' if badge.why and says_why else ''}", style=seen.palette.quiet)
    return text


def _where(badge: Badge) -> str:
    first, *others = badge.routers or ("",)
    return f"{first} +{len(others)}" if others else first


def about(row: Row, seen: Seen) -> list[Text]:
    """Tell of the row under the cursor: who it is, how it stands and why, where it came from."""
    palette, badge = seen.palette, seen.badge(row)
    if isinstance(row, Profile):
        users = seen.books.users.get((row.kind, row.name), 0)
        facts = f"{row.external_id} · {row.kind.value} profile of {words.count(users, 'subscriber')}"
    else:
        where = ", ".join(row.routers) or "every router"
        facts = f"{row.external_id} · {row.kind.value} {row.profile} on {where}{' · protected' if row.protect else ''}"
    head = Text.assemble((f"{name_of(row)}: ", "bold"), (facts, palette.quiet))
    stands = badge_text(badge, seen, says_why=True)
    if badge.unseen and badge.step is not Step.OFFLINE:
        away = [name for name in routers_of(row, seen.books.routers) if name in seen.offline]
        stands.append(f"; offline: {', '.join(away)}", style=palette.quiet)
    warning = source_warning(seen.books.source_of(row), seen.books.live)
    if key_of(row) in seen.books.gone:
        warning = f"{seen.books.source_of(row)} has it no more: syncs leave its rows alone until they are pruned."
    return [head, stands, Text(warning, style=palette.state("warning"))]


def follows(routers: Sequence[str], snapshot: Snapshot, keymap: Keymap) -> str:
    """Say what becomes of a change in billing, on which router."""
    states = {each.name: each for each in snapshot.routers if each.name in routers}
    away = [name for name, each in states.items() if each.health.status.value == "offline"]
    held = [name for name, each in states.items() if each.sync.paused is not None and name not in away]
    soon = [name for name, each in states.items() if each.sync.is_automatic and name not in (*away, *held)]
    later = [name for name in states if name not in (*away, *held, *soon)]
    parts = [
        f"{_some(soon)}: by itself, within seconds" if soon else "",
        f"{_some(later)}: with the next sync, {keymap.key('sync')} plans it" if later else "",
        f"{_some(held)}: not before automatic syncs are let go on" if held else "",
        f"{_some(away)}: offline, when it is back" if away else "",
    ]
    told = "; ".join(part for part in parts if part)
    return f"It reaches {told}." if told else "It reaches no router: none of this name is in the fleet."


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 4 else ""
    return f"{', '.join(names if not more else names[:3])}{more}"
