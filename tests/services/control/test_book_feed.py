"""Billing told in pages is, at the other end, billing as it is: whatever changes meanwhile, whatever is lost."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from mktui.billing.model import Profile, Subscriber
from mktui.errors import ControlError
from mktui.services.books import Books, Step, Trouble
from mktui.services.control import book_feed, wire
from mktui.services.control.book_feed import BookFeed, BookPicture
from tests.terminal.recorded_billing import BOOKS, crowd

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
GOLD = Profile(external_id="p1", name="gold")


@pytest.fixture(autouse=True)
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_feed, "PAGE", 3)


def sent(page: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    found: dict[str, Any] = json.loads(wire.line(page))
    return found


def told(feed: BookFeed, picture: BookPicture, books: Books) -> int:
    """Tell all of it, and return how many pages it took."""
    pages = 1
    while picture.take(sent(feed.page(books, picture.number))):
        pages += 1
    return pages


def nameless(books: Books) -> Books:
    """As it may be seen elsewhere: without a password, and without an order."""
    people = (each.model_copy(update={"password": SecretStr("")}) for each in books.subscribers)
    return replace(
        books, subscribers=tuple(sorted(people, key=lambda each: each.external_id)),
        profiles=tuple(sorted(books.profiles, key=lambda each: each.external_id)),
    )  # fmt: skip


def seen(picture: BookPicture) -> Books:
    assert picture.books is not None
    return nameless(picture.books)


NAMES = st.lists(st.sampled_from(["ana", "luis", "eva", "pedro", "maria", "jose", "carmen"]), unique=True)


@st.composite
def books_of(draw: st.DrawFn) -> Books:
    """Some people, some of them in trouble, some gone from their source."""
    names = draw(NAMES)
    status = st.sampled_from(["active", "suspended", "deleted"])
    people = tuple(Subscriber.model_validate(
        {"external_id": name, "username": name, "profile": "gold", "status": draw(status), "password": f"{name}-hush"}
    ) for name in names)  # fmt: skip
    some = st.lists(st.sampled_from(names), unique=True) if names else st.just([])
    return Books(
        AT, draw(st.sampled_from([(), (GOLD,), (GOLD, Profile(external_id="p2", name="silver"))])), people,
        draw(st.sampled_from([("edge-1",), ("edge-1", "edge-2")])),
        {("subscriber", name): "crm" for name in draw(some)}, frozenset(("subscriber", name) for name in draw(some)),
        draw(st.sampled_from([frozenset[str](), frozenset({"crm"})])),
        {("subscriber", name): (Trouble("edge-1", Step.FAILED, "no such profile"),) for name in draw(some)},
        {"edge-1": draw(st.sampled_from([None, AT]))},
    )  # fmt: skip


@given(st.lists(books_of(), min_size=1, max_size=5))
def test_what_has_come_whole_is_what_is_there(rounds: list[Books]) -> None:
    feed, picture = BookFeed(), BookPicture()
    for books in rounds:
        told(feed, picture, books)
        assert seen(picture) == nameless(books)


@given(st.lists(books_of(), min_size=2, max_size=5), st.data())
def test_billing_that_changes_between_two_pages_and_pages_that_are_lost_end_in_what_is_there(
    rounds: list[Books], data: st.DataObject
) -> None:
    feed, picture = BookFeed(), BookPicture()
    for books in rounds:
        for _ in range(data.draw(st.integers(0, 3))):
            page = sent(feed.page(books, picture.number))
            if data.draw(st.booleans()):
                picture.take(page)
        if data.draw(st.booleans()) and data.draw(st.booleans()):
            feed = BookFeed()  # another mktui serves now
    told(feed, picture, rounds[-1])
    assert seen(picture) == nameless(rounds[-1])


def test_half_of_a_change_is_never_shown() -> None:
    feed, picture = BookFeed(), BookPicture()
    assert picture.take(sent(feed.page(crowd(5), picture.number)))
    assert picture.books is None
    assert picture.loading is not None
    assert (picture.loading.come, picture.loading.total) == (3, 9)
    told(feed, picture, crowd(5))
    before = picture.books
    changed = replace(crowd(5), subscribers=tuple(
        each.model_copy(update={"comment": "moved"}) for each in crowd(5).subscribers
    ))  # fmt: skip
    assert picture.take(sent(feed.page(changed, picture.number)))
    assert picture.books is before


def test_only_what_has_changed_is_told_again_and_a_new_look_at_the_same_keeps_the_rows_as_they_are() -> None:
    feed, picture, books = BookFeed(), BookPicture(), crowd(40)
    assert told(feed, picture, books) == 15
    assert picture.books is not None
    rows = picture.books.subscribers
    later = replace(books, read_at=AT)
    page = sent(feed.page(later, picture.number))
    assert (page["rows"], page["out"]) == ([], [])
    picture.take(page)
    assert picture.books.subscribers is rows
    assert picture.books.read_at == AT
    one = replace(crowd(40), subscribers=(*books.subscribers[:-1], books.subscribers[-1].model_copy(
        update={"comment": "moved"})))  # fmt: skip
    page = sent(feed.page(one, picture.number))
    assert [row[0]["comment"] for row in page["rows"]] == ["moved"]


def test_no_password_is_in_a_page_and_a_row_is_short() -> None:
    line = wire.line(BookFeed().page(BOOKS, 0)) + wire.line(BookFeed().page(crowd(3), 0))
    assert b"hush" not in line
    assert b"password" not in line
    feed, books = BookFeed(), crowd(500)
    length, number = 0, 0
    while (page := feed.page(books, number))["left"]:
        length, number = length + len(wire.line(page)), page["number"]
    assert length / 500 < 500


@pytest.mark.parametrize(
    "change", [{"rows": [7]}, {"head": None}, {"number": "x"}, {"out": [1]}, {"rows": [{"$": "x"}]}]
)
def test_a_page_that_means_nothing_here_is_said_to_be_of_another_version_and_it_begins_anew(
    change: dict[str, object],
) -> None:
    feed, picture = BookFeed(), BookPicture()
    page = sent(feed.page(crowd(1), 0)) | change
    with pytest.raises(ControlError, match="another version"):
        picture.take(page)
    told(feed, picture, crowd(1))
    assert seen(picture) == nameless(crowd(1))
