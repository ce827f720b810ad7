"""The form for a new router: its fields in words, what a test has shown, and the question before it is saved. Pure."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final, get_args

from rich.text import Text

from mktui.config.newcomer import Keep
from mktui.config.starter import login_commands
from mktui.core.connection.options import TlsMode
from mktui.errors import ConfigError, ConnectFailed, ControlRefused, LoginRefused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mktui.config.newcomer import Newcomer
    from mktui.core.client.connection_test import TestStep
    from mktui.errors import MktuiError
    from mktui.services.newcomers import Tried
    from mktui.tui.keymap import Keymap
    from mktui.tui.palette import Palette

TLS: Final[tuple[TlsMode, ...]] = get_args(TlsMode)
KEEPS: Final = (Keep.FILE, Keep.ENV, Keep.COMMAND, Keep.PLAIN)
KEPT: Final = {
    Keep.FILE: "a file of its own", Keep.ENV: "the environment", Keep.COMMAND: "a program", Keep.PLAIN: "config.toml",
}  # fmt: skip
LABELS: Final = {
    "host": "address", "name": "name", "port": "port", "username": "user", "password": "password", "tls": "TLS",
    "fingerprint": "fingerprint", "ca_file": "authority", "keep": "kept in", "where": "where",
}  # fmt: skip
"""Fields in the order in which they stand, and what they are called."""
_TLS_HINTS: Final = {
    "off": "the password travels plainly", "verify": "the certificate is checked",
    "pin": "this one certificate and no other", "anonymous": "encrypted; nobody is proved",
}  # fmt: skip
_KEEP_HINTS: Final = {
    Keep.FILE: "0600, written when you save", Keep.ENV: "set it before the next start",
    Keep.COMMAND: "prints it, within 10 s", Keep.PLAIN: "▲ in plain text: not advised",
}  # fmt: skip
_WHERE: Final = {Keep.FILE: "path", Keep.ENV: "variable", Keep.COMMAND: "program", Keep.PLAIN: ""}


def fields_shown(newcomer: Newcomer) -> list[str]:
    """Return the fields that have a meaning now."""
    hidden = set()
    if newcomer.tls != "pin":
        hidden.add("fingerprint")
    if newcomer.tls != "verify":
        hidden.add("ca_file")
    if newcomer.keep is Keep.PLAIN:
        hidden.add("where")
    return [name for name in LABELS if name not in hidden]


def label(name: str, newcomer: Newcomer) -> str:
    """Return what a field is called."""
    return _WHERE[newcomer.keep] if name == "where" else LABELS[name]


def hint(name: str, newcomer: Newcomer, problem: str, palette: Palette) -> Text:
    """Return what stands beside a field: what is wrong with it, or what it is for."""
    if problem:
        return Text(f"✗ {problem}", style=palette.state("critical"))
    hints = {
        "host": "host name or address", "name": "what you call it", "port": f"{newcomer.usual_port} when empty",
        "username": "its API user", "password": "empty: what is kept already" if _may_be_kept(newcomer) else "",
        "tls": _TLS_HINTS[newcomer.tls], "fingerprint": "the certificate's SHA-256",
        "ca_file": "a file; empty: the system's", "keep": _KEEP_HINTS[newcomer.keep],
    }  # fmt: skip
    is_warning = name == "keep" and newcomer.keep is Keep.PLAIN
    return Text(hints.get(name, ""), style=palette.state("warning") if is_warning else palette.quiet)


def _may_be_kept(newcomer: Newcomer) -> bool:
    return newcomer.keep is not Keep.PLAIN and not newcomer.password


def welcome(file: Path, width: int) -> Text:
    """Greet whoever starts it for the first time."""
    told = (
        "There is no configuration yet. Say where your first router is and how to log in, test it, and save it: "
        f"{file} is made then, and only you can read it. mktui demo needs no router at all."
    )
    return Text.assemble(("Welcome to mktui.\n", "bold"), "\n".join(textwrap.wrap(told, min(width, 100))))


def commands(newcomer: Newcomer, palette: Palette) -> Text:
    """Return what to type on the router, once."""
    lines = "\n".join(f"  {line}" for line in login_commands(newcomer.username.strip() or "mktui", tls=newcomer.tls))
    head = "On the router, once: a user of its own (without write it only looks)"
    return Text.assemble((f"{head}\n", palette.quiet), lines)


def steps_text(steps: Sequence[TestStep], palette: Palette, width: int) -> Text:
    """Return the steps of a test so far."""
    lines = []
    for step in steps:
        glyph, style = ("✓", palette.state("healthy")) if step.ok else ("✗", palette.state("critical"))
        figures = f" {step.name:<11}{step.took * 1000:>8.1f} ms  "
        lines.append(Text.assemble((glyph, style), figures, _wrapped(step.text, width, 1 + len(figures))))
    return Text("\n").join(lines)


def verdict_text(tried: Tried, palette: Palette, width: int) -> Text:
    """Return how a test ended, and what to do."""
    style = palette.state("critical" if not tried.report.ok else "warning" if tried.advice else "healthy")
    lines = [Text(_wrapped(tried.report.verdict, width, 0), style=f"bold {style}")]
    if not tried.report.ok:
        lines += [Text(f"→ {_wrapped(each, width, 2)}") for each in tried.advice]
    return Text("\n").join(lines)


def needs_commands(tried: Tried | None) -> bool:
    """Say whether what to type on the router may be what is missing."""
    if tried is None:
        return True
    error = tried.report.error
    if isinstance(error, ControlRefused):  # it was tested from elsewhere, and what came back are words
        return error.kind == LoginRefused.__name__ or str(error).endswith(": connection refused")
    return isinstance(error, LoginRefused) or (
        isinstance(error, ConnectFailed) and error.reason == "connection refused"
    )


def question(newcomer: Newcomer, file: Path, tried: Tried | None, palette: Palette, keymap: Keymap) -> Text:
    """Ask before a router is saved; what speaks against it is said."""
    kept = f"{KEPT[newcomer.keep]}{f': {newcomer.where.strip()}' if newcomer.where.strip() else ''}"
    told = "config.toml, in plain text" if newcomer.keep is Keep.PLAIN else kept
    lines = [
        Text(f"Save {newcomer.name.strip()} to {file.name}?\n", style="bold"),
        Text(f"{newcomer.host.strip()}:{newcomer.port_in_use} as {newcomer.username.strip()}, TLS {newcomer.tls}"),
        Text(f"its password is kept in {told}\n"),
    ]
    lines += [Text(f"▲ {each}", style=palette.state("warning")) for each in _objections(newcomer, tried, keymap)]
    lines.append(Text("\ny saves it, and starts it at once   n goes back to it"))
    return Text("\n").join(lines)


def _objections(newcomer: Newcomer, tried: Tried | None, keymap: Keymap) -> list[str]:
    found = []
    if tried is None:
        found.append(f"It was not tested as it stands: {keymap.key('try')} does that.")
    elif not tried.report.ok:
        found.append(f"Its test failed: {tried.report.verdict}")
    if newcomer.keep is Keep.PLAIN:
        found.append("Whoever reads the file, or a copy of it, has the password.")
    return found


def _wrapped(text: str, width: int, indent: int) -> str:
    return f"\n{' ' * indent}".join(textwrap.wrap(text, max(20, width - indent)))


def beside_fields(error: MktuiError) -> dict[str, str]:
    """Return what a refused save says of single fields."""
    errors = (error, *error.others) if isinstance(error, ConfigError) else ()
    return {name: each.problem for each in errors if (name := each.key.rpartition(".")[2]) in LABELS}
