"""Joiners, movers and leavers: each event is in one place, each effect explains one movement at most."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from syncd.core.changes import Action
from syncd.core.movements import (
    EFFECTS,
    MOVEMENTS,
    Case,
    Effect,
    KnownAccount,
    Movement,
    Outcome,
    Period,
    Place,
    Population,
    Source,
    concerns,
    join,
)
from syncd.core.okta_events import GROUP_UNASSIGNED, LogEvent

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MARCH = Period(NOON, NOON + timedelta(days=30))
ADD, REMOVE, UPDATE = (f"application.user_membership.{name}" for name in ("add", "remove", "update"))
DEACTIVATE, SUSPEND = "user.lifecycle.deactivate", "user.lifecycle.suspend"
DAY = timedelta(days=1)


def event(event_type: str, hours: float, person: str = "00u1", *, succeeded: bool = True) -> LogEvent:
    people = (person,) if person else ()
    return LogEvent(f"{event_type}@{hours}@{person}", NOON + timedelta(hours=hours), event_type, succeeded, people)


def effect(action: Action, hours: float, person: str | None = "00u1", source: Source = Source.PUSH) -> Effect:
    at = NOON + timedelta(hours=hours)
    return Effect(round(hours * 1000), at, action, f"scim-{person}", "ann", person, "token:1", source, "req-1")


def account(*, active: bool, person: str = "00u1") -> KnownAccount:
    return KnownAccount(f"scim-{person}", "ann", person, active)


def only(population: Population) -> Case:
    (case,) = population.cases
    return case


def test_a_leaver_is_timed_from_the_first_event_to_what_was_done_here() -> None:
    events = [event(DEACTIVATE, 1), event(REMOVE, 2)]
    case = only(join(events, [effect(Action.ACCOUNT_DEACTIVATED, 5)], [account(active=False)], MARCH))
    assert (case.movement, case.outcome, case.elapsed) == (Movement.LEAVER, Outcome.MATCHED, timedelta(hours=4))
    assert (case.first.event_type, case.assignment.event_type) == (DEACTIVATE, REMOVE)
    assert case.breaches(timedelta(hours=3), NOON)
    assert not case.breaches(timedelta(hours=4), NOON)


def test_a_joiner_is_timed_from_the_assignment_and_not_from_being_hired() -> None:
    events = [event("user.lifecycle.activate", 1), event(ADD, 200)]
    case = only(join(events, [effect(Action.ACCOUNT_CREATED, 201)], [account(active=True)], MARCH))
    assert case.elapsed == timedelta(hours=1)


def test_a_leaver_to_whom_nothing_was_done_is_a_breach_once_its_time_is_over() -> None:
    case = only(join([event(REMOVE, 1)], [], [account(active=True)], MARCH))
    assert case.outcome is Outcome.NOT_DONE
    assert not case.breaches(DAY, NOON + DAY)
    assert case.breaches(DAY, NOON + 2 * DAY)


def test_what_was_done_after_the_period_counts_for_what_began_in_it() -> None:
    last = MARCH.end - timedelta(minutes=1)
    events = [event(REMOVE, (last - NOON) / timedelta(hours=1))]
    done = effect(Action.ACCOUNT_DEACTIVATED, (last - NOON) / timedelta(hours=1) + 1)
    population = join(events, [done], [account(active=False)], MARCH)
    assert only(population).effect == done
    assert population.unexplained == ()


def test_what_began_before_the_period_explains_its_effect_and_is_not_in_the_population() -> None:
    population = join([event(REMOVE, -1)], [effect(Action.ACCOUNT_DEACTIVATED, 1)], [account(active=False)], MARCH)
    assert (population.cases, population.unexplained) == ((), ())
    assert list(population.places.values()) == [Place.OUTSIDE_PERIOD]


def test_what_began_before_the_period_and_is_said_again_in_it_counts_from_its_beginning() -> None:
    case = only(join([event(DEACTIVATE, -5), event(REMOVE, 1)], [], [account(active=True)], MARCH))
    assert (case.first.event_type, case.outcome) == (DEACTIVATE, Outcome.NOT_DONE)
    assert case.breaches(DAY, NOON + timedelta(hours=20))


def test_somebody_who_comes_back_before_anything_was_done_is_superseded() -> None:
    population = join([event(REMOVE, 1), event(ADD, 2)], [], [account(active=True)], MARCH)
    assert [(case.movement, case.outcome) for case in population.cases] == [
        (Movement.LEAVER, Outcome.SUPERSEDED),
        (Movement.JOINER, Outcome.ALREADY),
    ]


def test_what_is_said_again_after_it_was_done_is_already_so() -> None:
    events = [event(REMOVE, 1), event(DEACTIVATE, 50)]
    population = join(events, [effect(Action.ACCOUNT_DEACTIVATED, 2)], [account(active=False)], MARCH)
    assert [case.outcome for case in population.cases] == [Outcome.MATCHED, Outcome.ALREADY]


def test_an_effect_is_given_to_one_movement_only_though_clocks_differ() -> None:
    minute = 1 / 60
    events = [event(ADD, 1), event(REMOVE, 1 + minute), event(ADD, 1 + 2 * minute)]
    effects = [effect(Action.ACCOUNT_CREATED, 1 + minute / 2)]
    population = join(events, effects, [account(active=True)], MARCH)
    assert [case.outcome for case in population.cases] == [Outcome.MATCHED, Outcome.SUPERSEDED, Outcome.ALREADY]


def test_a_joiner_without_an_account_is_not_done_and_a_leaver_without_one_had_none() -> None:
    population = join([event(ADD, 1), event(REMOVE, 1, "00u2")], [], [], MARCH)
    assert {case.movement: case.outcome for case in population.cases} == {
        Movement.JOINER: Outcome.NOT_DONE,
        Movement.LEAVER: Outcome.NO_ACCOUNT,
    }


def test_a_mover_is_joined_to_the_first_update_before_their_next_change() -> None:
    events = [event(UPDATE, 1), event(UPDATE, 5)]
    population = join(events, [effect(Action.ACCOUNT_UPDATED, 6)], [account(active=True)], MARCH)
    assert [case.outcome for case in population.cases] == [Outcome.NOTHING_TO_CHANGE, Outcome.MATCHED]


def test_events_that_are_no_movement_are_placed_and_counted() -> None:
    events = [
        event(SUSPEND, 1),
        event(REMOVE, 2, succeeded=False),
        event(GROUP_UNASSIGNED, 3, ""),
        event(DEACTIVATE, 4, "00ustranger"),
        event(REMOVE, 24 * 40),
        event(REMOVE, 5),
    ]
    population = join(events, [], [account(active=False)], MARCH)
    assert Counter(population.places.values()) == Counter(
        [
            *(Place.NO_MOVEMENT, Place.FAILED, Place.NO_PERSON),
            *(Place.OTHER_PEOPLE, Place.POPULATION, Place.POPULATION),
        ]
    )


def test_effects_without_an_event_are_listed_with_the_reason() -> None:
    effects = [
        effect(Action.ACCOUNT_DEACTIVATED, 1),
        effect(Action.ACCOUNT_DEACTIVATED, 2, None),
        effect(Action.ACCOUNT_CREATED, 3, "00u2", Source.MANUAL),
        effect(Action.ACCOUNT_CREATED, -3, "00u3"),
    ]
    reasons = [reason for _, reason in join([], effects, [], MARCH).unexplained]
    assert reasons == [
        "no event of Okta that was read asked for it",
        "the account carries no Okta user id",
        "a person did it here, and no event of Okta asked for it",
    ]


def test_of_a_whole_log_only_what_is_about_this_application_or_the_person_concerns() -> None:
    mine = LogEvent("u", NOON, REMOVE, True, ("00u1",), ("0oamine",))
    assert concerns(mine, "0oamine")
    assert not concerns(mine, "0oaother")
    assert concerns(event(DEACTIVATE, 1), "0oamine")
    assert not concerns(event("user.session.start", 1), "0oamine")


TYPES = [*MOVEMENTS, SUSPEND, GROUP_UNASSIGNED, "application.provision.user.push"]
events_of_anybody = st.builds(
    event,
    st.sampled_from(TYPES),
    st.integers(-40, 900).map(lambda number: number / 3),
    st.sampled_from(["00u1", "00u2", "00u3", ""]),
    succeeded=st.booleans(),
)
effects_on_anybody = st.builds(
    effect,
    st.sampled_from([Action(action) for actions in EFFECTS.values() for action in sorted(actions)]),
    st.integers(-40, 900).map(lambda number: number / 7),
    st.sampled_from(["00u1", "00u2", None]),
)


@given(
    st.lists(events_of_anybody, max_size=25, unique_by=lambda one: one.uuid),
    st.lists(effects_on_anybody, max_size=15, unique_by=lambda one: one.entry),
    st.lists(st.booleans(), max_size=1),
)
def test_everything_that_was_read_is_in_exactly_one_place(
    events: list[LogEvent], effects: list[Effect], there: list[bool]
) -> None:
    population = join(events, effects, [account(active=active) for active in there], MARCH)
    assert population.places.keys() == {one.uuid for one in events}
    listed = Counter(one.uuid for case in population.cases for one in case.events)
    assert set(listed.values()) <= {1}
    assert set(listed) == {uuid for uuid, place in population.places.items() if place is Place.POPULATION}
    used = [case.effect.entry for case in population.cases if case.effect]
    assert len(used) == len(set(used))
    assert not set(used) & {one.entry for one, _ in population.unexplained}
    for case in population.cases:
        assert any(one.published in MARCH for one in case.events)
        assert (case.effect is not None) == (case.outcome is Outcome.MATCHED)
        assert case.effect is None or case.effect.action in EFFECTS[case.movement]
        assert case.effect is None or case.effect.okta_user_id == case.okta_user_id
    assert population == join(reversed(events), reversed(effects), [account(active=active) for active in there], MARCH)
