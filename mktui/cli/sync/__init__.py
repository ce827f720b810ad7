"""``mktui sync``: billing to routers, as a plan first."""

from __future__ import annotations

from typing import ClassVar

import click

from mktui.cli.lazy import LazyGroup

_EPILOG = """\b
Examples:
  mktui sync plan                        what would be written, everywhere
  mktui sync plan edge-1 -o plan.json    kept, to be looked at
  mktui sync apply plan.json --yes       exactly that, or nothing
  mktui sync apply edge-1 --prune --yes  who is no longer in billing is disabled
  mktui sync rollback edge-1 17          undo a run

Exit code: 0 done, 2 wrong usage, 3 no router answers, 5 partly done, 6 something was held back by a guard.
"""


class SyncCommands(LazyGroup):
    """What can be done about syncs."""

    package = __name__
    changing: ClassVar = frozenset({"apply", "rollback", "adopt", "backup", "pause", "resume"})
    listed: ClassVar = {
        "plan": "What a sync would write; nothing is written.",
        "apply": "Bring routers into step, or carry out a saved plan.",
        "status": "The last run of each router, and what is pending.",
        "report": "A run, row by row.",
        "rollback": "Undo a run, through the guards.",
        "adopt": "Take over rows that are on a router and not ours.",
        "backup": "Have a router export its configuration to a file of its own.",
        "pause": "No automatic sync of a router until it is resumed.",
        "resume": "Let automatic syncs go on.",
    }


@click.group(cls=SyncCommands, epilog=_EPILOG)
def sync() -> None:
    """Billing to routers: plan, guard, apply, report. A foreign row is never touched."""
