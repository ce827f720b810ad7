"""A customer as his screen tells of him: the verdict first, then why. Pure."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from rich.text import Text

from mktui.services import customer_words
from mktui.tui import words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mktui.billing.model import Subscriber
    from mktui.services.customer import Customer, OnlineSession, RouterRow
    from mktui.services.customers import Search
    from mktui.tui.keymap import Keymap
    from mktui.tui.palette import Palette

_STATES: Final = {"well": ("●", "healthy"), "away": ("◐", "warning"), "unpaid": ("▲", "critical")}
_BAD: Final = frozenset({"failed", "unknown", "refused"})
_LABEL: Final = 9
_KEY: Final = 14


def facts(search: Search, palette: Palette, now: datetime, width: int, keymap: Keymap) -> Text:
    """Return everything that is known of him, or so far."""
    customer = search.customer
    if customer is None:
        return Text(f"asking billing, and {words.count(search.asked, 'router')} …", style=palette.quiet)
    blocks = [
        [_verdict(customer, palette, now, width)],
        list(_elsewhere(search, customer, palette, keymap)),
        list(_unasked(search, customer, palette, width)),
        *([*_billing(customer, each, palette, now, width)] for each in customer.subscribers),
        *([*_online(customer, each, palette)] for each in customer.sessions),
        list(_rows(customer, palette)),
        list(_syncs(customer, palette, now)),
    ]
    text = Text("\n\n").join(Text("\n").join(block) for block in blocks if block)
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def progress(search: Search, now: datetime) -> str:
    """Return how far the search is."""
    customer = search.customer
    if search.finished_at is None:
        waiting = len(customer.waiting) if customer is not None else search.asked
        of = f"{waiting} of " if waiting < search.asked else ""
        return f"asking {of}{words.count(search.asked, 'router')} …"
    answered = search.asked - (len(customer.unknown) if customer is not None else 0)
    age = words.age((now - search.finished_at).total_seconds())
    return f"{answered} of {words.count(search.asked, 'router')} answered · {age} ago"


def standing(customer: Customer, now: datetime) -> str:
    """Return well, away or unpaid; "" when nobody knows."""
    if not customer.subscribers:
        return ""
    if not any(each.may_connect(now) for each in customer.subscribers):
        return "unpaid"
    return "well" if customer.sessions else "" if customer.waiting else "away"


def _verdict(customer: Customer, palette: Palette, now: datetime, width: int) -> Text:
    glyph, state = _STATES.get(standing(customer, now), ("–", ""))
    style = palette.state(state) if state else palette.quiet
    said = customer.verdict()
    said = said if said.startswith("nobody") else f"{customer.name}: {said}"
    said = _wrapped(said, width)
    return Text.assemble((f"{glyph} ", style), (said, f"bold {style}" if state != "healthy" else "bold"))


def _elsewhere(search: Search, customer: Customer, palette: Palette, keymap: Keymap) -> Iterator[Text]:
    """Yield where to look on when nobody has this name."""
    if customer.verdict().startswith("nobody") and search.finished_at is not None:
        find, billing, part = keymap.key("customer"), keymap.key("billing"), keymap.key("filter")
        hint = f"{find} looks for another whole name; screen {billing} finds who has a part of it ({part})"
        yield Text(f"  {hint}", style=palette.quiet)


def _unasked(search: Search, customer: Customer, palette: Palette, width: int) -> Iterator[Text]:
    troubles = [
        (f"○ {router} could not be asked: ", why, "warning") for router, why in sorted(customer.unknown.items())
    ]
    if customer.billing_problem:
        troubles.insert(0, ("▲ billing could not be asked: ", customer.billing_problem, "critical"))
    for who, why, state in troubles:
        told = _wrapped(f"{who}{' '.join(why.split())}", width)
        yield Text.assemble((told[: len(who)], palette.state(state)), told[len(who) :])
    if customer.waiting and search.finished_at is None:
        yield Text(_wrapped(f"… asking {', '.join(customer.waiting)}", width), style=palette.quiet)


def _wrapped(text: str, width: int) -> str:
    return "\n  ".join(textwrap.wrap(text, max(20, width - 3)))


def _billing(customer: Customer, subscriber: Subscriber, palette: Palette, now: datetime, width: int) -> Iterator[Text]:
    may = subscriber.may_connect(now)
    style = "" if may else palette.state("critical")
    until = subscriber.valid_until
    paid = "without an end" if until is None else f"{until:%Y-%m-%d %H:%M} UTC, {_from_now(until, now)}"
    yield _line("BILLING", "status", Text(subscriber.status.value, style=style), palette)
    yield _line("", "paid until", Text(paid, style=style if subscriber.status.value == "active" else ""), palette)
    profile = customer_words.profile_of(customer, subscriber)
    rate = f" · {customer_words.speeds(profile)}" if profile else ""
    yield _line("", "profile", Text(f"{subscriber.profile}{rate}"), palette)
    routers = ", ".join(subscriber.routers) or "every router"
    protected = " · protected" if subscriber.protect else ""
    yield _line("", "connects by", Text(f"{subscriber.kind.value} on {routers}{protected}"), palette)
    yield _line("", "id", Text(subscriber.external_id, style=palette.quiet), palette)
    if warning := customer.source_warning(subscriber):
        told = _wrapped(warning, width - _LABEL - _KEY).replace("\n  ", "\n" + " " * (_LABEL + _KEY))
        yield _line("", "source", Text(told, style=palette.state("warning")), palette)


def _online(customer: Customer, session: OnlineSession, palette: Palette) -> Iterator[Text]:
    label = "ONLINE" if session is customer.sessions[0] else ""
    radius = " · by RADIUS" if session.is_radius else ""
    since = Text.assemble((session.router, "bold"), f" · {session.kind} for {session.uptime or '?'}{radius}")
    yield _line(label, "on", since, palette)
    yield _line("", "address", Text(session.address or words.UNKNOWN), palette)
    yield _line("", "device", Text(session.device or words.UNKNOWN), palette)
    yield _line("", "traffic", Text(customer_words.traffic(session)), palette)
    limit = customer_words.limit(session.rate).removeprefix("limit ")
    yield _line("", "rate limit", Text(limit or "none on the router"), palette)


def _rows(customer: Customer, palette: Palette) -> Iterator[Text]:
    width = max([_KEY - 2, *(len(row.router) for row in customer.rows)]) + 2
    for row in customer.rows:
        label = "ROWS" if row is customer.rows[0] else ""
        yield _line(label, row.router, _row(row, palette), palette, width)
        if seen := customer_words.last_seen(row):
            yield _line("", "", Text(seen, style=palette.quiet), palette, width)


def _row(found: RouterRow, palette: Palette) -> Text:
    is_off = found.row.get("disabled") == "true"
    what = Text("disabled" if is_off else "enabled ", style=palette.state("critical") if is_off else "")
    ours = Text(customer_words.OURS[found.is_ours], style="" if found.is_ours else palette.state("warning"))
    profile = f" · {found.row.get('profile') or 'no profile'} · "
    return Text.assemble(what, profile, ours, (f" · {found.menu}", palette.quiet))


def _syncs(customer: Customer, palette: Palette, now: datetime) -> Iterator[Text]:
    if not customer.history and customer.subscribers:
        yield _line("SYNCS", "", Text("none has touched a row of his yet", style=palette.quiet), palette, 0)
    width = max((len(each.router) for each in customer.history), default=0)
    for each in customer.history:
        label = "SYNCS" if each is customer.history[0] else ""
        age = words.age((now - each.at).total_seconds())
        state = Text(f"{each.state:<9}", style=palette.state("critical") if each.state in _BAD else "")
        detail = " ".join(each.text.split())
        figures = Text.assemble(
            f"{age:>6} ago  {each.router:<{width}}  {each.action:<9}", state, (f"run {each.run}", palette.quiet),
            f"  {detail}" if detail else "",
        )  # fmt: skip
        yield _line(label, "", figures, palette, 0)


def _line(label: str, key: str, value: Text, palette: Palette, width: int = _KEY) -> Text:
    return Text.assemble((f"{label:<{_LABEL}}", palette.quiet), (f"{key:<{width}}", palette.quiet), value)


def _from_now(moment: datetime, now: datetime) -> str:
    seconds = (moment - now).total_seconds()
    days = int(abs(seconds) // 86_400)
    length = words.count(days, "day") if days else words.age(abs(seconds))
    return f"in {length}" if seconds >= 0 else f"{length} ago"
