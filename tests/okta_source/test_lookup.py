"""What a point lookup makes of every pair of answers. Only Okta's own words are definitive."""

from datetime import timedelta
from typing import Any

import pytest

from syncd.core.subjects import Presence
from tests.okta_source.conftest import OpenSource, Serve
from tests.okta_source.listing_script import APP_ID, LISTING
from tests.okta_source.scripted_okta import Request, Response, json_response, okta_error
from tests.support.waiting import Waiting

WHO = "00u00000000000000007"
USER = f"/api/v1/users/{WHO}"
ASSIGNED, UNASSIGNED, DEPROVISIONED, GONE, UNKNOWN = (
    Presence.ASSIGNED,
    Presence.UNASSIGNED,
    Presence.DEPROVISIONED,
    Presence.GONE,
    Presence.UNKNOWN,
)
NOT_FOUND = okta_error(404, "E0000007", f"Not found: Resource not found: {WHO} (AppUser)")
HTML = Response(404, b"<html>Not Found</html>").typed("text/html")


def user(status: Any = "ACTIVE", who: str = WHO) -> dict[str, Any]:
    return {"id": who, "status": status}


def app_user(status: Any, embedded: Any = None) -> Response:
    return json_response({"id": WHO, "status": status, "_embedded": {"user": embedded or user()}})


BARE = json_response({"id": WHO, "status": "ACTIVE"})

DEFINITIVE: list[tuple[Response, Response, Presence]] = [
    *((app_user(status), NOT_FOUND, ASSIGNED) for status in ("ACTIVE", "PROVISIONED", "STAGED", "PENDING", "APPROVED")),
    (app_user("IMPLICIT"), NOT_FOUND, ASSIGNED),
    (app_user("ACTIVE", user("SUSPENDED")), NOT_FOUND, ASSIGNED),
    (BARE, json_response(user()), ASSIGNED),
    (app_user("DEPROVISIONED", user("DEPROVISIONED")), NOT_FOUND, DEPROVISIONED),
    (app_user("ACTIVE", user("DEPROVISIONED")), NOT_FOUND, DEPROVISIONED),
    (BARE, json_response(user("DEPROVISIONED")), DEPROVISIONED),
    (NOT_FOUND, json_response(user("DEPROVISIONED")), DEPROVISIONED),
    (NOT_FOUND, json_response(user("ACTIVE")), UNASSIGNED),
    (NOT_FOUND, json_response(user("SUSPENDED")), UNASSIGNED),
    (NOT_FOUND, json_response(user("A_NEW_STATUS")), UNASSIGNED),
    (NOT_FOUND, NOT_FOUND, GONE),
]

UNCLEAR: dict[str, Response] = {
    "401": okta_error(401, "E0000011", "Invalid token provided"),
    "403": okta_error(403, "E0000006", "You do not have permission"),
    "400": okta_error(400, "E0000001", "Api validation failed"),
    "408": Response(408),
    "429": okta_error(429, "E0000047", "API call exceeded rate limit due to too many requests."),
    "500": okta_error(500, "E0000009", "Internal Server Error"),
    "502 empty": Response(502, headers=()),
    "503 with Okta's 404 body": Response(503, NOT_FOUND.body),
    "404 with HTML": HTML,
    "404 empty": Response(404),
    "404 with an empty object": json_response({}, 404),
    "404 with another code": okta_error(404, "E0000022", "The endpoint does not support the provided HTTP method"),
    "404 with the code and called text": NOT_FOUND.typed("text/plain"),
    "404 about the application": okta_error(404, "E0000007", f"Not found: Resource not found: {APP_ID} (AppInstance)"),
    "404 cut off": Response(404, NOT_FOUND.body, sent=20),
    "200 empty": Response(),
    "200 with Okta's 404 body": Response(200, NOT_FOUND.body),
    "200 with a list": json_response([user()]),
    "200 with null": json_response(None),
    "200 with HTML": Response(200, HTML.body).typed("text/html"),
    "200 about another id": json_response({**user(who="00uSomebodyElse"), "_embedded": {"user": user()}}),
    "200 without an id": json_response({"status": "ACTIVE", "_embedded": {"user": user()}}),
    "302": Response(302, headers=(("Location", "/login"),)),
    "dropped": Response(dropped=True),
}


class Answers:
    """A script with one answer for the application user and one for the user."""

    def __init__(self, of_app_user: Response, of_user: Response) -> None:
        self.of_app_user, self.of_user = of_app_user, of_user

    def __call__(self, request: Request) -> Response:
        answer = self.of_app_user if request.path.startswith(LISTING) else self.of_user
        return answer.having(("X-Okta-Request-Id", "app-user" if request.path.startswith(LISTING) else "user"))


@pytest.mark.parametrize(("of_app_user", "of_user", "presence"), DEFINITIVE)
def test_what_okta_says_itself_is_definitive(
    of_app_user: Response, of_user: Response, presence: Presence, open_okta: OpenSource, serve: Serve
) -> None:
    assert open_okta(serve(Answers(of_app_user, of_user)).url).look_up(WHO).presence is presence


def test_an_answer_tells_how_old_the_assignment_is_and_how_its_push_went(open_okta: OpenSource, serve: Serve) -> None:
    told = {"created": "2026-11-23T09:00:00.000Z", "statusChanged": "2026-11-23T09:50:00.000Z", "syncState": "ERROR"}
    found = json_response({"id": WHO, "status": "PENDING", "_embedded": {"user": user()}, **told})
    dated = found.having(("Date", "Mon, 23 Nov 2026 10:00:00 GMT"))
    answer = open_okta(serve(Answers(dated, NOT_FOUND)).url).look_up(WHO)
    assert (answer.app_status, answer.sync_state, answer.age) == ("PENDING", "ERROR", timedelta(minutes=10))
    assert open_okta(serve(Answers(NOT_FOUND, BARE)).url).look_up(WHO).age is None


@pytest.mark.parametrize("name", UNCLEAR)
def test_anything_else_about_the_application_user_is_unknown(name: str, open_okta: OpenSource, serve: Serve) -> None:
    answer = open_okta(serve(Answers(UNCLEAR[name], NOT_FOUND)).url, max_wait_total=0.0).look_up(WHO)
    assert answer.presence is UNKNOWN
    assert answer.detail


@pytest.mark.parametrize("of_app_user", [NOT_FOUND, BARE])
@pytest.mark.parametrize("name", UNCLEAR)
def test_anything_else_about_the_user_is_unknown(
    name: str, of_app_user: Response, open_okta: OpenSource, serve: Serve
) -> None:
    answer = open_okta(serve(Answers(of_app_user, UNCLEAR[name])).url, max_wait_total=0.0).look_up(WHO)
    assert answer.presence is UNKNOWN
    assert answer.detail


@pytest.mark.parametrize("status", ["SUSPENDED", "IMPORTED", "MATCHED", "BRAND_NEW", None, 7])
def test_an_application_user_in_a_status_that_is_no_assignment_is_unknown(
    status: object, open_okta: OpenSource, serve: Serve
) -> None:
    answer = open_okta(serve(Answers(app_user(status), NOT_FOUND)).url).look_up(WHO)
    assert (answer.presence, answer.user_status) == (UNKNOWN, "ACTIVE")


@pytest.mark.parametrize("status", ["DEPROVISIONED", "REVOKED", "INACTIVE", "UNASSIGNED"])
def test_an_application_user_that_says_it_grants_nothing_is_no_assignment(
    status: str, open_okta: OpenSource, serve: Serve
) -> None:
    answer = open_okta(serve(Answers(app_user(status), NOT_FOUND)).url).look_up(WHO)
    assert (answer.presence, answer.user_status, answer.app_status) == (Presence.UNASSIGNED, "ACTIVE", status)


@pytest.mark.parametrize("status", [None, "", 7, ["ACTIVE"]])
def test_a_user_whose_status_is_not_told_is_unknown(status: object, open_okta: OpenSource, serve: Serve) -> None:
    answer = open_okta(serve(Answers(NOT_FOUND, json_response(user(status)))).url).look_up(WHO)
    assert answer.presence is UNKNOWN


def test_an_embedded_user_who_is_somebody_else_is_not_believed(open_okta: OpenSource, serve: Serve) -> None:
    of_app_user = app_user("ACTIVE", user("DEPROVISIONED", who="00uSomebodyElse"))
    assert open_okta(serve(Answers(of_app_user, json_response(user()))).url).look_up(WHO).presence is ASSIGNED


def test_an_answer_carries_both_statuses_and_oktas_request_ids(open_okta: OpenSource, serve: Serve) -> None:
    answer = open_okta(serve(Answers(BARE, json_response(user("LOCKED_OUT")))).url).look_up(WHO)
    assert (answer.app_status, answer.user_status) == ("ACTIVE", "LOCKED_OUT")
    assert answer.request_ids == ("app-user", "user")
    assert answer.detail == "the user is LOCKED_OUT, and the assignment has the status 'ACTIVE'"


def test_a_lookup_is_sent_each_time(open_okta: OpenSource, serve: Serve) -> None:
    okta = serve(Answers(app_user("ACTIVE"), NOT_FOUND))
    source = open_okta(okta.url)
    assert source.look_up(WHO).presence is ASSIGNED
    okta.script = Answers(NOT_FOUND, json_response(user()))
    assert source.look_up(WHO).presence is UNASSIGNED


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("00u/../../groups", "/api/v1/users/00u%2F..%2F..%2Fgroups"),
        ("ada@example.com", "/api/v1/users/ada%40example.com"),
        ("00u?x=1#y", "/api/v1/users/00u%3Fx%3D1%23y"),
        ("00ü 1", "/api/v1/users/00%C3%BC%201"),
    ],
)
def test_an_id_stays_one_segment_of_the_path(who: str, path: str, open_okta: OpenSource, serve: Serve) -> None:
    okta = serve(Answers(NOT_FOUND, NOT_FOUND))
    open_okta(okta.url).look_up(who)
    assert okta.targets[1] == path


@pytest.mark.parametrize("who", ["ada@example.com", "emp-1234", "me", "7"])
def test_that_okta_does_not_know_what_never_was_its_id_says_nothing(
    who: str, open_okta: OpenSource, serve: Serve
) -> None:
    assert open_okta(serve(Answers(NOT_FOUND, NOT_FOUND)).url).look_up(who).presence is UNKNOWN


def test_a_login_that_okta_resolves_to_a_user_says_nothing(open_okta: OpenSource, serve: Serve) -> None:
    okta = serve(Answers(NOT_FOUND, json_response(user())))
    assert open_okta(okta.url).look_up("ada@example.com").presence is UNKNOWN


@pytest.mark.parametrize("who", ["", ".", ".."])
def test_what_a_server_would_take_for_a_directory_is_not_asked(who: str, open_okta: OpenSource, serve: Serve) -> None:
    okta = serve(Answers(NOT_FOUND, NOT_FOUND))
    assert open_okta(okta.url).look_up(who).presence is UNKNOWN
    assert okta.requests == []


def test_a_lookup_that_is_refused_for_the_rate_is_tried_again(
    open_okta: OpenSource, serve: Serve, waiting: Waiting
) -> None:
    refusals = iter([UNCLEAR["429"], UNCLEAR["429"]])
    okta = serve(lambda request: next(refusals, None) or Answers(NOT_FOUND, NOT_FOUND)(request))
    assert open_okta(okta.url).look_up(WHO).presence is GONE
    assert waiting.said[0] == f"waiting 31 s for Okta's rate limit, user {WHO}"
