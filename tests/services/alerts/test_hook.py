"""A program is told, or ended with all that it has started: whatever it reads, prints, ignores or leaves behind."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from pathlib import Path
from time import monotonic
from typing import Any, Final

import anyio
import pytest

from mktui.config.alerts import HookConfig
from mktui.monitor.alerts import Status
from mktui.services.alerts import hook as hooks
from mktui.services.alerts.hook import Hook, in_environment
from mktui.services.alerts.telling import NotTold
from tests.services.alerts.receivers import body_of, notice
from tests.wiring import until

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
AT: Final = dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC)
NOTICES: Final = (notice(Status.FIRING, "edge-1", AT), notice(Status.FIRING, "edge-2", AT))


@pytest.fixture(autouse=True)
def _short_manners(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "MANNERS", 0.2)


async def tell(*words: str, timeout: float = 10) -> None:
    """Run it."""
    settings = HookConfig.model_validate({"name": "sms", "command": list(words), "timeout": timeout})
    await Hook(settings).tell(body_of(*NOTICES), NOTICES)


def python(text: str) -> tuple[str, ...]:
    """A program of these lines."""
    return sys.executable, "-c", text


def alive(pid: int) -> bool:
    """It runs, and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def test_it_has_the_message_on_its_stdin_and_in_short_around_it(tmp_path: Path) -> None:
    out = tmp_path / "told"
    await tell(*python(
        f"import json, os, sys; json.dump([json.load(sys.stdin), {{k: v for k, v in os.environ.items() "
        f"if k.startswith('MKTUI_ALERT_')}}, sys.argv, os.getpgid(0) == os.getpid()], open({str(out)!r}, 'w'))"
    ), "$(touch x); a b")  # fmt: skip
    body, variables, words, leads = json.loads(out.read_text(encoding="utf-8"))
    assert body == body_of(*NOTICES)
    assert words[1:] == ["$(touch x); a b"], "no shell reads it"
    assert leads
    assert variables == {
        "MKTUI_ALERT_STATUS": "firing", "MKTUI_ALERT_RULE": "router_down", "MKTUI_ALERT_SEVERITY": "critical",
        "MKTUI_ALERT_COUNT": "2", "MKTUI_ALERT_ROUTERS": "edge-1\nedge-2",
        "MKTUI_ALERT_SUMMARY": "edge-1 is down\nedge-2 is down", "MKTUI_ALERT_DESCRIPTION": "\n",
        "MKTUI_ALERT_FINGERPRINT": "\n".join(each.fingerprint for each in NOTICES),
        "MKTUI_ALERT_STARTS_AT": "2026-11-23T03:00:00+00:00", "MKTUI_ALERT_ENDS_AT": "",
    }  # fmt: skip


HANGS: Final = {
    "hangs": "import time; time.sleep(60)",
    "ignores SIGTERM": "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)",
    "reads for ever": "import sys, time; sys.stdin.read(); time.sleep(60)",
    "prints for ever": "while True: print('x' * 65536)",
}


@pytest.mark.parametrize("name", HANGS)
async def test_what_does_not_end_is_ended_at_its_deadline(name: str) -> None:
    begun = monotonic()
    with anyio.fail_after(10), pytest.raises(NotTold, match=r"sms was not told: was ended after 0\.5 s"):
        await tell(*python(HANGS[name]), timeout=0.5)
    assert monotonic() - begun < 8


@pytest.mark.parametrize("manners", ["", "signal.signal(signal.SIGTERM, signal.SIG_IGN)"])
async def test_its_children_are_ended_with_it(tmp_path: Path, manners: str) -> None:
    pids = tmp_path / "pids"
    text = (
        f"import os, signal, time\n{manners}\nfor _ in range(3):\n    child = os.fork()\n    if child == 0:\n"
        f"        time.sleep(60)\n        os._exit(0)\n    print(child, file=open({str(pids)!r}, 'a'))\ntime.sleep(60)"
    )
    with anyio.fail_after(15), pytest.raises(NotTold, match="was ended"):
        await tell(*python(text), timeout=1.5)
    children = [int(line) for line in pids.read_text(encoding="ascii").split()]
    assert len(children) == 3
    await until(lambda: not any(map(alive, children)))


async def test_it_is_ended_when_mktui_ends(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    text = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: tell(*python(text), timeout=60))
        await until(lambda: pid.exists() and bool(pid.read_text(encoding="ascii")))
        tasks.cancel_scope.cancel()
    assert not alive(int(pid.read_text(encoding="ascii")))


async def test_what_it_leaves_behind_in_good_order_goes_on(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    await tell("/bin/sh", "-c", f"sleep 30 & echo $! > {pid}")
    child = int(pid.read_text(encoding="ascii"))
    assert alive(child)
    os.kill(child, 9)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("/nowhere/sms",), "cannot be run: no such file or directory"),
        (("/etc/passwd",), "cannot be run: permission denied"),
        (python("raise SystemExit(3)"), "ended with exit code 3"),
        (python("import os; os.kill(os.getpid(), 9)"), "ended with signal 9"),
    ],
)
async def test_what_goes_wrong_is_said(words: tuple[str, ...], told: str) -> None:
    with pytest.raises(NotTold, match=told):
        await tell(*words)


async def test_who_neither_reads_nor_keeps_his_stdin_is_told_all_the_same() -> None:
    many = [notice(Status.FIRING, f"edge-{number}", AT) for number in range(2000)]  # more than a pipe holds
    hook = Hook(HookConfig.model_validate({"name": "sms", "command": ["true"]}))
    with anyio.fail_after(10):
        await hook.tell(body_of(*many), NOTICES)


def test_no_text_of_a_router_breaks_the_environment() -> None:
    odd = notice(Status.RESOLVED, "a\0b\udc80" + "x" * 200_000, AT)
    variables: dict[str, Any] = in_environment([odd])
    for text in variables.values():
        assert "\0" not in text
        assert len(text.encode()) < 128 * 1024
    assert variables["MKTUI_ALERT_ENDS_AT"] == "2026-11-23T03:00:00+00:00"
