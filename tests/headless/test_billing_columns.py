"""``mktui billing import`` of files whose columns are called otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.headless.shops import PLANS, closed_shop, customers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.headless.shops import Shop

pytestmark = pytest.mark.realtime


def names(shop: Shop) -> set[str]:
    return {str(name) for (name,) in shop.query("select username from subscribers")}


def test_unknown_columns_are_named_with_what_to_type_and_what_was_said_is_remembered(tmp_path: Path) -> None:
    shop = closed_shop(tmp_path)
    shop.save(customers(3), PLANS)
    file = tmp_path / "kunden.csv"
    file.write_bytes("Customer name;Pass;Paket;Straße\njosé;hush;plan-10;Hauptstr.\n".encode("cp1252"))
    refused = shop.run("billing", "import", "subscribers", file, "--yes")
    assert (refused.code, refused.out) == (2, "")
    assert "line 1: unknown column 'Customer name'" in refused.complaint
    assert "--map 'Customer name=username' --map 'Pass=password' --map 'Paket=profile' --map 'Straße=...'" in (
        refused.complaint
    )
    assert len(names(shop)) == 3, "a guess is not used"
    said = ("--map", "Customer name=username", "--map", "Pass=password", "--map", "Paket=profile", "--map", "Straße=-")
    looked = shop.run("billing", "import", "subscribers", file, *said)
    assert "kunden.csv: Windows-1252, columns apart by semicolons" in looked.err
    assert shop.run("billing", "import", "subscribers", file, "--yes").code == 2, "it was only looked at"
    assert shop.run("billing", "import", "subscribers", file, *said, "--yes").code == 0
    file.write_bytes(file.read_bytes().replace(b"jos\xe9", b"rosa"))
    again = shop.run("billing", "import", "subscribers", file, "--yes")
    assert again.code == 0
    assert "as for the last file with this header, 'Customer name' is username" in again.err
    shown = shop.run("billing", "import", "subscribers", file, "--json", "--map", "Straße=comment").document
    assert (shown["encoding"], shown["delimiter"]) == ("Windows-1252", ";")
    assert (shown["mapped"]["Straße"], shown["mapped"]["Pass"]) == ("comment", "password")
    assert {"josé", "rosa"} < names(shop)
