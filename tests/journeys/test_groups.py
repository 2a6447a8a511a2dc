"""Groups from end to end: pushed by a simulated org to the real server, and repaired where a push got lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.bootstrap.okta import run_desk
from syncd.bootstrap.rehearsal import APP, GROUPS, Rehearsal, start_rehearsal
from syncd.bootstrap.stores import open_store
from syncd.core.situations import Situation
from syncd.simulator import RequestFault
from syncd.workflows.running import ExitCode, RunResult

PEOPLE = 24


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    with start_rehearsal(tmp_path, lambda _: None) as started:
        app = started.settings.apps[APP].model_copy(update={"groups": True})
        settings = started.settings.model_copy(update={"apps": {APP: app}})
        playing = Rehearsal(started.org, settings, lambda _: None)
        assert playing.push_people(PEOPLE) == PEOPLE
        yield playing


def counts(result: RunResult) -> dict[Situation, int]:
    assert result.report is not None
    assert result.report.groups is not None, result.message
    return dict(result.report.groups.counts)


def in_okta(rehearsal: Rehearsal) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return the ids and the members of the groups, by name."""
    with run_desk(rehearsal.settings, APP, lambda _: None) as desk:
        ids = {one.name or "": one.okta_group_id for one in desk.source.group_mappings()}
        members = {
            name: [member for page in desk.source.group_members(one) for member in page] for name, one in ids.items()
        }
    return ids, members


def names_and_sizes(rehearsal: Rehearsal) -> dict[str, int]:
    with open_store(rehearsal.settings) as store, store.reading(APP) as unit:
        return {one.name: one.members for one in unit.groups.all()}


def test_what_lost_pushes_left_of_groups_is_found_and_repaired(rehearsal: Rehearsal) -> None:
    org, in_sync = rehearsal.org, PEOPLE + len(GROUPS)
    quiet = rehearsal.drift_report()
    assert (quiet.exit_code, counts(quiet)) == (ExitCode.CLEAN, {Situation.IN_SYNC: in_sync})
    ids, members = in_okta(rehearsal)
    engineering, sales = ids["Engineering"], ids["Sales"]
    leaver, joiner = members["Engineering"][0], members["Sales"][0]
    with org.lose_pushes():
        org.remove_member(engineering, leaver)
        org.add_member(engineering, joiner)
        org.rename_group(sales, "Trade")
        org.drain()
    found = rehearsal.reconcile()
    assert counts(found) == {
        Situation.IN_SYNC: in_sync - 2,
        Situation.MEMBER_MISSING: 1,
        Situation.MEMBER_EXTRA: 1,
        Situation.GROUP_RENAMED: 1,
    }
    assert found.report is not None
    result = rehearsal.reconcile(apply=True)
    assert result.applied == 2
    assert names_and_sizes(rehearsal) == {"Engineering": 7, "Trade": 8, "Everybody": 8}
    assert rehearsal.reconcile(apply=True).applied == 0


def test_a_credential_that_may_not_see_groups_is_told_and_accounts_go_on(rehearsal: Rehearsal) -> None:
    rehearsal.org.faults.on_request(RequestFault.FORBIDDEN, "/api/v1/apps/*/group-push/mappings", times=None)
    with rehearsal.org.lose_pushes():
        rehearsal.org.deactivate("person00000@example.com")
        rehearsal.org.drain()
    sizes = names_and_sizes(rehearsal)
    result = rehearsal.reconcile(apply=True)
    assert (result.exit_code, result.applied) == (ExitCode.PARTIAL, 1)
    assert "okta.groups.read" in result.message
    assert names_and_sizes(rehearsal) == sizes
