"""One program at a time writes to a router's configuration, on this machine: a lock on files, let go by the kernel.

Billing's leases say the same across machines, to those who share a database; this is for those who have none, and for
both together. A router is known by what it is called and by each address that the name stands for now: how it is
spelled, and by which user, makes no difference. Two addresses of one router that no name joins are two routers to it.

The files lie in a folder that every user of the machine may write to, and belong to whoever came first; anybody may
lock them. They say who holds it, since when, for what.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import socket
import stat
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, Final

import anyio

from mktui import clock
from mktui.errors import BillingError, LeaseLost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

PLACE: Final = "MKTUI_LOCK_DIR"
"""The environment's word for another folder, such as one that two containers share."""
_SHARED: Final = ("/run/lock", "/dev/shm", "/tmp")  # noqa: S108 - taken only with the sticky bit, opened without following
_EVERYBODY: Final = stat.S_ISVTX | stat.S_IWOTH
_MODE: Final = 0o666
_MOST: Final = 4096


@contextmanager
def only_writer(router: str, address: str, doing: str) -> Iterator[None]:
    """Be the only program here that writes to a router for the block; ``doing`` is told to whoever comes meanwhile.

    May look a name up: inside a loop, it is ``alone``.

    Raises:
        LeaseLost: Another program does; nothing was written.
        BillingError: Whether one does cannot be known; nothing was written.
    """
    found: Iterable[Any] = ()
    if _is_name(host := _host(address)):
        with suppress(OSError, ValueError):  # it has no address: then it is known by its name alone
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    with _held(router, lock_files(address, _addresses(found)), doing):
        yield


@asynccontextmanager
async def alone(router: str, address: str, doing: str) -> AsyncIterator[None]:
    """Do what ``only_writer`` does, and let the loop go on while a name is looked up."""
    found: Iterable[Any] = ()
    if _is_name(host := _host(address)):
        with suppress(OSError, ValueError):
            found = await anyio.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    with _held(router, lock_files(address, _addresses(found)), doing):
        yield


def lock_folder() -> Path:
    """Return where the locks are: the same folder for every user, whether he may write to it just now or not."""
    if named := os.environ.get(PLACE):
        return Path(named)
    return Path(next((each for each in _SHARED if _is_everybodys(each)), _SHARED[-1]))


def lock_files(address: str, addresses: Iterable[str] = ()) -> list[Path]:
    """Return the files that are locked for a router, in the order in which everybody takes them."""
    port = address.rpartition(":")[2]
    folder, names = lock_folder(), {_plain(_host(address)), *map(_plain, addresses)}
    digests = sorted(hashlib.sha256(f"{name} {port}".encode()).hexdigest()[:20] for name in names)
    return [folder / f"mktui-{digest}.lock" for digest in digests]


def _host(address: str) -> str:
    return address.rpartition(":")[0].removeprefix("[").removesuffix("]")


def _is_name(host: str) -> bool:
    """Say whether it has to be looked up; an address with a zone is, too: a zone has a number and a name."""
    try:
        return bool(getattr(ip_address(host), "scope_id", None))
    except ValueError:
        return True


def _addresses(found: Iterable[Any]) -> set[str]:
    return {str(where[0]) for *_, where in found}


def _plain(host: str) -> str:
    """Return a name or an address as everybody writes it."""
    try:
        known = ip_address(host)
    except ValueError:
        return host.lower()
    mapped = known.ipv4_mapped if isinstance(known, IPv6Address) else None
    return str(mapped or known)


def _is_everybodys(folder: str) -> bool:
    try:
        return Path(folder).stat().st_mode & _EVERYBODY == _EVERYBODY
    except OSError:
        return False


@contextmanager
def _held(router: str, files: Iterable[Path], doing: str) -> Iterator[None]:
    with ExitStack() as stack:
        handles = [stack.enter_context(_locked(router, file)) for file in files]
        for handle in handles:
            _sign(handle, doing)
        yield
        for handle in handles:
            with suppress(OSError):
                os.truncate(handle, 0)


@contextmanager
def _locked(router: str, file: Path) -> Iterator[int]:
    handle = _opened(router, file)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LeaseLost(router, holder=_holder(handle), doing="written to") from None
        yield handle
    finally:
        os.close(handle)


def _opened(router: str, file: Path) -> int:
    try:
        try:
            handle = os.open(file, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            _make(file)
            handle = os.open(file, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise _no_lock(router, file, (error.strerror or str(error)).lower()) from None
    found = os.fstat(handle)
    if stat.S_ISREG(found.st_mode) and found.st_mode & _MODE == _MODE:
        return handle
    os.close(handle)  # nobody's lock: what somebody has put in its place is not written to
    raise _no_lock(router, file, "it is no lock of mktui's")


def _no_lock(router: str, file: Path, problem: str) -> BillingError:
    return BillingError(
        f"{router} is not written to: whether another program does cannot be known: {file}: {problem}",
        remedy=f"{PLACE} names another folder, the same for each program that writes",
    )


def _make(file: Path) -> None:
    """Make a lock that anybody may take: complete when it appears, and the first one's when several do."""
    with NamedTemporaryFile(dir=file.parent, prefix=file.name) as draft:
        os.fchmod(draft.fileno(), _MODE)
        with suppress(FileExistsError):
            os.link(draft.name, file)


def _sign(handle: int, doing: str) -> None:
    with suppress(OSError):
        os.truncate(handle, 0)
        since = clock.utc_now().isoformat(timespec="seconds")
        facts = {"pid": os.getpid(), "doing": doing, "since": since}
        os.pwrite(handle, json.dumps(facts).encode("ascii")[:_MOST], 0)


def _holder(handle: int) -> str:
    """Return who has signed; he may have died in between, or not have come to it yet."""
    try:
        facts = json.loads(os.pread(handle, _MOST, 0))
        return f"pid {int(facts['pid'])} ({facts['doing']}), since {facts['since']}"
    except (OSError, ValueError, TypeError, KeyError):
        return "another program on this machine"
