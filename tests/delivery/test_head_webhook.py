"""Heads of the log are posted as they were signed, and signed as the other webhook is."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from syncd.core.checkpoints import Checkpoint
from syncd.core.notes import Note
from syncd.delivery import HeadWebhook
from syncd.delivery.posting import Patience
from syncd.delivery.webhook import key_of, sign
from syncd.ports.audit import OutsideError
from syncd.signing import is_signed
from tests.delivery.web_receiver import WebReceiver, web_receiver
from tests.support.logs import ORIGIN, SampleLog

SECRET = "a secret of the tests, long enough"
PATH = "/heads/path-that-is-nobodys-business"
LOG = SampleLog.named(ORIGIN)


class Noon:
    """A clock that stands."""

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[WebReceiver]:
    with web_receiver() as receiver:
        yield receiver


@pytest.fixture
def webhook(receiver: WebReceiver) -> HeadWebhook:
    return HeadWebhook(receiver.url + PATH, SECRET, Noon(), patience=Patience(2.0, 2.0, 2.0))


def test_a_head_is_posted_with_its_note_from_which_everything_can_be_checked(
    receiver: WebReceiver, webhook: HeadWebhook
) -> None:
    webhook.publish(str(LOG.note(10)))
    (posted,) = receiver.posted
    told = json.loads(posted.body)
    note = Note.parse(told["note"])
    assert note.signed_by([LOG.signing.key], is_signed) == (LOG.signing.key,)
    assert (told["format"], told["origin"], told["size"]) == ("syncd-audit-head/1", ORIGIN, 10)
    assert told["root"] in Checkpoint.of(note).text
    assert told["at"] == "2026-03-01T12:00:00+00:00"


def test_it_is_signed_over_id_time_and_body_and_the_same_head_has_the_same_id(
    receiver: WebReceiver, webhook: HeadWebhook
) -> None:
    for size in (10, 10, 11):
        webhook.publish(str(LOG.note(size)))
    ids = [one.headers["webhook-id"] for one in receiver.posted]
    assert ids[0] == ids[1] != ids[2]
    for one in receiver.posted:
        expected = sign(key_of(SECRET), one.headers["webhook-id"], one.headers["webhook-timestamp"], one.body)
        assert one.headers["webhook-signature"] == expected


def test_a_head_that_was_not_taken_is_told_without_the_address(receiver: WebReceiver, webhook: HeadWebhook) -> None:
    receiver.status, receiver.body = 403, SECRET.encode()
    with pytest.raises(OutsideError, match="head webhook: answered 403") as caught:
        webhook.publish(str(LOG.note(10)))
    receiver.vanish()
    with pytest.raises(OutsideError, match="no answer") as gone:
        webhook.publish(str(LOG.note(10)))
    for error in (caught, gone):
        assert PATH not in str(error.value)
        assert SECRET not in str(error.value)


def test_what_is_no_head_is_not_posted(receiver: WebReceiver, webhook: HeadWebhook) -> None:
    for note in ("", "a note\n\n\u2014 x AAAAAAAA\n"):
        with pytest.raises(OutsideError, match="is no checkpoint"):
            webhook.publish(note)
    assert receiver.posted == []


def test_a_secret_that_is_none_is_refused(receiver: WebReceiver) -> None:
    with pytest.raises(ValueError, match=r"."):
        HeadWebhook(receiver.url, "whsec_!", Noon())
