"""Who comes from a source is changed by hand with a warning: the next pull, or the next file, writes over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mktui.services.books import source_warning
from tests.billing.other_databases import run
from tests.headless.shops import PLANS, closed_shop, customers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.headless.shops import Shop

pytestmark = pytest.mark.realtime
PULLED = "mktui: From source crm: the next pull writes its values over what is changed here."


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """One who was typed in, one from a database that is pulled, one from a file."""
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    run(url, "create table people (external_id text, username text, profile text);\n"
             "insert into people values ('x1', 'eva', 'plan-10')")  # fmt: skip
    query = "select external_id, username, profile from people"
    more = f"[[billing.sources]]\nname = 'crm'\nurl = '{url}'\nsubscribers_query = '{query}'"
    opened = closed_shop(tmp_path, more=more)
    opened.save(customers(1), PLANS)
    assert opened.run("billing", "pull").code == 0
    (tmp_path / "people.csv").write_text("external_id,username,profile\ny1,tom,plan-10\n")
    assert opened.run("billing", "import", "subscribers", tmp_path / "people.csv", "--yes").code == 0
    return opened


@pytest.mark.parametrize(
    "command", [("set", "subscriber", "eva", "comment=moved"), ("suspend", "eva"), ("enable", "eva"), ("delete", "eva")]
)
def test_a_row_that_is_pulled_is_changed_with_a_warning(shop: Shop, command: tuple[str, ...]) -> None:
    done = shop.run("billing", *command)
    assert done.code == 0
    assert done.err.strip() == PULLED


def test_a_row_of_a_file_warns_of_the_file_and_one_by_hand_of_nothing(shop: Shop) -> None:
    told = shop.run("billing", "suspend", "tom")
    assert told.err.strip() == "mktui: From a CSV file (csv): importing it again writes its values over this."
    assert shop.run("billing", "suspend", "user-000").err == ""


def test_what_the_warning_says_is_so(shop: Shop) -> None:
    shop.run("billing", "add", "profile", "plan-20")
    shop.run("billing", "set", "subscriber", "eva", "profile=plan-20")
    assert shop.query("select profile from subscribers where username = 'eva'") == [("plan-20",)]
    shop.run("billing", "pull")
    assert shop.query("select profile from subscribers where username = 'eva'") == [("plan-10",)]


def test_a_source_that_is_read_no_more_overwrites_nothing() -> None:
    assert "stays" in source_warning("crm", ())
    assert "next pull" in source_warning("crm", {"crm"})
    assert source_warning("", {"crm"}) == ""
