"""CSV files as people have them: wrong, cut, from a spreadsheet; and ours, which read back as they were."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import zoneinfo
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.billing.model import Kind, OnInactive, Subscriber, SubscriberStatus
from mktui.billing.sources.csv_export import export_subscribers
from mktui.billing.sources.csv_file import read_csv
from mktui.billing.sources.rows import RowError, SourceRows
from mktui.billing.sources.zones import zone
from mktui.errors import BillingError, SourceUnreadable

PRAGUE = zone("Europe/Prague")


def subscribers(text: str | bytes, **more: Any) -> SourceRows:
    content = text if isinstance(text, bytes) else text.encode()
    return read_csv(content, "subscriber", local=more.pop("local", dt.UTC), **more)


def profiles(text: str, **more: Any) -> SourceRows:
    return read_csv(text.encode(), "profile", local=dt.UTC, **more)


def only_error(rows: SourceRows) -> str:
    [error] = rows.errors
    return str(error)


# -- what it is instead of a CSV --------------------------------------------------------------------------------------

NO_CSV = {
    b"": "the file is empty",
    b"\xef\xbb\xbf\r\n": "the file is empty",
    b"PK\x03\x04....xl/workbook.xml": r"this is an Excel workbook \(save it as CSV\)",
    b"PK\x03\x04....letter.doc": "this is a ZIP archive",
    b"\xd0\xcf\x11\xe0\xa1\xb1": "this is an old Excel workbook",
    b"\x89PNG\r\n\x1a\n": "this is an image",
    b"%PDF-1.7": "this is a PDF",
    b"\x1f\x8b\x08": "compressed",
    b"username,profile\nana\0,gold\n": "this is a binary file",
    b"\xff\xfeu\x00s": "the file is damaged|missing",
    b"username,profile\n\x81\x8d,gold\n": "no cp1252",
    "username,profile\njosé,gold\nlucí".encode()[:-1]: "line 3: the file is cut or damaged: it is UTF-8, but not here",
    b"# only a comment\n": "the file has no header",
    b'username,profile\nana,gold\nluis,"go': "line 3: the file looks cut: a quote opens here and never closes",
    b"username,profile,comment\nana,gold,x\nluis,go": r"line 3: the file looks cut: its last line has 2 of 3 columns",
    b"username,profile\nana,gold\n# rows: 2\n": "the file is cut: its footer says 2 rows, it has 1",
    b"username,profile\n# rows: 0\nana,gold\n": "line 3: there are rows behind the footer",
    b"username,comment\nana,x\n": "line 1: column profile is missing",
    b"username,profile,usrname\nana,gold,x\n": r"unknown column 'usrname' \(is it username\?\)",
    b"username,profile,User Name\nana,gold,x\n": "more than one column is username",
    b'username,profile\nana,"go"ld\n': "line 2: a quote stands in the middle of a cell",
}


@pytest.mark.parametrize("content", NO_CSV, ids=[words[:40] for words in NO_CSV.values()])
def test_what_is_no_csv_is_told_and_nothing_of_it_is_used(content: bytes) -> None:
    with pytest.raises(SourceUnreadable, match=NO_CSV[content]):
        subscribers(content)


def told(content: bytes) -> str:
    """Return what is said of a file, whatever it is."""
    try:
        return repr(read_csv(content, "subscriber", local=dt.UTC))
    except SourceUnreadable as refused:
        return str(refused)


@given(st.binary(max_size=200))
def test_any_bytes_are_rows_or_an_error_in_words(content: bytes) -> None:
    assert told(content)


@given(st.text(alphabet=st.sampled_from('uname,profile;\t|"#\n\r=1.:' + "ä"), max_size=80))
def test_any_text_under_a_good_header_is_rows_or_an_error_in_words(text: str) -> None:
    assert told(f"username,profile,valid_until\n{text}".encode())


# -- how people write it ----------------------------------------------------------------------------------------------

FORMS = {
    "semicolons and BOM": "\ufeffusername;profile;static_ip\r\nana;gold;10.0.0.7\r\n".encode(),
    "tabs": b"username\tprofile\tstatic_ip\nana\tgold\t10.0.0.7\n",
    "pipes": b"username|profile|static_ip\nana|gold|10.0.0.7\n",
    "UTF-16": "username;profile;static_ip\r\nana;gold;10.0.0.7\r\n".encode("utf-16"),
    "other names of columns": b"User Name,PROFILE,static ip\nana,gold,10.0.0.7\n",
    "Excel says its delimiter": b"sep=;\nusername;profile;static_ip\nana;gold;10.0.0.7\n",
    "empty lines and comments": b"# by hand\n\nusername,profile,static_ip\n,,\n# x\nana,gold,10.0.0.7\n\n",
    "a spreadsheet's footer": b"username;profile;static_ip\nana;gold;10.0.0.7\n# rows: 1;;\n",
    "quotes and old line ends": b'"username","profile","static_ip"\r"ana","gold","10.0.0.7"\r',
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_a_file_is_read(form: str) -> None:
    rows = subscribers(FORMS[form])
    [ana] = rows.subscribers
    assert (ana.external_id, ana.username, ana.profile, ana.static_ip) == ("ppp:ana", "ana", "gold", "10.0.0.7")
    assert not rows.errors


def test_windows_letters_are_read_with_a_note() -> None:
    rows = subscribers("username,profile\njosé,gold\n".encode("cp1252"))
    assert rows.subscribers[0].username == "josé"
    assert "Windows-1252" in rows.notes[0]


def test_columns_are_mapped_or_ignored_and_a_wrong_map_is_told() -> None:
    text = "Login;Plan;Phone\nana;gold;+420\n"
    assert (
        subscribers(text, mapped={"login": "username", "Plan": "profile", "Phone": "-"}).subscribers[0].profile
        == "gold"
    )
    with pytest.raises(SourceUnreadable, match=r"'usernme' \(is it username\?\), which is no field"):
        subscribers(text, mapped={"Login": "usernme"})
    with pytest.raises(SourceUnreadable, match="names a column 'Tarif' that is not there"):
        subscribers(text, mapped={"Tarif": "profile"})


def test_a_cell_may_hold_lines_and_errors_name_the_line_where_a_row_begins() -> None:
    rows = subscribers('username,profile,comment,mac\nana,gold,"two\nlines",\nluis,gold,"a ""q""",xx\n')
    assert rows.subscribers[0].comment == "two\nlines"
    assert only_error(rows) == "line 4: mac 'xx': not a MAC address; write 00:11:22:33:44:55"


ROWS = {
    "luis,gold": "line 3: has 2 of 3 columns; write empty cells too",
    "luis,gold,x,y": "line 3: has 4 cells for 3 columns; a cell with the delimiter in it stands in quotes",
    ",gold,x": "line 3: username: is missing",
    "lu\x07is,gold,x": "line 3: username 'lu\\x07is': has a control character",
}


@pytest.mark.parametrize("row", ROWS)
def test_a_bad_row_is_an_error_of_its_own(row: str) -> None:
    rows = subscribers(f"username,profile,comment\nana,gold,x\n{row}\n", claims=True, accepted=1)
    assert [one.username for one in rows.subscribers] == ["ana"]
    assert only_error(rows) == ROWS[row]
    assert not rows.complete, "a row that was not read is not absent"


# -- values -----------------------------------------------------------------------------------------------------------

VALUES: dict[tuple[str, str], object] = {
    ("rate_down_bps", "10M"): 10_000_000, ("rate_down_bps", "10 Mbit/s"): 10_000_000,
    ("rate_down_bps", "512k"): 512_000,
    ("rate_down_bps", "1G"): 10**9, ("rate_down_bps", "1.5 Mbps"): 1_500_000, ("rate_down_bps", "64000"): 64_000,
    ("session_timeout_s", "1h"): 3600, ("session_timeout_s", "30d"): 2_592_000, ("session_timeout_s", "01:30:00"): 5400,
    ("session_timeout_s", "1d02:15:30"): 94_530, ("session_timeout_s", "90"): 90, ("enabled", "No"): False,
    ("enabled", "1"): True, ("kind", "Hotspot"): Kind.HOTSPOT, ("priority", " 3 "): 3, ("price_minor", "1250"): 1250,
    ("price", "12.50"): 1250, ("price", "12,5"): 1250, ("price", "12"): 1200,
}  # fmt: skip


@pytest.mark.parametrize(("field", "text"), VALUES)
def test_values_of_profiles_are_read(field: str, text: str) -> None:
    rows = profiles(f"name;{field}\ngold;{text}\n")
    assert not rows.errors, rows.errors
    assert getattr(rows.profiles[0], "price_minor" if field == "price" else field) == VALUES[field, text]


MORE_VALUES: dict[tuple[str, str], object] = {
    ("quota_bytes", "5G"): 5 * 10**9, ("quota_bytes", "500MB"): 5 * 10**8, ("quota_bytes", "5GiB"): 5 * 2**30,
    ("status", "SUSPENDED"): SubscriberStatus.SUSPENDED,
    ("on_inactive", "fallback_profile"): OnInactive.FALLBACK_PROFILE,
    ("mac", "0011.22aa-bb:cc"): "00:11:22:AA:BB:CC", ("routers", "edge-2|edge-1, edge-2"): ("edge-1", "edge-2"),
    ("routers", "edge-2 edge-1"): ("edge-1", "edge-2"), ("routers", "Router 1|"): ("Router 1",),
    ("valid_until", "2026-11-24"): dt.datetime(2026, 11, 24, 23, tzinfo=dt.UTC),
    ("valid_until", "2026-07-01"): dt.datetime(2026, 7, 1, 22, tzinfo=dt.UTC),
    ("valid_until", "2026-11-24 18:00"): dt.datetime(2026, 11, 24, 17, tzinfo=dt.UTC),
    ("valid_until", "2026-11-24T18:00:00Z"): dt.datetime(2026, 11, 24, 18, tzinfo=dt.UTC),
    ("valid_until", "2026-11-24T18:00:00+05:30"): dt.datetime(2026, 11, 24, 12, 30, tzinfo=dt.UTC),
    ("valid_until", "2026-10-25 02:30"): dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC),  # twice that night: the later
}  # fmt: skip


@pytest.mark.parametrize(("field", "text"), MORE_VALUES)
def test_values_of_subscribers_are_read_and_dates_are_of_the_zone(field: str, text: str) -> None:
    rows = subscribers(f'username;profile;{field}\nana;gold;"{text}"\n', local=PRAGUE)
    assert not rows.errors, rows.errors
    assert getattr(rows.subscribers[0], field) == MORE_VALUES[field, text]


WRONG = {
    ("rate_down_bps", "10X"): "line 2: rate_down_bps '10X': unknown unit X; write 10M, 512k or bit/s",
    ("rate_down_bps", "10MB/s"): "unknown unit MB/s (a capital B is bytes)",
    ("rate_down_bps", "1.500k"): "not a number with a unit",
    ("rate_down_bps", "1,5M"): "not a number with a unit",
    ("rate_down_bps", "-1"): "not a number with a unit",
    ("rate_down_bps", "9999G"): "less than or equal to 1000000000000",
    ("session_timeout_s", "1M"): "not a duration; write 1h, 30d, 01:30:00 or seconds",
    ("session_timeout_s", "500ms"): "not a whole number of seconds",
    ("enabled", "maybe"): "neither yes nor no",
    ("kind", "isdn"): "line 2: kind 'isdn': unknown; write ppp or hotspot",
    ("priority", "9"): "less than or equal to 8",
    ("price_minor", "12.50"): "not a whole number",
    ("price", "1.234"): "not an amount of money",
    ("shared_sessions", "9" * 25): "too large",
    ("pool", "x" * 129): "longer than 128 characters",
}


@pytest.mark.parametrize(("field", "text"), WRONG)
def test_what_is_not_clear_is_an_error_that_says_what_would_be_right(field: str, text: str) -> None:
    assert WRONG[field, text] in only_error(profiles(f"name;{field}\ngold;{text}\n"))


MORE_WRONG = {
    ("status", "disabled"): "unknown; write active, suspended, expired or deleted",
    ("status", "inactive"): "unknown; write active, suspended, expired or deleted",
    ("valid_until", "24.11.2026"): "not a date; write 2026-11-24 or 2026-11-24 18:00",
    ("valid_until", "11/24/2026"): "not a date",
    ("valid_until", "2026-02-30"): "there is no such date",
    ("valid_until", "9999-12-31"): "there is no such date",
    ("valid_until", "0000-00-00"): "there is no such date",
    ("quota_bytes", "5Q"): "unknown unit Q; write 5G, 500MB, 5GiB or bytes",
    ("quota_bytes", "1.5"): "not a whole number",
    ("static_ip", "10.0.0.300"): "not an IPv4 address",
}


@pytest.mark.parametrize(("field", "text"), MORE_WRONG)
def test_what_is_not_clear_of_a_subscriber_is_an_error_too(field: str, text: str) -> None:
    assert MORE_WRONG[field, text] in only_error(subscribers(f"username;profile;{field}\nana;gold;{text}\n"))


def test_every_fault_of_a_row_is_told_at_once() -> None:
    rows = subscribers("username,profile,mac,status\nana,gold,x,y\n")
    assert [error.field for error in rows.errors] == ["mac", "status"]


def test_a_password_is_in_no_error_and_no_repr() -> None:
    secret = "s3cret" * 50
    rows = subscribers(f"username,profile,password,mac\nana,gold,{secret},x\nluis,gold,s3cret,\neva,gold,s3cret\n")
    assert [error.field for error in rows.errors] == ["password", "mac", ""]
    assert "s3cret" not in repr(rows) + "".join(map(str, rows.errors))
    assert RowError("line 1", "password", "s3cret", "x").value == ""


# -- duplicates -------------------------------------------------------------------------------------------------------


def test_two_rows_of_one_name_are_both_rejected_and_name_each_other() -> None:
    rows = subscribers("username,profile\nana,gold\neva,gold\nana,silver\n")
    assert [one.username for one in rows.subscribers] == ["eva"]
    assert [str(error) for error in rows.errors] == [
        "line 2: username 'ana': the same as in line 4; all of them are rejected; keep the right one",
        "line 4: username 'ana': the same as in line 2; all of them are rejected; keep the right one",
    ]


def test_a_row_with_another_fault_counts_as_a_duplicate() -> None:
    rows = subscribers("username,profile,mac\nana,gold,x\nana,gold,\n")
    assert not rows.subscribers
    assert [error.field for error in rows.errors] == ["mac", "username", "username"]


def test_names_compare_byte_for_byte_after_nfc() -> None:
    assert len(subscribers("username,profile\nana,g\nAna,g\nana ,g\n").subscribers) == 3
    assert not subscribers("username,profile\ncaf\u00e9,g\ncafe\u0301,g\n").subscribers


KEYS = {
    "external_id,username,profile,kind\n7,a,g,ppp\n7,b,g,ppp\n": 0,
    "username,profile,static_ip\na,g,10.0.0.1\nb,g,10.0.0.1\n": 0,
    "username,profile,kind,hotspot_server\na,g,hotspot,hs1\na,g,hotspot,hs2\n": 2,
    "username,profile,kind,hotspot_server\na,g,ppp,hs1\na,g,ppp,hs2\n": 0,
    "username,profile,kind\na,g,ppp\na,g,hotspot\n": 2,
    "username,profile,kind\na,g,ppp\na,g,isdn\n": 1,
}


@pytest.mark.parametrize("text", KEYS)
def test_a_key_belongs_to_one_row(text: str) -> None:
    assert len(subscribers(text).subscribers) == KEYS[text]


# -- completeness -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "footer", "accepted", "complete"),
    [
        (True, "# rows: 4", None, True), (True, "#Rows:4", None, True), (False, "# rows: 4", 4, False),
        (True, "", None, False), (True, "", 5, True), (True, "", 6, False), (True, "", 4, True),
        (True, "# four of them", None, False), (True, "# rows: 4", 100, True),
    ],
)  # fmt: skip
def test_a_file_is_complete_when_it_is_said_to_be_and_shows_it(
    claims: bool, footer: str, accepted: int | None, complete: bool
) -> None:
    rows = subscribers(f"username,profile\na,g\nb,g\nc,g\nd,g\n{footer}\n", claims=claims, accepted=accepted)
    assert rows.complete is complete
    assert complete or rows.notes[-1].startswith("not complete: ")


@pytest.mark.parametrize("text", ["username,profile\n", "username,profile\n# rows: 0\n"])
def test_a_header_alone_is_never_complete(text: str) -> None:
    rows = subscribers(text, claims=True, accepted=0)
    assert (rows.complete, rows.notes[0]) == (False, "the file has a header and no rows")


def test_a_last_line_without_an_end_is_noted() -> None:
    assert "has no line end" in subscribers("username,profile\nana,gold").notes[0]


def test_a_cut_copy_of_our_own_file_never_passes_for_complete() -> None:
    whole = export_subscribers([Subscriber(external_id=f"s{n}", username=f"u{n}", profile="g") for n in range(5)])
    for end in range(1, len(whole) - 2):
        try:
            rows = subscribers(whole[:end], claims=True)
        except SourceUnreadable:
            continue
        assert not rows.complete or rows.count == 5


# -- zones ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Europe/Prag", "", "../../etc/passwd", "Europe"])
def test_an_unknown_zone_is_told(name: str) -> None:
    with pytest.raises(BillingError, match="no time zone is called"):
        zone(name)


def test_a_system_without_zones_says_so_and_utc_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoneinfo, "TZPATH", ())
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
    try:
        assert zone("utc") is dt.UTC
        if not zoneinfo.available_timezones():
            with pytest.raises(BillingError, match=r"this system has no time zones .*tzdata"):
                zone("Europe/Prague")
    finally:
        zoneinfo.reset_tzpath()


def test_reading_files_comments_and_routers_loads_no_database() -> None:
    names = ("adopting", "comments", "csv_export", "csv_file", "freeradius", "phpnuxbill", "preview", "queries")
    imports = "; ".join(f"import mktui.billing.sources.{name}" for name in names)
    code = f"import sys; {imports}; print('sqlalchemy' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ended.stdout.strip() == "False"


def test_thousands_with_one_address_are_told_in_a_line_each() -> None:
    rows = "".join(f"user-{number},gold,10.0.0.7\n" for number in range(5000))
    found = subscribers("username,profile,static_ip\n" + rows)
    assert len(found.errors) == 5000
    assert max(len(str(error)) for error in found.errors) < 200
    assert "and 4996 more" in str(found.errors[0])
