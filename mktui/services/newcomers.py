"""A router that is being added: tried as it was typed, then saved and started."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import anyio
from pydantic import SecretStr

from mktui.config.draft import Draft
from mktui.config.edit import edited
from mktui.config.load import parse
from mktui.config.newcomer import Keep
from mktui.config.save import look, save_secret
from mktui.config.secrets import parse_source, resolve
from mktui.core.client.connection_test import run_connection_test
from mktui.core.connection import tls, transport
from mktui.errors import ConfigError, ConnectFailed, RouterError
from mktui.services.advice import advice
from mktui.services.applying import Running, apply
from mktui.services.configuring import save_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mktui.config.newcomer import Newcomer
    from mktui.config.save import Seen
    from mktui.core.client.connection_test import TestReport, TestStep
    from mktui.core.connection.options import RouterOptions
    from mktui.core.connection.transport import Connect
    from mktui.core.pool.options import PoolOptions
    from mktui.services.configuring import Saved


@dataclass(frozen=True, slots=True)
class Tried:
    """What a test of a router that is not saved yet has shown. ``advice``: what to do about it, a line each.

    ``fingerprint``: the SHA-256 of its certificate when that is what stopped it; whether it is right is for a person.
    """

    report: TestReport
    advice: tuple[str, ...] = ()
    fingerprint: str = ""


class Home(Running, Protocol):
    """The fleet that a router comes to."""

    config_file: Path | None


class NewcomerDesk:
    """Tries, saves and starts. ``connect`` is how a router is reached."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.connect: Connect = transport.connect

    async def look(self) -> Seen | None:
        """Return the file that a router would be saved in, there or not; None: there is none, as in the demo.

        Raises:
            ConfigError: It cannot be read.
        """
        file = self._home.config_file
        return None if file is None else await anyio.to_thread.run_sync(look, file)

    async def test(
        self, newcomer: Newcomer, pool: PoolOptions, *, on_step: Callable[[TestStep], None] | None = None
    ) -> Tried:
        """Test a router that nothing is wrong with in itself, over one session of its own.

        Raises:
            ConfigError: Its password cannot be fetched from where it is kept.
        """
        options = newcomer.config().options(await self._password(newcomer))
        after = pool.connection_timeout
        report = await run_connection_test(options, self.connect, after=after, on_step=on_step)
        self._home.chronicle.audit("test before adding", options.name, report.verdict)
        if report.error is None:
            return Tried(report, report.warnings)
        shown = await self._fingerprint(options, report.error, after)
        return Tried(report, advice(report.error, options, shown), shown)

    async def save(self, seen: Seen, newcomer: Newcomer) -> Saved:
        """Write it into the file, keep its password where it is to be kept, and start it.

        Raises:
            ConfigError: It is wrong, its password cannot be kept, or the file cannot be written. Nothing was started,
                and nothing stays behind.
        """
        draft = Draft(parse(seen.text, seen.file))
        draft.change(*newcomer.edits())
        text = await anyio.to_thread.run_sync(edited, seen.text, draft.edits)
        password = await self._password(newcomer)
        with self._home.chronicle.audited("add router", newcomer.name):
            saved = await anyio.to_thread.run_sync(_save, seen, text, newcomer)
            return await self.apply(saved, {newcomer.name: password})

    async def apply(self, saved: Saved, passwords: Mapping[str, SecretStr] | None = None) -> Saved:
        """Do to what runs what a save has changed; ``passwords``: of those that somebody has just typed."""
        return await apply(saved, self._home, self.connect, passwords or {})

    @staticmethod
    async def _password(newcomer: Newcomer) -> SecretStr:
        """Return what was typed; when nothing was, what is found where it is kept. A command is always asked."""
        is_there = newcomer.keep is Keep.COMMAND or (not newcomer.password and await _holds(newcomer))
        if not is_there:
            return SecretStr(newcomer.password)
        return await resolve(parse_source(newcomer.source()), router=newcomer.name)

    async def _fingerprint(self, options: RouterOptions, error: RouterError, after: float) -> str:
        """Return the SHA-256 of the certificate that was refused; "": another thing was wrong."""
        if not isinstance(error, ConnectFailed) or options.tls not in {"verify", "pin"}:
            return ""
        if "certificate" not in error.reason or self.connect is not transport.connect:
            return ""
        try:
            with anyio.fail_after(after):
                return await tls.peer_fingerprint(await transport.open_tcp(options), options)
        except (RouterError, TimeoutError):
            return ""


async def _holds(newcomer: Newcomer) -> bool:
    where = newcomer.where.strip()
    if newcomer.keep is Keep.ENV:
        return where in os.environ
    return newcomer.keep is Keep.FILE and await (await anyio.Path(where).expanduser()).exists()


def _save(seen: Seen, text: str, newcomer: Newcomer) -> Saved:
    """Keep the password, then save; a password whose router could not be saved is forgotten again. Blocks."""
    file = Path(newcomer.where.strip()).expanduser()
    is_kept = newcomer.keep is Keep.FILE and not (not newcomer.password and file.exists())
    is_made = is_kept and save_secret(file, newcomer.password)
    try:
        return save_text(seen, text)
    except ConfigError:
        if is_made:
            file.unlink(missing_ok=True)
        raise
