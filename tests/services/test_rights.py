"""Who may do what: the one table behind HTTP and the control socket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.config.http import Role
from mktui.services import rights
from mktui.services.control.messages import WORDS
from mktui.services.rights import needed, refusal
from mktui.web.endpoints import CHANGES, READS


@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_the_socket_has_its_line(word: str) -> None:
    assert sum(word in deeds for deeds in rights._OF.values()) == 1


def test_what_http_answers_is_in_the_same_table() -> None:
    assert {each.deed for each in (*READS, *CHANGES)} == {"snapshot", "test", "reset"}
    assert [each.role for each in CHANGES] == [Role.OPERATOR, Role.OPERATOR]


@given(st.text(), st.sampled_from(Role))
def test_what_nobody_has_written_down_is_for_the_highest_role_alone(deed: str, role: Role) -> None:
    if deed not in WORDS:
        assert bool(refusal(f"{deed} it", "ana", role)) is (role is not Role.ADMIN)


@given(st.sampled_from(WORDS), st.booleans())
def test_a_higher_role_may_all_that_a_lower_one_may_and_protection_gives_nobody_more(
    deed: str, is_protected: bool
) -> None:
    name = "edge-1" if is_protected else ""
    allowed = [not refusal(deed, "ana", role, protected=name) for role in Role]
    assert allowed == sorted(allowed)
    assert allowed[-1]
    assert needed(deed, is_protected=True).may(needed(deed))


@pytest.mark.parametrize("deed", ["config", "save config", "run"])
def test_what_gives_away_or_changes_everything_is_for_admins(deed: str) -> None:
    assert needed(deed) is Role.ADMIN


@pytest.mark.parametrize("deed", ["reset", "isolate", "probe", "apply", "hold", "let go", "kick"])
def test_what_an_operator_does_to_a_router_he_does_not_to_a_protected_one(deed: str) -> None:
    assert not refusal(deed, "ana", Role.OPERATOR)
    assert refusal(deed, "ana", Role.OPERATOR, protected="edge-1") == (
        "edge-1 is protected: this needs the role admin; ana is operator"
    )
    assert refusal(deed, "luis", Role.VIEWER, protected="edge-1") == "this needs the role admin; luis is viewer"


def test_looking_at_a_protected_router_is_the_same_as_at_another() -> None:
    for deed in ("test", "plan", "planning", "report", "snapshot"):
        assert needed(deed, is_protected=True) is needed(deed)
