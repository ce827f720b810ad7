"""``mktui init``: the first configuration, and the commands that let mktui in on the router."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from pydantic import ValidationError

from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.options import config_path, default_config_path
from mktui.cli.output import echo, say
from mktui.config import starter
from mktui.config.model import RouterConfig
from mktui.config.save import look, save
from mktui.config.starter import FirstRouter
from mktui.folders import make_private

if TYPE_CHECKING:
    from collections.abc import Callable

_KEPT: Final = ("env", "file", "command")
_TYPED: Final = {"name": "name", "host": "host", "username": "user"}
"""What is judged by itself, and the option that says it."""
_EPILOG = """\b
Examples:
  mktui init                                                asks, writes, and prints what the router must be told
  mktui init --host 192.168.88.1                            the password comes from $MKTUI_EDGE_1_PASSWORD
  mktui init --host 10.0.0.1 --name core --password-file ~/.config/mktui/core.password > core.rsc
  mktui init --host 10.0.0.1 --address 10.0.0.5 --certificate

stdout gets RouterOS commands, to be pasted into the router's terminal. A password file that is not there is made,
with a password nobody has seen. Exit code: 0 written, 2 something is there already or is wrong.
"""


@click.command(epilog=_EPILOG)
@click.option("--path", "path", type=click.Path(dir_okay=False, path_type=Path),
              help="The file to write; default: mktui config path.")  # fmt: skip
@click.option("--name", help="What you call the router.  [default: edge-1]")
@click.option("--host", help="Its host name or address.")
@click.option("--port", type=click.IntRange(1, 65535), help="Its API port.  [default: 8728, or 8729 with TLS]")
@click.option("--user", help="The API user.  [default: mktui]")
@click.option("--password-env", metavar="NAME", help="Its password stands in this environment variable.")
@click.option("--password-file", metavar="FILE", help="... in this file; made when it is not there.")
@click.option("--password-command", metavar="WORDS", help="... is what this command prints.")
@click.option("--tls", type=click.Choice(["off", "verify", "pin", "anonymous"]), default="off", show_default=True)
@click.option("--fingerprint", default="", help="The certificate's SHA-256, for --tls pin.")
@click.option("--ca-file", default="", help="The authority's certificate, for --tls verify.")
@click.option("--address", default="", help="Where mktui runs: the user may log in from there only.")
@click.option("--certificate", is_flag=True, help="Print also what makes a certificate for the API over TLS.")
@click.option("--force", is_flag=True, help="Replace a file that is there; it is kept as FILE.bak.")
@click.pass_context
def init(context: click.Context, /, **given: Any) -> None:  # Any: an option each
    """Write a starter configuration, and print the RouterOS commands that create a user with the fewest rights.

    Asks on a terminal for what no option says.
    """
    path = given["path"] or config_path(context)
    seen = look(path)
    if seen.print is not None and not given["force"]:
        fail(ExitCode.USAGE, f"{path} is there already, and is left as it is "
             "(mktui config set adds a router; --force starts anew and keeps it as .bak)")  # fmt: skip
    _check_address(context, given["address"])
    router = _asked(context, given, is_asking=sys.stdin.isatty() and sys.stderr.isatty())
    text = starter.config_text(router)
    password, is_made = _password(router)
    try:
        save(seen, text)
    except BaseException:
        if is_made:
            _path(router).unlink(missing_ok=True)
        raise
    if seen.print is not None:
        say(f"what was there is in {path.name}.bak")
    say(f"wrote {path}")
    for line in _commands(router, given, password):
        echo(line)
    _next(router, path, is_made=is_made)


def _check_address(context: click.Context, address: str) -> None:
    try:
        starter.user_commands("mktui", address)
    except ValueError:
        raise click.UsageError(f"--address: {address!r} is neither an address nor a network", context) from None


def _asked(context: click.Context, given: dict[str, Any], *, is_asking: bool) -> FirstRouter:  # Any: an option each
    """Return what the options say; on a terminal the rest is asked for."""
    for field, option in _TYPED.items():
        _check_option(context, option, field, given[option] or "")
    ask = _prompt if is_asking else lambda _field, _question, otherwise: otherwise
    name = given["name"] or ask("name", "What do you call the router", "edge-1")
    host = given["host"] or ask("host", "Its host name or address", "")
    if not host:
        raise click.UsageError("--host is missing: there is no terminal to ask on", context)
    username = given["user"] or ask("username", "The API user (made by the commands below)", "mktui")
    chosen = [kind for kind in _KEPT if given[f"password_{kind}"]]
    if len(chosen) > 1:
        raise click.UsageError(f"--password-{chosen[0]} and --password-{chosen[1]}: one of them", context)
    source = chosen[0] if chosen else _choose() if is_asking else "env"
    where: str | list[str] = given[f"password_{source}"] or _where(source, name, context, is_asking=is_asking)
    if source == "file" and isinstance(where, str) and not where.startswith("~"):
        where = str(Path(where).absolute())  # mktui may be started anywhere
    if source == "command" and isinstance(where, str):
        where = _words(where, context)
    return FirstRouter(
        name, host, username, source, where, given["port"], given["tls"], given["fingerprint"], given["ca_file"]
    )


def _check_option(context: click.Context, option: str, field: str, text: str) -> None:
    try:
        if text:
            _checking(field)(text)
    except click.UsageError as error:
        raise click.UsageError(f"--{option}: {error.message}", context) from None


def _prompt(field: str, question: str, otherwise: str) -> str:
    answer: str = click.prompt(question, default=otherwise or None, err=True, value_proc=_checking(field))
    return answer


def _checking(field: str) -> Callable[[str], str]:
    """Return what refuses a wrong answer beside its question."""

    def check(answer: str) -> str:
        values = {"name": "x", "host": "x", "username": "x"} | {field: answer}
        try:
            RouterConfig.model_validate(values)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]["msg"]
            raise click.UsageError(problem.removeprefix("Value error, ")) from None
        return answer

    return check


def _choose() -> str:
    kinds = click.Choice(_KEPT)
    chosen: str = click.prompt("Where is its password kept", default="file", type=kinds, err=True)
    return chosen


def _where(source: str, name: str, context: click.Context, *, is_asking: bool) -> str:
    plain = re.sub(r"\W+", "_", name)
    usual = {
        "env": f"MKTUI_{plain.upper()}_PASSWORD",
        "file": str(config_path(context).with_name(f"{plain}.password")),
        "command": f"pass show {name}",
    }[source]
    if not is_asking:
        return usual
    what = {"env": "Environment variable", "file": "File (made when it is not there)", "command": "Command"}[source]
    answer: str = click.prompt(what, default=usual, err=True)
    return answer


def _words(command: str, context: click.Context) -> list[str]:
    with contextlib.suppress(ValueError):
        if words := shlex.split(command):
            return words
    raise click.UsageError(f"--password-command: {command!r} cannot be split into words", context)


def _path(router: FirstRouter) -> Path:
    return Path(str(router.where)).expanduser()


def _password(router: FirstRouter) -> tuple[str, bool]:
    """Return the password when it is made here, and whether it was. A file that is there is never written to."""
    if router.source != "file":
        return starter.PLACEHOLDER, False
    path, made = _path(router), secrets.token_urlsafe(18)
    try:
        make_private(path.parent)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return starter.PLACEHOLDER, False
    except OSError as error:
        fail(ExitCode.USAGE, f"{path}: {(error.strerror or 'cannot be written').lower()}")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{made}\n")
    return made, True


def _commands(router: FirstRouter, given: dict[str, Any], password: str) -> list[str]:  # Any: an option each
    lines = [
        f"# RouterOS: a user for mktui with the fewest rights that do. Paste this into the terminal of {router.name}.",
        *starter.user_commands(router.username, given["address"], password=password),
    ]
    if given["address"]:
        lines += ["# For a firewall rule of yours:", *starter.firewall_commands(given["address"])]
    if given["certificate"]:
        lines += ["# The API over TLS, port 8729. The fingerprint for --tls pin is what the last line prints.",
                  *starter.certificate_commands(router.host),
                  ":put [/certificate get mktui-api fingerprint]"]  # fmt: skip
    return lines


def _next(router: FirstRouter, path: Path, *, is_made: bool) -> None:
    if is_made:
        say(f"wrote {_path(router)}, with a new password that the commands give to the user")
    elif router.source == "file":
        say(f"the password is what {_path(router)} says: put it in the place of {starter.PLACEHOLDER}")
    elif router.source == "env":
        say(f"choose a password, put it in the place of {starter.PLACEHOLDER}, and into ${router.where}")
    else:
        say(f"put what {router.where[0]} prints in the place of {starter.PLACEHOLDER}")
    where = "" if path == default_config_path() else f"--config {shlex.quote(str(path))} "
    say(f"then: mktui {where}test {shlex.quote(router.name)}")
