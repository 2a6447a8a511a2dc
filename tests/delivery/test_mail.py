"""Mail goes over TLS unless it stays on this machine, has one subject, and names its receivers and nobody else."""

import base64
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
from structlog.testing import capture_logs

from syncd.core.messages import Message, MessageKind
from syncd.delivery import InTime, Mail, MailServer
from syncd.delivery.mail import compose
from syncd.notifying import NotDeliveredError, Notifier
from tests.contracts.notifier import BLOCKED, MESSAGE, NotifierContract
from tests.delivery.mail_receiver import MailReceiver, mail_receiver
from tests.support.certificates import loopback_contexts

SENDER, RECEIVERS = "syncd@example.com", ("ada@example.com", "bob@example.com")
PASSWORD = "a password of the tests"
Contexts = tuple[ssl.SSLContext, ssl.SSLContext]


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> Contexts:
    return loopback_contexts(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def receiver(contexts: Contexts) -> Iterator[MailReceiver]:
    with mail_receiver(contexts[0]) as receiver:
        receiver.offers = ["AUTH PLAIN"]
        yield receiver


def mail(receiver: MailReceiver, contexts: Contexts, to: tuple[str, ...] = RECEIVERS) -> Mail:
    server = MailServer("127.0.0.1", receiver.port, "starttls", "syncd", PASSWORD, seconds=2.0)
    return Mail(server, SENDER, to, trust=contexts[1])


@dataclass
class MailWorld:
    """A receiver with the contract's words."""

    receiver: MailReceiver
    notifier: Notifier
    secrets: tuple[str, ...] = (PASSWORD, base64.b64encode(PASSWORD.encode()).decode(), "ada@example.com", "127.0.0.1")

    def received(self) -> list[str]:
        return [f"{one['Subject']}\n{one['Message-ID']}\n{one.get_content()}" for one in self.receiver.mails]

    def refuse(self) -> None:
        self.receiver.answers["AUTH"] = f"535 5.7.8 {PASSWORD} is wrong"

    def fall_silent(self) -> None:
        self.receiver.mood = "silent"

    def drip(self) -> None:
        self.receiver.mood = "dripping"

    def vanish(self) -> None:
        self.receiver.vanish()


class TestMail(NotifierContract):
    """Every rule of the contract."""

    @pytest.fixture
    def world(self, receiver: MailReceiver, contexts: Contexts) -> MailWorld:
        return MailWorld(receiver, InTime(mail(receiver, contexts), 3.0))


def test_a_mail_goes_to_everybody_over_tls_after_a_login(receiver: MailReceiver, contexts: Contexts) -> None:
    mail(receiver, contexts).send(MESSAGE)
    assert (receiver.secured, receiver.logins) == ([True], [("syncd", PASSWORD)])
    assert receiver.receivers == [f"TO:<{one}>" for one in RECEIVERS]
    (sent,) = receiver.mails
    assert (sent["From"], sent["To"], sent["Subject"]) == (SENDER, ", ".join(RECEIVERS), f"{MESSAGE.title}")
    assert (sent["Message-ID"], sent["Auto-Submitted"]) == (f"<{MESSAGE.id}@example.com>", "auto-generated")
    assert parsedate_to_datetime(sent["Date"]) == MESSAGE.made


def test_tls_from_the_first_byte(contexts: Contexts) -> None:
    with mail_receiver(contexts[0], implicit=True) as receiver:
        server = MailServer("127.0.0.1", receiver.port, "implicit", seconds=2.0)
        Mail(server, SENDER, RECEIVERS, trust=contexts[1]).send(MESSAGE)
    assert (receiver.secured, receiver.logins) == ([True], [])


def test_without_tls_only_where_that_was_asked_for() -> None:
    with mail_receiver() as receiver:
        Mail(MailServer("127.0.0.1", receiver.port, "none", seconds=2.0), SENDER, RECEIVERS).send(MESSAGE)
        assert receiver.secured == [False]
        with pytest.raises(NotDeliveredError, match="offers no STARTTLS"):
            Mail(MailServer("127.0.0.1", receiver.port, seconds=2.0), SENDER, RECEIVERS).send(MESSAGE)
        assert len(receiver.mails) == 1


@pytest.mark.parametrize("implicit", [False, True])
def test_a_certificate_is_checked(contexts: Contexts, implicit: bool) -> None:
    with mail_receiver(contexts[0], implicit=implicit) as receiver:
        server = MailServer("127.0.0.1", receiver.port, "implicit" if implicit else "starttls", "syncd", PASSWORD, 2.0)
        with pytest.raises(NotDeliveredError, match="certificate"):
            Mail(server, SENDER, RECEIVERS).send(MESSAGE)
    assert (receiver.logins, receiver.mails) == ([], [])


@pytest.mark.parametrize(
    ("command", "answer", "remedy"),
    [
        ("AUTH", "535 no", "smtp_password"),
        ("MAIL", "550 no", "smtp_from"),
        ("RCPT", "550 no", "smtp_to"),
        ("DATA", "451 later", "reachable"),
        ("STARTTLS", "454 later", "STARTTLS|reachable"),
    ],
)
def test_what_is_refused_says_which_setting_to_look_at(
    receiver: MailReceiver, contexts: Contexts, command: str, answer: str, remedy: str
) -> None:
    receiver.answers[command] = answer
    with pytest.raises(NotDeliveredError, match=remedy):
        mail(receiver, contexts).send(MESSAGE)
    assert receiver.mails == []


def test_one_receiver_that_is_refused_does_not_keep_the_others_from_it(
    receiver: MailReceiver, contexts: Contexts
) -> None:
    with capture_logs() as logs:
        mail(receiver, contexts, ("ada@example.com", "refused@example.com")).send(MESSAGE)
    assert len(receiver.mails) == 1
    assert [(line["event"], line["codes"]) for line in logs] == [("mail refused", [550])]
    with pytest.raises(NotDeliveredError, match="smtp_to"):
        mail(receiver, contexts, ("refused@example.com",)).send(MESSAGE)


def test_a_mail_that_was_taken_is_sent_however_the_server_says_goodbye(
    receiver: MailReceiver, contexts: Contexts
) -> None:
    receiver.polite = False
    mail(receiver, contexts).send(MESSAGE)
    assert len(receiver.mails) == 1


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x85", "\x00"])
def test_a_subject_is_one_line_whatever_people_are_called(end: str) -> None:
    name = f"crm: eve{end}Bcc: eve@evil.example{end}{end}body"
    forged = replace(BLOCKED, notice=replace(BLOCKED.notice, title=name))
    sent = compose(replace(MESSAGE, reasons=(forged,)), SENDER, RECEIVERS)
    assert sent["Bcc"] is None
    head, _, _ = sent.as_bytes().partition(b"\n\n")
    assert not any(line.lower().startswith(b"bcc") for line in head.splitlines())
    assert sorted(set(sent.keys())) == sorted(sent.keys())


def test_a_long_title_and_one_beyond_ascii_are_a_subject_all_the_same() -> None:
    long = replace(BLOCKED, notice=replace(BLOCKED.notice, title="\u00e9" * 5000))
    assert 100 < len(compose(replace(MESSAGE, reasons=(long,)), SENDER, RECEIVERS)["Subject"]) <= 200
    test = Message("id", MessageKind.TEST, "", datetime(2026, 1, 1, tzinfo=UTC))
    assert compose(test, SENDER, RECEIVERS)["Subject"] == test.title
