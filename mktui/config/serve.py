"""The ``[serve]`` of a configuration: how the mktui that runs it is asked by others. Imports nothing heavy."""

from __future__ import annotations

import os
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

LONGEST_SOCKET: Final = 107
"""Bytes that the kernel allows for a socket's path."""


class ServeConfig(BaseModel):
    """``[serve]``: where ``mktui serve``, or the screen, is asked by the other commands."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    socket: str = Field(
        "", description="file of the socket at which it is asked; empty: one in the state folder; MKTUI_SOCKET wins"
    )

    @field_validator("socket")
    @classmethod
    def _can_be(cls, given: str) -> str:
        """A name without its folder would be another place for each who asks."""
        if not given:
            return given
        if not given.startswith(("/", "~/")) or "\0" in given:
            raise ValueError("a socket is named by its whole path: /run/mktui/control.sock")
        if len(os.fsencode(os.path.expanduser(given))) > LONGEST_SOCKET:  # noqa: PTH111 - never raises
            raise ValueError(f"the path of a socket has {LONGEST_SOCKET} bytes at most")
        return given
