"""What every request has: a number, whether it changes something, and bounds for what is in it. Pure."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

NAME: Final = 256
TEXT: Final = 900_000
"""A whole configuration, or a piece of a file."""


def _short(text: str) -> str:
    """Pydantic cannot count the letters of a text with bytes in it that are none."""
    if len(text) > NAME:
        raise ValueError(f"has more than {NAME} letters")
    return text


def _bounded(text: str) -> str:
    if len(text) > TEXT:
        raise ValueError(f"has more than {TEXT} letters")
    return text


Name = Annotated[str, AfterValidator(_short)]
Text = Annotated[str, AfterValidator(_bounded)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Bytes = Annotated[int, Field(ge=0, le=2**40)]
"""Where something stands in a file."""
Number = Annotated[int, Field(ge=0, le=2**53)]


class Asked(BaseModel):
    """Somebody asks."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    is_write: ClassVar[bool] = False
    """It changes something, and is refused to whoever may only look."""

    id: Number


class Write(Asked):
    """Somebody changes something."""

    is_write = True


class OfRouter(Asked):
    """Somebody asks about a router."""

    router: Name


class ToRouter(Write):
    """Somebody changes something at a router."""

    router: Name
