"""What an erasure says of itself, for whoever verifies the log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.audit_log import Erasure, canonical, erasure_of, is_erasure
from syncd.core.changes import Action

BODY = canonical({"action": Action.AUDIT_ERASED.value, "app": "crm"})


@given(st.text(), st.frozensets(st.integers(0, 2**63)))
def test_an_erasure_names_the_events_that_it_was_about(subject_id: str, events: frozenset[int]) -> None:
    personal = canonical({"detail": {"subject": subject_id, "events": sorted(events), "why": "a request"}})
    assert erasure_of(BODY, personal) == Erasure(subject_id, events)


@pytest.mark.parametrize("action", [one for one in Action if one is not Action.AUDIT_ERASED])
def test_no_other_event_is_one(action: Action) -> None:
    body = canonical({"action": action.value, "detail": {"events": [1], "subject": Action.AUDIT_ERASED.value}})
    assert not is_erasure(body)
    assert erasure_of(body, None) is None


@pytest.mark.parametrize(
    "personal",
    [
        None,
        b"",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        canonical({"detail": {}}),
        canonical({"detail": {"subject": "a", "events": None}}),
        canonical({"detail": {"subject": "a", "events": ["1"]}}),
        canonical({"detail": {"subject": "a", "events": [True]}}),
        canonical({"detail": {"subject": "a", "events": [[1]]}}),
        canonical({"detail": {"subject": "a", "events": {"1": 2}}}),
        canonical({"detail": {"subject": 1, "events": [1]}}),
    ],
)
def test_one_that_does_not_say_of_which_events_is_no_excuse_for_any(personal: bytes | None) -> None:
    with pytest.raises(ValueError, match="does not say"):
        erasure_of(BODY, personal)
