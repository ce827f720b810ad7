"""A batch's text: three ways of writing a command, and every line that is wrong is told with its number."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.cli.batch.script import Script, parse, unwritable_in
from mktui.config.starter import quoted
from mktui.core.protocol.sentences import Command

TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
NAMES = st.from_regex(r"[a-z][a-z-]{0,10}[a-z]", fullmatch=True)


def read(*lines: str) -> Script:
    return parse(lines, ["edge-1", "edge-2"], "edge-1")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/ppp/secret/print", Command("/ppp/secret/print")),
        ("/ppp secret print", Command("/ppp/secret/print")),
        ("edge-1 /ppp/secret/add name=ana", Command("/ppp/secret/add", {"name": "ana"})),
        ("/ppp secret add name=ana =profile=gold", Command("/ppp/secret/add", {"name": "ana", "profile": "gold"})),
        ("/ppp secret set ana disabled=yes", Command("/ppp/secret/set", {"numbers": "ana", "disabled": "yes"})),
        ("/ppp/secret/set ana disabled=yes", Command("/ppp/secret/set", {"numbers": "ana", "disabled": "yes"})),
        ("/ppp/secret remove *1F", Command("/ppp/secret/remove", {"numbers": "*1F"})),
        ("/ip hotspot user remove profile", Command("/ip/hotspot/user/remove", {"numbers": "profile"})),
        ("/ip hotspot user profile print", Command("/ip/hotspot/user/profile/print")),
        ("/ppp secret print detail where name=ana and disabled=no",
         Command("/ppp/secret/print", {"detail": ""}, ("?name=ana", "?disabled=no"))),
        ("/ppp/secret/print .proplist=name '?name=a b' ?#!",
         Command("/ppp/secret/print", {".proplist": "name"}, ("?name=a b", "?#!"))),
        ("/system reboot", Command("/system/reboot")),
        ("/ping address=10.0.0.1 count=3", Command("/ping", {"address": "10.0.0.1", "count": "3"})),
        (r'/ppp/secret/set ana comment="a \"b\" \\ \24\5Fc"',
         Command("/ppp/secret/set", {"numbers": "ana", "comment": 'a "b" \\ $_c'})),
        ("/ppp/secret/add name=o'neil password='a \\ \"b'",
         Command("/ppp/secret/add", {"name": "o'neil", "password": 'a \\ "b'})),
        ('/ppp/secret/set ana comment=""', Command("/ppp/secret/set", {"numbers": "ana", "comment": ""})),
        ("/ppp/secret/set ana comment=a=b", Command("/ppp/secret/set", {"numbers": "ana", "comment": "a=b"})),
        ('{"path": "/ip/pool/add", "attributes": {"name": "x", "n": 3, "f": true}}',
         Command("/ip/pool/add", {"name": "x", "n": "3", "f": "yes"})),
    ],
)  # fmt: skip
def test_a_command_may_be_written_in_three_ways(line: str, command: Command) -> None:
    script = read(line)
    assert script.problems == ()
    assert [step.command for step in script.steps] == [command]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("edge-9 /ppp/secret/print", "no router is called 'edge-9' (there are: edge-1, edge-2)"),
        ("ppp secret print", "a path such as /ppp/secret/print was expected after 'ppp'"),
        ("edge-1", "a path such as"),
        ("/ppp/secret", "/ppp/secret is a menu"),
        ("/ppp secret set [find] disabled=yes", "[find] without a condition is every row"),
        ("/ppp secret set [find name~ana] disabled=yes", "only NAME=VALUE is known here, and all of them must fit"),
        ("/ppp secret set [find name=a or name=b] disabled=yes", "not 'or'"),
        ("/ppp secret set [find !disabled] comment=x", "not '!disabled'"),
        ("/ppp secret set [find name=[get 0 name]] comment=x", "only NAME=VALUE"),
        ("/ppp secret set [get name=ana] comment=x", "in [...] only find is known here"),
        ("/ppp secret set [find name=ana comment=x", "a [ and its ] were expected"),
        ("/ppp secret set [find name=ana] [find name=eva] comment=x", "only one [find ...]"),
        ("/ppp secret set boss [find name=ana] comment=x", "it names a row, and has a [find ...] too"),
        ("/ppp secret set [find name=ana] .id=*1 comment=x", "it names a row, and has a [find ...] too"),
        ("/ppp secret print [find name=ana]", "a print has where NAME=VALUE"),
        ("/ppp secret add [find name=ana] name=x", "[find ...] is for comment, disable, enable"),
        ("/ppp/secret/add ana", "'ana' is neither NAME=VALUE nor ?QUERY"),
        ("/ppp/secret/add =x", "neither NAME=VALUE"),
        ('/ppp/secret/add name="ana', "quote in column 22 is not closed"),
        ("/ppp/secret/add name='ana", "quote in column 22 is not closed"),
        ("/ppp/secret/print where name~ana", "behind where"),
        ("/ppp/secret/print where name=a or name=b", "behind where"),
        ("/quit", "has no place in a batch"),
        ("/login name=x", "has no place in a batch"),
        ("/ppp/active/listen", "never ends: /ppp/active/print has what there is now"),
        ("/log/print follow", "never ends with follow: leave it out"),
        ("/tool torch interface=ether1", "never ends by itself: add duration=10"),
        ("/ping address=10.0.0.1", "add count=3 or duration=10"),
        ("/interface ethernet monitor ether1", "is neither NAME=VALUE"),
        ("/interface/monitor-traffic interface=ether1", "add once= or duration=10"),
        ("{", "no JSON"),
        ("{}", "path must be given"),
        ('{"path": "/x/y", "args": {}}', "'args' is not known"),
        ('{"path": "x"}', "not 'x'"),
        ('{"path": "/x/y", "attributes": {"a": null}}', "a must be text"),
        ('{"path": "/x/y", "attributes": []}', "attributes must be an object"),
        ('{"path": "/x/y", "query": ["x"]}', "begins with ?"),
        ('{"path": "/x/y", "query": "?x"}', "query must be a list"),
        ("/", "not '/'"),
        ('{"a":' * 100_000, "no JSON: too deep, or a number too long"),
        ('{"path": "/x/y", "attributes": {"a": ' + "9" * 10_000 + "}}", "no JSON: too deep, or a number too long"),
    ],
)
def test_a_line_that_is_wrong_is_told_with_its_number(line: str, says: str) -> None:
    script = read("# first", "", line, "/system/identity/print")
    ((number, problem),) = script.problems
    assert number == 3
    assert says in problem
    assert [step.number for step in script.steps] == [4]


@pytest.mark.parametrize(
    ("line", "command", "find"),
    [
        ("/ip/hotspot/user/set [find name=x] comment=y",
         Command("/ip/hotspot/user/set", {"comment": "y"}), ("?name=x",)),
        ("/ip hotspot user set [ find name=x ] comment=y",
         Command("/ip/hotspot/user/set", {"comment": "y"}), ("?name=x",)),
        ("edge-1 /ppp secret remove [find where profile=old and disabled=yes]",
         Command("/ppp/secret/remove"), ("?profile=old", "?disabled=yes")),
        ('/ppp/secret/set comment="[find me]" [find name="a b]" comment=""]',
         Command("/ppp/secret/set", {"comment": "[find me]"}), ("?name=a b]", "?comment=")),
        ("/ppp/secret/disable [find .id=*1F]", Command("/ppp/secret/disable"), ("?.id=*1F",)),
        ("/ppp/secret/set [find name=ana]comment=x", Command("/ppp/secret/set", {"comment": "x"}), ("?name=ana",)),
        ("/ppp/secret/set ana comment=a[1]", Command("/ppp/secret/set", {"numbers": "ana", "comment": "a[1]"}), ()),
    ],
)  # fmt: skip
def test_rows_can_be_named_by_what_they_have(line: str, command: Command, find: tuple[str, ...]) -> None:
    script = read(line)
    assert script.problems == ()
    (step,) = script.steps
    assert (step.command, step.find) == (command, find)


@given(st.dictionaries(NAMES, TEXTS, min_size=1, max_size=4))
def test_whatever_is_quoted_in_a_find_is_what_is_asked(asked: dict[str, str]) -> None:
    inside = " ".join(f"{name}={quoted(value)}" for name, value in asked.items())
    script = read(f"/ppp/secret/set [find {inside}] comment=x")
    assert script.problems == ()
    assert script.steps[0].find == tuple(f"?{name}={value}" for name, value in asked.items())
    assert script.steps[0].command.attributes == {"comment": "x"}


def test_where_there_are_several_routers_a_line_must_name_one() -> None:
    script = parse(["/system/identity/print"], ["edge-1", "edge-2"])
    assert "names no router, and there are several" in script.problems[0][1]


@given(st.dictionaries(NAMES, TEXTS, max_size=5))
def test_whatever_is_quoted_as_routeros_does_is_what_is_sent(attributes: dict[str, str]) -> None:
    line = " ".join(["/ppp/secret/add", *(f"{name}={quoted(value)}" for name, value in attributes.items())])
    script = read(line)
    assert script.problems == ()
    assert script.steps[0].command.attributes == attributes


@given(st.dictionaries(NAMES, TEXTS, max_size=5), st.sampled_from(["edge-1", "edge-2"]))
def test_whatever_an_object_says_is_what_is_sent(attributes: dict[str, str], router: str) -> None:
    line = json.dumps({"router": router, "path": "/ppp/secret/add", "attributes": attributes})
    (step,) = read(line).steps
    assert (step.router, dict(step.command.attributes)) == (router, attributes)


@given(st.lists(TEXTS))
def test_no_text_at_all_breaks_the_reader(lines: list[str]) -> None:
    script = read(*lines)
    numbers = [step.number for step in script.steps] + [number for number, _ in script.problems]
    assert len(numbers) == len(set(numbers)) <= len(lines)


def test_bytes_that_are_no_text_are_told_by_line_whichever_way_they_came() -> None:
    raw = b"/ppp/secret/add name=Jos\xe9".decode("utf-8", "surrogateescape")
    script = read("/system/identity/print", raw, f"# {raw}")
    assert script.problems == ((2, "it is not UTF-8 text"), (3, "it is not UTF-8 text"))
    escaped = r'/ppp/secret/add name="Jos\E9"', r'/ppp/secret set [find name="Jos\E9"] comment=x'
    in_json = '{"path": "/ppp/secret/add", "attributes": {"name": "Jos\\udce9"}}'
    steps = read(*escaped, in_json, r'/ppp/secret/add name="Jos\C3\A9"').steps
    what = r"'\udce9' cannot be written in edge-1's encoding, utf-8"
    assert unwritable_in(steps, {"edge-1": "utf-8"}) == [(number, what) for number in (1, 2, 3)]
    assert unwritable_in(steps[:3], {"edge-1": "cp1252"}) == [], "there it is a letter"
