"""Look at what Okta pushes as groups, beside the groups here. Nothing here changes the directory.

Versions first, members afterwards: whatever moves a group here while Okta is asked about it, shows.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from syncd.core.group_matching import COMPARED, GroupFinding, classify_group, match_groups
from syncd.core.member_matching import doubt_extra, doubtful_accounts, judge_absent, judge_members
from syncd.core.reports import GroupReport
from syncd.core.situations import NO_DRIFT, Situation
from syncd.core.subjects import Subject
from syncd.ports import Lease, SourceUnhealthyError
from syncd.workflows.desk import Desk
from syncd.workflows.disputes import ask_claimants


@dataclass(frozen=True, slots=True)
class GroupsSeen:
    """What was found before anybody's marks and waivers are asked for.

    `findings` are those in drift; `counted` says how many others there are in each situation. `sizes` are the members
    of each group here that was compared. `refusal` says why groups were not looked at, or is None.
    """

    mappings: int = 0
    compared: int = 0
    members: int = 0
    findings: tuple[GroupFinding, ...] = ()
    counted: Counter[Situation] = field(default_factory=Counter)
    sizes: dict[str, int] = field(default_factory=dict)
    refusal: str | None = None

    def report(self, findings: tuple[GroupFinding, ...]) -> GroupReport:
        """Return what is reported, with the findings as they are now."""
        counts = self.counted + Counter(finding.situation for finding in findings)
        ordered = {situation: counts[situation] for situation in Situation if counts[situation]}
        return GroupReport(self.mappings, self.compared, self.members, ordered, findings, self.refusal)


def look_at_groups(
    desk: Desk, run_id: str, lease: Lease, snapshot_id: str, subjects: Sequence[Subject]
) -> GroupsSeen | None:
    """Hold Okta's pushed groups against the groups here; None where the policy does not ask for it.

    What cannot be read completely says nothing: then no group was looked at, and that is told. Raises `LeaseLostError`
    when a later run took over.
    """
    if not desk.policy.groups:
        return None
    try:
        return _Look(desk, run_id, lease, snapshot_id, doubtful_accounts(subjects)).all()
    except SourceUnhealthyError as error:
        desk.announce(f"groups are not looked at: {error}")
        return GroupsSeen(refusal=str(error))


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the groups, with what is known of the accounts."""

    desk: Desk
    run_id: str
    lease: Lease
    snapshot_id: str
    doubtful: frozenset[str]

    def all(self) -> GroupsSeen:
        with self.desk.database.reading(self.desk.app) as unit:
            groups = unit.groups.all()
        self.desk.announce("asking Okta which groups it pushes")
        mappings = self.desk.source.group_mappings()
        found = [classify_group(subject) for subject in match_groups(mappings, groups)]
        pairs = [one for one in found if one.situation in COMPARED and one.group and one.mapping]
        of_members = [self.members(pair, number, len(pairs)) for number, pair in enumerate(pairs, start=1)]
        counted = Counter(one.situation for one in found if one.situation in NO_DRIFT)
        for each in of_members:
            counted.update(each.counted)
        findings = [one for one in found if one.situation not in NO_DRIFT]
        findings += [finding for each in of_members for finding in each.findings]
        return GroupsSeen(
            mappings=len(mappings),
            compared=len(pairs),
            members=sum(each.size for each in of_members),
            findings=tuple(findings),
            counted=counted,
            sizes={pair.group.id: pair.group.members for pair in pairs if pair.group},
        )

    def members(self, pair: GroupFinding, number: int, of: int) -> "_Members":
        """Return what the memberships of one pair are."""
        group, mapping = pair.group, pair.mapping
        if group is None or mapping is None:
            raise AssertionError(pair)
        in_okta: set[str] = set()
        for page in self.desk.source.group_members(mapping.okta_group_id):
            with self.desk.database.transaction(self.desk.app, self.desk.cause(self.run_id)) as unit:
                unit.hold_lease(self.lease, self.desk.lease_lasts)
            in_okta.update(page)
            self.desk.announce(f"group {number} of {of}, {group.name}: {len(in_okta)} members in Okta so far")
        with self.desk.database.reading(self.desk.app) as unit:
            now = unit.groups.find(group.id)
            if now is None or now[0].version != group.version:
                return _Members((_moved(pair),), Counter(), len(in_okta))
            members = unit.groups.members(group.id, self.snapshot_id)
            judged = judge_members(pair, frozenset(in_okta), members, self.doubtful)
            people = unit.groups.linked(self.snapshot_id, sorted(judged.unmatched))
            extra = (one.account for one in judged.findings if one.situation is Situation.MEMBER_EXTRA)
            claimants = unit.staging.claimants(account.id for account in extra if account)
        absent = judge_absent(pair, people, judged, self.doubtful)
        findings = doubt_extra(judged.findings, claimants, self.contended(claimants, in_okta))
        return _Members((*findings, *absent), Counter(judged.counted), len(in_okta))

    def contended(self, claimants: Mapping[str, frozenset[str]], in_okta: set[str]) -> frozenset[str]:
        """Return the accounts that a member in Okta may have, for all that Okta says, beside whom they are known as."""
        told = {one: others & in_okta for one, others in claimants.items() if others & in_okta}
        return ask_claimants(self.desk.source, told, self.desk.policy.lookup_limit).contended


@dataclass(frozen=True, slots=True)
class _Members:
    """What the memberships of one pair are, and how many members there are in Okta."""

    findings: tuple[GroupFinding, ...]
    counted: Counter[Situation]
    size: int


def _moved(pair: GroupFinding) -> GroupFinding:
    reason = "it changed here while its members in Okta were asked for, so nothing is concluded about them"
    return replace(pair, situation=Situation.UNKNOWN, reason=reason)
