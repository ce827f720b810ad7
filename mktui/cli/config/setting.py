"""``mktui config set``: changes settings in the file; comments and order stay."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import click

from mktui.cli import completing
from mktui.cli.exit_codes import ExitCode, fail, lines_of
from mktui.cli.options import config_path
from mktui.cli.output import echo, say
from mktui.cli.sync.asking import refuse_unseen
from mktui.config.changes import saving_in_words
from mktui.config.draft import Edit, typed
from mktui.config.edit import edited
from mktui.config.load import check_text, parse
from mktui.config.save import look, save
from mktui.config.settings import find, names, sections
from mktui.config.themes import theme_names
from mktui.services.by_hand import kept_chronicle
from mktui.tui.config_keys import KeyedDraft

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mktui.config.draft import Difference, Draft
    from mktui.config.settings import Raw
    from mktui.errors import ConfigError

_EPILOG = """\b
Examples:
  mktui config set pool.max_size 8
  mktui config set routers.edge-1.password '{ env = "EDGE1_PW" }' routers.edge-1.tls verify --yes
  mktui config set --unset routers.edge-1.pool.max_size
"""


@click.command(name="set", epilog=_EPILOG)
@click.argument("pairs", nargs=-1, metavar="[KEY VALUE]...", shell_complete=completing.settings)
@click.option("--unset", multiple=True, metavar="KEY", help="Back to its default; a whole router is removed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def setting(context: click.Context, pairs: tuple[str, ...], unset: tuple[str, ...], *, yes: bool) -> None:
    """Change settings of the file, all together or none. An empty VALUE is the default."""
    if not pairs and not unset:
        raise click.UsageError("nothing to change: KEY VALUE, or --unset KEY", context)
    if len(pairs) % 2:
        raise click.UsageError(f"{pairs[-1]!r} has no value: they are given as KEY VALUE KEY VALUE ...", context)
    seen = look(config_path(context))
    draft = KeyedDraft(parse(seen.text, seen.file), theme_names())
    _fill(draft, list(zip(pairs[::2], pairs[1::2], strict=True)) + [(key, "") for key in unset])
    changed = draft.differences()
    if problems := [each for each in draft.problems() if _is_to_be_told(each, changed)]:
        fail(ExitCode.USAGE, *(line.replace("configuration:", f"{seen.file}:", 1)
                               for problem in problems for line in lines_of(problem)))  # fmt: skip
    if not changed:
        say("it says so already; nothing was changed")
        return
    text = edited(seen.text, draft.edits)
    for each in changed:
        echo(str(each))
    if not yes:
        refuse_unseen()
    if not yes and not click.confirm(f"save {seen.file}?", err=True):
        fail(ExitCode.NO, "nothing was saved")
    with (
        kept_chronicle(check_text(text, seen.file).config.monitor, say) as chronicle,
        chronicle.audited(saving_in_words(draft.base, draft.raw), ""),
    ):
        save(seen, text)
    say(f"saved; what was there is in {seen.file.name}.bak")


def _is_to_be_told(problem: ConfigError, changed: Iterable[Difference]) -> bool:
    """Say whether a problem stops a change: what only a screen minds, keys and a theme, stops a change of its own."""
    for mine in ("keys", "ui.theme"):
        if problem.key == mine or problem.key.startswith(f"{mine}."):
            return any(each.setting.dotted == mine or each.setting.dotted.startswith(f"{mine}.") for each in changed)
    return True


def _fill(draft: Draft, given: Iterable[tuple[str, str]]) -> None:
    unknown = []
    for dotted, text in given:
        found = find(draft.raw, dotted)
        router = dotted.removeprefix("routers.")
        if found is not None:
            draft.change(Edit(found.key, typed(found, text)))
        elif not text and dotted.startswith("routers.") and router in names(draft.raw, ("routers",)):
            draft.change(Edit(("routers", router)))
        else:
            unknown.append(_not_known(draft.raw, dotted))
    if unknown:
        fail(ExitCode.USAGE, *unknown)


def _not_known(raw: Raw, dotted: str) -> str:
    known = [each.dotted for section in sections(raw) for each in section.settings]
    near = difflib.get_close_matches(dotted, known, n=1)
    return f"no setting is called {dotted!r} ({f'did you mean {near[0]}?' if near else 'mktui config show lists them'})"
