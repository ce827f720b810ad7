"""How the program ends: one code for each kind of end, and one way to say why on stderr."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final, NoReturn

from mktui import errors
from mktui.errors import (
    BillingError,
    CommandTimeout,
    CommandTrapped,
    ConfigError,
    ConnectTimeout,
    ControlError,
    ControlRefused,
    DatabaseUnavailable,
    HistoryUnavailable,
    LeaseLost,
    MktuiError,
    NobodyServes,
    OutcomeUnknown,
    ProtocolError,
    RecordingUnreadable,
    ReportUnreadable,
    RouterError,
    ServedAlready,
    StalePlan,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class ExitCode(enum.IntEnum):
    """The exit codes of every command."""

    DONE = 0
    NO = 1
    """The answer is no: a test failed, a check found something."""
    USAGE = 2
    """Wrong usage or configuration."""
    UNREACHABLE = 3
    """Unreachable, or the login was refused."""
    TIMEOUT = 4
    PARTLY = 5
    REFUSED = 6
    """A guard refused."""
    BUG = 70
    HANGUP = 129
    INTERRUPTED = 130
    TERMINATED = 143


_WORST_LAST: Final = (
    ExitCode.DONE, ExitCode.NO, ExitCode.TIMEOUT, ExitCode.UNREACHABLE, ExitCode.USAGE, ExitCode.REFUSED,
    ExitCode.PARTLY, ExitCode.BUG, ExitCode.HANGUP, ExitCode.INTERRUPTED, ExitCode.TERMINATED,
)  # fmt: skip
"""Where several things end differently, the last of theirs in this line counts: the less is known, or the more is left
to do for a person, the worse."""


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the one code of several that a program ends with; of none, done."""
    return max(codes, key=_WORST_LAST.index, default=ExitCode.DONE)


class Failure(Exception):
    """One or more clear lines for stderr, and an exit code."""

    def __init__(self, code: ExitCode, *lines: str) -> None:
        super().__init__(*lines)
        self.code, self.lines = code, lines


def fail(code: ExitCode, *lines: str) -> NoReturn:
    """End with lines on stderr."""
    raise Failure(code, *lines)


def code_of(error: MktuiError) -> ExitCode:
    """Return the exit code that an error stands for; of one that another mktui has answered, as if it were ours."""
    if isinstance(error, ControlRefused):
        return _REFUSALS.get(error.kind) or code_named(error.kind)
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return ExitCode.NO


def lines_of(error: MktuiError) -> list[str]:
    """Return what is said of an error: one line, and one for each further problem of a configuration."""
    others = error.others if isinstance(error, ConfigError) else ()
    return [" ".join(str(each).split()) for each in (error, *others)]


def code_named(name: str) -> ExitCode:
    """Return the exit code for the class of an error that was only kept by its name."""
    found = getattr(errors, name, None)
    kind = found if isinstance(found, type) and issubclass(found, MktuiError) else MktuiError
    return next((code for each, code in _CODES if issubclass(kind, each)), ExitCode.NO)


_REFUSALS: Final = {
    "ReadOnly": ExitCode.REFUSED, "Role": ExitCode.REFUSED, "Version": ExitCode.UNREACHABLE,
    "Denied": ExitCode.UNREACHABLE,
}  # fmt: skip
"""Kinds of refusals by an mktui that runs that are no errors of ours."""
_CODES: Final = (
    (ConfigError, ExitCode.USAGE),
    (RecordingUnreadable, ExitCode.USAGE),
    (ReportUnreadable, ExitCode.USAGE),
    (ProtocolError, ExitCode.USAGE),
    (CommandTrapped, ExitCode.NO),
    (ConnectTimeout, ExitCode.TIMEOUT),
    (CommandTimeout, ExitCode.TIMEOUT),
    (OutcomeUnknown, ExitCode.PARTLY),
    (RouterError, ExitCode.UNREACHABLE),
    (LeaseLost, ExitCode.REFUSED),
    (StalePlan, ExitCode.REFUSED),
    (DatabaseUnavailable, ExitCode.UNREACHABLE),
    (HistoryUnavailable, ExitCode.UNREACHABLE),
    (BillingError, ExitCode.USAGE),
    (NobodyServes, ExitCode.UNREACHABLE),
    (ServedAlready, ExitCode.NO),
    (ControlError, ExitCode.USAGE),
)
"""The first that fits."""
