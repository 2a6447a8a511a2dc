"""Heads on their way to other machines: what gets there, what is tried again, and what somebody is told of."""

import time
from pathlib import Path

import pytest

from syncd.bootstrap import head_courier
from syncd.bootstrap.head_courier import Courier, Way, carrying, ways_of
from syncd.bootstrap.system import SystemClock
from syncd.config import ConfigurationError, Settings
from syncd.core.notes import COSIGNATURE, Note
from syncd.core.notices import NoticeKind
from syncd.delivery.head_webhook import HeadWebhook
from syncd.delivery.witnesses import Witness
from syncd.signing import SigningKey, is_signed
from syncd.store import SqlDatabase
from tests.conftest import SteppingClock
from tests.delivery.web_receiver import web_receiver
from tests.support.witnesses import local_witness
from tests.workflows.sealing import APP, Sealing, sealing

SECRET = "a secret of the tests, long enough"
SOON = 30.0


@pytest.fixture
def log(sqlite_database: SqlDatabase, clock: SteppingClock, tmp_path: Path) -> Sealing:
    return sealing(sqlite_database, clock, tmp_path / "heads")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_courier, "_AGAIN_AFTER", 0.0)


def stands(log: Sealing) -> list[str]:
    with log.database.reading(APP) as unit:
        of_heads = [one for one in unit.notices.standing() if one.notice.kind is NoticeKind.AUDIT_HEADS]
    return [line for one in of_heads if one.ended is None for line in one.notice.lines]


def webhook(url: str) -> Way:
    return Way("webhook", webhook=HeadWebhook(url, SECRET, SystemClock()))


def test_each_head_is_posted_once(log: Sealing) -> None:
    with web_receiver() as receiver:
        way = webhook(f"{receiver.url}/heads")
        courier = Courier(log.database, [way], [APP])
        courier.look(way)
        for login in ("ann", "bob"):
            log.sign(login)
            courier.look(way)
            courier.look(way)
        assert len(receiver.posted) == 2


def test_a_receiver_that_is_down_gets_the_newest_head_later_and_somebody_is_told_after_an_hour(
    log: Sealing, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web_receiver() as receiver:
        receiver.status = 503
        way = webhook(f"{receiver.url}/heads")
        courier = Courier(log.database, [way], [APP])
        log.sign("ann")
        courier.look(way)
        assert stands(log) == []
        monkeypatch.setattr(head_courier, "_TOLD_AFTER", -1.0)
        courier.look(way)
        assert "webhook" in stands(log)[0]
        receiver.status = 200
        log.sign("bob")
        courier.look(way)
        assert (stands(log), way.there) == ([], log.size)


def test_a_head_is_cosigned_and_what_contradicts_is_told_at_once(log: Sealing, tmp_path: Path) -> None:
    signer = log.notary.signer
    assert signer is not None
    with local_witness(tmp_path, [signer.key]) as there:
        way = Way("witness", witness=Witness(there.url, there.key, is_signed))
        courier = Courier(log.database, [way], [APP])
        log.sign("ann")
        courier.look(way)
        with log.database.audit_log.reading_log() as reader:
            newest = reader.newest_checkpoint()
        assert newest is not None
        assert Note.parse(newest.note).signed_by([there.key], is_signed) == (there.key,)
        for path in log.heads._path.iterdir():
            path.unlink()  # who has another key, and the folder too
        log.with_key(SigningKey.new(signer.key.name))
        log.sign("bob")
        courier.look(way)
        assert len(stands(log)) == 1


def test_the_ways_are_those_that_are_configured() -> None:
    key = SigningKey.new("witness.example/w1", COSIGNATURE).key
    audit = {"heads_url": "https://heads.example.com/x", "heads_secret": SECRET}
    settings = Settings.model_validate({"audit": audit | {"witnesses": [f"https://witness.example {key}"]}})
    assert [way.name for way in ways_of(settings)] == ["webhook", "witness witness.example/w1"]
    assert ways_of(Settings()) == []


def test_a_receiver_without_a_secret_is_refused() -> None:
    settings = Settings.model_validate({"audit": {"heads_url": "https://heads.example.com/x"}})
    with pytest.raises(ConfigurationError, match="heads_secret"):
        ways_of(settings)


@pytest.mark.parametrize(
    "witness",
    [
        "https://witness.example",
        "http://witness.example {key}",
        "https://witness.example nonsense",
        "https://witness.example {log}",
    ],
)
def test_what_is_no_witness_is_refused(witness: str) -> None:
    line = witness.format(key=SigningKey.new("w", COSIGNATURE).key, log=SigningKey.new("a.log").key)
    with pytest.raises(ValueError, match="witnesses"):
        Settings.model_validate({"audit": {"witnesses": [line]}})


def test_the_worker_carries_heads_out(log: Sealing, tmp_path: Path) -> None:
    log.sign("ann")
    with web_receiver() as receiver:
        audit = {"heads_url": f"{receiver.url}/x", "heads_secret": SECRET}
        settings = Settings.model_validate({"audit": audit})
        with carrying(settings, log.database):
            until = time.monotonic() + SOON
            while not receiver.posted:
                assert time.monotonic() < until
                time.sleep(0.02)
