"""A file with columns of other names, read into billing from an attached screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.services.control.houses import house
from tests.wiring import until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


async def test_columns_of_other_names_are_asked_about_here_and_what_is_said_is_kept_there(tmp_path: Path) -> None:
    file = tmp_path / "kunden.csv"
    file.write_text("Customer name;Kennwort;Paket\neva;pw-hush;basic\n", encoding="utf-8")
    async with house(tmp_path) as at, at.attached() as fleet:
        billing = fleet.billing
        billing.read_file(file, "subscriber")
        await until(lambda: bool(billing.reading and billing.reading.is_asking))
        assert billing.reading is not None
        assert billing.reading.layout is not None
        assert billing.reading.layout.header == ("Customer name", "Kennwort", "Paket")
        assert "hush" not in str(billing.reading.layout.samples)
        mapped = {"Customer name": "username", "Kennwort": "password", "Paket": "profile"}
        billing.read_file(file, "subscriber", mapped)
        await until(lambda: bool(billing.reading and billing.reading.shown))
        assert billing.reading.shown is not None
        assert [each.name for each in billing.reading.shown.added] == ["eva"]
