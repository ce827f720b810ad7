"""The managed menus as they were before a run's first write, kept so that nothing is lost by a mistake of ours.

Files of one JSON object, 0600, the last twenty of a router. A password in them is a digest.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final

from mktui.sync.plan import SECRET_FIELDS

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from mktui.sync.digests import Digests
    from mktui.sync.mirror import Live

_KEPT: Final = 20


def keep(folder: Path, router: str, live: Live, digests: Digests, *, now: datetime) -> Path:
    """Write what was read and return the file; the oldest go.

    Raises:
        OSError: It cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
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
    for old in sorted(folder.glob(f"{name}-*.json"))[:-_KEPT]:
        old.unlink(missing_ok=True)
    return path
