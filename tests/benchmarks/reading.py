"""Big and small reads over loopback, one connection: librouteros sync, librouteros async and mktui, in turns."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import anyio
from librouteros import async_connect, connect
from librouteros.api import Api
from librouteros.protocol import ApiProtocol
from pydantic import SecretStr

from mktui.core import PoolOptions, RouterOptions, open_client
from mktui.core.protocol.decoder import Decoder
from mktui.core.protocol.framing import encode
from tests.benchmarks.feeder import feeder, secrets_bodies
from tests.benchmarks.measure import Line, median, ms, timed, timed_async

if TYPE_CHECKING:
    from mktui.core import Client

ONE = PoolOptions(min_size=1, max_size=1, command_timeout=120)


def router_on(port: int) -> RouterOptions:
    """Return the address of a feeder or a simulator."""
    return RouterOptions(name="bench", host="127.0.0.1", port=port, username="admin", password=SecretStr("secret"))


def secrets(*, quick: bool) -> list[Line]:
    """Read 10,000 secrets: against librouteros sync, and against its async."""
    count, rounds = (500, 1) if quick else (10_000, 7)
    with feeder(count) as port:
        times = anyio.run(_secrets, port, count, rounds)
    ours, sync, aio = (median(each) for each in times)
    return [
        Line(f"{count:,} secrets, against librouteros {name}", ms(ours), ms(other), other / ours, ">= 9x",
             other / ours >= 9, rounds)
        for name, other in (("sync", sync), ("async", aio))
    ]  # fmt: skip


async def _secrets(port: int, count: int, rounds: int) -> tuple[list[float], list[float], list[float]]:
    ours: list[float] = []
    sync: list[float] = []
    aio: list[float] = []
    api = connect(host="127.0.0.1", username="admin", password="secret", port=port)
    other = await async_connect(host="127.0.0.1", username="admin", password="secret", port=port)

    async def read(client: Client) -> None:
        assert len(await client.get("/ppp/secret", max_age=0)) == count

    async def read_async() -> None:
        assert len([row async for row in other("/ppp/secret/print")]) == count

    async with open_client(router_on(port), ONE) as client:
        await client.run("/system/identity/print")
        for _ in range(rounds):
            sync.append(timed(lambda: tuple(api("/ppp/secret/print"))))
            aio.append(await timed_async(read_async))
            ours.append(await timed_async(lambda: read(client)))
    api.close()
    await other.close()
    return ours, sync, aio


def small(*, quick: bool) -> list[Line]:
    """Run small commands one after another, against librouteros async."""
    count, rounds = (100, 1) if quick else (2_000, 7)
    with feeder(1) as port:
        ours, theirs = anyio.run(_small, port, count, rounds)
    mine, other = count / median(ours), count / median(theirs)
    return [
        Line("small commands one after another, a second", f"{mine:,.0f}", f"{other:,.0f}", mine / other, ">= 0.8x",
             mine / other >= 0.8, rounds)
    ]  # fmt: skip


async def _small(port: int, count: int, rounds: int) -> tuple[list[float], list[float]]:
    ours: list[float] = []
    theirs: list[float] = []
    other = await async_connect(host="127.0.0.1", username="admin", password="secret", port=port)
    async with open_client(router_on(port), ONE) as client:

        async def run() -> None:
            for _ in range(count):
                await client.run("/system/identity/print")

        async def run_other() -> None:
            for _ in range(count):
                [row async for row in other("/system/identity/print")]

        await run()
        for _ in range(rounds):
            theirs.append(await timed_async(run_other))
            ours.append(await timed_async(run))
    await other.close()
    return ours, theirs


class _Memory:
    """librouteros' transport over bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = BytesIO(data)

    def read(self, length: int) -> bytes:
        return self._data.read(length)


def decoder(*, quick: bool) -> list[Line]:
    """Decode the same bytes in memory, a row."""
    count, rounds = (500, 1) if quick else (10_000, 7)
    data = b"".join(encode(("!re",))[:-1] + body + b"\0" for body in secrets_bodies(count)) + encode(("!done",))
    slices = [data[at : at + 16384] for at in range(0, len(data), 16384)]

    def ours() -> None:
        reader = Decoder()
        assert sum(len(reader.feed(piece)) for piece in slices) == count + 1

    def theirs() -> None:
        api = Api(ApiProtocol(transport=_Memory(data), encoding="utf-8"))
        assert len(api.readResponse()) == count

    pairs = [(timed(ours), timed(theirs)) for _ in range(rounds)]
    mine, other = median([pair[0] for pair in pairs]), median([pair[1] for pair in pairs])
    a_row, theirs_a_row = (f"{each / count * 1e6:.2f} µs" for each in (mine, other))
    work = "decoder in memory, a row, against librouteros sync"
    return [Line(work, a_row, theirs_a_row, other / mine, ">= 6x", other / mine >= 6, rounds)]
