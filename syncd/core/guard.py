"""What stands between a plan and its effects. Each check is a row of a table; the most restrictive wins.

Whole-plan checks come before the first effect, so that either all of a plan may be carried out or none of it. The
checks of one item are asked inside the transaction of its effect, with the account as it is at that moment.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from syncd.core.group_matching import COMPARED, Ties
from syncd.core.groups import Belonging, LocalGroup, MembershipLookup
from syncd.core.planning import Item, Plan
from syncd.core.policy import Policy, in_words
from syncd.core.situations import DECIDED_HERE, GRANTS, REVOKES, Confirm, Effect, Situation
from syncd.core.subjects import NEGATIVE, Account, Lookup, MarkKind, Origin, Presence

# ------------------------------------------------------------------ the whole plan


class Ground(StrEnum):
    """Why a plan is not carried out."""

    THRESHOLD = "threshold"
    BUDGET = "budget"
    CHANGED_POLICY = "changed-policy"
    CANARY = "canary"
    AUDIT = "audit"


NEVER_OVERRULED: Final = frozenset({Ground.AUDIT})
"""What is no matter of the plan, so that whoever approves one has not judged it."""


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason against a plan, for people, and what kind of reason it is."""

    ground: Ground
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Spent:
    """How many effects of one kind runs have carried out in the last 24 hours and the last 7 days."""

    day: int = 0
    week: int = 0


NOTHING_SPENT: Final[dict[Effect, Spent]] = dict.fromkeys(REVOKES, Spent())
"""What runs have spent where none has taken access away: each effect that has a budget is there."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a plan is judged against.

    `managed_active` is the number of active accounts that syncd manages: the side that would lose them. `spent` has
    every effect that takes access away. `group_sizes` are the members of each group that the plan changes, by its id.
    `further` are objections that were found elsewhere.
    """

    managed_active: int
    spent: Mapping[Effect, Spent] = field(default_factory=NOTHING_SPENT.copy)
    group_sizes: dict[str, int] = field(default_factory=dict)
    further: tuple[Objection, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the guard says of a whole plan: its objections, and the id of the approval that overrules them, if any."""

    objections: tuple[Objection, ...] = ()
    approval: str | None = None

    @property
    def standing(self) -> tuple[Objection, ...]:
        """The objections that no approval overrules: why the plan may not be carried out."""
        return tuple(one for one in self.objections if self.approval is None or one.ground in NEVER_OVERRULED)

    @property
    def allowed(self) -> bool:
        """Whether the plan may be carried out."""
        return not self.standing


def judge_plan(plan: Plan, around: Circumstances, policy: Policy) -> Verdict:
    """Hold a whole plan against the thresholds and the budgets (invariants I4 and I5)."""
    found = [judge(plan, around, policy) for judge in _JUDGES]
    return Verdict((*(objection for each in found for objection in each), *around.further))


def _total(plan: Plan, around: Circumstances, policy: Policy) -> Iterator[Objection]:
    count = plan.unasked(Effect.DEACTIVATE)
    if count > policy.max_deactivations:
        text = f"{count} deactivations are more than max_deactivations = {policy.max_deactivations}"
        yield Objection(Ground.THRESHOLD, text)
    yield from _share(count, around, policy, policy.max_percent, "active accounts", "max_percent")


def _share(
    count: int, around: Circumstances, policy: Policy, most: float, of_what: str, setting: str
) -> Iterator[Objection]:
    managed = around.managed_active
    if managed >= policy.small_population and count * 100 > managed * most:
        text = f"{count} of {managed} {of_what} are {count * 100 / managed:.1f} percent, more than {setting} = {most:g}"
        yield Objection(Ground.THRESHOLD, text)


def _each_situation(plan: Plan, around: Circumstances, policy: Policy) -> Iterator[Objection]:
    counts = Counter(item.situation for item in plan.items if not item.proposed)
    for situation, rule in policy.rules.items():
        count = counts[situation]
        if rule.max_count is not None and count > rule.max_count:
            text = f"{count} because of {situation} are more than max_count = {rule.max_count}"
            yield Objection(Ground.THRESHOLD, text)
        if rule.max_percent is not None:
            of_what, setting = "active accounts", f"max_percent of {situation}"
            yield from _share(count, around, policy, rule.max_percent, of_what, setting)


def _each_group(plan: Plan, around: Circumstances, policy: Policy) -> Iterator[Objection]:
    leaving = Counter(item.group_id for item in plan.items if item.effect is Effect.REMOVE_MEMBER and not item.proposed)
    for group_id, count in leaving.items():
        size = around.group_sizes.get(group_id or "", 0)
        if size >= policy.group_min_members and count * 100 > size * policy.group_max_percent:
            text = (
                f"{count} of {size} members of group {group_id} are {count * 100 / size:.1f} percent, more than "
                f"group_max_percent = {policy.group_max_percent:g}"
            )
            yield Objection(Ground.THRESHOLD, text)
        elif size < policy.group_min_members and count > policy.max_deactivations:
            yield Objection(Ground.THRESHOLD, f"{count} members of group {group_id} are more than max_deactivations")


_BUDGETED: Final = {
    Effect.DEACTIVATE: ("deactivations", "budget", "the assignments of these people"),
    Effect.REMOVE_MEMBER: ("removals of members", "budget_members", "the members of these groups"),
}
"""What a budget counts: its name, what its settings are called, and what in Okta may be wrong where it is used up."""


def _budget(plan: Plan, around: Circumstances, policy: Policy) -> Iterator[Objection]:
    for effect, (what, setting, suspect) in _BUDGETED.items():
        count, spent = plan.unasked(effect), around.spent[effect]
        day, week = policy.budget(effect)
        spans = (("24 hours", "day", spent.day, day), ("7 days", "week", spent.week, week))
        for span, name, so_far, most in spans if count else ():
            if so_far + count > most:
                text = (
                    f"{count} {what} after {so_far} in the last {span} are more than guard.{setting}_{name} = {most}: "
                    f"see in Okta whether {suspect} are right"
                )
                yield Objection(Ground.BUDGET, text)


def judge_record(unsealed: timedelta | None) -> tuple[Objection, ...]:
    """Return why nothing new may be done while the audit log does not go on, or nothing (invariant I22).

    `unsealed` is how long the oldest event that waits to be sealed has waited; None where none waits.
    """
    if unsealed is None or unsealed <= MOST_UNSEALED:
        return ()
    text = (
        f"events have waited for {in_words(unsealed)} to be sealed in the audit log, so what is done now could still "
        "be taken out of it. Does the worker run? syncd audit seal does it once"
    )
    return (Objection(Ground.AUDIT, text),)


MOST_UNSEALED: Final = timedelta(seconds=60)
"""How long an event may wait for the audit log. While the worker runs, it is a second."""

_JUDGES: Final = (_total, _each_situation, _each_group, _budget)


# ------------------------------------------------------------------ one effect


def refutes(item: Item, lookup: Lookup) -> str | None:
    """Return why a point lookup does not bear out an effect, or None when it does (invariant I3).

    What takes access away needs a definitive negative, what gives it a definitive positive.
    """
    if _bears_out(item, lookup):
        return None
    return _not_borne_out(lookup.presence, lookup.detail)


def refutes_claimant(okta_user_id: str, lookup: Lookup) -> str | None:
    """Return why an effect on an account that somebody else may have too does not happen, or None.

    Whoever was said to have the account must definitely have no access (see `Subject.claimants`).
    """
    if lookup.presence in NEGATIVE:
        return None
    return f"the account was said to belong to {okta_user_id} as well. {_not_borne_out(lookup.presence, lookup.detail)}"


def refutes_membership(item: Item, lookup: MembershipLookup) -> str | None:
    """Return why Okta's word about a member of a group does not bear out an effect, or None when it does.

    Whoever is to be removed must definitely be no member, whoever is to be added definitely one.
    """
    wanted = Belonging.MEMBER if item.effect is Effect.ADD_MEMBER else Belonging.NOT_MEMBER
    if lookup.belonging is wanted:
        return None
    return _not_borne_out(lookup.belonging, lookup.detail)


def _not_borne_out(told: str, detail: str) -> str:
    return f"Okta does not bear it out now: {told}" + (f" ({detail})" if detail else "")


def forbids_group(group: LocalGroup | None, version: int, *, is_confirmed: bool = False) -> str | None:
    """Return why a group may not be changed now, or None.

    `version` is the one that it has to have: from before its members in Okta were asked for, or what this plan left.
    `is_confirmed` tells that a push has left the group as it is since the run began.
    """
    if group is None:
        return "the group is gone"
    if group.origin is not Origin.SCIM:
        return f"the group did not come over SCIM (made by: {group.origin})"
    if group.version != version:
        return "not so: the group is as it was before its members were asked for, or as this plan left it"
    return "not so: no push has confirmed the group since the run began" if is_confirmed else None


def forbids_push(item: Item, ties: Ties) -> str | None:
    """Return why what an older plan says of a group may not happen any more, or None.

    `ties` are those of now. Okta is asked about each member again, and not about the push, the name, and what else
    claims either: a plan of now would have no such item.
    """
    if item.okta_group_id is None:
        return None
    tie = ties.get((item.okta_group_id, item.group_id or ""))
    if tie is not None and tie.situation is Situation.GROUP_CLASH:
        return f"several claim its id or name by now: {tie.reason}"
    if tie is None or tie.mapping is None or tie.situation not in COMPARED:
        return "Okta does not push the group any more, or does not show that it does"
    if tie.by_name and not item.proposed:
        return "only its name ties the group to Okta's by now, so somebody has to approve it"
    if item.effect is Effect.RENAME_GROUP and tie.mapping.name not in item.changes.values():
        return f"the group is {tie.mapping.name!r} in Okta by now"
    return None


def _bears_out(item: Item, lookup: Lookup) -> bool:
    if item.effect in GRANTS:
        return lookup.presence is Presence.ASSIGNED and lookup.user_status not in {"SUSPENDED", None}
    if item.effect not in REVOKES:
        return lookup.presence is Presence.ASSIGNED
    if item.situation is Situation.ZOMBIE_SUSPENDED:
        return lookup.user_status == "SUSPENDED"
    if item.situation is Situation.ZOMBIE_DEPROVISIONED:
        # Anything less than that is an absence, which has to be established first.
        return lookup.presence is Presence.DEPROVISIONED
    return lookup.presence in NEGATIVE


@dataclass(frozen=True, slots=True)
class Scene:
    """What an effect meets, read inside its transaction.

    `spent` has every effect that takes access away. `other_admins` is how many active administrators there are beside
    the account, None where the policy names no group of them. `is_waived` tells that a waiver is in force now,
    `is_rejected` that the rejection of an access review is, `is_confirmed` that a push has left the account as it is
    since the run began. `is_disputed` tells that the account was said to belong to others too, of whom Okta has not
    said that they have no access.
    """

    account: Account
    spent: Mapping[Effect, Spent] = field(default_factory=NOTHING_SPENT.copy)
    other_admins: int | None = None
    is_waived: bool = False
    is_rejected: bool = False
    is_confirmed: bool = False
    is_disputed: bool = False


Check = Callable[[Item, Scene, Policy], bool]
_ALL: Final = frozenset(Effect)
_MEMBERSHIPS: Final = frozenset({Effect.ADD_MEMBER, Effect.REMOVE_MEMBER})
_ON_OPEN: Final = frozenset({Effect.DEACTIVATE, Effect.UPDATE})


def _is_managed(item: Item, scene: Scene, _policy: Policy) -> bool:
    return scene.account.origin is Origin.SCIM or item.effect is Effect.LINK


def _leaves_admins(_item: Item, scene: Scene, policy: Policy) -> bool:
    return not scene.account.is_admin or (scene.other_admins or 0) >= policy.min_admins


def _stands(item: Item, scene: Scene, _policy: Policy) -> bool:
    return item.situation not in DECIDED_HERE or scene.is_rejected


def _within_budget(item: Item, scene: Scene, policy: Policy) -> bool:
    spent, (day, week) = scene.spent[item.effect], policy.budget(item.effect)
    return spent.day < day and spent.week < week


CHECKS: Final[tuple[tuple[str, frozenset[Effect], Check], ...]] = (
    ("the account is not protected", _ALL, lambda _item, scene, policy: not policy.protects(scene.account)),
    (
        "the account is neither on hold nor exempt",
        _ALL,
        lambda _item, scene, _policy: scene.account.marks.isdisjoint({MarkKind.HOLD, MarkKind.EXEMPT}),
    ),
    (
        "the account is one that may be linked",
        frozenset({Effect.LINK}),
        lambda _item, scene, _policy: (
            not scene.account.is_admin and MarkKind.CORRELATE_LATER not in scene.account.marks
        ),
    ),
    ("no waiver covers it", _ALL, lambda _item, scene, _policy: not scene.is_waived),
    ("the review's rejection stands", frozenset({Effect.DEACTIVATE}), _stands),
    ("no access review rejects it", GRANTS, lambda _item, scene, _policy: not scene.is_rejected),
    ("the account is one that syncd manages", _ALL, _is_managed),
    (
        "the account is as it was before the listing",
        _ALL - _MEMBERSHIPS,
        lambda item, scene, _policy: scene.account.version == item.version,
    ),
    # A push that changes nothing moves no version, and may be younger than all that the effect rests on.
    ("no push has confirmed it since the run began", _ALL, lambda _item, scene, _policy: not scene.is_confirmed),
    (
        # The version of a membership is its group's: that the account has come to be somebody else's shows only here.
        "the account is of the person whom Okta was asked about",
        _MEMBERSHIPS,
        lambda item, scene, _policy: scene.account.external_id in {None, item.okta_user_id},
    ),
    (
        # Of a membership, Okta is asked about each of them; and what both sides say of one another may be updated.
        "it is not in dispute whose the account is",
        (GRANTS | REVOKES) - _MEMBERSHIPS,
        lambda _item, scene, _policy: not scene.is_disputed,
    ),
    ("the account is open", _ON_OPEN | {Effect.ADD_MEMBER}, lambda _item, scene, _policy: scene.account.active),
    ("the account is closed", frozenset({Effect.REACTIVATE}), lambda _item, scene, _policy: not scene.account.active),
    ("enough administrators stay", REVOKES, _leaves_admins),
    ("the budget is not used up", REVOKES, _within_budget),
)
"""Asked inside the effect's transaction (invariants I2, I5, I6, I7, I20); each row says what has to hold, and for which
effects."""


def forbids(item: Item, scene: Scene | None, policy: Policy, *, approved: bool = False) -> str | None:
    """Return the first check that does not hold, or None when the effect may happen now.

    An approved plan may go beyond the budget, and beyond nothing else.
    """
    if scene is None:
        return "the account is gone"
    failed = (
        said
        for said, effects, holds in CHECKS
        if item.effect in effects and not (approved and holds is _within_budget) and not holds(item, scene, policy)
    )
    said = next(failed, None)
    return f"not so: {said}" if said else None


def needs_lookup(item: Item, policy: Policy) -> bool:
    """Return whether the effect has to be borne out by Okta right before it."""
    if item.effect in REVOKES and item.situation in DECIDED_HERE:
        return False
    return item.effect in GRANTS | REVOKES or policy.confirm(item.situation) in {Confirm.POINT, Confirm.BOTH}
