"""A webhook is told, or it is said why not: in time, whatever it does, and without a secret in any word."""

from __future__ import annotations

import datetime as dt
import ssl
import threading
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import anyio
import pytest
import trustme

from mktui.config.alerts import WebhookConfig
from mktui.monitor.alerts import Status
from mktui.services.alerts import webhook as webhooks
from mktui.services.alerts.telling import NotTold
from mktui.services.alerts.webhook import Webhook
from tests.services.alerts.receivers import (
    Listener,
    answering,
    babbling,
    body_of,
    chattering,
    dripping,
    hanging,
    hanging_up,
    hurrying,
    listening,
    notice,
    resetting,
    swelling,
)
from tests.wiring import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.alerts.receivers import Behaviour

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
NOTICE: Final = notice(Status.FIRING, "edge-1", dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC))


async def tell(listener: Listener, **changes: Any) -> None:  # Any: fields of the settings
    """Tell it."""
    await Webhook(listener.settings(**changes)).tell(body_of(NOTICE), [NOTICE])


async def test_it_is_told_in_one_post_with_the_token_that_is_fetched_for_each_message(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first\n", encoding="utf-8")
    async with listening() as listener:
        webhook = Webhook(listener.settings(url=f"{listener.url}?to=noc#x", token={"file": str(token)}))
        await webhook.tell(body_of(NOTICE), [NOTICE])
        token.write_text("second", encoding="utf-8")
        await webhook.tell(body_of(NOTICE), [NOTICE])
        assert listener.taken == [body_of(NOTICE)] * 2
        assert listener.targets == ["POST /hook?to=noc"] * 2
        assert [each["authorization"] for each in listener.headers] == ["Bearer first", "Bearer second"]
        assert listener.headers[0]["host"] == f"localhost:{listener.port}"
        assert listener.headers[0]["content-type"] == "application/json"


async def test_a_token_may_have_a_header_of_its_own_and_an_address_a_user() -> None:
    async with listening() as listener:
        url = listener.url.replace("://", "://ana:p%40ss@")
        await tell(listener, url=url, token="t0ken", token_header="X-Api-Key")
        assert listener.headers[0]["authorization"] == "Basic YW5hOnBAc3M="
        assert listener.headers[0]["x-api-key"] == "t0ken"
        assert "ana" not in listener.headers[0]["host"]


BAD: Final[dict[str, tuple[Behaviour, str]]] = {
    "an error": (answering("500 Internal Server Error"), "it answered 500 Internal Server Error"),
    "a client's error": (answering("404 "), "it answered 404"),
    "a redirect": (answering("302 Found\r\nLocation: http://127.0.0.1:1/"), "it answered 302: .* not followed"),
    "not modified": (answering("304 Not Modified"), "it answered 304"),
    "an answer that drips": (dripping, r"no answer within 0\.3 s"),
    "no answer": (hanging, r"no answer within 0\.3 s"),
    "a reset": (resetting, "it hung up before it answered"),
    "an end": (hanging_up, "it hung up before it answered"),
    "no HTTP": (babbling, "what it answers is no HTTP"),
    "a head without an end": (swelling, "what it answers is no HTTP"),
    "another protocol": (answering("101 Switching Protocols"), "what it answers is no HTTP"),
}


@pytest.mark.parametrize("name", BAD)
async def test_whatever_it_does_it_is_said_in_words_and_in_time(name: str) -> None:
    behaviour, words = BAD[name]
    async with listening(behaviour) as listener:
        begun = monotonic()
        with anyio.fail_after(5), pytest.raises(NotTold, match=words) as said:
            await tell(listener, timeout=0.3, token="hush", url=listener.url.replace("://", "://u:hush@") + "/hush")
        assert monotonic() - begun < 4
    assert "hush" not in str(said.value)
    assert said.value.__cause__ is None
    assert "hush" not in repr(said.value)


@pytest.mark.parametrize("behaviour", [chattering, hurrying])
async def test_an_answer_counts_though_it_comes_early_or_never_ends(behaviour: Behaviour) -> None:
    async with listening(behaviour) as listener:
        with anyio.fail_after(5):
            await tell(listener)


async def test_nobody_there_and_no_such_name_are_said() -> None:
    async with listening() as listener:
        gone = listener.settings(timeout=2)
    with pytest.raises(NotTold, match="connection refused"):
        await Webhook(gone).tell(body_of(NOTICE), [NOTICE])
    unknown = WebhookConfig.model_validate({"name": "noc", "url": "http://nowhere.invalid/"})
    with pytest.raises(NotTold, match="its name cannot be resolved"):
        await Webhook(unknown).tell(body_of(NOTICE), [NOTICE])


async def test_a_name_server_that_hangs_holds_up_nobody_beyond_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def never(_host: str, _port: int) -> list[str]:
        release.wait(20)
        return []

    monkeypatch.setattr(webhooks, "_addresses", never)
    unknown = Webhook(WebhookConfig.model_validate({"name": "noc", "url": "http://h/", "timeout": 0.2}))
    try:
        for _ in range(3):
            with anyio.fail_after(5), pytest.raises(NotTold, match="no answer within"):
                await unknown.tell(body_of(NOTICE), [NOTICE])
    finally:
        release.set()


async def test_a_secret_that_cannot_be_fetched_or_sent_is_said_and_the_secret_is_not() -> None:
    async with listening() as listener:
        for changes, words in (
            ({"token": {"env": "MKTUI_NO_SUCH"}}, "the environment has no variable MKTUI_NO_SUCH"),
            ({"token": "hush\r\nX: y"}, "letters that no header can have"),
            ({"url": {"command": ["echo", "no address hush"]}}, "its url is no address"),
            ({"ca_file": "/nowhere/ca.pem", "url": "https://localhost/"}, "its ca_file cannot be used"),
        ):
            with pytest.raises(NotTold, match=words) as said:
                await tell(listener, **changes)
            assert "hush" not in str(said.value)
        assert listener.visits == 0


async def test_over_tls_only_who_has_the_right_certificate_is_told(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    for name, words in (("localhost", ""), ("other.example", "TLS: hostname mismatch")):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(name).configure_cert(context)
        async with listening(tls=context) as listener:
            if not words:
                await tell(listener, ca_file=str(tmp_path / "ca.pem"))
                assert len(listener.taken) == 1
            with pytest.raises(NotTold, match=words or "TLS: .*(self-signed|unable to get)"):
                await tell(listener, ca_file=str(tmp_path / "ca.pem") if words else "")
    async with listening() as plain:
        with pytest.raises(NotTold, match=r"TLS|hung up"):
            await tell(plain, url=plain.url.replace("http", "https"), timeout=2)


async def test_a_message_that_is_given_up_leaves_no_connection() -> None:
    async with listening(dripping) as listener:
        with anyio.move_on_after(0.3), suppress(NotTold):
            await tell(listener)
        over = anyio.Event()

        async def waiting(listener: Listener, stream: Any) -> None:  # Any: a stream
            with suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                await listener.read(stream)
                await stream.receive()
            over.set()

        listener.behaviour = waiting
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(tell, listener)
            await until(lambda: listener.visits == 2)
            tasks.cancel_scope.cancel()
        with anyio.fail_after(5):
            await over.wait()
