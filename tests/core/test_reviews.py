"""Who may decide in an access review, and what names a population and its decisions."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given

from syncd.core.reviews import (
    LONGEST_TEXT,
    Decision,
    Entry,
    Judgement,
    count_decisions,
    decisions_digest,
    owns,
    population_digest,
    refuse_closing,
    refuse_judgement,
    row_digest,
)
from syncd.core.subjects import MarkKind, Origin
from tests.core.review_builders import decided, entry, items, populations, review


def judgement(
    decision: Decision = Decision.APPROVE, reviewer: str = "grace@example.com", reason: str = ""
) -> Judgement:
    return Judgement("account-1", decision, reviewer, reason)


@pytest.mark.parametrize(
    "person",
    [
        "ada@example.com",
        "ADA@Example.COM ",
        "ada",
        "Ada Lovelace",
        "ada  lovelace",
        "Ada Lovelace <ada@elsewhere.example>",
        "Countess <COUNTESS@home.example>",
        "ada@work.example",
        "ada.lovelace@example.com",
        "ada.lovelace",
        "00u1",
        "account-1",
    ],
)
def test_nobody_reviews_their_own_account_by_whatever_name(person: str) -> None:
    assert owns(entry(), person)
    for decision in (Decision.APPROVE, Decision.REJECT):
        refusal = refuse_judgement(entry(), judgement(decision, person, "because"))
        assert refusal
        assert "another person" in refusal


@pytest.mark.parametrize("person", ["grace@example.com", "Grace Hopper", "adam", "ad", "lovelace", "00u11", "Engines"])
def test_others_review_it(person: str) -> None:
    assert refuse_judgement(entry(), judgement(reviewer=person)) is None


def test_a_rejection_needs_a_reason_and_every_decision_a_name() -> None:
    assert "needs a reason" in (refuse_judgement(entry(), judgement(Decision.REJECT, reason="  ")) or "")
    assert refuse_judgement(entry(), judgement(Decision.REJECT, reason="left the team")) is None
    assert "name of the reviewer" in (refuse_judgement(entry(), judgement(reviewer=" ")) or "")
    assert "characters" in (refuse_judgement(entry(), judgement(reason="x" * (LONGEST_TEXT + 1))) or "")


def test_a_review_is_not_closed_while_something_is_undecided_and_nobody_said_what_becomes_of_it() -> None:
    of = review(entry())
    undecided, done = items(of, [entry()]), items(of, [entry()], decided())
    assert "--undecided-as" in (refuse_closing(undecided, "grace", None) or "")
    assert refuse_closing(undecided, "grace", Decision.REJECT) is None
    assert refuse_closing(undecided, "grace", Decision.KEEP) is None
    assert refuse_closing(done, "grace", None) is None
    assert "--sign-off" in (refuse_closing(done, " ", None) or "")


def test_nobody_keeps_their_own_access_by_leaving_it_undecided() -> None:
    undecided = items(review(entry()), [entry()])
    assert "not kept on their word" in (refuse_closing(undecided, "Ada@example.com", Decision.KEEP) or "")
    assert refuse_closing(undecided, "Ada@example.com", Decision.REJECT) is None


@given(populations())
def test_an_entry_is_kept_and_read_again_as_it_was(population: list[Entry]) -> None:
    for one in population:
        assert Entry.from_json(json.loads(json.dumps(one.as_json()))) == one


@given(populations())
def test_a_population_has_one_name_in_any_order_and_another_one_when_anything_differs(population: list[Entry]) -> None:
    named = population_digest(population)
    assert {population_digest(order) for order in permutations(population)} == {named}
    first, *rest = population
    for changed in (replace(first, user_name=f"{first.user_name}!"), replace(first, privileged=not first.privileged)):
        assert population_digest([changed, *rest]) != named
    assert population_digest(rest) != named


def test_a_row_is_of_one_review_and_one_account() -> None:
    names = {row_digest("r-1", entry()), row_digest("r-2", entry()), row_digest("r-1", entry(account_id="account-2"))}
    assert len(names) == 3


def test_every_part_of_a_decision_is_in_the_name_of_all_decisions() -> None:
    of = review(entry())
    done = decided()
    others = (
        decided(Decision.REJECT),
        decided(reviewer="bob"),
        decided(reason="other"),
        decided(at=done.at + timedelta(seconds=1)),
        None,
    )
    names = {decisions_digest(of, items(of, [entry()], one)) for one in (done, *others)}
    names.add(decisions_digest(replace(of, digest="other"), items(of, [entry()], done)))
    assert len(names) == 7


def test_decisions_are_counted_zeros_included() -> None:
    of = review(entry())
    found = [*items(of, [entry()], decided()), *items(of, [entry()])]
    assert count_decisions(found) == {"approve": 1, "reject": 0, "keep": 0, "undecided": 1}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "person"),
        ({"owner": None, "origin": Origin.LOCAL}, "local"),
        ({"owner": None}, "unknown"),
        ({"marks": (MarkKind.PROTECTED,)}, "protected"),
    ],
)
def test_what_kind_of_account_it_is_as_far_as_that_is_known(changes: dict[str, object], kind: str) -> None:
    assert entry(**changes).kind == kind
