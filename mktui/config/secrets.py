"""Where a password comes from. It is fetched when a router is started, and stands in no repr, log or message."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
from pydantic import SecretStr

from mktui.config.keyrings import read_keyring
from mktui.errors import ConfigError

COMMAND_TIMEOUT: Final = 10.0
"""Seconds that a command, or a keyring, may take."""
_TEXT: Final = {"type": "string", "minLength": 1}
SOURCE_SCHEMA: Final[dict[str, Any]] = {  # Any: JSON
    "oneOf": [
        {"type": "string"},
        *(
            {"type": "object", "properties": {kind: value}, "required": [kind], "additionalProperties": False}
            for kind, value in (
                ("env", _TEXT), ("file", _TEXT), ("keyring", _TEXT),
                ("command", {"type": "array", "items": _TEXT, "minItems": 1}),
            )
        ),
    ]
}  # fmt: skip
"""What a password may be, for editors."""


@dataclass(frozen=True, slots=True)
class SecretSource:
    """``kind`` is plain, env, file, keyring or command; ``value`` what stands there (a command: its words)."""

    kind: str
    value: str | tuple[str, ...] = field(repr=False)

    @property
    def is_plain(self) -> bool:
        """Written into the file itself."""
        return self.kind == "plain" and bool(self.value)

    def described(self) -> str:
        """Say where it comes from, for people."""
        if self.kind == "plain":
            return "written in the file" if self.value else "empty"
        return f"from {self.kind} {self.value if isinstance(self.value, str) else self.value[0]}"


def parse_source(given: object) -> SecretSource:
    """Read what a configuration says.

    Raises:
        ValueError: It is neither a text nor one of the known tables.
    """
    if isinstance(given, SecretSource):
        return given
    if isinstance(given, str):
        return SecretSource("plain", given)
    if isinstance(given, dict) and len(given) == 1:
        kind, value = next(iter(given.items()))
        if kind in {"env", "file", "keyring"} and isinstance(value, str) and value:
            return SecretSource(kind, value)
        if kind == "command" and isinstance(value, list) and value and all(isinstance(word, str) for word in value):
            return SecretSource(kind, tuple(value))
    known = '"text", { env = "NAME" }, { file = "PATH" }, { keyring = "NAME" } or { command = ["program", "argument"] }'
    raise ValueError(f"must be {known}")


async def resolve(source: SecretSource, *, router: str = "", key: str = "") -> SecretStr:
    """Fetch the password of a router, or the secret of another ``key``.

    Raises:
        ConfigError: The variable is not set, the file cannot be read, the keyring or the command failed or took over
            10 s. Names the router and the source, never a value.
    """
    key = key or f"routers.{router}.password"
    if source.kind == "env":
        assert isinstance(source.value, str)
        value = os.environ.get(source.value)
        if value is None:
            raise ConfigError(f"the environment has no variable {source.value}", key=key, remedy="set it")
        return SecretStr(value)
    if source.kind == "file":
        return SecretStr(await _read(str(source.value), key))
    if source.kind == "keyring":
        return await read_keyring(str(source.value), key, within=COMMAND_TIMEOUT)
    if source.kind == "command":
        return SecretStr(await _run(tuple(source.value), key))
    return SecretStr(str(source.value))


async def _read(path: str, key: str) -> str:
    try:
        text = await anyio.Path(path).expanduser()
        return (await text.read_text(encoding="utf-8")).removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise ConfigError(f"cannot read the password file {path}: {reason}", key=key) from None


async def _run(command: tuple[str, ...], key: str) -> str:
    try:
        with anyio.fail_after(COMMAND_TIMEOUT):
            result = await anyio.run_process(command, check=False)
    except TimeoutError:
        raise ConfigError(f"{command[0]} took longer than {COMMAND_TIMEOUT:.0f} s", key=key) from None
    except OSError as error:
        raise ConfigError(f"cannot run {command[0]}: {error.strerror}", key=key) from None
    if result.returncode:
        raise ConfigError(f"{command[0]} ended with exit code {result.returncode}", key=key)
    return result.stdout.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
