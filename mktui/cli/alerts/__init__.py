"""``mktui alerts``: what is worth waking somebody for, and who is told."""

from __future__ import annotations

from typing import ClassVar

import click

from mktui.cli.lazy import LazyGroup

_EPILOG = """\b
Examples:
  mktui alerts list                                     what is wrong, what is silenced, who could not be told
  mktui alerts test                                     a pair that says it is a test, to each receiver
  mktui alerts silence --router 'tower-*' --for 2h --why "a new mast"
  mktui alerts unsilence a1b2c3

Rules and receivers stand in [alerts] of the configuration; mktui serve, or the screen while it is open, tells.
"""


class AlertCommands(LazyGroup):
    """What can be done about alerts."""

    package = __name__
    changing: ClassVar = frozenset({"silence", "unsilence"})
    listed: ClassVar = {
        "list": "What is wrong, what is silenced, and how the receivers stand.",
        "test": "Tell each receiver of a test that fires, and that it is over.",
        "silence": "Tell nothing of a rule, of a router, or of both, for a while.",
        "unsilence": "End silences.",
    }
    elsewhere: ClassVar = {"list": "listing"}


@click.group(cls=AlertCommands, epilog=_EPILOG)
def alerts() -> None:
    """What is worth waking somebody for, and who is told: fired and resolved, in pairs."""
