"""Tells a program: the message on its stdin, the same in short in its environment. No shell, one deadline.

It leads a process group of its own: at the deadline, and when mktui ends, all of that group is ended with it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any, Final

import anyio

from mktui.background import background
from mktui.services.alerts.telling import NotTold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anyio.abc import Process

    from mktui.config.alerts import HookConfig
    from mktui.monitor.alerts import Notice

MANNERS: Final = 1.0
"""Seconds between a polite word and the last one."""
_LONGEST: Final = 30_000
"""Letters of one variable: the kernel takes 128 KiB."""
_GONE: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError)


class Hook:
    """One ``[[alerts.hooks]]``."""

    kind: Final = "hook"

    def __init__(self, settings: HookConfig) -> None:
        self.name = settings.name
        self._settings = settings

    async def tell(self, body: dict[str, Any], notices: Sequence[Notice]) -> None:  # Any: JSON
        """Run it; exit code 0 means that it was told.

        Raises:
            NotTold: It cannot be run, ended otherwise, or had to be ended.
        """
        try:
            process = await anyio.open_process(
                self._settings.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env={**os.environ, **in_environment(notices)}, start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            why = (getattr(error, "strerror", None) or "its words are none").lower()
            raise NotTold(self.name, f"cannot be run: {why}") from None
        try:
            with anyio.fail_after(self._settings.timeout):
                async with background() as tasks:
                    tasks.start_soon(_feed, process, json.dumps(body).encode() + b"\n")
                    code = await process.wait()
        except TimeoutError:
            raise NotTold(self.name, f"was ended after {self._settings.timeout:g} s") from None
        finally:
            with anyio.CancelScope(shield=True):
                await _ended(process)
        if code:
            raise NotTold(self.name, f"ended with {f'signal {-code}' if code < 0 else f'exit code {code}'}")


async def _feed(process: Process, data: bytes) -> None:
    assert process.stdin is not None
    try:
        await process.stdin.send(data)
        await process.stdin.aclose()
    except _GONE:
        return  # it need not read


async def _ended(process: Process) -> None:
    """See to it that it is over; of one that ended by itself, what it started may go on."""
    if process.returncode is None:
        _signal(process.pid, signal.SIGTERM)
        with anyio.move_on_after(MANNERS):
            await process.wait()
        _signal(process.pid, signal.SIGKILL)
        await process.wait()
    await process.aclose()


def _signal(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def in_environment(notices: Sequence[Notice]) -> dict[str, str]:
    """Return a message as variables; a line for each notice where they differ."""
    first = notices[0]
    facts = {
        "STATUS": first.status.value, "RULE": first.rule, "SEVERITY": first.severity, "COUNT": str(len(notices)),
        "ROUTERS": "\n".join(each.router for each in notices),
        "SUMMARY": "\n".join(each.summary for each in notices),
        "DESCRIPTION": "\n".join(each.description for each in notices),
        "FINGERPRINT": "\n".join(each.fingerprint for each in notices),
        "STARTS_AT": first.starts_at.isoformat(),
        "ENDS_AT": first.ends_at.isoformat() if first.ends_at is not None else "",
    }  # fmt: skip
    return {f"MKTUI_ALERT_{name}": _variable(text) for name, text in facts.items()}


def _variable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "")[:_LONGEST]
