"""Joiners, movers and leavers: what Okta says of people, joined to what was done here, and how long that took.

The population is made of Okta's events, never of what was done here: what was forgotten here would be missing in it.
Each event that was read ends up in exactly one place, so that the places can be counted against the events.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Final

from syncd.core.changes import Action
from syncd.core.okta_events import EVENT_TYPES, MEMBERSHIP, PROFILE, PROFILE_TYPES, LogEvent

SKEW: Final = timedelta(minutes=5)
"""How far Okta's clock and ours may be apart: what was done here may seem to come before its event by that much."""

_OF_APP: Final = "application.user_membership."


class Movement(StrEnum):
    """What happens to somebody's access."""

    JOINER = "joiner"
    MOVER = "mover"
    LEAVER = "leaver"


MOVEMENTS: Final[Mapping[str, Movement]] = {
    **dict.fromkeys((f"{_OF_APP}add", f"{_OF_APP}restore"), Movement.JOINER),
    **dict.fromkeys(("user.lifecycle.activate", "user.lifecycle.reactivate"), Movement.JOINER),
    **dict.fromkeys((f"{_OF_APP}update", f"{_OF_APP}change_username", *PROFILE_TYPES), Movement.MOVER),
    **dict.fromkeys((f"{_OF_APP}remove", f"{_OF_APP}deprovision", f"{_OF_APP}revoke"), Movement.LEAVER),
    **dict.fromkeys(
        ("user.lifecycle.deactivate", "user.lifecycle.delete.initiated", "user.lifecycle.delete.completed"),
        Movement.LEAVER,
    ),
}
"""Which events are a movement. A suspension is none: it ends by itself, and drift reports tell of it."""

EFFECTS: Final[Mapping[Movement, frozenset[str]]] = {
    Movement.JOINER: frozenset({Action.ACCOUNT_CREATED, Action.ACCOUNT_REACTIVATED}),
    Movement.MOVER: frozenset({Action.ACCOUNT_UPDATED}),
    Movement.LEAVER: frozenset({Action.ACCOUNT_DEACTIVATED, Action.ACCOUNT_DELETED}),
}
"""What is done here because of each."""

MOVEMENT_OF_EFFECT: Final = {action: movement for movement, actions in EFFECTS.items() for action in actions}


class Place(StrEnum):
    """Where an event of the System Log is in the evidence: in the population, or why not."""

    POPULATION = "population"
    OUTSIDE_PERIOD = "outside-period"
    OTHER_PEOPLE = "other-people"
    """About somebody who has no account here, and of whose assignment nothing was read."""
    FAILED = "failed"
    """Okta says that it did not succeed: nothing happened to anybody's access."""
    NO_PERSON = "no-person"
    """A whole group was assigned or unassigned: the log names each person in an event of their own, or nobody."""
    NO_MOVEMENT = "no-movement"
    """A push, a suspension, or what this version does not know."""


class Source(StrEnum):
    """What brought an effect about."""

    PUSH = "push"
    DELTA = "delta"
    NIGHTLY = "nightly"
    MANUAL = "manual"


class Outcome(StrEnum):
    """What became of a movement here."""

    MATCHED = "matched"
    ALREADY = "already-so"
    SUPERSEDED = "superseded"
    NO_ACCOUNT = "no-account"
    NOT_DONE = "not-done"
    NOTHING_TO_CHANGE = "nothing-to-change"


REASONS: Final[Mapping[Outcome, str]] = {
    Outcome.MATCHED: "",
    Outcome.ALREADY: "the account was as it should be before this",
    Outcome.SUPERSEDED: "Okta said the opposite before anything was done here",
    Outcome.NO_ACCOUNT: "no account here carries this Okta user id",
    Outcome.NOT_DONE: "nothing was done here, and the account is not as it should be",
    Outcome.NOTHING_TO_CHANGE: "nothing that is kept here changed before the next event of this person",
}

_DUE: Final = frozenset({Outcome.NOT_DONE})


@dataclass(frozen=True, slots=True)
class Effect:
    """What was done here to one account, as the audit log has it: entry number `entry`.

    `okta_user_id` is that of the account as far as it is known. `at` is when its transaction began, by our clock.
    """

    entry: int
    at: datetime
    action: str
    account_id: str
    user_name: str | None
    okta_user_id: str | None
    actor: str
    source: Source
    request_id: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account as it is when the evidence is made."""

    account_id: str
    user_name: str
    okta_user_id: str
    active: bool


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to, and without, `end`."""

    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True)
class Case:
    """One movement of one person: its events, oldest first, and what was done here.

    `first` is the event from which on time is counted (t0), `assignment` the one about the application (t1).
    """

    movement: Movement
    okta_user_id: str
    events: tuple[LogEvent, ...]
    outcome: Outcome
    account_id: str | None = None
    user_name: str | None = None
    effect: Effect | None = None

    @property
    def first(self) -> LogEvent:
        """The event from which on time is counted: of a joiner, the assignment, where there is one.

        That somebody was hired weeks before they were given the application is nobody's delay.
        """
        return self.assignment if self.movement is Movement.JOINER else self.events[0]

    @property
    def assignment(self) -> LogEvent:
        """The first event about the application itself, else the first one."""
        return next((event for event in self.events if event.event_type.startswith(_OF_APP)), self.events[0])

    @property
    def elapsed(self) -> timedelta | None:
        """How long it took, from Okta's event to the effect here; less than nothing where clocks disagree."""
        return self.effect.at - self.first.published if self.effect else None

    def breaches(self, sla: timedelta, made: datetime) -> bool:
        """Return whether it took longer than it may, or has not happened in that time. `made` is now."""
        if self.effect:
            return self.effect.at - self.first.published > sla
        return self.outcome in _DUE and made - self.first.published > sla


@dataclass(frozen=True, slots=True)
class Population:
    """All movements of a period, the place of each event that was read by its uuid, and the effects without an event.

    `unexplained` has those effects of the period that no event asked for, each with the reason in words.
    """

    cases: tuple[Case, ...]
    places: Mapping[str, Place]
    unexplained: tuple[tuple[Effect, str], ...]

    @property
    def matched(self) -> int:
        """How many movements are joined to an effect."""
        return sum(case.outcome is Outcome.MATCHED for case in self.cases)


def movement_of(event: LogEvent) -> Movement | None:
    """Return which movement an event is, or None."""
    return MOVEMENTS.get(event.event_type)


def clause_of(event_type: str) -> str | None:
    """Return which clause of the log asks for an event of that type, or None."""
    known = {**EVENT_TYPES, PROFILE: PROFILE_TYPES}
    return next((clause for clause, types in known.items() if event_type in types), None)


def concerns(event: LogEvent, okta_app_id: str) -> bool:
    """Return whether an event of a whole log is one that the log of this application has."""
    clause = clause_of(event.event_type)
    return clause is not None and (clause != MEMBERSHIP or okta_app_id in event.app_ids)


def join(
    events: Iterable[LogEvent], effects: Iterable[Effect], accounts: Iterable[KnownAccount], period: Period
) -> Population:
    """Return the population of a period: the movements that have an event in it.

    `events` may begin before the period and end after it: what was begun before explains effects, and what came after
    shows what was superseded. `effects` may do so too, `accounts` are those that carry the id of somebody in an event.
    """
    told = _in_order(events)
    of_person = _by_person(effects)
    known = {one.okta_user_id: one for one in accounts}
    places = {event.uuid: _place(event) for event in told}
    assigned = {one for event in told for one in event.user_ids if event.event_type.startswith(_OF_APP)}
    here = assigned | known.keys() | of_person.keys()
    cases: list[Case] = []
    for person, own in _of_each_person(told, places):
        if person in here:
            cases += _cases(person, own, of_person.get(person, ()), known.get(person))
        else:
            places |= {event.uuid: Place.OTHER_PEOPLE for event in own if here.isdisjoint(event.user_ids)}
    inside = tuple(sorted((case for case in cases if any(one.published in period for one in case.events)), key=_order))
    counted = {event.uuid for case in inside for event in case.events}
    for event in told:
        if event.uuid not in counted and (event.published not in period or places[event.uuid] is Place.POPULATION):
            places[event.uuid] = Place.OUTSIDE_PERIOD
    used = {case.effect.entry for case in cases if case.effect}
    every = sorted((one for own in of_person.values() for one in own), key=lambda one: one.entry)
    left = [one for one in every if one.entry not in used and one.at in period]
    return Population(inside, places, tuple((one, _why_unexplained(one)) for one in left))


# ------------------------------------------------------------------ one person


def _cases(
    person: str, events: Sequence[LogEvent], effects: Sequence[Effect], account: KnownAccount | None
) -> list[Case]:
    return [*_access(person, events, effects, account), *_moves(person, events, effects, account)]


def _access(
    person: str, events: Sequence[LogEvent], effects: Sequence[Effect], account: KnownAccount | None
) -> list[Case]:
    """Return the movements that give or take access: events of one kind are one movement until it was carried out."""
    turns = [one for one in events if movement_of(one) in {Movement.JOINER, Movement.LEAVER}]
    runs = [(movement, list(own)) for movement, own in groupby(turns, key=movement_of) if movement]
    cases: list[Case] = []
    for number, (movement, own) in enumerate(runs):
        until = runs[number + 1][1][0].published if number + 1 < len(runs) else None
        used = {case.effect for case in cases}
        due = [one for one in effects if one.action in EFFECTS[movement] and one not in used]
        fitting = [one for one in due if _follows(one, own[0], until)]
        cases += _of_one_run(_Run(movement, person, own, superseded=until is not None), fitting, account)
    return cases


@dataclass(frozen=True, slots=True)
class _Run:
    """Events of one person that say the same of their access; `superseded` tells that the opposite came after them."""

    movement: Movement
    person: str
    events: list[LogEvent]
    superseded: bool

    def case(
        self, events: Sequence[LogEvent], outcome: Outcome, effect: Effect | None, account: KnownAccount | None
    ) -> Case:
        account_id = effect.account_id if effect else account.account_id if account else None
        name = account.user_name if account else effect.user_name if effect else None
        return Case(self.movement, self.person, tuple(events), outcome, account_id, name, effect)


def _of_one_run(run: _Run, effects: Sequence[Effect], account: KnownAccount | None) -> list[Case]:
    """Return a case up to each effect that an event came before, and one for what was said after the last of them."""
    cases: list[Case] = []
    left = run.events
    for effect in effects:
        before = [one for one in left if one.published <= effect.at + SKEW]
        if before:
            cases.append(run.case(before, Outcome.MATCHED, effect, account))
            left = left[len(before) :]
    if left:
        cases.append(run.case(left, _without_effect(run, account, done=bool(cases)), None, account))
    return cases


def _without_effect(run: _Run, account: KnownAccount | None, *, done: bool) -> Outcome:
    if done:
        return Outcome.ALREADY
    if run.superseded:
        return Outcome.SUPERSEDED
    if account is None:
        return Outcome.NOT_DONE if run.movement is Movement.JOINER else Outcome.NO_ACCOUNT
    return Outcome.ALREADY if account.active is (run.movement is Movement.JOINER) else Outcome.NOT_DONE


def _moves(
    person: str, events: Sequence[LogEvent], effects: Sequence[Effect], account: KnownAccount | None
) -> list[Case]:
    """Return a case for each change of somebody who stays, with the first update before their next change."""
    moves = [one for one in events if movement_of(one) is Movement.MOVER]
    updates = [one for one in effects if one.action in EFFECTS[Movement.MOVER]]
    cases: list[Case] = []
    used: set[int] = set()
    for number, event in enumerate(moves):
        until = moves[number + 1].published if number + 1 < len(moves) else None
        effect = next((one for one in updates if one.entry not in used and _follows(one, event, until)), None)
        if effect:
            used.add(effect.entry)
        known = account or effect
        outcome = Outcome.MATCHED if effect else Outcome.NOTHING_TO_CHANGE if known else Outcome.NO_ACCOUNT
        run = _Run(Movement.MOVER, person, [event], superseded=False)
        cases.append(run.case([event], outcome, effect, account))
    return cases


def _follows(effect: Effect, event: LogEvent, until: datetime | None) -> bool:
    return effect.at >= event.published - SKEW and (until is None or effect.at < until)


# ------------------------------------------------------------------ everybody


def _in_order(events: Iterable[LogEvent]) -> list[LogEvent]:
    """Return each event once, by the time at which it happened."""
    once = {event.uuid: event for event in events}
    return sorted(once.values(), key=lambda event: (event.published, event.uuid))


def _place(event: LogEvent) -> Place:
    if movement_of(event) is None:
        return Place.NO_MOVEMENT if event.user_ids else Place.NO_PERSON
    if not event.succeeded:
        return Place.FAILED
    return Place.POPULATION if event.user_ids else Place.NO_PERSON


def _of_each_person(events: Iterable[LogEvent], places: Mapping[str, Place]) -> Iterable[tuple[str, list[LogEvent]]]:
    own: defaultdict[str, list[LogEvent]] = defaultdict(list)
    for event in events:
        if places[event.uuid] is Place.POPULATION:
            for person in dict.fromkeys(event.user_ids):
                own[person].append(event)
    return sorted(own.items())


def _by_person(effects: Iterable[Effect]) -> dict[str, list[Effect]]:
    """Return the effects on each account in order, by Okta user id; those of unknown accounts under nobody's."""
    found: defaultdict[str, list[Effect]] = defaultdict(list)
    for effect in sorted(effects, key=lambda one: (one.at, one.entry)):
        if effect.action in MOVEMENT_OF_EFFECT:
            found[effect.okta_user_id or ""].append(effect)
    return dict(found)


def _order(case: Case) -> tuple[datetime, str, str]:
    return case.first.published, case.first.uuid, case.movement


def _why_unexplained(effect: Effect) -> str:
    if effect.okta_user_id is None:
        return "the account carries no Okta user id"
    if effect.source is Source.MANUAL:
        return "a person did it here, and no event of Okta asked for it"
    return "no event of Okta that was read asked for it"
