"""Whatever comes in is a request or a refusal in one line; what is seen comes out at the other end as it was."""

from __future__ import annotations

import json
from collections import deque
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from mktui.billing.model import Kind
from mktui.errors import BillingError, ConfigError, ControlError, ControlRefused
from mktui.monitor.silences import Silence
from mktui.monitor.snapshot import AlertsState, JobOutcome, JobState, ReceiverState, SeenAlert, Snapshot
from mktui.services.control import messages, wire
from mktui.services.control.feed import Feed, Picture
from mktui.services.control.forms import FORMS, error_document, error_of, fingerprint, heard
from mktui.services.control.messages import Refusal, Wish, parse
from mktui.sync.guards import Lifts
from mktui.sync.order import Order
from mktui.sync.plan import Action
from tests.terminal.recorded import NOW, fleet
from tests.terminal.recorded_customers import ANA, ANA_ONLINE
from tests.terminal.recorded_syncs import PLAN, planned, report

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
LINES = st.binary(max_size=200) | st.builds(
    lambda do, more: json.dumps({"v": 1, "id": 1, "do": do, **more}).encode(),
    st.sampled_from(messages.WORDS) | JSON,
    st.dictionaries(st.sampled_from(["router", "wish", "every", "text", "days", "id", "v", "digest", "name"]), JSON),
)


def taken_or_refused(text: bytes) -> messages.Request | Refusal:
    try:
        return parse(text)
    except Refusal as refusal:
        return refusal


@given(LINES)
@example(b"[" * 100_000)
@example(b'{"v": 1, "id": 1, "do": "subscribe", "every": NaN}')
@example(b'{"v": 1, "id": 1e400, "do": "snapshot"}')
@example(b'{"v": true, "id": 1, "do": "snapshot"}')
@example(b'{"v": 1, "id": ' + b"9" * 5000 + b', "do": "snapshot"}')
@example(b"\xff\xfe\x00{")
def test_any_line_is_a_request_or_a_refusal_of_one_short_line(text: bytes) -> None:
    taken = taken_or_refused(text)
    if isinstance(taken, Refusal):
        assert taken.text
        assert "\n" not in taken.text
        assert len(taken.text) < 400
        assert wire.answer(taken.number, error={"kind": taken.kind, "text": taken.text}).count(b"\n") == 1
    else:
        assert taken.do in messages.WORDS
        assert taken.id >= 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"v":2,"id":3,"do":"snapshot"}', "this mktui speaks version 1 of the control protocol, not 2"),
        ('{"v":1,"id":3,"do":"reset"}', "router: Field required"),
        ('{"v":1,"id":3,"do":"reset","router":"a","more":1}', "more: Extra inputs are not permitted"),
        ('{"v":1,"id":3}', "do is missing"),
        ('{"v":1,"id":3,"do":"reboot"}', "do is none of the "),
        ("[]", "no JSON object"),
        ("hello", "no line of JSON"),
    ],
)
def test_a_refusal_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(text.encode())
    assert refused.value.text.startswith(said)
    assert refused.value.number == (3 if text.startswith("{") else None)


def test_a_refusal_never_repeats_a_value_it_may_be_a_secret() -> None:
    with pytest.raises(Refusal) as refused:
        parse(b'{"v":1,"id":3,"do":"save config","digest":null,"modified_ns":"hush-hush","text":5}')
    assert "hush" not in refused.value.text


def test_every_request_that_changes_something_is_known_as_one() -> None:
    looks = {kind.model_fields["do"].annotation.__args__[0] for kind in messages.Request.__args__ if not kind.is_write}
    assert looks == {"hello", "snapshot", "subscribe", "test", "plan", "planning", "report", "watch billing", "errors",
                     "changes", "find", "found", "chart", "books", "read billing", "reading", "lines",
                     "tests"}  # fmt: skip


@given(
    st.booleans(), st.frozensets(st.text(min_size=1, max_size=8), max_size=4),
    st.frozensets(st.sampled_from(Kind), max_size=2), st.frozensets(st.sampled_from(Action), max_size=3),
    st.none() | st.integers(0, 1000),
)  # fmt: skip
def test_an_order_that_is_sent_is_the_order_that_is_carried_out(
    flag: bool, names: frozenset[str], kinds: frozenset[Kind], only: frozenset[Action], most: int | None
) -> None:
    order = Order(prune=flag, heal=not flag, adopt=names, names=names, kinds=kinds, only=only,
                  lifts=Lifts(max_delete=most, rebuild=flag))  # fmt: skip
    sent = wire.request(7, "plan", router="edge-1", wish=Wish.of(order).model_dump(mode="json"))
    taken = parse(sent)
    assert isinstance(taken, messages.StartPlan)
    assert taken.wish.order() == order


def test_what_a_screen_shows_is_the_same_at_the_other_end() -> None:
    nameless = replace(ANA_ONLINE, subscribers=(ANA.model_copy(update={"password": SecretStr("")}),))
    for seen in (fleet(), PLAN, planned(), report(), nameless):
        there = json.loads(wire.line({"is": FORMS.plain(seen)}))["is"]
        assert heard(there) == seen


def test_a_customers_password_is_not_sent_and_the_rest_of_him_is() -> None:
    kept = ANA.model_copy(update={"password": SecretStr("pw-ana-hush")})
    text = wire.line({"is": FORMS.plain(kept)})
    assert b"hush" not in text
    assert b"password" not in text
    assert heard(json.loads(text)["is"]) == ANA.model_copy(update={"password": SecretStr("")})


@given(JSON)
def test_what_is_told_and_means_nothing_here_is_said_to_be_of_another_version(told: Any) -> None:
    with suppress(ControlError):  # and nothing else
        heard(told)
    with pytest.raises(ControlError, match="another version"):
        Picture().take(told)


def test_a_plan_is_known_again_after_its_way_over_the_wire_and_another_is_not() -> None:
    there = heard(json.loads(wire.line({"is": FORMS.plain(PLAN)}))["is"])
    assert fingerprint(there) == fingerprint(PLAN)
    assert fingerprint(replace(PLAN, changes=PLAN.changes[1:])) != fingerprint(PLAN)


def test_an_error_keeps_its_words_and_what_a_form_needs_of_it() -> None:
    error = ConfigError("must be smaller", key="pool.max_size", line=3, remedy="at most 50")
    error.others = (ConfigError("is missing", key="routers.a.host"),)
    there = error_of(json.loads(json.dumps(error_document(error))))
    assert isinstance(there, ConfigError)
    assert (str(there), there.key, there.line) == (str(error), "pool.max_size", 3)
    assert [each.key for each in there.others] == ["routers.a.host"]
    other = error_of(error_document(BillingError("is gone")))
    assert isinstance(other, ControlRefused)
    assert (str(other), other.kind) == ("is gone", "BillingError")


def told(feed: Feed, snapshot: Snapshot) -> dict[str, Any]:  # Any: JSON
    return list(feed.news(snapshot))[-1]


@given(st.lists(st.lists(st.sampled_from(["edge-1", "edge-2", "plaza", "west"]), unique=True), max_size=6))
def test_pictures_told_as_what_has_changed_are_whole_at_the_other_end(rounds: list[list[str]]) -> None:
    feed, picture = Feed(), Picture()
    whole = fleet()
    for number, names in enumerate(rounds):
        routers = tuple(
            replace(router, facts=replace(router.facts, uptime=float(number)), name=name)
            for name, router in zip(names, whole.routers, strict=False)
        )
        snapshot = replace(whole, routers=routers, title=f"round {number}")
        news = json.loads(wire.line(told(feed, snapshot)))
        assert picture.take(news) == snapshot


JOB: Final = JobState("sync", "daily 03:30", NOW, outcomes=(JobOutcome("edge-1", "done", "41 applied", NOW),))
ALERTS: Final = AlertsState(
    (SeenAlert("router_down", "edge-1", "critical", NOW, "edge-1 is down", fired_at=NOW),),
    (Silence(NOW, "router_down", "tower-*", id="a1"),), (ReceiverState("noc", "webhook", waiting=2, problem="503"),),
)  # fmt: skip


def test_of_the_fleet_as_a_whole_nothing_is_left_out_and_only_what_is_new_is_told() -> None:
    feed, picture = Feed(), Picture()
    bare = Snapshot(NOW, "fleet", ())
    full = replace(bare, title="isp", billing_problem="locked", maintenance=(JOB,), alerts=ALERTS)
    named = {field.name for field in fields(Snapshot) if getattr(full, field.name) != getattr(bare, field.name)}
    assert named == {field.name for field in fields(Snapshot)} - {"at", "routers", "lost_for"}, "one more to be told"
    for snapshot in (bare, full, full, bare):
        news = json.loads(wire.line(told(feed, snapshot)))
        assert picture.take(news) == snapshot
    told(feed, full)
    assert set(told(feed, full)) == {"at", "title", "billing_problem", "order", "routers"}


@given(st.lists(st.lists(st.none() | st.sampled_from([0.1, 0.2]), max_size=9), min_size=1, max_size=6))
def test_a_chart_that_grows_or_moves_on_or_begins_anew_is_the_same_at_the_other_end(
    steps: list[list[float | None]],
) -> None:
    feed, picture, chart = Feed(), Picture(), deque[float | None](maxlen=6)
    whole = fleet()
    for step in steps:
        chart.extend(step)
        if len(step) == 4:
            chart.clear()
        snapshot = replace(whole, routers=(replace(whole.routers[0], latency=tuple(chart)),))
        assert picture.take(json.loads(wire.line(told(feed, snapshot)))) == snapshot


def test_of_a_long_chart_only_what_is_new_is_told() -> None:
    feed, whole = Feed(), fleet()
    long = tuple(number / 7 for number in range(300))
    first, second = (
        replace(whole, routers=(replace(whole.routers[0], latency=each),)) for each in (long, (*long[1:], 0.5))
    )
    told(feed, first)
    assert told(feed, second)["routers"][whole.routers[0].name] == {"latency": {"length": 300, "tail": [0.5]}}


def test_a_picture_in_which_nothing_has_changed_is_short() -> None:
    feed, snapshot = Feed(), fleet()
    assert len(wire.line(told(feed, snapshot))) > 2000
    assert told(feed, snapshot)["routers"] == {}
