"""``mktui config show``: every setting and its value. Secrets are hidden; where they come from is said."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

import click

from mktui.cli.options import config_path, json_option
from mktui.cli.output import print_json, print_table
from mktui.config.load import check_text, parse, read
from mktui.config.settings import in_words, sections, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mktui.config.settings import Raw, Setting

_EPILOG = """\b
Examples:
  mktui config show | grep timeout
  mktui config show --json
"""


@click.command(epilog=_EPILOG)
@json_option
@click.pass_context
def show(context: click.Context, *, as_json: bool) -> None:
    """Show every setting with its value. * marks what the file itself says; the rest are defaults."""
    path = config_path(context)
    text = read(path)
    check_text(text, path)
    raw = parse(text, path)
    if as_json:
        print_json("mktui.config/1", file=str(path), settings=[_record(raw, each) for each in _shown(raw)])
        return
    rows = [
        ("*" if value_of(raw, each.key) is not None else "", each.dotted, _words(raw, each) or "–", each.unit,
         "live" if each.applies == "live" else f"on {each.applies}", each.description)
        for each in _shown(raw)
    ]  # fmt: skip
    print_table(("", "SETTING", "VALUE", "UNIT", "APPLIES", "MEANING"), rows)


def _shown(raw: Raw) -> Iterator[Setting]:
    """All settings; of those that only stand on top of others, the ones that are there."""
    for section in sections(raw):
        for setting in section.settings:
            if not section.on_top_of or value_of(raw, setting.key) is not None:
                yield setting


def _words(raw: Raw, setting: Setting) -> str:
    value = value_of(raw, setting.key)
    return in_words(setting, setting.default if value is None else value)


def _record(raw: Raw, setting: Setting) -> dict[str, Any]:  # Any: JSON
    given = value_of(raw, setting.key)
    value = setting.default if given is None else given
    if setting.is_secret:
        value = in_words(setting, value)
    return {
        "key": setting.dotted, "value": value.value if isinstance(value, enum.Enum) else value,
        "is_default": given is None, "unit": setting.unit, "applies": setting.applies, "is_secret": setting.is_secret,
        "description": setting.description,
    }  # fmt: skip
