"""What is wrong with a field can be read to its end, on the lowest terminal too."""

from __future__ import annotations

import pytest

from tests.terminal.driving import lines, opened, press
from tests.terminal.recorded_configs import with_file

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("size", [(80, 24), (120, 30), (60, 16)], ids=str)
async def test_a_refused_field_is_explained_to_the_end(size: tuple[int, int]) -> None:
    async with opened(with_file(), size=size) as (app, pilot):
        await press(pilot, "6")
        screen = app.screen
        screen._go(("routers", "edge-1"))  # type: ignore[attr-defined]  # the configuration's
        screen.table.go_to("routers.edge-1.password")  # type: ignore[attr-defined]  # as above
        await press(pilot, "enter", "{")
        below = " ".join(" ".join(lines(app)[-8:]).split())
        whole = 'must be "text", { env = "NAME" }, { file = "PATH" }, { keyring = "NAME" } or { command = ["program", '
        assert f'✗ {whole}"argument"] }}' in below
