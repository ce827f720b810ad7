"""A quick start and a quick end: what a script that asks for a status a thousand times a day pays for nothing."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator


class _NoPlugins(ModuleType):
    """Stands where pydantic has its loader of plugins, which loads what is needed to find them even if none is wanted.

    A twentieth of the start. Should a pydantic ask it for something else, that comes from the loader itself.
    """

    PLACE: Final = "pydantic.plugin._loader"

    @staticmethod
    def get_plugins() -> tuple[()]:
        """Return no plugin."""
        return ()

    def __getattr__(self, name: str) -> object:
        """Load the loader, and return what it has under this name."""
        if name.startswith("__"):  # asked of every module that is imported from
            raise AttributeError(name)
        del sys.modules[self.PLACE]
        return getattr(importlib.import_module(self.PLACE), name)


@contextmanager
def without_collection() -> Iterator[None]:
    """Look for no garbage while modules are loaded, nor among what they hold ever after: it stays until the end.

    The looking is a tenth of the start; put off instead, it is an eighth, three times through everything.
    """
    # pydantic would look through everything that is installed for plugins; mktui has none
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    sys.modules.setdefault(_NoPlugins.PLACE, _NoPlugins(_NoPlugins.PLACE))
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def leave(code: int) -> None:
    """End the process at once: everything has been closed in order, and to take apart what is left helps nobody."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # nobody reads it any more; what can be said of it has been said
            code = code or 1
    os._exit(code)
