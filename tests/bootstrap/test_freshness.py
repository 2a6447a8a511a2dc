"""The endpoint tells whether the nightly runs have done their work: a worker that is dead tells nobody."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from syncd.bootstrap.freshness import ASKED_EVERY, Freshness
from syncd.bootstrap.system import new_id
from syncd.core.changes import Cause
from syncd.ports import AssignmentPage, Database, SourceIdentity
from syncd.store import SqlDatabase, open_database

CAUSE = Cause("test")
DAY = timedelta(hours=24)


class Later:
    """The clock of whoever asks."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC) + self.ahead


def list_completely(database: SqlDatabase, app: str) -> None:
    with database.transaction(app, CAUSE) as unit:
        snapshot_id = unit.staging.begin(unit.runs.begin("drift-report", None))
        unit.staging.add_page(snapshot_id, AssignmentPage(1, ()))
        unit.staging.seal(snapshot_id, SourceIdentity(f"0oa{app}", "Acme", "credential", "filter"))


def asked(database: Database, within: Mapping[str, timedelta], clock: Later, at: float = 0.0) -> str | None:
    return Freshness(database, within, clock, lambda: at)()


def test_it_is_stale_when_one_application_had_no_complete_listing_for_too_long(database: SqlDatabase) -> None:
    clock, within = Later(), {"crm": DAY, "wiki": DAY}
    for app in within:
        database.ensure_app(app, f"0oa{app}")
        list_completely(database, app)
    assert asked(database, within, clock) is None
    clock.ahead = timedelta(hours=25)
    assert asked(database, within, clock) == "stale"
    assert asked(database, {"crm": timedelta(0)}, clock) is None


def test_one_that_was_never_listed_counts_from_when_it_became_known(database: SqlDatabase) -> None:
    clock = Later()
    database.ensure_app("crm", "0oacrm")
    assert asked(database, {"crm": timedelta(days=36_500)}, clock) is None
    assert asked(database, {"crm": timedelta(microseconds=1)}, clock) == "stale"


def test_an_answer_holds_for_some_seconds(database: SqlDatabase) -> None:
    clock, now = Later(), [0.0]
    database.ensure_app("crm", "0oacrm")
    list_completely(database, "crm")
    fresh = Freshness(database, {"crm": DAY}, clock, lambda: now[0])
    assert fresh() is None
    clock.ahead = timedelta(hours=25)
    assert fresh() is None
    now[0] = ASKED_EVERY
    assert fresh() == "stale"


def test_what_is_not_known_is_not_fresh() -> None:
    nowhere = open_database("postgresql+psycopg://nobody@127.0.0.1:9/nothing", clock=Later(), new_id=new_id)
    try:
        assert asked(nowhere, {"crm": DAY}, Later()) == "database"
    finally:
        nowhere.close()
