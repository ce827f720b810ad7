"""``mktui batch``: all is checked before anything is sent, each router in order; the unknown is called unknown."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from mktui.cli.exit_codes import ExitCode, worst
from tests.headless.programs import PROGRAM, Ended, mktui_here
from tests.headless.shops import open_shop, write_fleet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.headless.shops import Shop

pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("batch"), routers=2) as shop:
        yield shop


@pytest.fixture
def shop(opened: Shop) -> Shop:
    """Two routers without a customer."""
    opened.order("clear")
    for router in range(2):
        for row in opened.rows(router=router).values():
            opened.ask("/ppp/secret/remove", router=router, id_=row[".id"])
    return opened


def batch(shop: Shop, *lines: str, options: tuple[str, ...] = ()) -> Ended:
    return shop.run("batch", "-", "--json", *options, typed="\n".join(lines))


def ends(ended: Ended) -> list[tuple[int, str]]:
    return [(each["line"], each["outcome"]) for each in ended.document["results"]]


def test_letters_that_a_router_cannot_be_told_are_found_in_every_line_before_anything_is_sent(shop: Shop) -> None:
    text = shop.config.read_text(encoding="utf-8")
    other = shop.folder / "encodings.toml"
    other.write_text(text.replace("name = 'edge-2'", "name = 'edge-2'\nencoding = 'cp1250'"), encoding="utf-8")
    other.chmod(0o600)
    lines = (
        "edge-1 /ppp/secret/add name=жук comment=→",
        "edge-2 /ppp/secret/add name=łukasz",
        "edge-2 /ppp/secret/add name=жд comment=жж→",
        "edge-2 /ppp/secret set [find name=鮮] comment=x",
        '{"router": "edge-1", "path": "/ppp/secret/add", "attributes": {"name": "a\\ud800b"}}',
    )
    for options in ((), ("--dry-run",), ("--keep-going",)):
        ended = mktui_here("--config", other, "batch", "-", *options, typed="\n".join(lines))
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.splitlines() == [
            "mktui: standard input, line 3: 'ж', 'д', '→' cannot be written in edge-2's encoding, cp1250",
            "mktui: standard input, line 4: '鮮' cannot be written in edge-2's encoding, cp1250",
            "mktui: standard input, line 5: '\\ud800' cannot be written in edge-1's encoding, utf-8",
            "mktui: nothing was sent",
        ]
    assert shop.rows() == shop.rows(router=1) == {}
    ended = mktui_here("--config", other, "batch", "-", typed="\n".join(lines[:2]))
    assert ended.code == 0, ended.err


def test_where_lines_end_differently_the_worst_counts_by_one_ranking() -> None:
    ranked = [ExitCode(code) for code in (0, 1, 4, 3, 2, 6, 5, 70, 129, 130, 143)]
    assert set(ranked) == set(ExitCode), "every code has its place"
    for at, code in enumerate(ranked):
        assert worst([code, *ranked[:at], code]) is code
    assert worst([]) is ExitCode.DONE


def test_what_would_never_end_is_refused_before_it_is_sent(shop: Shop) -> None:
    for words in (("/ppp/active/listen",), ("/ping", "address=10.0.0.1"), ("/tool/torch", "interface=ether1")):
        ended = shop.run("run", "edge-1", *words)
        assert (ended.code, ended.out) == (2, "")
        assert "never ends" in ended.complaint
        assert batch(shop, " ".join(("edge-1", *words))).code == 2


def test_each_router_gets_its_lines_in_their_order(shop: Shop) -> None:
    ended = batch(
        shop,
        "edge-1 /ppp/secret/add name=ana",
        "edge-2 /ppp/secret/add name=luis",
        "edge-1 /ppp secret print .proplist=name",
        "edge-1 /ppp secret set ana comment=kept",
        "edge-1 /ppp secret print .proplist=name,comment where name=ana",
    )
    assert ended.code == 0, ended.err
    assert [line for line, _ in ends(ended)] == [1, 2, 3, 4, 5]
    results = ended.document["results"]
    assert results[2]["rows"] == [{"name": "ana"}]
    assert results[4]["rows"] == [{"name": "ana", "comment": "kept"}]
    assert set(shop.rows(router=1)) == {"luis"}


def test_nothing_is_sent_when_one_line_is_wrong(shop: Shop) -> None:
    ended = batch(shop, "edge-1 /ppp/secret/add name=ana", "edge-3 /ppp/secret/add name=ana", "nonsense")
    assert ended.code == 2
    assert ended.out == ""
    lines = ended.err.splitlines()
    assert lines[0].startswith("mktui: standard input, line 2: no router is called 'edge-3'")
    assert lines[1].startswith("mktui: standard input, line 3: ")
    assert lines[2] == "mktui: nothing was sent"
    assert not shop.rows()


def test_after_an_error_nothing_more_is_sent(shop: Shop) -> None:
    ended = batch(
        shop, "edge-1 /ppp/secret/add name=ana", "edge-1 /ppp/secret/add name=ana", "edge-1 /ppp/secret/add name=luis"
    )
    assert ended.code == 1
    assert ends(ended) == [(1, "applied"), (2, "not applied"), (3, "not sent")]
    assert "already exists" in ended.document["results"][1]["text"]
    assert set(shop.rows()) == {"ana"}
    assert "1 applied, 1 not applied, 1 not sent" in ended.err


def test_or_it_goes_on_when_told_to(shop: Shop) -> None:
    lines = ("edge-1 /ppp/secret/add name=ana", "edge-1 /ppp/secret/add name=ana", "edge-1 /ppp/secret/add name=luis")
    ended = batch(shop, *lines, options=("--keep-going",))
    assert ended.code == 1
    assert ends(ended) == [(1, "applied"), (2, "not applied"), (3, "applied")]
    assert set(shop.rows()) == {"ana", "luis"}


def test_a_dry_run_shows_and_sends_nothing_and_hides_passwords(shop: Shop) -> None:
    ended = shop.run("batch", "-", "--dry-run", typed="edge-1 /ppp/secret/add name=ana password=hush-hush\n")
    assert ended.code == 0
    assert "writes" in ended.out
    assert "hush-hush" not in ended.out + ended.err
    assert not shop.rows()


def test_read_only_refuses_a_batch_that_writes_and_carries_out_one_that_reads(shop: Shop) -> None:
    ended = batch(shop, "edge-1 /ip/pool/print", "edge-1 /ppp/secret/add name=ana", options=("--read-only",))
    assert ended.code == 6
    assert "line 2: /ppp/secret/add would change something" in ended.err
    assert not shop.rows()
    assert batch(shop, "edge-1 /ip/pool/print", options=("--read-only",)).code == 0


def test_a_write_whose_answer_is_lost_is_unknown_and_is_not_sent_again(shop: Shop) -> None:
    shop.order("cut after /ppp/secret/add times 1")
    ended = batch(shop, "edge-1 /ppp/secret/add name=ana", "edge-1 /ppp/secret/add name=luis")
    assert ended.code == 5
    assert ends(ended) == [(1, "unknown"), (2, "not sent")]
    assert set(shop.rows()) == {"ana"}


def test_a_router_that_is_down_is_unreachable_and_the_other_goes_on(shop: Shop, tmp_path: Path) -> None:
    file = write_fleet(tmp_path, [shop.ports[0], 1])
    lines = "edge-2 /ppp/secret/add name=luis\nedge-1 /ppp/secret/add name=ana\n"
    ended = mktui_here("--config", file, "batch", "-", "--json", "--keep-going", typed=lines)
    assert ended.code == 3
    assert ends(ended) == [(1, "not applied"), (2, "applied")]
    assert "refused" in ended.document["results"][0]["text"]
    assert set(shop.rows()) == {"ana"}


def test_lines_for_programs_come_as_soon_as_they_are_known(shop: Shop) -> None:
    ended = shop.run("batch", "-", "--format", "ndjson", typed="edge-1 /ip/pool/print\nedge-2 /ip/pool/print\n")
    told: list[dict[str, Any]] = [json.loads(line) for line in ended.out.splitlines()]
    assert sorted(each["line"] for each in told) == [1, 2]
    assert [each["seq"] for each in told] == [1, 2]
    assert {each["schema"] for each in told} == {"mktui.batch_result/1"}


def test_a_file_that_is_not_there_is_one_line(shop: Shop, tmp_path: Path) -> None:
    ended = shop.run("batch", tmp_path / "none.txt")
    assert ended.code == 2
    assert ended.complaint == f"mktui: {tmp_path / 'none.txt'}: no such file or directory"


def test_who_interrupts_hears_what_was_done_and_what_was_not(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "many.txt"
    file.write_text("".join(f"edge-1 /ppp/secret/add name=user-{index}\n" for index in range(200)), encoding="utf-8")
    shop.order("slow /ppp/secret/add 0.2")
    with subprocess.Popen(
        [*PROGRAM, "--config", str(shop.config), "batch", str(file), "--format", "ndjson"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        first = [json.loads(process.stdout.readline()) for _ in range(3)]
        assert [each["outcome"] for each in first] == ["applied"] * 3
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    told = first + [json.loads(line) for line in out.splitlines()]
    assert [each["line"] for each in told] == list(range(1, 201))
    counted = {end: sum(each["outcome"] == end for each in told) for end in ("applied", "unknown", "not sent")}
    assert counted["unknown"] == 0  # the write that had left was waited for
    assert counted["applied"] == len(shop.rows())
    assert f"{counted['applied']} applied, {counted['not sent']} not sent" in err
    assert "Traceback" not in err


def test_who_interrupts_a_router_that_does_not_answer_hears_that_a_write_is_unknown(shop: Shop) -> None:
    shop.order("slow /ppp/secret/add 60")
    with subprocess.Popen(
        [*PROGRAM, "-v", "--config", str(shop.config), "batch", "-", "--format", "ndjson"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write("edge-1 /ppp/secret/add name=ana\nedge-1 /ppp/secret/add name=luis\n")
        process.stdin.close()
        while "connected" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        told = [json.loads(line) for line in process.stdout]
        process.wait(20)
    assert process.returncode == 130
    assert [(each["line"], each["outcome"]) for each in told] == [(1, "unknown"), (2, "not sent")]


@pytest.mark.parametrize("way", ["-", "file"])
def test_what_is_not_utf_8_is_refused_by_its_line_from_a_file_and_from_a_pipe(
    shop: Shop, tmp_path: Path, way: str
) -> None:
    content = b"edge-1 /ppp/secret/add name=ana\nedge-1 /ppp/secret/add name=Jos\xe9\n"
    file = tmp_path / "latin.txt"
    file.write_bytes(content)
    done = subprocess.run(
        [*PROGRAM, "--config", str(shop.config), "batch", "-" if way == "-" else str(file)],
        input=content, capture_output=True, check=False, timeout=60, env=os.environ | {"PYTHONUTF8": "1"},
    )  # fmt: skip
    where = "standard input" if way == "-" else str(file)
    assert done.stderr.decode() == f"mktui: {where}, line 2: it is not UTF-8 text\nmktui: nothing was sent\n"
    assert (done.returncode, done.stdout) == (2, b"")
    assert not shop.rows()


def test_a_read_that_had_left_when_it_was_interrupted_is_not_said_to_be_not_sent(shop: Shop) -> None:
    shop.order("slow /ip/pool/print 60")
    lines = "edge-1 /ip/pool/print\nedge-1 /ppp/secret/add name=ana\nedge-1 /ip/pool/print\n"
    with subprocess.Popen(
        [*PROGRAM, "-v", "--config", str(shop.config), "batch", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(lines)
        process.stdin.close()
        while "connected" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        told = [line.split("  ") for line in process.stdout.read().splitlines()[1:]]
        assert "mktui: 1 not answered, 2 not sent\n" in process.stderr.read()
        process.wait(20)
    cells = [[cell.strip() for cell in line if cell.strip()] for line in told]
    assert process.returncode == 130
    assert [line[3:] for line in cells] == [
        ["not answered", "interrupted before the answer came"], ["not sent", "–"], ["not sent", "–"],
    ]  # fmt: skip
