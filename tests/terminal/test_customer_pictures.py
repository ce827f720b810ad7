"""How a customer looks at 3 a.m., as pictures that a person has looked at."""

from __future__ import annotations

import pytest

from mktui.tui.app import ControlRoom
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_customers import ASKING
from tests.terminal.test_pictures import Compare, after

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")


@SIZES
def test_a_customer_who_is_paid_and_online(snap_compare: Compare, size: tuple[int, int]) -> None:
    keys = after("f", *"ana", "enter")
    assert snap_compare(ControlRoom(RecordedServices()), terminal_size=size, run_before=keys)


@SIZES
def test_a_customer_who_has_not_paid_while_two_routers_cannot_be_asked(
    snap_compare: Compare, size: tuple[int, int]
) -> None:
    keys = after("f", *"luis-03", "enter")
    assert snap_compare(ControlRoom(RecordedServices()), terminal_size=size, run_before=keys)


def test_nobody_of_this_name(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("f", *"anna", "enter"))


def test_nobody_knows_when_neither_billing_nor_routers_answer(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("f", *"pedro", "enter"))


@SIZES
def test_what_is_known_while_routers_are_asked(snap_compare: Compare, size: tuple[int, int]) -> None:
    services = RecordedServices()
    services.customers.asking = ASKING
    keys = after("f", *"ana", "enter")
    assert snap_compare(ControlRoom(services), terminal_size=size, run_before=keys)


def test_a_name_is_asked_for_in_one_line(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("f", *"an"))


def test_extending_shows_what_each_choice_leads_to(snap_compare: Compare) -> None:
    keys = after("f", *"luis-03", "enter", "X")
    assert snap_compare(ControlRoom(RecordedServices()), run_before=keys)


def test_a_kick_names_customer_and_router(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("f", *"ana", "enter", "K"))
