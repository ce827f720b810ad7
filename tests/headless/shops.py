"""A shop for the headless tests: a configuration, billing in a file, and routers in a process of their own."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import librouteros

from mktui import clock
from mktui.billing import ledger
from mktui.billing.model import Profile, Subscriber
from mktui.billing.store import Store
from tests.headless.programs import Ended, mktui, mktui_here, simulated

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

PLANS = (Profile(external_id="p1", name="plan-10", rate_down_bps=10_000_000, rate_up_bps=2_000_000),)


def customers(count: int, **facts: object) -> list[Subscriber]:
    """Return so many subscribers of ``plan-10``."""
    return [
        Subscriber.model_validate(
            {"external_id": f"c{index}", "username": f"user-{index:03}", "password": f"pw-{index}-hush",
             "profile": "plan-10", **facts}
        )
        for index in range(count)
    ]  # fmt: skip


@dataclass
class Shop:
    """What a test holds."""

    folder: Path
    config: Path
    ports: Sequence[int]
    simulator: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Billing's database."""
        return f"sqlite:///{self.folder / 'billing.db'}"

    def run(self, *arguments: str | Path, typed: str = "") -> Ended:
        """Run the program with this shop's configuration, in this process."""
        return mktui_here("--config", self.config, *arguments, typed=typed)

    def start(self, *arguments: str | Path) -> Ended:
        """Run it in a process of its own, as a shell does."""
        return mktui("--config", self.config, *arguments)

    def save(self, subscribers: Iterable[Subscriber] = (), profiles: Iterable[Profile] = ()) -> None:
        """Write into billing."""
        store = Store.open(self.url)
        try:
            with store.begin() as connection:
                for profile in profiles:
                    ledger.save_profile(connection, profile, now=clock.utc_now())
                for subscriber in subscribers:
                    ledger.save_subscriber(connection, subscriber, now=clock.utc_now())
        finally:
            store.close()

    def order(self, line: str) -> None:
        """Tell the routers what goes wrong, and wait until it does."""
        assert self.simulator is not None
        assert self.simulator.stdin is not None
        assert self.simulator.stdout is not None
        self.simulator.stdin.write(f"{line}\n")
        self.simulator.stdin.flush()
        answer = json.loads(self.simulator.stdout.readline())
        assert answer["event"] == "ordered", answer

    def rows(self, menu: str = "/ppp/secret", router: int = 0) -> dict[str, dict[str, Any]]:
        """Return a router's rows by name, read by a client that is not ours."""
        return {str(row["name"]): row for row in self.ask(f"{menu}/print", router=router)}

    def ask(self, path: str, *, router: int = 0, **attributes: str) -> list[dict[str, Any]]:
        """Do something on a router, past mktui."""
        with_dot = {name.replace("id_", ".id"): value for name, value in attributes.items()}
        api = librouteros.connect("127.0.0.1", username="admin", password="secret", port=self.ports[router])
        try:
            return list(api(path, **with_dot))
        finally:
            api.close()

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask billing's database."""
        connection = sqlite3.connect(self.folder / "billing.db")
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()


def write_fleet(folder: Path, ports: Sequence[int], *, database: str = "", more: str = "") -> Path:
    """Write a configuration of a router on each port, quick to give up."""
    routers = "".join(
        f"[[routers]]\nname = 'edge-{number}'\nhost = '127.0.0.1'\nport = {port}\npassword = 'secret'\n"
        for number, port in enumerate(ports, 1)
    )
    url = database or f"sqlite:///{folder / 'billing.db'}"
    path = folder / "shop.toml"
    path.write_text(
        f"[pool]\nconnection_timeout = 3\nretry_delay = 0.05\nmax_retry_delay = 0.1\n[billing]\ndatabase = '{url}'\n"
        f"{more}\n{routers}",
        encoding="utf-8",
    )
    path.chmod(0o600)
    return path


def closed_shop(folder: Path, *, database: str = "", more: str = "") -> Shop:
    """Return billing without any router that runs."""
    return Shop(folder, write_fleet(folder, [1], database=database, more=more), [1])


@contextmanager
def open_shop(folder: Path, *, routers: int = 1, count: int = 0, more: str = "", simulate: str = "") -> Iterator[Shop]:
    """Run empty routers for the block, with billing of so many customers."""
    with simulated("--secrets", "0", "--count", str(routers), *simulate.split()) as (process, announced):
        ports = [each["port"] for each in announced]
        shop = Shop(folder, write_fleet(folder, ports, more=more), ports, process)
        if count:
            shop.save(customers(count), PLANS)
        yield shop
