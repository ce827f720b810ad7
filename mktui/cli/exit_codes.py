"""How the program ends: one code for each kind of end, and one way to say why on stderr."""

from __future__ import annotations

import enum
from typing import NoReturn

import click


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


class Failure(click.ClickException):
    """One clear line on stderr and an exit code."""

    def __init__(self, code: ExitCode, message: str) -> None:
        super().__init__(message)
        self.exit_code = int(code)

    def show(self, file: object = None) -> None:
        """Say it on stderr."""
        del file
        click.echo(f"mktui: {self.format_message()}", err=True)


def fail(code: ExitCode, message: str) -> NoReturn:
    """End with one line on stderr."""
    raise Failure(code, message)
