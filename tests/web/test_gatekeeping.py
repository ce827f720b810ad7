"""What lets people in, without a server: limits, tokens, sessions, hosts, origins; and where it may listen."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.config.http import HttpConfig, Role
from mktui.config.load import load
from mktui.errors import ConfigError
from mktui.services import rate
from mktui.services.rate import RateLimit, neighbourhood
from mktui.web.options import http_options
from mktui.web.origins import is_our_host, is_our_origin
from mktui.web.tab import bounded
from mktui.web.tokens import MOST_SESSIONS, Sessions, Token, digest_of, find

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio
ANA = Token("ana", Role.VIEWER, digest_of("a" * 20))
BEN = Token("ben", Role.ADMIN, digest_of("b" * 20))


@given(st.lists(st.floats(0.1, 1.5), min_size=30, max_size=200), st.floats(0.5, 50), st.integers(1, 20))
def test_nobody_gets_more_than_a_burst_and_the_rate(pauses: list[float], per_second: float, burst: int) -> None:
    limit, now, let_in = RateLimit(per_second, burst), 0.0, 0
    for pause in pauses:
        now += pause / per_second
        let_in += limit.wait("x", now) == 0
    assert let_in <= burst + now * per_second + 1e-6


@given(st.floats(0.5, 50), st.integers(1, 20))
def test_who_waits_as_long_as_he_is_told_is_let_in(per_second: float, burst: int) -> None:
    limit = RateLimit(per_second, burst)
    assert [limit.wait("x", 0) for _ in range(burst)] == [0] * burst
    told = limit.wait("x", 0)
    assert told > 0
    assert limit.wait("x", told + 1e-6) == 0


def test_one_who_asks_too_often_takes_nothing_from_another() -> None:
    limit = RateLimit(1, 2)
    assert [limit.wait("x", 0) > 0 for _ in range(3)] == [False, False, True]
    assert limit.wait("y", 0) == 0


def test_a_flood_of_addresses_costs_bounded_memory_and_forgets_who_was_silent_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rate, "MOST", 10)
    limit = RateLimit(1, 1)
    for number in range(1000):
        limit.wait("busy", number / 1e6)
        limit.wait(str(number), number / 1e6)
        assert len(limit) <= 10
    assert limit.wait("busy", 0.001) > 0, "who goes on asking is remembered"


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("10.0.0.1", "10.0.0.1"), ("::ffff:10.0.0.1", "10.0.0.1"), ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"), ("fe80::1%eth0", "fe80::/64"), ("", ""), ("nonsense", "nonsense"),
    ],
)  # fmt: skip
def test_an_ipv6_customer_is_one_neighbour_however_many_addresses_he_has(address: str, key: str) -> None:
    assert neighbourhood(address) == key


def test_a_token_is_found_by_its_digest_and_shown_by_nothing() -> None:
    assert find([ANA, BEN], digest_of("b" * 20)) is BEN
    assert find([ANA, BEN], digest_of("b" * 19 + "c")) is None
    assert find([], digest_of("")) is None
    assert "digest" not in repr(ANA)


def test_a_session_ends_by_time_by_word_and_by_too_many() -> None:
    sessions = Sessions(100)
    first = sessions.begin(ANA, now=0)
    session = sessions.find(first, 99.9)
    assert session is not None
    assert session.token is ANA
    assert sessions.find(first, 100) is None
    second = sessions.begin(BEN, now=0)
    assert second != first
    assert sessions.end(second) is not None
    assert sessions.find(second, 1) is None
    for _ in range(MOST_SESSIONS):
        sessions.begin(ANA, now=0)
    assert sessions.find(first, 1) is None
    assert sessions.find("", 1) is None


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1:8780", True), ("10.0.0.1", True), ("[::1]:8780", True), ("localhost", True), ("LOCALHOST:1", True),
        ("noc.example", True), ("noc.example.:443", True), ("evil.example", False), ("127.0.0.1.evil.example", False),
        ("noc.example@evil.example", False), ("evil.example/noc.example", False), ("localhost:x", False), ("", False),
        ("[::1", False), ("localhost#noc.example", False), ("a localhost", False),
    ],
)  # fmt: skip
def test_only_addresses_and_names_that_were_given_are_us(host: str, is_ours: bool) -> None:
    assert is_our_host(host, frozenset({"noc.example"})) is is_ours


@given(st.text(max_size=50), st.text(max_size=50))
def test_hosts_and_origins_of_any_text_are_judged(host: str, origin: str) -> None:
    assert is_our_host(host, frozenset()) in {True, False}
    assert is_our_origin(origin, host) in {True, False}


@pytest.mark.parametrize(
    ("origin", "is_ours"),
    [
        ("http://localhost:8780", True), ("https://localhost:8780", True), ("http://LOCALHOST:8780", True),
        ("http://localhost", False), ("http://localhost:8781", False), ("http://localhost:8780.evil", False),
        ("http://evil.example", False), ("null", False), ("", False), ("file://localhost:8780", False),
        ("http://localhost:8780/x", False),
    ],
)  # fmt: skip
def test_only_a_page_of_this_very_host_is_ours(origin: str, is_ours: bool) -> None:
    assert is_our_origin(origin, "localhost:8780") is is_ours


def test_each_role_may_what_those_before_it_may() -> None:
    may = {(one.value, other.value) for one in Role for other in Role if one.may(other)}
    assert may == {
        ("viewer", "viewer"), ("operator", "viewer"), ("operator", "operator"),
        ("admin", "viewer"), ("admin", "operator"), ("admin", "admin"),
    }  # fmt: skip


@given(st.integers(), st.integers())
def test_no_browser_makes_a_program_draw_a_screen_that_nobody_has(width: int, height: int) -> None:
    wide, high = bounded(width, height)
    assert 10 <= wide <= 500
    assert 3 <= high <= 300


def config(tmp_path: Path, text: str) -> HttpConfig:
    """Return the ``[http]`` of a file."""
    path = tmp_path / "c.toml"
    path.write_text(f"[http]\n{text}", encoding="utf-8")
    return load(path).config.http


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('host = "0.0.0.0"', "tokens would travel in the clear"),
        ('host = "::"', "tokens would travel in the clear"),
        ('host = "noc.example"', "tokens would travel in the clear"),
        ('private_key = "k"', "http.private_key: it needs certificate"),
        ('[[http.tokens]]\nname = "a"\ntoken = "short"', "at least 20 letters"),
        ('[[http.tokens]]\nname = "a"\ntoken = "sha256:12"', "64 hex digits"),
        ('[[http.tokens]]\nname = "a"', "http.tokens.a.token: is missing"),
        ('[[http.tokens]]\nname = "a"\nrole = "root"\ntoken = { env = "X" }', "http.tokens.a.role"),
        (2 * '[[http.tokens]]\nname = "a"\ntoken = { env = "X" }\n', "'a' is the name of another token too"),
        ("requests_per_second = inf", "requests_per_second"),
    ],
)  # fmt: skip
def test_what_would_not_be_safe_is_refused_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem) as refused:
        config(tmp_path, text)
    assert refused.value.line is not None
    assert "short" not in str(refused.value)


@pytest.mark.parametrize("text", ['host = "0.0.0.0"\ninsecure = true', 'host = "127.8.8.8"', 'host = "::1"'])
def test_an_explicit_word_or_this_machine_alone_will_do(tmp_path: Path, text: str) -> None:
    assert config(tmp_path, text).port == 8780


def test_a_token_that_stands_in_the_file_is_worth_a_word_and_its_digest_is_not(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(
        f'[[http.tokens]]\nname = "ana"\ntoken = "{"a" * 20}"\n[[http.tokens]]\nname = "ben"\n'
        f'token = "sha256:{"0" * 64}"\n', encoding="utf-8",
    )  # fmt: skip
    (told,) = load(path).warnings
    assert "the token of ana stands in" in told
    assert "ben" not in told


def token(name: str, source: object) -> dict[str, object]:
    """One entry."""
    return {"name": name, "role": "viewer", "token": source}


def http(*tokens: dict[str, object], **more: Any) -> HttpConfig:
    """Settings with these tokens."""
    return HttpConfig.model_validate({"tokens": list(tokens)} | more)


async def test_tokens_come_from_every_source_and_are_kept_as_digests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "e" * 30)
    (tmp_path / "t").write_text("f" * 30 + "\n", encoding="utf-8")
    digest = hashlib.sha256(b"g" * 30).hexdigest()
    options = await http_options(
        http(token("e", {"env": "TOKEN"}), token("f", {"file": str(tmp_path / "t")}), token("g", f"sha256:{digest}"))
    )
    assert [each.digest for each in options.tokens] == [digest_of(letter * 30) for letter in "efg"]
    assert "eee" not in repr(options)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (http(), "nobody could ask"),
        (http(token("e", {"env": "SHORT"})), "http.tokens.e.token: a token has at least 20"),
        (http(token("e", {"env": "GONE"})), "no variable GONE"),
        (http(token("e", {"env": "LONG"}), token("f", {"env": "LONG"})), "it is the token of e too"),
        (http(token("e", {"env": "LONG"}), certificate="/nowhere.pem"), "cannot read /nowhere.pem"),
        (http(token("e", {"env": "LONG"}), certificate="/dev/null"), "no certificate and its key"),
    ],
    ids=["none", "short", "gone", "twice", "no certificate", "empty certificate"],
)
async def test_a_server_that_cannot_be_safe_does_not_start(
    wrong: HttpConfig, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHORT", "tiny-secret")
    monkeypatch.setenv("LONG", "x" * 30)
    with pytest.raises(ConfigError, match=problem) as refused:
        await http_options(wrong)
    assert "tiny-secret" not in str(refused.value)
    assert "xxx" not in str(refused.value)
