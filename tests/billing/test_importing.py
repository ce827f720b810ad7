"""A source into billing: what it would change is shown, what was shown is written, nothing is taken away."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from mktui.billing import ledger
from mktui.billing.accepted import read_accepted, write_accepted
from mktui.billing.model import Kind, Profile, Subscriber, SubscriberStatus
from mktui.billing.sources.csv_export import export_subscribers
from mktui.billing.sources.csv_file import read_csv
from mktui.billing.sources.importing import ImportOutcome, preview_in, write
from mktui.billing.sources.preview import ImportPreview, change_of, preview
from mktui.billing.sources.rows import SourceRows

if TYPE_CHECKING:
    from mktui.billing.store import Store

pytestmark = pytest.mark.realtime
NOW = dt.datetime(2026, 11, 24, 3, 40, tzinfo=dt.UTC)
GOLD = Profile(external_id="p1", name="gold", rate_down_bps=10**7)
ANA = Subscriber(external_id="s1", username="ana", password=SecretStr("s3cret"), profile="gold", comment="by the river")
LUIS = Subscriber(external_id="s2", username="luis", profile="gold", static_ip="10.0.0.7")


def filled(store: Store) -> Store:
    with store.begin() as connection:
        ledger.save_profile(connection, GOLD, now=NOW)
        for one in (ANA, LUIS):
            ledger.save_subscriber(connection, one, now=NOW)
    return store


def file(text: str, *, claims: bool = False) -> SourceRows:
    return read_csv(text.encode(), "subscriber", local=dt.UTC, claims=claims)


def books(text: str) -> ImportPreview:
    return preview([GOLD], [ANA, LUIS], file(text))


def imported(store: Store, text: str, source: str = "", *, claims: bool = False) -> ImportOutcome:
    shown = store.do(preview_in, file(text, claims=claims))
    return store.do(write, shown, now=NOW, source=source)


@pytest.mark.parametrize(
    ("before", "after", "told"), [("", "n3w", "(set)"), ("old", "n3w", "(changed)"), ("old", "", "")]
)
def test_a_password_is_set_changed_or_taken_away_and_never_told(before: str, after: str, told: str) -> None:
    one, other = (ANA.model_copy(update={"password": SecretStr(each)}) for each in (before, after))
    [change] = change_of(one, other).fields
    assert (change.field, change.before, change.after) == ("password", "", told)


def test_what_would_be_added_changed_and_is_missing_is_shown() -> None:
    shown = books("username,profile,comment,password\nana,gold,by the lake,n3w\neva,gold,,s3cret\n")
    [ana], [eva], [luis] = shown.changed, shown.added, shown.missing
    assert ana.external_id == "s1", "known by its name, as the file has no ids"
    assert [(one.field, one.before, one.after) for one in ana.fields] == [
        ("password", "", "(changed)"),
        ("comment", "by the river", "by the lake"),
    ]
    assert (eva.external_id, eva.name, eva.before) == ("ppp:eva", "eva", None)
    assert ("password", "", "(set)") in [(one.field, one.before, one.after) for one in eva.fields]
    assert (luis.what, luis.name) == ("subscriber", "luis"), "the profile is not missing: the file has no profiles"
    assert "s3cret" not in repr(shown)
    assert "n3w" not in repr(shown)


def test_what_a_file_does_not_speak_of_stays() -> None:
    shown = books("username,profile,status\nana,gold,active\n")
    assert (shown.unchanged, shown.changed) == (1, ())


def test_an_empty_cell_is_the_default_but_an_empty_password_is_none_given() -> None:
    [ana] = books("username,profile,comment,password\nana,gold,,\n").changed
    assert [one.field for one in ana.fields] == ["comment"]
    assert isinstance(ana.after, Subscriber)
    assert ana.after.password == ANA.password


CLASHES = {
    "username,profile\neva,platinum\n": "line 2: profile 'platinum': there is no ppp profile of this name",
    "username,profile,kind\neva,gold,hotspot\n": "line 2: profile 'gold': there is no hotspot profile of this name",
    "external_id,username,profile\nx,ana,gold\n": "line 2: username 'ana': billing has it already, as s1",
    "username,profile,static_ip\neva,gold,10.0.0.7\n": "line 2: static_ip '10.0.0.7': billing has it already, as s2",
}


@pytest.mark.parametrize("text", CLASHES)
def test_a_row_that_cannot_stand_beside_the_others_is_rejected(text: str) -> None:
    shown = books(text)
    [error] = shown.rejected
    assert str(error).startswith(CLASHES[text])
    assert (shown.added, shown.changed, shown.complete) == ((), (), False)


def test_halves_that_do_not_fit_are_rejected() -> None:
    rows = read_csv(b"name,rate_limit_raw\ngold,1M/1M\n", "profile", local=dt.UTC)
    [error] = preview([GOLD], [], rows).rejected
    assert "does not fit what billing has" in str(error)


def test_what_was_shown_is_written_and_writing_it_again_changes_nothing(store: Store) -> None:
    filled(store)
    text = "username,profile,comment\nana,gold,by the lake\neva,gold,\n"
    assert imported(store, text) == ImportOutcome(added=1, changed=1, unchanged=0, rejected=())
    assert imported(store, text) == ImportOutcome(added=0, changed=0, unchanged=2, rejected=())
    ana, eva, luis = store.do(ledger.read_subscribers)
    assert (ana.comment, ana.password, eva.external_id, luis) == ("by the lake", ANA.password, "ppp:eva", LUIS)


def test_an_export_imported_again_changes_nothing(store: Store) -> None:
    filled(store)
    text = export_subscribers(store.do(ledger.read_subscribers))
    assert imported(store, text).unchanged == 2


def test_a_row_that_the_database_refuses_does_not_stop_the_others(store: Store) -> None:
    filled(store)
    shown = store.do(preview_in, file("username,profile\neva,gold\nzoe,gold\n"))
    other = Subscriber(external_id="s9", username="eva", profile="gold")
    store.do(ledger.save_subscriber, other, now=NOW)
    outcome = store.do(write, shown, now=NOW)
    assert [str(error) for error in outcome.rejected] == ["line 2: a subscriber of this name is there already"]
    assert outcome.added == 1
    assert [one.username for one in store.do(ledger.read_subscribers)] == ["ana", "eva", "luis", "zoe"]


def test_a_row_that_somebody_changed_meanwhile_is_refused(store: Store) -> None:
    filled(store)
    shown = store.do(preview_in, file("username,profile,comment\nana,gold,by the lake\n"))
    store.do(ledger.set_status, "ana", SubscriberStatus.SUSPENDED, now=NOW)
    [error] = store.do(write, shown, now=NOW).rejected
    assert str(error) == "line 2: was changed by somebody else meanwhile; look again"
    assert store.do(ledger.read_subscribers)[0].comment == ANA.comment


def test_a_name_that_another_row_gives_up_can_be_taken(store: Store) -> None:
    filled(store)
    outcome = imported(store, "external_id,username,profile\ns1,luis,gold\ns2,lu,gold\n")
    assert (outcome.changed, outcome.rejected) == (2, ())
    assert {one.external_id: one.username for one in store.do(ledger.read_subscribers)} == {"s1": "luis", "s2": "lu"}


def test_two_rows_swap_their_names(store: Store) -> None:
    filled(store)
    store.do(lambda connection: ledger.settle_edits(connection, "edge-1", ledger.edits(connection, "edge-1")))
    outcome = imported(store, "external_id,username,profile\ns1,luis,gold\ns2,ana,gold\n")
    assert (outcome.changed, outcome.rejected) == (2, ())
    assert {one.external_id: one.username for one in store.do(ledger.read_subscribers)} == {"s1": "luis", "s2": "ana"}
    assert {edit.external_id: edit.old_name for edit in store.do(ledger.edits, "edge-1")} == {"s1": "ana", "s2": "luis"}


def test_a_profile_gets_a_new_name_and_its_subscribers_follow_in_one_import(store: Store) -> None:
    filled(store)
    rows = SourceRows(
        complete=False, profiles=(GOLD.model_copy(update={"name": "platinum"}),),
        subscribers=(ANA.model_copy(update={"profile": "platinum", "comment": "x"}),
                     LUIS.model_copy(update={"profile": "platinum"})),
    )  # fmt: skip
    outcome = store.do(write, store.do(preview_in, rows), now=NOW)
    assert outcome.rejected == ()
    assert {one.profile for one in store.do(ledger.read_subscribers)} == {"platinum"}


def test_deleted_subscribers_are_not_missing_and_nothing_is_ever_removed(store: Store) -> None:
    filled(store)
    store.do(ledger.set_status, "luis", SubscriberStatus.DELETED, now=NOW)
    shown = store.do(preview_in, file("username,profile\nana,gold\n# rows: 1\n", claims=True))
    assert (shown.missing, shown.complete) == ((), True)
    store.do(write, shown, now=NOW)
    assert len(store.do(ledger.read_subscribers)) == 2


def test_how_many_were_accepted_is_kept_when_all_of_it_was(store: Store) -> None:
    filled(store)
    text = "username,profile\nana,gold\neva,gold\n"
    imported(store, text, "crm")
    assert store.do(read_accepted, "crm") is None, "nobody said that this was everything"
    imported(store, text, "crm", claims=True)
    assert store.do(read_accepted, "crm") == 2
    imported(store, "username,profile\nana,gold\n", "crm", claims=True)
    assert store.do(read_accepted, "crm") == 2, "a file that is too short lowers no bar"
    imported(store, "username,profile\nana,gold\neva,platinum\n# rows: 2\n", "crm", claims=True)
    assert store.do(read_accepted, "crm") == 2, "one of it was rejected"
    store.do(write_accepted, "crm", 7, now=NOW)
    assert store.do(read_accepted, "crm") == 7


def test_hotspot_names_belong_to_their_server() -> None:
    hour = Profile(external_id="h", name="hour", kind=Kind.HOTSPOT)
    guest = Subscriber(external_id="g", username="guest", kind=Kind.HOTSPOT, hotspot_server="hs1", profile="hour")
    rows = file("username,profile,kind,hotspot_server\nguest,hour,hotspot,hs1\nguest,hour,hotspot,hs2\n")
    shown = preview([hour], [guest], rows)
    assert (shown.unchanged, [one.external_id for one in shown.added]) == (1, ["hotspot/hs2:guest"])
