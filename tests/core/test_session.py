"""Tags and calls: every answer reaches its own caller, once, or the session is given up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.core.protocol.framing import encode
from mktui.core.protocol.sentences import AnyReply, Command, Done, Fatal, Reply, Row, Trap, UnknownReply
from mktui.core.protocol.session import Call, Phase, Session
from mktui.errors import ProtocolError

PRINT = Command("/ppp/secret/print")


def ready() -> Session:
    session = Session()
    session.logged_in()
    return session


def say(session: Session, *replies: AnyReply) -> None:
    session.receive(b"".join(encode(reply.words()) for reply in replies if not isinstance(reply, UnknownReply)))


@given(st.permutations(range(6)), st.data())
def test_answers_in_any_order_reach_their_own_callers(order: list[int], data: st.DataObject) -> None:
    session = ready()
    ended: list[Call] = []
    calls = [session.start(PRINT, ended.append)[0] for _ in order]
    rows = [Reply({"name": f"for {call.tag}"}, call.tag) for call in calls for _ in range(3)]
    say(session, *data.draw(st.permutations(rows)))
    say(session, *(Done(tag=calls[index].tag) for index in order))
    assert ended == [calls[index] for index in order]
    assert all(call.rows == [{"name": f"for {call.tag}"}] * 3 for call in calls)


def test_a_doubled_end_reaches_nobody() -> None:
    session = ready()
    ended: list[Call] = []
    first, _ = session.start(PRINT, ended.append)
    say(session, Done(tag=first.tag), Done(tag=first.tag), Reply({"name": "late"}, first.tag))
    second, _ = session.start(PRINT, ended.append)
    assert ended == [first]
    assert second.rows == []
    assert second.tag != first.tag
    assert session.strays == 2


def test_an_answer_without_a_tag_after_login_ends_the_session() -> None:
    session = ready()
    session.start(PRINT, lambda _: None)
    with pytest.raises(ProtocolError, match="without a tag"):
        say(session, Done())
    assert session.phase is Phase.CLOSED


def test_traps_do_not_end_a_call_its_done_does() -> None:
    session = ready()
    ended: list[Call] = []
    call, _ = session.start(PRINT, ended.append)
    say(session, Trap("one", 0, call.tag), Trap("two", None, call.tag))
    assert not ended
    say(session, Done(tag=call.tag))
    assert [trap.message for trap in call.traps] == ["one", "two"]


def test_an_unknown_reply_word_is_tolerated() -> None:
    session = ready()
    ended: list[Call] = []
    call, _ = session.start(PRINT, ended.append)
    session.receive(encode(["!progress", f".tag={call.tag}"]))
    say(session, Done(tag=call.tag))
    assert ended == [call]


def test_a_fatal_ends_every_call_as_lost() -> None:
    session = ready()
    ended: list[Call] = []
    session.start(PRINT, ended.append)
    say(session, Fatal("session terminated on request"))
    session.end("the router said so")
    assert [call.lost for call in ended] == ["the router said so"]


@pytest.mark.parametrize("path", ["/ppp/secret/print", "/quit"])
def test_nothing_but_a_login_is_said_before_it(path: str) -> None:
    with pytest.raises(ProtocolError):
        Session().start(Command(path), lambda _: None)


def test_nothing_is_said_once_the_session_is_over() -> None:
    session = ready()
    session.end("closed")
    with pytest.raises(ProtocolError):
        session.start(PRINT, lambda _: None)


def test_rows_of_a_stream_are_given_as_they_come() -> None:
    session = ready()
    rows: list[Row] = []
    call, _ = session.start(Command("/ppp/active/listen"), lambda _: None, rows.append)
    say(session, Reply({"name": "a"}, call.tag))
    assert rows == [{"name": "a"}]
    assert call.rows == []


def test_a_session_that_used_a_tag_twice_would_mix_answers() -> None:
    """Planted bug: tags begin again after each end. The late row of the first call reaches the second."""
    session = ready()
    first, _ = session.start(PRINT, lambda _: None)
    say(session, Done(tag=first.tag))
    session._tags = iter([int(first.tag)])
    second, _ = session.start(PRINT, lambda _: None)
    say(session, Reply({"name": "late"}, first.tag))
    assert second.rows == [{"name": "late"}]
