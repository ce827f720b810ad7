"""A command that changes something goes on to its end though its output is lost, and what it did is not hidden."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from tests.headless.programs import PROGRAM
from tests.headless.shops import customers, open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.headless.shops import Shop

pytestmark = pytest.mark.realtime
FULL = Path("/dev/full")
NAMES = [f"pp{number}" for number in range(1, 13)]
FULL_DISK = "standard output: no space left on device"
CLOSED = "standard output: broken pipe"
IN_THE_AUDIT = "what was changed is in mktui errors audit"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("lost"), routers=2, count=3) as shop:
        yield shop


@pytest.fixture
def shop(opened: Shop) -> Shop:
    """Two routers without a customer."""
    for router in range(2):
        for row in opened.rows(router=router).values():
            opened.ask("/ppp/secret/remove", router=router, id_=row[".id"])
    return opened


@pytest.fixture(params=["full", "closed"])
def lost(request: pytest.FixtureRequest) -> Iterator[tuple[int, str, int]]:
    """A standard output that cannot be written, what is said of it, and the code of a command that went well."""
    if request.param == "full":
        if not FULL.exists():
            pytest.skip("there is no /dev/full here")
        with FULL.open("w", encoding="utf-8") as file:
            yield file.fileno(), FULL_DISK, 2
        return
    read, write = os.pipe()
    os.close(read)
    yield write, CLOSED, 0
    os.close(write)


def ended(
    shop: Shop, *words: str | Path, stdout: int, stdin: int | IO[str] | None = None, stderr: int = subprocess.PIPE
) -> tuple[int, list[str]]:
    command = [*PROGRAM, "--config", str(shop.config), *map(str, words)]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL if stdin is None else stdin, stdout=stdout, stderr=stderr, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, (done.stderr or "").splitlines()


def adds(shop: Shop) -> Path:
    file = shop.folder / "adds.txt"
    file.write_text("".join(f"edge-1 /ppp/secret/add name={name}\n" for name in NAMES), encoding="utf-8")
    return file


def audited(shop: Shop) -> list[str]:
    return [str(each["outcome"]) for each in shop.run("errors", "audit", "--json").document["changes"]]


@pytest.mark.parametrize("form", ["table", "json", "ndjson"])
@pytest.mark.parametrize("quiet", [(), ("-q",)], ids=["", "quiet"])
def test_a_batch_whose_output_is_lost_is_carried_out_whole_and_says_so(
    shop: Shop, lost: tuple[int, str, int], form: str, quiet: tuple[str, ...]
) -> None:
    before = len(audited(shop))
    code, said = ended(shop, *quiet, "batch", adds(shop), "--format", form, stdout=lost[0])
    assert set(shop.rows()) == set(NAMES)
    assert audited(shop)[: -before or None] == ["applied"] * 12
    assert said == ["mktui: 12 applied", f"mktui: {lost[1]}; {IN_THE_AUDIT}"]
    assert code == lost[2]


def test_who_reads_one_line_of_a_batch_has_not_stopped_it(shop: Shop) -> None:
    shop.order("slow /ppp/secret/add 0.05")
    command = [*PROGRAM, "--config", str(shop.config), "batch", str(adds(shop)), "--format", "ndjson"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert '"line": 1,' in process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(20) == 0
    shop.order("clear")
    assert "mktui: 12 applied\n" in said
    assert set(shop.rows()) == set(NAMES)


def test_its_own_end_is_worse_than_a_lost_output(shop: Shop, lost: tuple[int, str, int]) -> None:
    shop.order("cut after /ppp/secret/add times 1")
    code, said = ended(shop, "batch", adds(shop), stdout=lost[0])
    assert code == 5
    assert said[0] == "mktui: 1 unknown, 11 not sent"


def test_a_standard_error_that_is_lost_too_stops_nothing(shop: Shop, lost: tuple[int, str, int]) -> None:
    code, _ = ended(shop, "-v", "batch", adds(shop), "--format", "ndjson", stdout=lost[0], stderr=lost[0])
    assert set(shop.rows()) == set(NAMES)
    assert code == lost[2]


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["", "json"])
def test_a_sync_whose_report_is_lost_says_what_it_did(
    tmp_path: Path, lost: tuple[int, str, int], form: tuple[str, ...]
) -> None:
    with open_shop(tmp_path, count=3) as shop:
        code, said = ended(shop, "sync", "apply", "--yes", *form, stdout=lost[0])
        assert len(shop.rows()) == 3
    assert any(line.startswith("mktui: edge-1  ") and "applied" in line for line in said), said
    assert said[-1] == f"mktui: {lost[1]}; {IN_THE_AUDIT}"
    assert code == lost[2]


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["", "json"])
def test_a_command_whose_answer_is_lost_says_that_it_was_carried_out(
    shop: Shop, lost: tuple[int, str, int], form: tuple[str, ...]
) -> None:
    code, said = ended(shop, "run", "edge-1", "/ppp/secret/add", "name=ana", *form, stdout=lost[0])
    assert set(shop.rows()) == {"ana"}
    assert said == ["mktui: edge-1: /ppp/secret/add: applied", f"mktui: {lost[1]}; {IN_THE_AUDIT}"]
    assert code == lost[2]


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["", "json"])
def test_an_import_whose_output_is_lost_goes_in_and_says_so(
    shop: Shop, lost: tuple[int, str, int], form: tuple[str, ...]
) -> None:
    name = f"extra-{lost[2]}-{len(form)}"
    file = shop.folder / "more.csv"
    file.write_text(f"external_id,username,password,profile\n{name},{name},pw,plan-10\n", encoding="utf-8")
    try:
        code, said = ended(shop, "billing", "import", "subscribers", file, "--yes", *form, stdout=lost[0])
        assert (name,) in shop.query("select username from subscribers")
    finally:
        shop.run("billing", "delete", "subscriber", name, "--yes")
    assert any(line.startswith("mktui: 1 added") for line in said), said
    assert said[-1] == f"mktui: {lost[1]}; {IN_THE_AUDIT}"
    assert code == lost[2]


def test_every_router_is_reset_though_nobody_reads_of_the_first(shop: Shop, lost: tuple[int, str, int]) -> None:
    before = len(audited(shop))
    code, said = ended(shop, "reset", "edge-1", "edge-2", stdout=lost[0])
    changes = shop.run("errors", "audit", "--json").document["changes"]
    assert {each["router"] for each in changes[: -before or None]} == {"edge-1", "edge-2"}
    assert said[-1] == f"mktui: {lost[1]}; {IN_THE_AUDIT}"
    assert code == lost[2]


def test_who_could_not_be_shown_a_plan_is_not_asked_about_it(shop: Shop, lost: tuple[int, str, int]) -> None:
    shop.save(customers(3))
    controller, terminal = os.openpty()
    with closing(os.fdopen(controller, "wb", buffering=0)) as keyboard, closing(os.fdopen(terminal, "rb")) as stdin:
        keyboard.write(b"y\n")
        code, said = ended(shop, "sync", "apply", "edge-1", stdout=lost[0], stdin=stdin.fileno())
    assert not shop.rows()
    assert code == 2
    assert said[-2] == "mktui: what is to be asked about could not be shown: nothing was done"
