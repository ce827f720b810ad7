"""One API session at a simulated router: words in, sentences out, tagged commands side by side.

The login, the tags and the errors are written here a second time, on purpose: client and router check each other.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.protocol.framing import WordReader, encode
from mktui.core.protocol.sentences import AnyReply, Command, Done, Empty, Fatal, Reply, Trap, UnknownReply
from mktui.errors import ProtocolError
from mktui.simulator import refusals
from mktui.simulator.faults import CutMoment, ReplyFault
from mktui.simulator.monitors import Monitor, is_monitor
from mktui.simulator.spoil import spoil

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from anyio.abc import ByteStream, TaskGroup

    from mktui.simulator.desk import Answer
    from mktui.simulator.faults import Due
    from mktui.simulator.router import SimulatedRouter

_PIECE_BYTES: Final = 65536
_PIECE_ROWS: Final = 500
_STREAMING: Final = frozenset({"listen"})
_FOLLOW: Final = frozenset({"follow", "follow-only"})
_LISTEN_ROWS: Final = 10_000
_REFRESH: Final = 1.0
"""Seconds between two looks at rows that change by themselves, while somebody listens."""


def _goes_on(command: Command) -> bool:
    """Say whether a command ends only when it is cancelled, or after a while."""
    return command.verb in _STREAMING or is_monitor(command) or bool(_FOLLOW & set(command.attributes))


def _pieces(answer: Answer, tag: str) -> Iterator[tuple[bytes, int]]:
    """Yield an answer's rows as bytes, some at a time, with how many they are."""
    head = encode(("!re", f".tag={tag}") if tag else ("!re",))[:-1]
    parts: list[bytes] = []
    size = count = 0
    for row in answer.rows:
        body = row.encoded(answer.columns, answer.hidden)
        parts += (head, body, b"\0")
        size += len(body)
        count += 1
        if size >= _PIECE_BYTES or count >= _PIECE_ROWS:
            yield b"".join(parts), count
            parts, size, count = [], 0, 0
    if parts:
        yield b"".join(parts), count


def _raw(text: str) -> bytes:
    """Return a text as the bytes that it came as, in whatever code page."""
    return text.encode("utf-8", "surrogateescape")


class _Ended(Exception):
    """The session ends now."""


_ENDS: Final = (_Ended, anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, ProtocolError)


class ApiSession:
    """A client's connection, from its first byte to its last."""

    def __init__(self, router: SimulatedRouter, stream: ByteStream, address: tuple[str, int]) -> None:
        self.username: str | None = None
        self.address = address
        """Host and port of the other end."""
        self._router = router
        self._stream = stream
        self._challenge = ""
        self._running: dict[str, anyio.CancelScope] = {}
        self._sending = anyio.Lock()
        self._reader = WordReader()
        self._one_at_a_time = anyio.Lock()

    async def serve(self) -> None:
        """Answer until the client leaves, quits, or is cut off."""
        try:
            async with anyio.create_task_group() as tasks:
                with suppress(*_ENDS):  # however a session ends, the router goes on
                    await self._read(tasks)
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.aclose_forcefully(self._stream)

    async def _read(self, tasks: TaskGroup) -> None:
        while True:
            for sentence in self._reader.feed(await self._stream.receive()):
                words = [word.decode("utf-8", "surrogateescape") for word in sentence]
                await self._hear(words, tasks)

    async def _hear(self, words: list[str], tasks: TaskGroup) -> None:
        try:
            command, tag = Command.parse(words)
        except ProtocolError:
            tag = next((word[5:] for word in words if word.startswith(".tag=")), "")
            await self._say(Trap("no such command prefix", refusals.MISSING, tag), Done(tag=tag))
            return
        if command.path == "/login":
            await self._login(command, tag)
        elif command.path == "/quit":
            await self._say(Fatal("session terminated on request"))
            raise _Ended
        elif self.username is None:
            await self._say(Fatal("not logged in"))
            raise _Ended
        elif command.path == "/system/reboot":
            await self._reboot(tag)
        elif command.path == "/cancel":
            await self._cancel(command.attributes.get("tag"), tag)
        elif _goes_on(command) or (tag and self._takes_time(command)):
            tasks.start_soon(self._run_tagged, command, tag)
        else:
            await self._run(command, tag)

    def _takes_time(self, command: Command) -> bool:
        return command.verb in _STREAMING or self._router.takes_time(command)

    async def _reboot(self, tag: str) -> None:
        """Go down at once, often without a ``!done``; a user without the policy hears so."""
        try:
            self._router.refuse_without("reboot", self)
        except refusals.Refusal as refusal:
            await self._say(Trap(refusal.message, refusal.category, tag), Done(tag=tag))
            return
        self._router.reboot()
        raise _Ended

    async def _login(self, command: Command, tag: str) -> None:
        router, given = self._router, command.attributes
        await anyio.sleep(router.delay(command))
        if router.faults.is_silent or router.faults.ignore_logins:
            return
        if not given or (router.profile.login == "challenge" and "response" not in given):
            self._challenge = secrets.token_hex(16)
            await self._say(Done({"ret": self._challenge}, tag))
            return
        name = given.get("name", "")
        if router.faults.refuse_logins or not self._is_right(name, given):
            old = "response" in given
            text = "cannot log in" if old else "invalid user name or password (6)"
            router.access.log("system,error,critical", f"login failure for user {name} via api")
            await self._say(Trap(text, tag=tag), Done(tag=tag))
            return
        self.username = name
        router.access.logged_in(self)
        await self._say(Done(tag=tag))

    def _is_right(self, name: str, given: Mapping[str, str]) -> bool:
        password = self._router.access.password_of(name)
        if password is None:
            return False
        if "response" not in given:
            return secrets.compare_digest(_raw(given.get("password", "")), _raw(password))
        digest = hashlib.md5(b"\x00" + _raw(password) + bytes.fromhex(self._challenge), usedforsecurity=False)
        return bool(self._challenge) and given["response"] == "00" + digest.hexdigest()

    async def _cancel(self, target: str | None, tag: str) -> None:
        """Interrupt one command, or every one of the session when none is named."""
        order = self._router.profile.cancel_order
        said: list[AnyReply] = []
        for running in [target] if target is not None else list(self._running):
            scope = self._running.pop(running, None)
            if scope is not None:
                scope.cancel()
                trap = Trap("interrupted", refusals.INTERRUPTED, running)
                said += [trap, trap] if order == "two traps" else [trap]
                said.append(Done(tag=running))
        own = Done(tag=tag)
        await self._say(*([own, *said] if order == "cancel first" else [*said, own]))

    async def _run_tagged(self, command: Command, tag: str) -> None:
        with anyio.CancelScope() as scope:
            self._running[tag] = scope
            try:
                await self._run(command, tag)
            except (_Ended, anyio.BrokenResourceError, anyio.ClosedResourceError):
                await anyio.aclose_forcefully(self._stream)  # the reader ends the session
            finally:
                if self._running.get(tag) is scope:
                    del self._running[tag]

    async def _run(self, command: Command, tag: str) -> None:
        router = self._router
        if router.profile.cost.is_serial and not _goes_on(command):
            async with self._one_at_a_time:
                await self._carry_out(command, tag)
        else:
            await self._carry_out(command, tag)

    async def _carry_out(self, command: Command, tag: str) -> None:
        router = self._router
        if delay := router.delay(command):
            await anyio.sleep(delay)
        if router.faults.is_silent:
            return
        due = router.faults.due(command.path, clock.now())
        if due.cut is CutMoment.BEFORE:
            raise _Ended
        try:
            if _goes_on(command):
                await self._go_on(command, tag)
                return
            answer = router.execute(command, self)
        except refusals.Refusal as refusal:
            await self._say(Trap(refusal.message, refusal.category, tag), Done(tag=tag))
            return
        if due.cut is CutMoment.AFTER:
            raise _Ended
        if tag and (late := router.faults.lateness()):
            await anyio.sleep(late)
        await self._answer(answer, tag, due)

    async def _go_on(self, command: Command, tag: str) -> None:
        if command.verb in _STREAMING:
            await self._listen(command, tag)
        elif is_monitor(command):
            await self._monitor(self._router.begin_monitor(command, self), tag)
        else:
            await self._follow(command, tag)

    async def _answer(self, answer: Answer, tag: str, due: Due) -> None:
        """Send rows piece by piece, never all at once, and the end."""
        rest = b""
        for piece, count in _pieces(answer, tag):
            if delay := self._router.row_delay(answer, count):
                await anyio.sleep(delay)
            if rest:
                await self._send(rest)
            rest = piece
        if answer.is_print and not answer.rows and self._router.schema.says_empty:
            rest += encode(Empty(tag).words())
        done = Done(answer.done, tag)
        end = rest + encode(done.words()) if due.reply is None else spoil(due.reply, rest, done)
        if due.cut is CutMoment.INSIDE:
            await self._send(end[: len(end) // 2])
            raise _Ended
        self._running.pop(tag, None)  # from here on there is nothing to cancel
        await self._send(end)
        if due.reply is ReplyFault.FATAL:
            raise _Ended

    async def _listen(self, command: Command, tag: str) -> None:
        """Send rows as they change, until cancelled."""
        table = self._router.table_for_listen(command, self)
        send, receive = anyio.create_memory_object_stream[dict[str, str]](_LISTEN_ROWS)

        def hear(row: dict[str, str]) -> None:
            try:
                send.send_nowait(row)
            except anyio.WouldBlock:  # it does not read: who changes rows must not suffer for it
                send.close()
            except anyio.ClosedResourceError:
                pass

        stop = table.listen(hear)
        try:
            with send, receive:
                while True:
                    row = None
                    with anyio.move_on_after(_REFRESH):
                        row = await receive.receive()
                    if row is not None:
                        await self._say(Reply(row, tag))
                    elif table.refresh is not None:  # what nobody reads is not up to date
                        table.refresh(clock.now())
        finally:
            stop()

    async def _follow(self, command: Command, tag: str) -> None:
        """Print what is there, unless only changes are asked for, and go on with what changes."""
        plain = {name: text for name, text in command.attributes.items() if name not in _FOLLOW}
        answer = self._router.execute(Command(command.path, plain, command.query), self)
        if "follow" in command.attributes:
            for row in answer.rows:
                wanted = answer.columns or tuple(row.values)
                shown = {name: row.values[name] for name in wanted if name in row.values and name not in answer.hidden}
                await self._say(Reply(shown, tag))
        await self._listen(command, tag)

    async def _monitor(self, monitor: Monitor, tag: str) -> None:
        """Say how things are, again and again."""
        look = 0
        while monitor.looks is None or look < monitor.looks:
            if look:
                await anyio.sleep(monitor.interval)
            for row in monitor.sample(look):
                await self._say(Reply(row, tag))
            look += 1
        self._running.pop(tag, None)
        await self._say(Done(tag=tag))

    async def _say(self, *sentences: AnyReply) -> None:
        parts = [encode(sentence.words()) for sentence in sentences if not isinstance(sentence, UnknownReply)]
        await self._send(b"".join(parts))

    async def _send(self, framed: bytes) -> None:
        """Send whole sentences: a cancelled command must not leave half of one on the wire."""
        async with self._sending:
            with anyio.CancelScope(shield=True):
                await self._stream.send(framed)
