"""Bad input gets one clear line on stderr, the right exit code, and no traceback."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.headless.programs import mktui, simulated, write_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.realtime


@contextmanager
def _listener(answer: bytes) -> Iterator[int]:
    """Answer every connection with ``answer``, as something that is no router."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    peer.recv(100)
                    peer.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.mark.parametrize("command", [("status",), ("test",), ("run", "edge-1", "/ip/pool/print"), ("config", "check")])
def test_no_configuration(command: tuple[str, ...], tmp_path: Path) -> None:
    ended = mktui("--config", tmp_path / "none.toml", *command)
    assert ended.code == 2
    assert f"{tmp_path / 'none.toml'}: there is no such file" in ended.complaint
    assert ended.out == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[pool]\nmin_size = \n", "line 2: no TOML"),
        ("[pool]\nmin_size = 'two'\n", "line 2: pool.min_size: must be a valid integer, not 'two'"),
        ("[pool]\nmin_sise = 2\n", "line 2: pool.min_sise: is not known (did you mean min_size?)"),
        ("[pool]\ncommand_timeout = -1\n", "line 2: pool.command_timeout: must be greater than 0, not -1"),
        ("", "there is no [[routers]]"),
    ],
)
def test_a_configuration_that_is_wrong_names_file_line_and_what_would_be_right(
    text: str, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text, encoding="utf-8")
    ended = mktui("--config", path, "status")
    assert ended.code == 2
    assert ended.complaint.startswith(f"mktui: {path}")
    assert says in ended.complaint


def test_a_configuration_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(b"\xff\xfe\x00")
    ended = mktui("--config", path, "status")
    assert ended.code == 2
    assert str(path) in ended.complaint


def test_a_router_that_nobody_configured(tmp_path: Path) -> None:
    ended = mktui("--config", write_config(tmp_path / "c.toml", 8728), "run", "edge-9", "/ip/pool/print")
    assert ended.code == 2
    assert "no router is called 'edge-9'" in ended.complaint
    assert "there are: edge-1" in ended.complaint


@pytest.mark.parametrize("command", [("test",), ("run", "edge-1", "/ip/pool/print")])
def test_a_router_that_is_not_there(command: tuple[str, ...], tmp_path: Path) -> None:
    port = _free_port()
    ended = mktui("--config", write_config(tmp_path / "c.toml", port), *command)
    assert ended.code == 3
    assert "edge-1" in ended.complaint
    assert f"127.0.0.1:{port}" in ended.complaint
    assert "refused" in ended.complaint


def test_status_of_a_router_that_is_not_there_is_an_answer_with_code_3(tmp_path: Path) -> None:
    ended = mktui("--config", write_config(tmp_path / "c.toml", _free_port()), "status", "--json")
    assert ended.code == 3
    assert ended.document["routers"][0]["health"] == "offline"
    assert "refused" in " ".join(ended.document["routers"][0]["reasons"])


def test_a_name_that_does_not_resolve(tmp_path: Path) -> None:
    path = write_config(tmp_path / "c.toml", 8728)
    path.write_text(path.read_text(encoding="utf-8").replace("127.0.0.1", "no-such-host.invalid"), encoding="utf-8")
    ended = mktui("--config", path, "test")
    assert ended.code == 3
    assert "no-such-host.invalid" in ended.complaint


@pytest.mark.parametrize("command", [("test",), ("run", "edge-1", "/ip/pool/print")])
def test_a_wrong_password_is_told_in_the_routers_words(command: tuple[str, ...], tmp_path: Path) -> None:
    with simulated("--secrets", "1") as (_, announced):
        path = write_config(tmp_path / "c.toml", announced[0]["port"], password='"wrong-pass"')
        ended = mktui("--config", path, *command)
    assert ended.code == 3
    assert "invalid user name or password (6)" in ended.complaint
    assert "wrong-pass" not in ended.out + ended.err


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"\xff\xff\xff\xff", b""]
)
@pytest.mark.parametrize("command", [("test",), ("run", "edge-1", "/ip/pool/print")])
def test_the_port_of_something_that_is_no_router(answer: bytes, command: tuple[str, ...], tmp_path: Path) -> None:
    with _listener(answer) as port:
        ended = mktui("--config", write_config(tmp_path / "c.toml", port), *command)
    assert ended.code == 3
    assert f"127.0.0.1:{port}" in ended.complaint


def test_a_port_that_accepts_and_never_answers_is_a_timeout(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        path = write_config(tmp_path / "c.toml", server.getsockname()[1])
        path.write_text(path.read_text(encoding="utf-8").replace("timeout = 3", "timeout = 0.3"), encoding="utf-8")
        ended = mktui("--config", path, "test")
    assert ended.code == 4
    assert "0.3 s" in ended.complaint


def test_a_password_that_cannot_be_fetched(tmp_path: Path) -> None:
    path = write_config(tmp_path / "c.toml", 8728, password='{ env = "MKTUI_NOT_SET" }')
    ended = mktui("--config", path, "test")
    assert ended.code == 2
    assert "MKTUI_NOT_SET" in ended.complaint


def test_words_that_are_no_attributes(tmp_path: Path) -> None:
    ended = mktui("--config", write_config(tmp_path / "c.toml", 8728), "run", "edge-1", "/ip/pool/print", "name")
    assert ended.code == 2
    assert "'name' is neither NAME=VALUE nor ?QUERY" in ended.complaint


def test_simulate_on_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ended = mktui("simulate", "--port", str(port))
    assert ended.code == 3
    assert f"cannot listen on 127.0.0.1:{port}" in ended.complaint


@pytest.mark.parametrize(
    "arguments", [("simulate", "--ros-version", "9.9"), ("simulate", "--port", "70000"), ("frobnicate",), ("run",)]
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(arguments: tuple[str, ...]) -> None:
    ended = mktui(*arguments)
    assert ended.code == 2
    assert ended.complaint.startswith("mktui: ")
    assert "Traceback" not in ended.err
