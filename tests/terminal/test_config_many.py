"""The form of many routers: what a paint costs grows as they do, and not with their square; a tick paints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mktui.config import settings
from mktui.config.draft import Edit, applied, differences, is_same
from mktui.tui import config_form as form
from mktui.tui.config_keys import KeyedDraft
from mktui.tui.keymap import Keymap
from mktui.tui.palette import Palette
from tests.terminal.driving import look, opened, press, settle
from tests.terminal.recorded_configs import with_file

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio
PALETTE = Palette(dict.fromkeys(("accent", "quiet", "state-critical", "state-warning"), "#ffffff"))


def raw_of(count: int) -> dict[str, Any]:  # Any: TOML
    """Return a configuration of so many routers."""
    return {"routers": [{"name": f"edge-{number}", "host": f"10.0.0.{number}"} for number in range(count)]}


def scanned(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> int:
    """Count the entries of lists that are read while something is done."""
    count, name_of = 0, settings.name_of

    def counted(row: object, index: int) -> str:
        nonlocal count
        count += 1
        return name_of(row, index)

    with monkeypatch.context() as patched:
        patched.setattr(settings, "name_of", counted)
        do()
    return count


@pytest.mark.parametrize("count", [20, 200])
def test_a_paint_reads_the_list_of_routers_a_few_times_and_not_once_for_each_setting(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    draft = KeyedDraft(raw_of(count))
    assert scanned(monkeypatch, lambda: form.index_rows(draft, PALETTE, Keymap())) <= 8 * count
    draft.change(Edit(("routers", "edge-7", "port"), 9999))
    assert scanned(monkeypatch, lambda: form.index_rows(draft, PALETTE, Keymap())) <= 8 * count
    page = form.pages(draft)[("routers", "edge-7")]
    assert scanned(monkeypatch, lambda: form.page_rows(draft, page, {}, PALETTE)) <= 8 * count
    assert scanned(monkeypatch, lambda: form.index_rows(draft, PALETTE, Keymap())) <= 2 * count, (
        "nothing has changed since"
    )


@pytest.mark.parametrize(
    "edit",
    [Edit(("pool", "max_size"), 9), Edit(("routers", "edge-1", "pool", "max_size"), 9), Edit(("routers", "edge-2")),
     Edit(("routers", "new", "name"), "new"), Edit(("keys", "reset"), "X"), Edit(("keys",), 3),
     Edit(("sync", "limits", "delete_most"), 1)],
    ids=lambda edit: ".".join(edit.key),
)  # fmt: skip
def test_a_difference_is_found_wherever_it_is(edit: Edit) -> None:
    before = raw_of(3) | {"keys": {"test": "T"}}
    after = applied(before, [edit])
    sections = (*settings.sections(before), *settings.sections(after))
    every = {each.key: each for section in sections for each in section.settings}
    wanted = [key for key in every if not is_same(settings.value_of(before, key), settings.value_of(after, key))]
    assert [each.setting.key for each in differences(before, after)] == wanted
    assert wanted


async def test_a_tick_paints_the_form_only_when_it_would_look_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[object] = []
    rows = form.index_rows

    def counted(*given: Any) -> object:  # Any: as index_rows has it
        painted.append(given)
        return rows(*given)

    monkeypatch.setattr(form, "index_rows", counted)
    async with opened(with_file()) as (app, pilot):
        await press(pilot, "6")
        painted.clear()
        for _ in range(3):
            await look(pilot)
        assert painted == []
        app.theme = "noc-light"
        await settle(pilot)
        await look(pilot)
        assert painted
