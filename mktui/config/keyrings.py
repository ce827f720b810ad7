"""A password from the system's keyring (extra ``keyring``): a desktop's Secret Service, KWallet, the macOS keychain.

Such a service may wait for somebody to unlock it, in a window that nobody sees, and for ever. So it is asked by a
thread of its own that is given up after a while, and that holds up the end of the program as little as anything else.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from importlib import import_module
from typing import Final

import anyio
from pydantic import SecretStr

from mktui.errors import ConfigError

SERVICE: Final = "mktui"
"""What all entries of mktui stand under: ``keyring set mktui NAME`` makes one."""
_LOOK: Final = 0.02
"""Seconds between two looks whether the thread has an answer."""
_ELSEWHERE: Final = "{ file = } or { command = } need none"


async def read_keyring(entry: str, key: str, *, within: float) -> SecretStr:
    """Return the password of an entry.

    Raises:
        ConfigError: The library or a keyring is missing, it is locked, has no such entry, or took longer than
            ``within`` seconds.
    """
    answer: Future[SecretStr] = Future()
    threading.Thread(target=_ask, args=(entry, key, answer), name="mktui keyring", daemon=True).start()
    with anyio.move_on_after(within):
        while not answer.done():  # noqa: ASYNC110 - another thread gives the answer, and knows no event loop
            await anyio.sleep(_LOOK)
    if not answer.done():
        problem = f"the keyring took longer than {within:g} s: does it wait for somebody to unlock it?"
        raise ConfigError(problem, key=key, remedy=f"unlock it, or {_ELSEWHERE}")
    return answer.result()


def _ask(entry: str, key: str, answer: Future[SecretStr]) -> None:
    try:
        answer.set_result(_password(entry, key))
    except ConfigError as error:
        answer.set_exception(error)


def _password(entry: str, key: str) -> SecretStr:
    """Return the password of an entry. Blocks, perhaps for ever."""
    try:
        keyring = import_module("keyring")
        errors = import_module("keyring.errors")
    except ImportError:
        remedy = f"pip install 'mktui[keyring]'; {_ELSEWHERE}"
        raise ConfigError("the library that asks a keyring is not installed", key=key, remedy=remedy) from None
    try:
        found: str | None = keyring.get_password(SERVICE, entry)
    except errors.NoKeyringError:
        problem = "this machine has no keyring that could be asked, as is usual without a desktop"
        raise ConfigError(problem, key=key, remedy=_ELSEWHERE) from None
    except errors.KeyringLocked:
        raise ConfigError("the keyring is locked", key=key, remedy=f"unlock it, or {_ELSEWHERE}") from None
    except Exception as error:  # noqa: BLE001 - it passes on whatever its D-Bus, its daemon or its own bugs raise
        problem = f"the keyring cannot be asked: {type(error).__name__}"
        raise ConfigError(problem, key=key, remedy=f"does keyring get {SERVICE} {entry} work? {_ELSEWHERE}") from None
    if found is None:
        problem, remedy = f"the keyring has no entry {SERVICE} {entry}", f"keyring set {SERVICE} {entry} makes it"
        raise ConfigError(problem, key=key, remedy=remedy)
    return SecretStr(found)
