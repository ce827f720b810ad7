"""A command by hand: what is typed is understood or refused in one line, and the audit holds no value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mktui.core.protocol.sentences import Command
from mktui.errors import CommandTrapped, WrongUse
from mktui.services.command_words import in_words
from mktui.services.console import endless, is_read, parse_line
from tests.services.test_configuring import running

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/ppp/active/print", Command("/ppp/active/print")),
        ("ppp active print", Command("/ppp/active/print")),
        (
            "/ppp secret print .proplist=name ?service=pppoe",
            Command("/ppp/secret/print", {".proplist": "name"}, ("?service=pppoe",)),
        ),
        ('/ppp/secret/set =.id=*1 comment="a = b"', Command("/ppp/secret/set", {".id": "*1", "comment": "a = b"})),
        ("/system/identity/set name=", Command("/system/identity/set", {"name": ""})),
    ],
    ids=str,
)
def test_a_line_is_what_a_router_would_take(line: str, command: Command) -> None:
    assert parse_line(line) == command


@pytest.mark.parametrize("line", ["", "print", "/", "name=x", '/ppp/secret/print "open', "/ppp/secret/print oops"])
def test_what_is_no_command_is_refused_in_one_line(line: str) -> None:
    with pytest.raises(WrongUse) as refused:
        parse_line(line)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/ppp/active/listen", "/ppp/active/print has what there is now"),
        ("/log/print follow=", "never ends with follow: leave it out"),
        ("/interface/print interval=1", "never ends with interval: leave it out"),
        ("/tool/torch interface=ether1", "add duration=10"),
        ("/tool/ping address=10.0.0.1", "add count=3 or duration=10"),
        ("/interface/ethernet/monitor numbers=ether1", "add once= or duration=10"),
        ("/interface/monitor-traffic interface=ether1", "add once= or duration=10"),
        ("/interface/wireless/snooper/snoop numbers=wlan1", "add duration=10"),
        ("/interface/wireless/spectral-scan numbers=wlan1", "add duration=10"),
        ("/interface/wireless/spectral-history numbers=wlan1", "add duration=10"),
        ("/interface/w60g/align numbers=w60g1", "add duration=10"),
        ("/interface/ethernet/cable-test numbers=ether1", "add once= or duration=10"),
        ("/tool/ping-speed address=10.0.0.1", "add once= or duration=10"),
        ("/tool/traffic-generator/quick", "add duration=10"),
        ("/system/telnet address=10.0.0.1", "a conversation, which cannot be held here"),
        ("/system/ssh address=10.0.0.1 duration=5", "a conversation, which cannot be held here"),
        ("/tool/mac-telnet host=x", "a conversation, which cannot be held here"),
    ],
)
def test_what_would_never_end_is_refused_with_what_ends_it(line: str, says: str) -> None:
    with pytest.raises(WrongUse, match=says):
        parse_line(line)


@pytest.mark.parametrize(
    "line",
    ["/tool/ping address=10.0.0.1 count=3", "/tool/torch interface=ether1 duration=5", "/log/print",
     "/interface/monitor-traffic interface=ether1 once=", "/interface/ethernet/monitor numbers=ether1 duration=5s"],
)  # fmt: skip
def test_what_has_an_end_is_taken(line: str) -> None:
    assert endless(parse_line(line)) == ""


def test_what_may_change_a_router_is_no_read_and_no_value_is_told() -> None:
    write = parse_line("/ppp/secret/add name=ana password=hunter2")
    assert not is_read(write)
    assert not is_read(parse_line("/log/print file=x"))
    assert is_read(parse_line("/ppp/secret/print"))
    assert in_words(write) == "/ppp/secret/add name=ana password=…"


@pytest.mark.anyio
async def test_it_runs_and_what_the_router_refuses_is_told(tmp_path: Path) -> None:
    async with running(tmp_path) as (fleet, _):
        answer = await fleet.console.run("edge-1", parse_line("/system/identity/print"))
        assert [set(row) for row in answer.rows] == [{"name"}]
        with pytest.raises(CommandTrapped):
            await fleet.console.run("edge-1", parse_line("/no/such/print"))
