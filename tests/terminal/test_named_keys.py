"""A text that names a key names the operator's own: on every screen in every state, and wherever the code has words."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
import pytest

import mktui
from mktui.tui.actions import ACTIONS
from mktui.tui.keymap import shown as named
from mktui.tui.screens.config import ConfigScreen
from tests.terminal.driving import lines, look, settle
from tests.terminal.named_keys import MOVED, OTHER, keys_named, own_keys, with_usual_keys
from tests.terminal.pictured import DARK, SIZES, gone_to, taken
from tests.terminal.test_every_picture import EVERY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.terminal.pictured import Shown

ROOT: Final = Path(mktui.__file__).parent
WORDS: Final = sorted(
    file for room in ("tui", "services") for file in (ROOT / room).rglob("*.py") if file.name != "keymap.py"
)
"""Where texts for a screen are written; the keymap's own tell how a key is written in the configuration."""


def test_in_the_other_keymap_every_action_has_another_key() -> None:
    assert MOVED.problems == ()
    assert len(set(OTHER.values())) == len(ACTIONS)
    assert not {action.shown for action in ACTIONS} & {action.shown for action in MOVED.actions}


@EVERY
def test_no_screen_names_a_key_that_the_operator_has_moved(shown: Shown) -> None:
    moved, on_top, own = anyio.run(_moved, shown)
    assert with_usual_keys("\n".join(moved)) == taken(shown, DARK)[SIZES[1]].text
    if shown.screen is not ConfigScreen or shown.which != "keys":  # that page tells which keys are the usual ones
        assert {line: slips for line in on_top if (slips := set(keys_named(line)) - own)} == {}


async def _moved(shown: Shown) -> tuple[list[str], list[str], set[str]]:
    """Return what is seen when every action has another key, the part of it on top, and the keys that are its own."""
    async with gone_to(shown, size=SIZES[0], keymap=MOVED) as (app, pilot):
        await pilot.resize_terminal(*SIZES[1])
        await look(pilot)
        await settle(pilot)
        seen = lines(app)
        for box in app.screen.query("#box"):  # beside a question words are cut to letters
            seen = [line[box.region.x : box.region.right] for line in seen[box.region.y : box.region.bottom]]
        return lines(app), seen, own_keys(app)


@pytest.mark.parametrize("text", [
    "s plans it", "not known: s plans it", "u takes it back", "screen 5, u takes it back", "(6)? configuration (6)",
    "a writes it", "the others go in. a writes it.", "✓ tested: ^s saves it", "no row here: esc shows all again",
    "[A] adopt", "T runs all, v the one under the cursor", "  n    adds one", "  6    shows the configuration",
    "esc and 6 read it again", "⏎ edits it · del: its default", "profiles first (tab)", "a part of it (/)",
    "  I    reads a file", "several: 5 shows them", "until z lets them go",
])  # fmt: skip
def test_a_text_that_names_a_key_is_found(text: str) -> None:
    assert list(keys_named(text))


@pytest.mark.parametrize("text", [
    "a row is there", "in 5 s", "24 h or 12 d silver", "5 failures in a row", "wait, 3 notices", "a less bold one",
    "--max-disable N, [sync.limits]", "password (6)", "and 2 more", "billing's", "e-mail",
])  # fmt: skip
def test_what_only_looks_like_a_key_is_none(text: str) -> None:
    assert list(keys_named(text)) == []


@pytest.mark.parametrize("file", WORDS, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_text_of_the_code_names_a_key_by_its_letter(file: Path) -> None:
    """What a notice or a question says is in few pictures; here it is found all the same."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    own = _bound_in(tree)
    assert {text: slips for text in _texts(tree) if (slips := set(keys_named(_ASKED.sub("", text))) - own)} == {}


_ASKED: Final = re.compile(
    r"y [a-z]+.*   n [a-z]+|esc closes|esc leaves (?:it|them) as|then ⏎\. esc .*|f5 · ctrl\+r · pageup|tab then: .*"
)
"""What a question and a box say of keys that are their own, and how a key is typed."""


def _bound_in(tree: ast.Module) -> set[str]:
    """Return the keys that a module binds by itself, as a question does."""
    given = [
        node.args[0].value for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Binding"
        and isinstance(node.args[0], ast.Constant)
    ]  # fmt: skip
    takes_a_line = any(isinstance(node, ast.alias) and node.name == "Line" for node in ast.walk(tree))
    return {named(key) for keys in given for key in str(keys).split(",")} | ({"⏎"} if takes_a_line else set())


def _texts(tree: ast.Module) -> Iterator[str]:
    """Yield every text of words that is no docstring; what is filled in is a number."""
    nodes = list(ast.walk(tree))
    skipped = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    skipped |= {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            text = node.value
        else:
            continue
        if re.search(r"[a-z]{2} |  [a-z]", text):
            yield text
