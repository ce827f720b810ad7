"""A file of somebody else's: how it is laid out, and a guess at its columns that is never more than a guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.billing.sources.csv_file import layout_of
from mktui.billing.sources.fields import COLUMNS
from mktui.billing.sources.layout import MASKED, How, columns_of, offer, why_not
from mktui.billing.sources.synonyms import guessed, is_secret
from mktui.services.columns import remember, remembered
from mktui.services.office import state_folder

WRITTEN = {
    "commas": (b"user,plan\nana,gold\n", "UTF-8", ","),
    "semicolons, a mark": ("\ufeffuser;plan\nana;gold\n".encode(), "UTF-8 with a mark", ";"),
    "tabs, from Windows": ("usuario\tplan\nmaría\tgold\n".encode("cp1252"), "Windows-1252", "\t"),
    "a comma inside a name": (b'"Name, Vorname";Paket;Tarif\n"a, b";gold;x\n', "UTF-8", ";"),
    "saved as Unicode": ("user;plan\nana;gold\n".encode("utf-16"), "UTF-16", ";"),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_delimiter_and_encoding_are_told(kind: str) -> None:
    content, encoding, delimiter = WRITTEN[kind]
    layout = layout_of(content, "subscriber")
    assert (layout.encoding, layout.delimiter) == (encoding, delimiter)


GUESSES = {
    "Customer name;Pass;Paket;Telefon": {"Customer name": "username", "Pass": "password", "Paket": "profile"},
    "Usuario;Contraseña;Plan;Vencimiento": {
        "Usuario": "username", "Contraseña": "password", "Plan": "profile", "Vencimiento": "valid_until",
    },
    "Login;Customer name;Tarif": {"Login": "username", "Customer name": "comment", "Tarif": "profile"},
    "username;Login;Paket": {"Paket": "profile"},
    "User;Password;IP Address;Caller ID": {"User": "username", "IP Address": "static_ip", "Caller ID": "mac"},
}  # fmt: skip


@pytest.mark.parametrize("header", GUESSES)
def test_what_others_call_a_field_is_offered_once_and_to_the_best(header: str) -> None:
    layout = layout_of(f"{header}\n".encode(), "subscriber")
    assert offer(layout, "subscriber", {}) == GUESSES[header]


def test_profiles_have_words_of_their_own() -> None:
    layout = layout_of(b"Plan;Bajada;Subida;Precio;Download Mbps\n", "profile")
    assert offer(layout, "profile", {}) == {
        "Plan": "name", "Bajada": "rate_down_bps", "Subida": "rate_up_bps", "Precio": "price",
    }  # fmt: skip
    assert "Download Mbps" in why_not(layout, "profile", offer(layout, "profile", {})), "of Mbps nothing is guessed"


@given(st.lists(st.sampled_from(["Login", "user", "Name", "Pass", "clave", "Plan", "Paket", "IP", "x y", ""])))
def test_a_guess_names_real_fields_none_twice_and_none_that_is_taken(header: list[str]) -> None:
    found = guessed(header, "subscriber", ["profile"])
    assert set(found) <= set(header)
    assert set(found.values()) <= set(COLUMNS["subscriber"]) - {"profile"}
    assert len(set(found.values())) == len(found)


def test_samples_are_few_short_different_and_no_passwords() -> None:
    rows = "".join(f"name-{number // 2}{'x' * 40};hush-{number};{number % 2}\n" for number in range(9))
    layout = layout_of(f"Name;Clave;Feld\n{rows}".encode(), "subscriber")
    names, secrets, others = layout.samples
    assert (len(names), others, secrets) == (3, ("0", "1"), (MASKED,))
    assert all(len(each) <= 24 for each in names)
    (told,) = [each for each in columns_of(layout, "subscriber", {"Feld": "password"}, {}) if each.name == "Feld"]
    assert told.samples == (MASKED,), "what is said to be a password is one"
    assert "hush" not in repr(layout)
    assert is_secret("Mot de passe")


def test_it_is_said_why_a_column_is_what_it_is() -> None:
    layout = layout_of(b"username;Paket;Foo;;Bar\nana;gold;1;;2\n", "subscriber")
    found = columns_of(layout, "subscriber", {"Paket": "profile", "Bar": "-"}, {"Paket": "profile"})
    assert [(each.name, each.meant, each.how) for each in found] == [
        ("username", "username", How.NAMED), ("Paket", "profile", How.GUESSED), ("Foo", "", How.UNKNOWN),
        ("Bar", "-", How.CHOSEN),
    ]  # fmt: skip
    assert "Foo" in why_not(layout, "subscriber", {"Paket": "profile", "Bar": "-"})
    assert "more than one" in why_not(layout, "subscriber", {"Paket": "username", "Foo": "-", "Bar": "-"})
    assert why_not(layout, "subscriber", {"Paket": "profile", "Foo": "-", "Bar": "-"}) == ""


def test_what_was_said_of_a_header_is_remembered_for_that_header_and_kind_alone() -> None:
    remember("subscriber", ("A", "B"), {"A": "username"})
    remember("subscriber", ("A", "B"), {"A": "username", "B": "-"})
    assert remembered("subscriber", ("A", "B")) == {"A": "username", "B": "-"}
    assert remembered("profile", ("A", "B")) == {}
    assert remembered("subscriber", ("B", "A")) == {}
    for number in range(60):
        remember("profile", (str(number),), {str(number): "name"})
    assert remembered("subscriber", ("A", "B")) == {}, "the oldest are forgotten"
    assert remembered("profile", ("59",)) == {"59": "name"}


@pytest.mark.parametrize(
    "damaged", [b"", b"{", b"\xff", b"[1, {}]", b'[{"what": "profile", "header": [1], "mapped": {}}]']
)
def test_a_memory_that_is_damaged_is_none(damaged: bytes) -> None:
    remember("profile", ("x",), {"x": "name"})
    (state_folder() / "columns.json").write_bytes(damaged)
    assert remembered("profile", ("x",)) == {}
    remember("profile", ("x",), {"x": "name"})
    assert remembered("profile", ("x",)) == {"x": "name"}
