"""What somebody has said of the columns of a file, kept for the next file with the same first line.

It is a comfort and no more: a file of it that cannot be read or written is as one that says nothing.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from mktui.folders import make_private
from mktui.services.office import state_folder
from mktui.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mktui.billing.sources.rows import What

_MOST: Final = 50
"""First lines that are remembered; the oldest are forgotten."""


def remembered(what: What, header: Sequence[str]) -> dict[str, str]:
    """Return what was said of the columns of a file that begins so: their column -> our field. Blocks."""
    for each in _read():
        if each["what"] == what and each["header"] == list(header):
            return dict(each["mapped"])
    return {}


def remember(what: What, header: Sequence[str], mapped: Mapping[str, str]) -> None:
    """Keep it. Blocks."""
    others = [each for each in _read() if (each["what"], each["header"]) != (what, list(header))]
    kept = [{"what": what, "header": list(header), "mapped": dict(mapped)}, *others][:_MOST]
    with suppress(OSError):
        _write(json.dumps(kept, ensure_ascii=False, indent=1))


def _file() -> Path:
    return state_folder() / "columns.json"


def _read() -> list[dict[str, Any]]:  # Any: JSON
    try:
        kept = json.loads(_file().read_text("utf-8"))
        return [each for each in kept if _is_right(each)]
    except (OSError, ValueError, TypeError):
        return []


def _is_right(each: Any) -> bool:  # Any: JSON
    texts = [*each["header"], *each["mapped"], *each["mapped"].values()] if _has_all(each) else [None]
    return all(isinstance(text, str) for text in texts)


def _has_all(each: Any) -> bool:  # Any: JSON
    kinds = {"what": str, "header": list, "mapped": dict}
    return isinstance(each, dict) and all(isinstance(each.get(name), kind) for name, kind in kinds.items())


def _write(text: str) -> None:
    make_private(_file().parent)
    write_whole(_file(), text.encode())
