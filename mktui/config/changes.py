"""What a save has changed, in a line for the audit: from what to what, and no secret. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui.config.draft import differences
from mktui.config.settings import names

if TYPE_CHECKING:
    from mktui.config.draft import Difference
    from mktui.config.settings import Raw

_TOLD: Final = 20
"""Settings that are told; of more, how many there are."""


def saving_in_words(before: Raw, after: Raw) -> str:
    """Return ``save configuration: pool.max_size 5 → 8, router edge-2 added``. A secret is told only as another one."""
    old, new = names(before, ("routers",)), names(after, ("routers",))
    whole = [f"router {name} added" for name in new if name not in old]
    whole += [f"router {name} taken out" for name in old if name not in new]
    both = {*old} & {*new}
    told = [_told(each) for each in differences(before, after) if _is_single(each, both)]
    more = [f"and {len(told) - _TOLD} more"] if len(told) > _TOLD else []
    return f"save configuration: {', '.join((*whole, *told[:_TOLD], *more)) or 'its words'}"


def _is_single(each: Difference, stayed: set[str]) -> bool:
    """Say whether it is no part of a router that came or went with all of its settings."""
    return each.setting.key[0] != "routers" or each.setting.key[1] in stayed


def _told(each: Difference) -> str:
    return f"{each.setting.dotted} {each.before or '–'} → {each.after or '–'}"
