"""Groups: what Okta pushes and what is here are held against one another, and only what is certain is changed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.core.consents import Waiver
from syncd.core.planning import Item
from syncd.core.policy import Policy
from syncd.core.situations import Effect, Mode, Situation
from syncd.core.subjects import MarkKind, Origin
from syncd.ports import OutcomeKind, SavedPlan
from syncd.workflows.desk import LEASE_LASTS
from syncd.workflows.reconcile import reconcile, report_drift
from syncd.workflows.running import ExitCode
from tests.workflows.conftest import APP, CAUSE, LOGINS, Office
from tests.workflows.pushed_groups import GROUPS, form, group_counts, members, okta_ids, planned


@pytest.fixture
def staff(office: Office) -> list[str]:
    """Six people, assigned and pushed; their SCIM ids."""
    office.policy = GROUPS
    return [office.hire(login) for login in LOGINS]


@pytest.fixture
def guides(office: Office, staff: list[str]) -> tuple[str, str]:
    """A group that both sides agree about, of the first four: its SCIM id, and its Okta group id."""
    local = form(office, "Guides", staff[:4])
    return local, office.okta.push_group("Guides", okta_ids(office, 0, 1, 2, 3), target=local)


def test_groups_that_agree_are_clean(office: Office, guides: tuple[str, str]) -> None:
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, group_counts(result)) == (ExitCode.CLEAN, {Situation.IN_SYNC: 5})
    assert result.report is not None
    assert result.report.groups is not None
    assert (result.report.groups.mappings, result.report.groups.compared, result.report.groups.members) == (1, 1, 4)


def test_nobody_asks_for_groups_unless_told_to(office: Office, guides: tuple[str, str]) -> None:
    office.policy = Policy()
    office.okta.groups_hidden = True
    result = reconcile(office.desk, apply=True)
    assert result.report is not None
    assert (result.exit_code, result.report.groups) == (ExitCode.CLEAN, None)


def test_a_member_too_many_is_taken_out_once(office: Office, staff: list[str], guides: tuple[str, str]) -> None:
    local, okta_group_id = guides
    office.okta.members[okta_group_id].remove(office.okta_id(LOGINS[3]))
    shown = report_drift(office.desk)
    assert shown.exit_code is ExitCode.DRIFT
    assert group_counts(shown)[Situation.MEMBER_EXTRA] == 1
    assert members(office, local) == set(staff[:4])
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, result.applied) == (ExitCode.CLEAN, 1)
    assert members(office, local) == set(staff[:3])
    assert office.is_open(staff[3])
    assert office.actions(local)[-1] == "group:members-changed"
    again = reconcile(office.desk, apply=True)
    assert (again.exit_code, again.applied, planned(again)) == (ExitCode.CLEAN, 0, [])


def test_several_members_of_one_group_go_one_after_the_other(
    office: Office, staff: list[str], guides: tuple[str, str]
) -> None:
    local, okta_group_id = guides
    office.okta.members[okta_group_id][1:] = []
    office.okta.change_push(okta_group_id, name="Tours")
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, result.applied) == (ExitCode.CLEAN, 4)
    assert members(office, local) == {staff[0]}
    with office.database.reading(APP) as unit:
        assert unit.resources.read("Group", local).document["displayName"] == "Tours"


def test_a_member_too_few_is_added_when_somebody_approved_it(
    office: Office, staff: list[str], guides: tuple[str, str]
) -> None:
    local, okta_group_id = guides
    office.okta.members[okta_group_id].append(office.okta_id(LOGINS[4]))
    result = reconcile(office.desk, apply=True)
    assert (group_counts(result)[Situation.MEMBER_MISSING], result.applied) == (1, 0)
    assert result.report is not None
    with office.database.transaction(APP, CAUSE) as unit:
        unit.decisions.approve(result.report.plan.digest, "boss", "as it should be", LEASE_LASTS)
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, result.applied) == (ExitCode.CLEAN, 1)
    assert members(office, local) == set(staff[:5])


def test_every_situation_of_a_group_is_found_and_only_a_name_is_changed(office: Office, staff: list[str]) -> None:
    renamed, by_name = form(office, "Old", []), form(office, "Cooks", [])
    form(office, "Nobody's", [])
    clashing = form(office, "Left", []), form(office, "Right", [])
    form(office, "Ours", [], Origin.LOCAL)
    office.okta.push_group("New", target=renamed)
    office.okta.push_group("cooks")
    office.okta.push_group("Right", target=clashing[0])
    office.okta.push_group("Missing")
    result = reconcile(office.desk, apply=True)
    assert group_counts(result) == {
        Situation.IN_SYNC: 1,
        Situation.UNMANAGED: 1,
        Situation.GROUP_MISSING: 1,
        Situation.GROUP_ORPHAN: 1,
        Situation.GROUP_RENAMED: 1,
        Situation.GROUP_CLASH: 1,
    }
    assert result.applied == 1
    with office.database.reading(APP) as unit:
        names = {one.id: one.name for one in unit.groups.all()}
    assert (names[renamed], names[by_name], names[clashing[0]]) == ("New", "Cooks", "Left")
    assert sorted(names.values()) == ["Cooks", "Left", "New", "Nobody's", "Ours", "Right"]


def test_a_group_that_only_its_name_ties_is_changed_only_with_an_approval(office: Office, staff: list[str]) -> None:
    local = form(office, "Guides", staff[:2])
    office.okta.push_group("guides", okta_ids(office, 0))
    result = reconcile(office.desk, apply=True)
    assert [outcome.kind for outcome in result.outcomes] == [OutcomeKind.WAITING]
    assert members(office, local) == set(staff[:2])


def unassigned(office: Office, staff: list[str]) -> None:
    office.okta.unassign(office.okta_id(LOGINS[3]))


def unlinked(office: Office, staff: list[str]) -> None:
    office.edit(staff[3], externalId=None)
    okta_user_id = office.okta_id(LOGINS[3])
    office.okta.assigned[okta_user_id] = replace(office.okta.assigned[okta_user_id], external_id=None)


def disputed(office: Office, staff: list[str]) -> None:
    okta_user_id = office.okta_id(LOGINS[5])
    office.okta.assigned[okta_user_id] = replace(office.okta.assigned[okta_user_id], external_id=staff[3])


def unanswered(office: Office, staff: list[str]) -> None:
    okta_user_id = office.okta_id(LOGINS[3])
    office.okta.unassign(okta_user_id)
    office.okta.unanswered.add(okta_user_id)


@pytest.mark.parametrize("doubt", [unlinked, disputed, unanswered])
def test_whose_place_in_okta_is_in_doubt_stays(
    office: Office, staff: list[str], guides: tuple[str, str], doubt: Callable[[Office, list[str]], None]
) -> None:
    local, okta_group_id = guides
    office.okta.members[okta_group_id].remove(office.okta_id(LOGINS[3]))
    doubt(office, staff)
    result = reconcile(office.desk, apply=True)
    assert Situation.MEMBER_EXTRA not in group_counts(result)
    assert group_counts(result)[Situation.UNKNOWN] == 1
    assert members(office, local) == set(staff[:4])


def test_a_member_in_okta_who_is_not_assigned_is_not_taken_out_by_the_group(
    office: Office, staff: list[str], guides: tuple[str, str]
) -> None:
    unassigned(office, staff)
    result = reconcile(office.desk, apply=True)
    assert group_counts(result) == {Situation.IN_SYNC: 5}
    assert members(office, guides[0]) == set(staff[:4])


def test_closed_and_foreign_members_are_counted_and_stay(office: Office, staff: list[str]) -> None:
    foreign = office.push("local@example.com", "00uElsewhere", Origin.LOCAL).id
    local = form(office, "Guides", [staff[0], staff[1], foreign])
    okta_group_id = office.okta.push_group("Guides", okta_ids(office, 0), target=local)
    office.okta.set_status(office.okta_id(LOGINS[1]), "DEPROVISIONED")
    office.edit(staff[1], active=False)
    result = reconcile(office.desk, apply=True)
    assert group_counts(result) == {
        Situation.IN_SYNC: 2,
        Situation.UNMANAGED: 1,
        Situation.MEMBER_INACTIVE: 1,
    }
    assert (result.applied, len(members(office, local)), okta_group_id in office.okta.members) == (0, 3, True)


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (MarkKind.PROTECTED, Situation.PROTECTED_DRIFT),
        (MarkKind.HOLD, Situation.MEMBER_EXTRA),
        (MarkKind.EXEMPT, Situation.OUT_OF_SCOPE),
    ],
)
def test_a_marked_account_stays_where_it_is(
    office: Office, staff: list[str], guides: tuple[str, str], kind: MarkKind, found: Situation
) -> None:
    local, okta_group_id = guides
    office.okta.members[okta_group_id].remove(office.okta_id(LOGINS[3]))
    with office.database.transaction(APP, CAUSE) as unit:
        unit.decisions.mark(staff[3], kind, "look", None)
    result = reconcile(office.desk, apply=True)
    assert (result.applied, planned(result), group_counts(result)[found]) == (0, [], 1)
    assert members(office, local) == set(staff[:4])


@pytest.mark.parametrize("broken", ["hidden", "members"])
def test_groups_that_cannot_be_read_are_told_and_left_alone(
    office: Office, staff: list[str], guides: tuple[str, str], broken: str
) -> None:
    local, okta_group_id = guides
    office.okta.members[okta_group_id].clear()
    office.okta.groups_hidden = broken == "hidden"
    office.okta.failing_members_page = 1
    office.okta.set_status(office.okta_id(LOGINS[5]), "DEPROVISIONED")
    result = reconcile(office.desk, apply=True)
    assert result.exit_code is ExitCode.PARTIAL
    assert "groups were not looked at" in result.message
    assert not office.is_open(staff[5])
    assert members(office, local) == set(staff[:4])
    assert report_drift(office.desk).exit_code is ExitCode.PARTIAL


@pytest.mark.parametrize(
    "policy",
    [
        replace(GROUPS, group_min_members=4, group_max_percent=25.0),
        replace(GROUPS, group_min_members=20, max_deactivations=1),
    ],
)
def test_a_group_that_would_lose_too_many_blocks_the_whole_plan(
    office: Office, staff: list[str], guides: tuple[str, str], policy: Policy
) -> None:
    office.policy = policy
    local, okta_group_id = guides
    office.okta.members[okta_group_id][2:] = []
    office.okta.set_status(office.okta_id(LOGINS[5]), "DEPROVISIONED")
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, result.applied) == (ExitCode.BLOCKED, 0)
    assert "members of group" in result.message
    assert (members(office, local), office.is_open(staff[5])) == (set(staff[:4]), True)


def test_nights_that_each_take_a_few_members_out_do_not_add_up(
    office: Office, staff: list[str], guides: tuple[str, str]
) -> None:
    """Whatever the groups: a listing that is wrong night after night does not empty them a part at a time."""
    office.policy = replace(GROUPS, budget_members_day=3)
    pushed = [guides, (crew := form(office, "Crew", staff), office.okta.push_group("Crew", target=crew))]
    office.okta.members[pushed[1][1]] = okta_ids(office, *range(6))
    codes = []
    for local, okta_group_id in (*pushed, *pushed):
        office.okta.members[okta_group_id].pop()
        codes.append((reconcile(office.desk, apply=True).exit_code, len(members(office, local))))
    assert codes[:3] == [(ExitCode.CLEAN, 3), (ExitCode.CLEAN, 5), (ExitCode.CLEAN, 2)]
    assert codes[3] == (ExitCode.BLOCKED, 5)
    office.okta.set_status(office.okta_id(LOGINS[5]), "DEPROVISIONED")
    result = reconcile(office.desk, apply=True)
    assert "guard.budget_members_day = 3: see in Okta whether the members of these groups are right" in result.message
    assert office.is_open(staff[5])
    assert result.report is not None
    with office.database.transaction(APP, CAUSE) as unit:
        unit.decisions.approve(result.report.plan.digest, "boss", "they left the crew", LEASE_LASTS)
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, result.applied, len(members(office, crew))) == (ExitCode.CLEAN, 2, 4)


def test_the_budget_of_members_is_asked_once_more_for_each_of_them(
    office: Office, staff: list[str], guides: tuple[str, str]
) -> None:
    """What others have taken out since the plan was judged counts as well."""
    office.policy = replace(GROUPS, budget_members_day=2)
    local, okta_group_id = guides
    office.okta.members[okta_group_id][2:] = []

    def spend(_key: str) -> None:
        office.okta.before_lookup = lambda _key: None
        with office.database.transaction(APP, CAUSE) as unit:
            run_id = unit.runs.begin("apply", None)
            member = Item(Effect.REMOVE_MEMBER, Situation.MEMBER_EXTRA, "x", "x", "00ux", 1, "extra", group_id="x")
            identity = office.okta.preflight()
            unit.runs.save_plan(run_id, SavedPlan("x", (member,), "allowed", True, "", "", identity))
            unit.runs.intend(run_id, 0)
            unit.runs.conclude(run_id, 0, OutcomeKind.DONE, "", 2)
            unit.runs.end(run_id, 0, {})

    office.okta.before_lookup = spend
    result = reconcile(office.desk, apply=True)
    assert [(one.kind, one.reason) for one in result.outcomes] == [
        (OutcomeKind.DONE, ""),
        (OutcomeKind.SKIPPED, "not so: the budget is not used up"),
    ]
    assert len(members(office, local)) == 3


def test_the_last_administrator_is_not_taken_out(office: Office, staff: list[str], guides: tuple[str, str]) -> None:
    office.policy = replace(GROUPS, admin_groups=frozenset({"guides"}), min_admins=3)
    local, okta_group_id = guides
    office.okta.members[okta_group_id][2:] = []
    result = reconcile(office.desk, apply=True)
    assert result.applied == 1
    assert len(members(office, local)) == 3
    assert result.report is not None
    assert [one.reason for one in result.report.plan.deferred] == ["it would leave too few administrators"]


def test_an_administrator_more_who_was_lost_meanwhile_keeps_the_last_one_in(
    office: Office, staff: list[str], guides: tuple[str, str]
) -> None:
    office.policy = replace(GROUPS, admin_groups=frozenset({"guides"}), min_admins=3)
    local, okta_group_id = guides
    office.okta.members[okta_group_id].remove(office.okta_id(LOGINS[3]))
    office.okta.before_lookup = lambda _: office.edit(staff[0], active=False)
    result = reconcile(office.desk, apply=True)
    assert [outcome.reason for outcome in result.outcomes] == ["not so: enough administrators stay"]
    assert len(members(office, local)) == 4


def test_a_waiver_of_an_account_accepts_its_membership(
    office: Office, staff: list[str], guides: tuple[str, str]
) -> None:
    local, okta_group_id = guides
    office.okta.members[okta_group_id].remove(office.okta_id(LOGINS[3]))
    with office.database.transaction(APP, CAUSE) as unit:
        ends = unit.decisions.now() + timedelta(days=1)
        waiver = Waiver("w1", staff[3], Situation.MEMBER_EXTRA, "ann", "bob", "agreed", "T-1", ends)
        unit.decisions.waive(staff[3], waiver)
    result = reconcile(office.desk, apply=True)
    assert (result.applied, planned(result), group_counts(result)[Situation.MEMBER_EXTRA]) == (0, [], 1)
    assert members(office, local) == set(staff[:4])


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.REPORT])
def test_what_is_only_reported_is_not_changed(
    office: Office, staff: list[str], guides: tuple[str, str], mode: Mode
) -> None:
    office.policy = replace(GROUPS, modes={**GROUPS.modes, Situation.MEMBER_EXTRA: mode})
    local, okta_group_id = guides
    office.okta.members[okta_group_id].remove(office.okta_id(LOGINS[3]))
    assert reconcile(office.desk, apply=True).applied == 0
    assert members(office, local) == set(staff[:4])


def test_a_name_that_a_group_of_administrators_would_lose_stays(
    office: Office, staff: list[str], guides: tuple[str, str]
) -> None:
    office.policy = replace(GROUPS, admin_groups=frozenset({"guides"}))
    local, okta_group_id = guides
    office.okta.change_push(okta_group_id, name="Tours")
    result = reconcile(office.desk, apply=True)
    assert (result.applied, planned(result)) == (0, [])
    assert result.report is not None
    assert "guard.admin_groups" in result.report.plan.deferred[0].reason
    office.policy = replace(GROUPS, admin_groups=frozenset({"guides", local}))
    assert reconcile(office.desk, apply=True).applied == 1


def test_a_name_that_makes_administrators_waits_for_an_approval(
    office: Office, staff: list[str], guides: tuple[str, str]
) -> None:
    office.policy = replace(GROUPS, admin_groups=frozenset({"owners"}))
    office.okta.change_push(guides[1], name="Owners")
    result = reconcile(office.desk, apply=True)
    assert [outcome.kind for outcome in result.outcomes] == [OutcomeKind.WAITING]
    assert result.report is not None
    with office.database.transaction(APP, CAUSE) as unit:
        unit.decisions.approve(result.report.plan.digest, "boss", "as it should be", LEASE_LASTS)
    assert reconcile(office.desk, apply=True).applied == 1


def test_a_member_whose_account_came_to_be_somebody_elses_stays(
    office: Office, staff: list[str], guides: tuple[str, str]
) -> None:
    local, okta_group_id = guides
    office.okta.members[okta_group_id].remove(office.okta_id(LOGINS[3]))
    office.okta.before_lookup = lambda _: office.edit(staff[3], externalId="00uSomebodyElse")
    result = reconcile(office.desk, apply=True)
    assert [outcome.reason for outcome in result.outcomes] == [
        "not so: the account is of the person whom Okta was asked about"
    ]
    assert members(office, local) == set(staff[:4])
