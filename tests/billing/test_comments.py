"""The old system's comments: nothing of them is lost, what they say is read, and names stay where they are."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.billing.sources.comments import Form, read_comment
from mktui.billing.sources.units import Unreadable
from mktui.billing.sources.zones import zone

PRAGUE = zone("Europe/Prague")
END = dt.datetime(2024, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
PARTS = st.text(st.characters(blacklist_characters="|"), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8,
)  # fmt: skip


@given(st.lists(PARTS, min_size=3, max_size=12))
def test_a_voucher_comes_back_byte_for_byte_with_every_field(parts: list[str]) -> None:
    text = "|".join(["VOUCHER_SYSTEM", *parts])
    found = read_comment(text)
    assert found is not None
    assert str(found) == text
    assert list(found.fields.values()) == parts


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=5), st.sampled_from([None, 1]), st.booleans())
def test_a_json_object_comes_back_byte_for_byte(keys: dict[str, Any], indent: int | None, ascii_only: bool) -> None:
    text = json.dumps({**keys, "system": "hijinetwork"}, indent=indent, ensure_ascii=ascii_only)
    found = read_comment(text)
    assert found is not None
    assert (str(found), found.form) == (text, Form.JSON)


@given(
    st.text(max_size=60)
    | st.text(max_size=60).map("VOUCHER_SYSTEM|{}".format)
    | st.text(max_size=40).map("{{{}".format)
)
def test_any_text_is_read_or_somebody_elses(text: str) -> None:
    found = read_comment(text)
    if found is not None:
        assert str(found) == text
        with suppress(Unreadable):
            found.valid_until(dt.UTC)


ENDS: dict[str, dt.datetime | None] = {
    "VOUCHER_SYSTEM|5000||1735689599": END,
    "VOUCHER_SYSTEM|5000|0|2024-12-31T23:59:59.000Z": END,
    "VOUCHER_SYSTEM|5000|1735600000|1735689599|extra": END,
    "VOUCHER_SYSTEM|5000||": None,
    "VOUCHER_SYSTEM|5000|0|0": None,
    "VOUCHER_SYSTEM|BATCH-202501-001|15000|10000|24|VENDOR-001|2025-01-09|admin": None,
    '{"system":"pppoe","expired_date":"2025-01-31"}': dt.datetime(2025, 1, 31, 23, tzinfo=dt.UTC),
    '{"system":"pppoe","expired_date":"2025-01-31T12:00:00.000Z"}': dt.datetime(2025, 1, 31, 12, tzinfo=dt.UTC),
    '{"system":"x","first_login":"2025-01-31T12:00:00Z","expired_hours":24}': dt.datetime(
        2025, 2, 1, 12, tzinfo=dt.UTC
    ),
    '{"system":"x","first_login":null,"expired_hours":24}': None,
}


@pytest.mark.parametrize("text", ENDS)
def test_the_end_is_read_in_each_form(text: str) -> None:
    found = read_comment(text)
    assert found is not None
    assert found.valid_until(PRAGUE) == ENDS[text]


@pytest.mark.parametrize(
    "text",
    [
        "VOUCHER_SYSTEM|5000||soon", "VOUCHER_SYSTEM|5000||-1", "VOUCHER_SYSTEM|5000||1735689599000",
        '{"system":"x","first_login":"2025-01-31T12:00:00Z","expired_hours":"many"}',
        '{"system":"x","first_login":"2025-01-31T12:00:00Z","expired_hours":99999999999}',
    ],
)  # fmt: skip
def test_an_end_that_cannot_be_read_is_not_taken_for_none(text: str) -> None:
    found = read_comment(text)
    assert found is not None
    with pytest.raises(Unreadable):
        found.valid_until(dt.UTC)


def test_prices_and_batches_are_read() -> None:
    batch = read_comment("VOUCHER_SYSTEM|BATCH-202501-001|15000|10000|24|VENDOR-001|2025-01-09|admin")
    assert batch is not None
    assert (batch.form, batch.price_minor, batch.fields["vendor_id"]) == (Form.BATCH, 1_500_000, "VENDOR-001")
    voucher = read_comment("VOUCHER_SYSTEM|2.5||")
    assert voucher is not None
    assert (voucher.form, voucher.price_minor) == (Form.VOUCHER, 250)
    odd = read_comment("VOUCHER_SYSTEM|free||")
    assert odd is not None
    assert odd.price_minor is None


def test_it_is_known_what_is_a_customers_own() -> None:
    text = json.dumps(
        {"system": "pppoe", "customer_id": 7, "customer_name": "Ana Name", "phone": "+420", "profile_name": "gold",
         "customer": {"id": 7, "name": "Ana Name", "notes": "dog"}, "created_by": "admin", "username": "ana"}
    )  # fmt: skip
    found = read_comment(text)
    assert found is not None
    assert set(found.personal()) == {"customer_name", "phone", "customer.name", "customer.notes"}
    assert "Ana Name" not in repr(found)


@pytest.mark.parametrize(
    "text",
    ["", "by the river", "VOUCHER_SYSTEM", "VOUCHER_SYSTEM|1|2", "xVOUCHER_SYSTEM|1|2|3", "[1]", '"x"', "{}", "{oops",
     '{"note": "of another program"}', "ana [mktui:1a2b-3c]", "{" * 5000],
)  # fmt: skip
def test_anything_else_is_not_ours(text: str) -> None:
    assert read_comment(text) is None


def test_json_without_end_is_not_ours() -> None:
    assert read_comment('{"system":' + "[" * 100_000) is None
