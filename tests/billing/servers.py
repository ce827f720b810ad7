"""Real database servers, started for the tests in directories of their own, where their programs are installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from mktui.billing.database import _engine, shown

if TYPE_CHECKING:
    from collections.abc import Iterator


def _program(name: str) -> str | None:
    """Return a server program's path; Debian keeps some outside of everybody's PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    for place in (*map(str, reversed(debian)), f"/usr/sbin/{name}", shutil.which(name) or ""):
        if place and Path(place).exists():
            return place
    return None


def _as_user(user: str, *command: str) -> list[str]:
    """Return a command as an ordinary user: database servers refuse to run as root."""
    return ["runuser", "-u", user, "--", *command] if os.geteuid() == 0 else list(command)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _place(tmp_path_factory: pytest.TempPathFactory, name: str, user: str) -> Path:
    place = tmp_path_factory.mktemp(name)
    if os.geteuid() == 0:
        for folder in (place, *place.parents):
            if folder.parent == Path("/tmp") or str(folder).startswith("/tmp/pytest"):  # noqa: S108 - pytest's own
                folder.chmod(0o755)
        shutil.chown(place, user)
    return place


def _run(command: list[str], **more: str) -> None:
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=50, **more)  # type: ignore[call-overload]  # cwd
    assert ended.returncode == 0, ended.stderr + ended.stdout


@contextmanager
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a PostgreSQL for the block; gives its URL."""
    initdb, server = _program("initdb"), _program("postgres")
    if initdb is None or server is None:
        pytest.skip("there is no PostgreSQL here (Debian's postgresql)")
    place = _place(tmp_path_factory, "postgresql", "postgres")
    _run(_as_user("postgres", initdb, "-D", str(place / "db"), "-U", "mktui", "-A", "trust", "-E", "UTF8", "-N"))
    command = _as_user(
        "postgres", server, "-D", str(place / "db"), "-h", "127.0.0.1", "-k", str(place),
        "-c", "fsync=off", "-c", "max_connections=40", "-p",
    )  # fmt: skip
    with _running(command, "postgresql://mktui:s3cret-url@127.0.0.1:{port}/postgres") as url:
        yield url


@contextmanager
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a MariaDB for the block; gives its URL."""
    install, server = _program("mariadb-install-db"), _program("mariadbd")
    if install is None or server is None:
        pytest.skip("there is no MariaDB here (Debian's mariadb-server)")
    place = _place(tmp_path_factory, "mariadb", "mysql")
    options = ("--no-defaults", f"--datadir={place / 'db'}", "--skip-test-db")
    _run(_as_user("mysql", install, *options, "--auth-root-authentication-method=normal"))
    start = place / "start.sql"
    start.write_text(
        "CREATE DATABASE mktui;\nCREATE USER 'mktui'@'127.0.0.1' IDENTIFIED BY 's3cret-url';\n"
        "GRANT ALL ON *.* TO 'mktui'@'127.0.0.1';\n"
    )
    start.chmod(0o644)
    command = _as_user(
        "mysql", server, "--no-defaults", f"--datadir={place / 'db'}", "--bind-address=127.0.0.1",
        f"--socket={place / 'sock'}", f"--pid-file={place / 'pid'}", f"--init-file={start}", "--skip-name-resolve",
        "--innodb-use-native-aio=OFF", "--port",
    )  # fmt: skip
    with _running(command, "mariadb://mktui:s3cret-url@127.0.0.1:{port}/mktui") as url:
        yield url


@contextmanager
def _running(command: list[str], url: str) -> Iterator[str]:
    """Run a server on a free port for the block, which begins when it lets us in; another one may take the port first.

    ``command`` ends where the port is given; ``url`` has a place for it.
    """
    for attempt in range(3):
        port = _free_port()
        here = url.format(port=port)
        with tempfile.TemporaryFile() as said:
            server = subprocess.Popen([*command, str(port)], stdout=said, stderr=said, cwd="/")
            try:
                if _lets_us_in(server, here):
                    yield here
                    return
            finally:
                server.terminate()
                server.wait(30)
            said.seek(0)
            assert attempt < 2, f"the server does not run: {said.read()[-2000:]!r}"


def _lets_us_in(server: subprocess.Popen[bytes], url: str) -> bool:
    engine = _engine(url, shown(url))
    try:
        for _ in range(300):
            if server.poll() is not None:
                return False
            try:
                engine.connect().close()
            except sa.exc.OperationalError:
                time.sleep(0.1)
            else:
                return True
        return False
    finally:
        engine.dispose()
