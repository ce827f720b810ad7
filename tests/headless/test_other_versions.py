"""What answers at the socket is no mktui of this version: one clear line, and a status all the same."""

from __future__ import annotations

import json
import socket as sockets
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from mktui.services.control.place import socket_of
from tests.headless.shops import open_shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.headless.shops import Shop

    Answer = Callable[[dict[str, Any]], bytes]  # Any: JSON

pytestmark = pytest.mark.realtime
OTHER = "is of another version"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path, count=1) as opened:
        yield opened


def line(asked: dict[str, Any], done: Any, version: int = 1) -> bytes:  # Any: JSON
    return json.dumps({"v": version, "id": asked["id"], "done": done}).encode() + b"\n"


def newer_snapshot(asked: dict[str, Any]) -> bytes:  # Any: JSON
    return line(asked, {"may_write": True} if asked["do"] == "hello" else {"weird": 1})


def newer_protocol(asked: dict[str, Any]) -> bytes:  # Any: JSON
    return line(asked, {"may_write": True}, version=9)


def newer_after_the_greeting(asked: dict[str, Any]) -> bytes:  # Any: JSON
    return line(asked, {"may_write": True}, version=1 if asked["do"] == "hello" else 9)


def without_a_version(asked: dict[str, Any]) -> bytes:  # Any: JSON
    return json.dumps({"id": asked["id"], "done": {}}).encode() + b"\n"


def refusing(asked: dict[str, Any]) -> bytes:  # Any: JSON
    error = {"kind": "Version", "text": "this mktui speaks version 9 of the control protocol, not 1"}
    return json.dumps({"v": 1, "id": asked["id"], "error": error}).encode() + b"\n"


def a_list(_asked: dict[str, Any]) -> bytes:  # Any: JSON
    return b"[1,2]\n"


def garbage(_asked: dict[str, Any]) -> bytes:  # Any: JSON
    return b"\xff\xfe{garbage\n"


ANSWERS = [newer_snapshot, newer_protocol, newer_after_the_greeting, without_a_version, refusing, a_list, garbage]


@contextmanager
def answering(place: Path, answer: Answer) -> Iterator[None]:
    """Have somebody at the socket who answers so."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with sockets.socket(sockets.AF_UNIX) as listening:
        listening.bind(str(place))
        listening.listen()

        def serve() -> None:
            with suppress(OSError):
                while True:
                    one, _ = listening.accept()
                    with one, suppress(OSError), one.makefile("rb") as asked:
                        for text in asked:
                            one.sendall(answer(json.loads(text)))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield
        finally:
            listening.shutdown(sockets.SHUT_RDWR)
            thread.join(5)
            place.unlink()


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_status_says_so_in_a_line_and_asks_the_routers_itself(shop: Shop, answer: Answer) -> None:
    with answering(socket_of(shop.config), answer):
        ended = shop.start("status", "--json")
    assert ended.code == 0, ended.err
    assert OTHER in ended.complaint
    assert [router["name"] for router in ended.document["routers"]] == ["edge-1"]
    assert ended.document["routers"][0]["health"] == "healthy"


@pytest.mark.parametrize("answer", [newer_protocol, refusing, garbage])
def test_what_can_only_be_done_there_is_not_done_and_ends_with_3(shop: Shop, answer: Answer) -> None:
    with answering(socket_of(shop.config), answer):
        for words in (("reset", "edge-1"), ("breaker", "edge-1", "isolate")):
            ended = shop.start(*words)
            assert ended.code == 3, ended
            assert "version" in ended.complaint
            assert ended.out == ""
