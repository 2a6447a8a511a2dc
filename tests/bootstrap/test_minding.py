"""The worker's look at what has to be told goes on whatever happens, and ends with the worker."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from syncd.bootstrap import notifications
from syncd.bootstrap.settings import load_settings
from syncd.bootstrap.stores import open_store, upgrade_database
from syncd.config import ConfigurationError, Settings
from syncd.store import SqlDatabase

CONFIGURATION = """\
[database]
url = "sqlite:///{folder}/syncd.db"
[apps.crm]
okta_app_id = "0oacrm00000000000001"
[apps.wiki]
okta_app_id = "0oawiki0000000000001"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    path = tmp_path / "config.toml"
    path.write_text(CONFIGURATION.format(folder=tmp_path))
    settings = load_settings(path)
    upgrade_database(settings)
    return settings


@pytest.fixture
def store(settings: Settings) -> Iterator[SqlDatabase]:
    with open_store(settings) as store:
        yield store


def test_a_look_that_fails_is_logged_and_touches_no_other_application(
    settings: Settings, store: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    twice = threading.Event()

    def look(_settings: Settings, _post: object, app: str, *, tidying: bool) -> None:
        looked.append(app)
        if len(looked) >= 4:
            twice.set()
        if app == "crm":
            raise SystemExit(3)

    monkeypatch.setattr(notifications, "mind_one", look)
    monkeypatch.setattr(notifications, "MINDED_EVERY", 0.01)
    with capture_logs() as logs:
        with notifications.minding(settings, store):
            assert twice.wait(5)
        count = len(looked)
        time.sleep(0.05)
    assert looked[:4] == ["crm", "wiki", "crm", "wiki"]
    assert len(looked) == count
    assert {(line["event"], line["app"]) for line in logs} == {("notifications failed", "crm")}


def test_what_is_done_long_ago_is_tidied_now_and_then(
    settings: Settings, store: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    tidied: list[bool] = []
    done = threading.Event()

    def look(_settings: Settings, _post: object, app: str, *, tidying: bool) -> None:
        tidied.append(tidying)
        if len(tidied) >= 130:
            done.set()

    monkeypatch.setattr(notifications, "mind_one", look)
    monkeypatch.setattr(notifications, "MINDED_EVERY", 0.0)
    with notifications.minding(settings, store):
        assert done.wait(5)
    assert tidied[:2] == [True, True]
    assert sum(tidied[:122]) == 4


def test_a_real_look_at_a_quiet_application_writes_nothing(settings: Settings, store: SqlDatabase) -> None:
    post = notifications.post_office(settings, store, {})
    notifications.mind_one(settings, post, "crm", tidying=True)
    with store.reading("crm") as unit:
        assert (unit.notices.latest(), unit.notices.waiting()) == ((), 0)


def test_half_of_a_way_is_told_when_the_worker_starts(settings: Settings, store: SqlDatabase) -> None:
    half = settings.model_copy(
        update={"notify": settings.notify.model_copy(update={"webhook_url": "https://h.example"})}
    )
    with (
        pytest.raises(ConfigurationError, match=r"notify\.webhook_secret is missing"),
        notifications.minding(half, store),
    ):
        pass
