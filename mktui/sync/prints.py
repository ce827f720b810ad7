"""The managed menus as they were before a run's first write, kept so that nothing is lost by a mistake of ours.

Files of one JSON object, 0600, the last twenty of a router. A password in them is a digest.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Final

from mktui.errors import DatabaseUnavailable
from mktui.folders import make_private
from mktui.sync.plan import SECRET_FIELDS

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from mktui.sync.digests import Digests
    from mktui.sync.mirror import Live

_KEPT: Final = 20
_MOMENT: Final = r"-\d{8}T\d{12}\.json"


def keep(folder: Path, router: str, live: Live, digests: Digests, *, now: datetime) -> Path:
    """Write what was read and return the file; the oldest go.

    Raises:
        DatabaseUnavailable: It cannot be written.
    """
    try:
        return _kept(folder, router, live, digests, now)
    except OSError as error:
        problem = f"the prints of {router} cannot be kept in {folder}: {(error.strerror or 'unknown').lower()}"
        remedy = "nothing was written to the router: make room there, or see whose directory it is"
        raise DatabaseUnavailable(problem, remedy=remedy) from None


def _kept(folder: Path, router: str, live: Live, digests: Digests, now: datetime) -> Path:
    make_private(folder)
    name = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in router)
    path = folder / f"{name}-{now:%Y%m%dT%H%M%S%f}.json"
    menus = {
        menu: [{key: digests(value) if key in SECRET_FIELDS else value for key, value in row.items()} for row in rows]
        for menu, rows in live.rows.items()
    }
    document = {"schema": "mktui.sync.prints/1", "router": router, "at": now.isoformat(), "menus": menus}
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(opened, "w", encoding="utf-8", errors="surrogateescape") as file:
        json.dump(document, file, ensure_ascii=False)
    own = re.compile(re.escape(name) + _MOMENT)  # those of edge-1 are not edge's
    for old in sorted(each for each in folder.iterdir() if own.fullmatch(each.name))[:-_KEPT]:
        old.unlink(missing_ok=True)
    return path
