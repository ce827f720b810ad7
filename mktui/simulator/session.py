"""One API session at a simulated router: words in, sentences out, tagged commands side by side.

The login, the tags and the errors are written here a second time, on purpose: client and router check each other.
"""

from __future__ import annotations

import hashlib
import secrets
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.protocol.framing import WordReader, encode
from mktui.core.protocol.sentences import AnyReply, Command, Done, Empty, Fatal, Reply, Trap, UnknownReply
from mktui.errors import ProtocolError
from mktui.simulator import refusals
from mktui.simulator.faults import CutMoment, Due, Mishap, ReplyFault
from mktui.simulator.monitors import Monitor, is_monitor
from mktui.simulator.spoil import spoil

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from anyio.abc import ByteStream, TaskGroup

    from mktui.simulator.desk import Answer
    from mktui.simulator.router import SimulatedRouter
    from mktui.simulator.watch import Watch

_PIECE_BYTES: Final = 65536
_PIECE_ROWS: Final = 500
_HELD_BYTES: Final = 1_048_576
"""The most that is held of a sentence without an end: it is read anew with every piece, which others wait for."""
_STREAMING: Final = frozenset({"listen"})
_PRINTS: Final = frozenset({"print", "getall"})
_FOLLOW: Final = frozenset({"follow", "follow-only", "follow-strict"})
_REFRESH: Final = 1.0
"""Seconds between two looks at rows that change by themselves, while somebody listens."""


def _goes_on(command: Command) -> bool:
    """Say whether a command ends only when it is cancelled, or after a while."""
    follows = command.verb in _PRINTS and bool(_FOLLOW & set(command.attributes))
    return command.verb in _STREAMING or is_monitor(command) or follows


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


_BROKEN: Final = (_Ended, anyio.BrokenResourceError, anyio.ClosedResourceError, ssl.SSLError)
_ENDS: Final = (*_BROKEN, anyio.EndOfStream, ProtocolError)


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
            if self._reader.held_bytes > _HELD_BYTES:
                raise _Ended

    async def _hear(self, words: list[str], tasks: TaskGroup) -> None:
        try:
            command, tag = Command.parse(words)
        except ProtocolError:
            if self.username is None:
                await self._say(Fatal("not logged in"))
                raise _Ended from None
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
            scope = self._running[tag] = anyio.CancelScope()  # before the next word is heard: it may be /cancel
            tasks.start_soon(self._run_tagged, command, tag, scope)
        else:
            await self._run(command, tag)

    def _takes_time(self, command: Command) -> bool:
        return command.verb in _STREAMING or self._router.takes_time(command)

    async def _reboot(self, tag: str) -> None:
        """Go down at once, often without a ``!done``; a user without the policy hears so."""
        try:
            self._router.reboot_by(self)
        except refusals.Refusal as refusal:
            await self._finish(self._trap(refusal, tag), Done(tag=tag), Due())
            return
        raise _Ended

    def _trap(self, refusal: refusals.Refusal, tag: str) -> bytes:
        category = refusal.category if self._router.profile.says_categories else None
        return encode(Trap(refusal.message, category, tag).words())

    async def _login(self, command: Command, tag: str) -> None:
        router, given, faults = self._router, command.attributes, self._router.faults
        await anyio.sleep(router.delay(command))
        now = clock.now()
        if faults.befalls(Mishap.SILENT, command.path, now) or faults.befalls(Mishap.LOGIN_IGNORED, command.path, now):
            return
        due = faults.due(command.path, now)
        if due.cut is CutMoment.BEFORE:
            raise _Ended
        if not given or (router.profile.login == "challenge" and "response" not in given):
            self._challenge = secrets.token_hex(16)
            await self._finish(b"", Done({"ret": self._challenge}, tag), due)
            return
        name = given.get("name", "")
        if faults.befalls(Mishap.LOGIN_REFUSED, command.path, now) or not self._is_right(name, given):
            old = "response" in given
            text = "cannot log in" if old else "invalid user name or password (6)"
            router.access.login_failed(name, self)
            await self._finish(encode(Trap(text, tag=tag).words()), Done(tag=tag), due)
            return
        self.username = name
        router.access.logged_in(self)
        await self._finish(b"", Done(tag=tag), due)

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
        order, own = self._router.profile.cancel_order, Done(tag=tag)
        due = self._router.faults.due("/cancel", clock.now())
        if due.cut is CutMoment.BEFORE:
            raise _Ended
        before, after = b"", b""
        for running in [target] if target is not None else list(self._running):
            scope = self._running.pop(running, None)
            if scope is not None:
                scope.cancel()
                trap = self._trap(refusals.interrupted(), running)
                before += trap * 2 if order == "two traps" else trap
                done = encode(Done(tag=running).words())
                before, after = (before, after + done) if order == "cancel between" else (before + done, after)
        if order == "cancel first":
            before, after = b"", before
        await self._finish(before, own, due, after)

    async def _run_tagged(self, command: Command, tag: str, scope: anyio.CancelScope) -> None:
        if scope.cancel_called:
            return
        with scope:
            try:
                await self._run(command, tag)
            except _BROKEN:
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
        if router.faults.befalls(Mishap.SILENT, command.path, clock.now()):
            return
        due = router.faults.due(command.path, clock.now())
        if due.cut is CutMoment.BEFORE:
            raise _Ended
        try:
            if _goes_on(command):
                await self._go_on(command, tag, due)
                return
            answer = router.execute(command, self)
        except refusals.Refusal as refusal:
            if due.cut is CutMoment.AFTER:
                raise _Ended from None
            await self._finish(self._trap(refusal, tag), Done(tag=tag), due)
            return
        if due.cut is CutMoment.AFTER:
            raise _Ended
        if tag and (late := router.faults.lateness()):
            router.faults.note(Mishap.LATE, command.path, clock.now())
            await anyio.sleep(late)
        await self._answer(answer, tag, due)

    async def _go_on(self, command: Command, tag: str, due: Due) -> None:
        """Say what there is to say until cancelled; a cut comes when it has begun, silence from then on."""
        router = self._router
        going = router.begin_monitor(command, self) if is_monitor(command) else router.watch(command, self)
        if due.cut is not None:
            raise _Ended
        if due.reply is ReplyFault.SILENCE:
            await anyio.sleep_forever()
        if isinstance(going, Monitor):
            await self._monitor(going, tag, due)
        else:
            await self._listen(command, going, tag)

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
        await self._finish(rest, done, due)

    async def _finish(self, rest: bytes, done: Done, due: Due, after: bytes = b"") -> None:
        """Send what is left of an answer and its end, or what a fault makes of them; ``after`` comes behind it."""
        end = rest + encode(done.words()) if due.reply is None else spoil(due.reply, rest, done)
        end += after
        tag = done.tag
        if due.cut is CutMoment.AFTER:
            raise _Ended
        if due.cut is CutMoment.INSIDE:
            await self._send(end[: len(end) // 2])
            raise _Ended
        self._running.pop(tag, None)  # from here on there is nothing to cancel
        await self._send(end)
        if due.reply is ReplyFault.FATAL:
            raise _Ended

    async def _listen(self, command: Command, watch: Watch, tag: str) -> None:
        """Send rows as they change, until cancelled; a print that follows says first what is there."""
        with watch.hearing() as changes:
            if "follow" in command.attributes:
                plain = {name: text for name, text in command.attributes.items() if name not in _FOLLOW}
                there = self._router.execute(Command(command.path, plain, command.query), self)
                for row in [dict(row.values) for row in there.rows]:
                    await self._say(Reply(watch.shown(row) or {}, tag))
            while True:
                changed = None
                with anyio.move_on_after(_REFRESH):
                    try:
                        changed = await changes.receive()
                    except anyio.EndOfStream:  # it did not read for too long
                        raise _Ended from None
                if changed is None:  # what nobody reads is not up to date
                    if watch.table.refresh is not None:
                        watch.table.refresh(clock.now())
                elif (shown := watch.shown(changed)) is not None:
                    await self._say(Reply(shown, tag))

    async def _monitor(self, monitor: Monitor, tag: str, due: Due) -> None:
        """Say how things are, again and again."""
        look = 0
        while monitor.looks is None or look < monitor.looks:
            if look:
                await anyio.sleep(monitor.interval)
            for row in monitor.sample(look):
                await self._say(Reply(row, tag))
            look += 1
        await self._finish(b"", Done(tag=tag), due)

    async def _say(self, *sentences: AnyReply) -> None:
        parts = [encode(sentence.words()) for sentence in sentences if not isinstance(sentence, UnknownReply)]
        await self._send(b"".join(parts))

    async def _send(self, framed: bytes) -> None:
        """Send whole sentences: a cancelled command must not leave half of one on the wire."""
        async with self._sending:
            with anyio.CancelScope(shield=True):
                await self._stream.send(framed)
