"""``mktui batch``: many commands from a file, all of them checked before the first is sent."""

from __future__ import annotations

import io
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anyio
import click

from mktui.cli import completing
from mktui.cli.batch import carrying, script
from mktui.cli.batch.carrying import End, Progress
from mktui.cli.everywhere import wish
from mktui.cli.exit_codes import ExitCode, fail, worst
from mktui.cli.lost_output import outlast_output
from mktui.cli.options import FiniteRange, form_of, form_option, json_option, loaded_config
from mktui.cli.output import Lines, cell, echo, print_json, print_rows, print_table, say, say_if_lost
from mktui.cli.progress import shown_progress
from mktui.services.by_hand import written_by_hand
from mktui.services.command_words import in_words
from mktui.services.start import chosen_routers

if TYPE_CHECKING:
    from mktui.cli.batch.carrying import Result
    from mktui.cli.batch.script import Script, Step
    from mktui.config.load import LoadedConfig
    from mktui.services.chronicle import Chronicle

_PROBLEMS: Final = 20
"""Most lines that are said to be wrong."""
_INTERRUPTED: Final = {
    End.UNKNOWN: "interrupted before the answer came; it may have been done",
    End.NOT_ANSWERED: "interrupted before the answer came",
    End.NOT_SENT: "",
}
"""What is said of lines that came to no end of their own."""
_HIDDEN: Final = frozenset({"password", "secret", "key", "passphrase", "pin", "contents"})
"""Attributes whose values are not shown, also as the end of a longer name: ipsec-secret, wpa2-pre-shared-key."""
_EPILOG = """\b
Examples:
  mktui batch changes.txt --dry-run            what would be sent, to whom
  mktui batch changes.txt --router edge-1      lines that name no router are for this one
  mktui batch reads.txt --format ndjson        a line a result, as soon as it is known
  sed 's|.*|edge-1 /ppp/secret/disable numbers=&|' names | mktui batch - --keep-going
\b
A line is one of
  edge-1 /ppp/secret/add name=ana profile="gold 10"
  /ppp secret set ana disabled=yes
  /ip hotspot user set [find name=ana] comment=moved
  {"router": "edge-1", "path": "/ip/pool/print", "attributes": {".proplist": "name"}, "query": []}

In [find ...] there can be NAME=VALUE, once or more; all must fit. The rows are read just before, and how many there are
is said. A line that finds none, or more than --most, writes nothing; a protected router has to be named by --protected.

Each router gets its lines in their order, several routers side by side. A write is sent once; when no answer comes its
outcome is unknown, and said to be. A line that is wrong, or has a letter that its router's encoding has not, ends it
with 2 before anything is sent. Else the exit code is the worst of the lines', in this order: 0 done, 1 a router said
no, 4 no answer in time, 3 unreachable, 2 it cannot be said, 6 refused, 5 an outcome is unknown.
"""


@click.command(epilog=_EPILOG)
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option(
    "--router",
    default="",
    shell_complete=completing.routers,
    help="The router of lines that name none; needless when there is only one.",
)
@click.option("--stop-on-error/--keep-going", "stop", default=True, show_default=True, help="After a line that failed.")
@click.option("--dry-run", is_flag=True, help="Check and show; send nothing.")
@click.option("--most", type=click.IntRange(1), default=1, show_default=True, help="Most rows for one [find ...].")
@click.option(
    "--protected",
    multiple=True,
    metavar="ROUTER",
    shell_complete=completing.routers,
    help="[find ...] may write to this protected router.",
)
@click.option("--timeout", type=FiniteRange(0.001, 86_400), help="Seconds for each command.")
@json_option
@form_option
@click.pass_context
def batch(context: click.Context, /, **given: Any) -> None:  # Any: an option each
    """Run commands from a file, or from standard input (-): one a line."""
    form = form_of(given["form"], as_json=given["as_json"])
    loaded = loaded_config(context)
    read = _read(given["file"], loaded, given["router"], given["protected"])
    if given["dry_run"]:
        _show_steps(read.steps, form)
        return
    lines = Lines()
    progress = Progress(read.steps, most=given["most"])
    if form == "ndjson":
        progress.on_result = lambda result: lines.print("mktui.batch_result/1", _record(result))
    written = {step.router for step in read.steps if not step.is_read}
    writing = [each for each in loaded.config.routers if each.name in written]
    if writing:
        outlast_output()
    with written_by_hand(writing, "mktui batch", loaded.config.monitor, say) as chronicle:
        progress.on_write = partial(_keep, chronicle)
        try:
            anyio.run(_run, loaded, progress, not given["stop"], given["timeout"])
        finally:  # who interrupts hears what was done, too
            results = progress.finish()
            _show_results(results, form)
            (say_if_lost if wish("quiet") else say)(carrying.in_words(results))
    context.exit(worst(result.code for result in results))


def _keep(chronicle: Chronicle, result: Result) -> None:
    """Keep a write in the audit, however it ended."""
    outcome = f"{result.end.value}: {result.error}" if result.error is not None else result.end.value
    chronicle.audit(f"run {in_words(result.step.command, result.step.find)}", result.step.router, outcome)


async def _run(loaded: LoadedConfig, progress: Progress, keep_going: bool, timeout: float | None) -> None:
    async with shown_progress(progress.counts):
        await carrying.carry_out(loaded, progress, keep_going=keep_going, timeout=timeout)


def _read(file: str, loaded: LoadedConfig, router: str, unlocked: tuple[str, ...]) -> Script:
    """Read and check the file, whole."""
    known = [each.name for each in chosen_routers(loaded, [])]
    if router:
        chosen_routers(loaded, [router])
    read = script.parse(_content(file).split("\n"), known, router or (known[0] if len(known) == 1 else ""))
    encodings = {each.name: each.encoding for each in loaded.config.routers}
    wrong = [*read.problems, *script.unwritable_in(read.steps, encodings)]
    name = "standard input" if file == "-" else file
    chosen_routers(loaded, unlocked)
    protected = {each.name for each in loaded.config.routers if each.protected} - set(unlocked)
    problems = [*wrong, *_forbidden(read.steps), *_protected(read.steps, protected)]
    if problems:
        more = [f"{name}: {len(problems) - _PROBLEMS} more lines are wrong"] if len(problems) > _PROBLEMS else []
        told = [f"{name}, line {number}: {problem}" for number, problem in sorted(problems)[:_PROBLEMS]]
        code = ExitCode.USAGE if wrong else ExitCode.REFUSED
        fail(code, *told, *more, "nothing was sent")
    return read


def _content(file: str) -> str:
    """Return what stands there; bytes that are no text as ``surrogateescape`` makes them, whatever the terminal's."""
    try:
        if file != "-":
            return Path(file).read_text(encoding="utf-8", errors="surrogateescape")
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
        return sys.stdin.read()
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        fail(ExitCode.USAGE, f"{file}: {reason[:1].lower()}{reason[1:]}")


def _forbidden(steps: tuple[Step, ...]) -> list[tuple[int, str]]:
    """Return the lines that change something, when nothing may be changed."""
    if not wish("read_only"):
        return []
    return [(step.number, f"{step.command.path} would change something: --read-only")
            for step in steps if not step.is_read]  # fmt: skip


def _protected(steps: tuple[Step, ...], routers: set[str]) -> list[tuple[int, str]]:
    """Return the lines that would write to rows nobody has named, on a router where that has to be said."""
    return [(step.number, f"{step.router} is protected: name the row, or say --protected {step.router}")
            for step in steps if step.find and step.router in routers]  # fmt: skip


def _show_steps(steps: tuple[Step, ...], form: str) -> None:
    found = [
        {"line": step.number, "router": step.router, "path": step.command.path, "is_read": step.is_read,
         "attributes": {name: _shown(name, value) for name, value in step.command.attributes.items()},
         "query": list(step.command.query), "find": _find(step)}
        for step in steps
    ]  # fmt: skip
    if form == "json":
        print_json("mktui.batch_plan/1", commands=found)
    elif form == "ndjson":
        lines = Lines()
        for each in found:
            lines.print("mktui.batch_step/1", each)
    else:
        print_table(("LINE", "ROUTER", "DOES", "COMMAND"), [_step_row(step) for step in steps])
    say(f"{len(steps)} commands, {sum(not step.is_read for step in steps)} of them writes; nothing was sent")


def _step_row(step: Step) -> tuple[str, ...]:
    words = [f"{name}={_shown(name, value)}" for name, value in step.command.attributes.items()]
    text = " ".join(
        (step.command.path, *([f"[find {' '.join(_find(step))}]"] if step.find else ()), *words, *step.command.query)
    )
    return str(step.number), step.router, "reads" if step.is_read else "writes", cell(text, widest=200)


def _find(step: Step) -> list[str]:
    """Return what its rows must have."""
    asked = (word.removeprefix("?").partition("=") for word in step.find)
    return [f"{name}={_shown(name, value)}" for name, _, value in asked]


def _shown(name: str, value: str) -> str:
    return "••••••" if value and name.rpartition("-")[2] in _HIDDEN else value


def _show_results(results: list[Result], form: str) -> None:
    if form == "json":
        print_json("mktui.batch/1", results=[_record(result) for result in results])
    elif form == "table" and results:
        print_table(("LINE", "ROUTER", "COMMAND", "OUTCOME", "TEXT"), [_result_row(result) for result in results])
        for result in results:
            if result.rows:
                echo()
                echo(f"line {result.step.number}: {result.step.router} {result.step.command.path}")
                print_rows(result.rows)


def _result_row(result: Result) -> tuple[str, ...]:
    step = result.step
    return (
        str(step.number),
        step.router,
        step.command.path,
        result.end.value,
        cell(result_text(result) or "–", widest=200),
    )


def result_text(result: Result) -> str:
    """Return what is said of a line beside how it ended."""
    if result.error is not None:
        return str(result.error).removeprefix(f"{result.step.router}: ")
    if result.end in _INTERRUPTED:
        return _INTERRUPTED[result.end]
    if result.found is not None:
        return f"{result.found} row{'' if result.found == 1 else 's'} found"
    if result.ret is not None:
        return result.ret
    return f"{len(result.rows)} row{'' if len(result.rows) == 1 else 's'}" if result.step.is_read else ""


def _record(result: Result) -> dict[str, Any]:  # Any: JSON
    error = result.error
    return {
        "line": result.step.number, "router": result.step.router, "path": result.step.command.path,
        "outcome": result.end.value, "rows": result.rows, "ret": result.ret,
        "found": result.found,
        "error": type(error).__name__ if error is not None else None, "text": str(error) if error is not None else "",
    }  # fmt: skip
