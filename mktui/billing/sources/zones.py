"""Time zones by name, and the end of a day in one."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from mktui.errors import BillingError


def zone(name: str) -> dt.tzinfo:
    """Return a time zone by its name, such as ``Europe/Prague``.

    Raises:
        BillingError: There is none of that name, or this system knows none at all.
    """
    if name.upper() == "UTC":
        return dt.UTC  # needs no data: slim systems have none
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        if not zoneinfo.available_timezones():
            remedy = "apt install tzdata, or pip install tzdata"
            raise BillingError("this system has no time zones", remedy=remedy) from None
        raise BillingError(f"no time zone is called {name!r}", remedy="such as UTC or Europe/Prague") from None


def as_utc(moment: dt.datetime, local: dt.tzinfo) -> dt.datetime:
    """Return a moment in UTC; without a zone it is ``local``'s, of two possible moments the later: it was paid for."""
    if moment.tzinfo is not None:
        return moment.astimezone(dt.UTC)
    return max(moment.replace(tzinfo=local, fold=fold).astimezone(dt.UTC) for fold in (0, 1))


def end_of_day(day: dt.date, local: dt.tzinfo) -> dt.datetime:
    """Return the moment at which a day is over, in UTC."""
    return as_utc(dt.datetime.combine(day + dt.timedelta(days=1), dt.time()), local)
