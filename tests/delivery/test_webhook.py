"""The webhook is signed so that its receiver can tell who wrote it and when, and goes nowhere but where it should."""

import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.core.messages import message_of
from syncd.delivery import InTime, Webhook
from syncd.delivery.posting import Patience
from syncd.delivery.webhook import key_of, sign
from syncd.notifying import NotDeliveredError, Notifier
from tests.contracts.notifier import MESSAGE, NotifierContract
from tests.delivery.web_receiver import WebReceiver, web_receiver
from tests.support.certificates import loopback_contexts

SECRET = "a secret of the tests, long enough"
PATH = "/hooks/path-that-is-nobodys-business"
QUICK = Patience(2.0, 2.0, 2.0)


class Noon:
    """A clock that stands."""

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class WebWorld:
    """A receiver with the contract's words."""

    receiver: WebReceiver
    notifier: Notifier
    secrets: tuple[str, ...] = (SECRET, PATH, "127.0.0.1")

    def received(self) -> list[str]:
        return [json.dumps(json.loads(one.body), ensure_ascii=False) for one in self.receiver.posted]

    def refuse(self) -> None:
        self.receiver.status, self.receiver.body = 403, f"{SECRET} is wrong".encode()

    def fall_silent(self) -> None:
        self.receiver.mood = "silent"

    def drip(self) -> None:
        self.receiver.mood = "dripping"

    def vanish(self) -> None:
        self.receiver.vanish()


@pytest.fixture
def receiver() -> Iterator[WebReceiver]:
    with web_receiver() as receiver:
        yield receiver


@pytest.fixture
def webhook(receiver: WebReceiver) -> Webhook:
    return Webhook(receiver.url + PATH, SECRET, Noon(), patience=QUICK)


class TestWebhook(NotifierContract):
    """Every rule of the contract."""

    @pytest.fixture
    def world(self, receiver: WebReceiver, webhook: Webhook) -> WebWorld:
        return WebWorld(receiver, InTime(webhook, 3.0))


def test_it_posts_the_message_as_json_that_can_be_read_back(receiver: WebReceiver, webhook: Webhook) -> None:
    webhook.send(MESSAGE)
    (posted,) = receiver.posted
    assert (posted.path, posted.headers["content-type"]) == (PATH, "application/json")
    assert message_of(json.loads(posted.body)) == MESSAGE
    told = json.loads(posted.body)
    assert (told["format"], told["type"], told["reasons"][0]["kind"]) == ("syncd-notice/1", "notice", "quarantine")


def test_it_is_signed_over_id_time_and_body(receiver: WebReceiver, webhook: Webhook) -> None:
    webhook.send(MESSAGE)
    (posted,) = receiver.posted
    stamp = posted.headers["webhook-timestamp"]
    assert posted.headers["webhook-id"] == MESSAGE.id
    assert int(stamp) == Noon().now().timestamp()
    signed = f"{MESSAGE.id}.{stamp}.".encode() + posted.body
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert posted.headers["webhook-signature"] == f"v1,{expected}"


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of the specification's own library."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_redirect_is_not_followed(receiver: WebReceiver, webhook: Webhook) -> None:
    receiver.status, receiver.headers = 307, {"Location": f"{receiver.url}/elsewhere"}
    with pytest.raises(NotDeliveredError, match="redirects are not followed"):
        webhook.send(MESSAGE)
    assert [one.path for one in receiver.posted] == [PATH]


def test_neither_a_proxy_nor_a_netrc_of_the_environment_is_used(
    receiver: WebReceiver, webhook: Webhook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login eve password eve\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    webhook.send(MESSAGE)
    assert "authorization" not in receiver.posted[0].headers


@pytest.mark.parametrize(
    ("status", "header", "asked"),
    [
        (429, "120", timedelta(minutes=2)),
        (503, "0", timedelta(0)),
        (500, "120", None),
        (429, "Wed, 21 Oct 2026 07:28:00 GMT", None),
        (429, "-5", timedelta(0)),
        (429, "9" * 400, None),
    ],
)
def test_a_receiver_may_say_when_to_come_back(
    receiver: WebReceiver, webhook: Webhook, status: int, header: str, asked: timedelta | None
) -> None:
    receiver.status, receiver.headers = status, {"Retry-After": header}
    with pytest.raises(NotDeliveredError, match=f"answered {status}") as caught:
        webhook.send(MESSAGE)
    assert caught.value.asked == asked


def test_of_a_long_answer_only_the_beginning_is_read(receiver: WebReceiver, webhook: Webhook) -> None:
    receiver.body = b"x" * 50_000_000
    webhook.send(MESSAGE)
    assert receiver.taken < 20_000_000  # the rest was on its way


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return loopback_contexts(tmp_path_factory.mktemp("tls"))


def test_a_certificate_is_checked(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server, trust = contexts
    with web_receiver(server) as receiver:
        Webhook(receiver.url, SECRET, Noon(), trust=trust, patience=QUICK).send(MESSAGE)
        assert len(receiver.posted) == 1
        with pytest.raises(NotDeliveredError, match="SSLError"):
            Webhook(receiver.url, SECRET, Noon(), patience=QUICK).send(MESSAGE)
        assert len(receiver.posted) == 1
