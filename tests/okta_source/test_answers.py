"""What every answer amounts to, and what its error says."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.okta_source.answers import Answer, Reading, Verdict, error_summary, judge
from syncd.okta_source.faults import Question, explain
from syncd.okta_source.pacing import Bucket
from syncd.ports import SourceFault

QUESTION = Question("/api/v1/apps/0oa1/users?after=secret", Bucket.APP_USERS, "page 2", list)
JSON = ("application/json",)


def answer(
    status: int, document: Any = None, *, of_token: bool = False, media_type: str = "application/json"
) -> Answer:
    body = b"" if document is None else orjson.dumps(document)
    return Answer(status, {"content-type": (media_type,)}, body, of_token=of_token)


GONE = {"errorCode": "E0000007", "errorSummary": "Not found: Resource not found: 0oa1 (AppInstance)"}


@pytest.mark.parametrize(
    ("given_answer", "verdict"),
    [
        (answer(200, []), Verdict.ACCEPTED),
        (answer(200, [], media_type="Application/JSON; charset=utf-8"), Verdict.ACCEPTED),
        (answer(200, [], media_type="application/json-seq"), Verdict.TRY_AGAIN),
        (answer(200, {}), Verdict.TRY_AGAIN),
        (answer(201, []), Verdict.REFUSED),
        (answer(206, []), Verdict.REFUSED),
        (answer(304), Verdict.REFUSED),
        (answer(400, {}), Verdict.REFUSED),
        (answer(401), Verdict.UNAUTHORIZED),
        (answer(403), Verdict.REFUSED),
        (answer(404, GONE), Verdict.MISSING),
        (answer(404, GONE, media_type="text/html"), Verdict.REFUSED),
        (answer(404, {}), Verdict.REFUSED),
        (answer(404, [GONE]), Verdict.REFUSED),
        (answer(410, GONE), Verdict.REFUSED),
        (answer(408), Verdict.TRY_AGAIN),
        (answer(429), Verdict.LIMITED),
        (answer(500, GONE), Verdict.TRY_AGAIN),
        (answer(599), Verdict.TRY_AGAIN),
        (Answer(0, failure="TimeoutError"), Verdict.TRY_AGAIN),
        (answer(200, [], of_token=True), Verdict.TRY_AGAIN),
        (answer(200, {"access_token": "x"}, of_token=True), Verdict.TRY_AGAIN),
        (answer(400, {"error": "invalid_scope"}, of_token=True), Verdict.REFUSED),
        (answer(401, {"error": "invalid_client"}, of_token=True), Verdict.REFUSED),
        (answer(404, GONE, of_token=True), Verdict.REFUSED),
        (answer(408, of_token=True), Verdict.TRY_AGAIN),
        (answer(429, of_token=True), Verdict.LIMITED),
        (answer(503, of_token=True), Verdict.TRY_AGAIN),
        (Answer(0, of_token=True), Verdict.TRY_AGAIN),
    ],
)
def test_an_answer_is_judged(given_answer: Answer, verdict: Verdict) -> None:
    assert judge(given_answer, list).verdict is verdict


@pytest.mark.parametrize(
    ("given_answer", "flaw"),
    [
        (answer(200), "HTTP 200 with an empty body"),
        (answer(200, [], media_type=""), "HTTP 200 with no media type instead of JSON"),
        (answer(200, [], media_type="text/html"), "HTTP 200 with text/html instead of JSON"),
        (answer(200, {}), "HTTP 200 with JSON that is not a list"),
        (answer(502), "HTTP 502"),
        (Answer(0, failure="ServerDisconnectedError: gone"), "ServerDisconnectedError: gone"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said_in_words(given_answer: Answer, flaw: str) -> None:
    assert judge(given_answer, list).flaw == flaw


@given(st.integers(0, 999), st.binary(max_size=20) | st.sampled_from([b"[]", b"{}"]), st.booleans())
def test_only_a_list_under_status_200_is_ever_accepted(status: int, body: bytes, of_token: bool) -> None:
    reading = judge(Answer(status, {"content-type": JSON}, body, of_token=of_token), list)
    if reading.verdict is Verdict.ACCEPTED:
        assert (status, of_token) == (200, False)
        assert isinstance(reading.document, list)


@pytest.mark.parametrize("status", [*range(200, 209), *range(300, 309), *range(400, 432), *range(500, 512), 0])
@pytest.mark.parametrize("of_token", [False, True])
def test_every_answer_that_is_not_accepted_has_an_error_with_a_remedy(status: int, of_token: bool) -> None:
    given_answer = answer(status, of_token=of_token)
    error = explain(given_answer, judge(given_answer, list), QUESTION)
    assert error.where == "GET /api/v1/apps/0oa1/users, page 2"
    assert error.what
    assert error.remedy
    assert "secret" not in str(error)


def test_what_okta_says_is_told_on_one_printable_line() -> None:
    summary = "Not\nfound:\x1b[31m " + "x" * 300
    told = error_summary({"errorSummary": summary})
    assert told.startswith("Not found:[31m xxx")
    assert len(told) == 200


@pytest.mark.parametrize("document", [None, [], "text", {}, {"errorSummary": 7}, {"errorSummary": None}])
def test_an_error_body_that_says_nothing_is_silent(document: Any) -> None:
    assert error_summary(document) == ""
    error = explain(Answer(400), Reading(Verdict.REFUSED, document, "HTTP 400"), QUESTION)
    assert (error.fault, error.what) == (SourceFault.LISTING, "HTTP 400")
