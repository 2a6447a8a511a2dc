"""No secret reaches the log, wherever it hides; every line is one line and says when and what."""

import io
import json
import logging
from collections.abc import Callable

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from syncd import telemetry

MINTED = "syncd_" + "aB3-" * 10 + "xyz"
OKTA_TOKEN = "00aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abcd"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIwb2ExYjJjM2Q0In0.c2lnbmF0dXJl"
JWK_EXPONENT = "X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HL"
REGISTERED = "correct horse\nbattery"

Lines = Callable[[], str]


@pytest.fixture(params=["plain", "json"])
def lines(request: pytest.FixtureRequest) -> Lines:
    """Set the log up in either form, and give what has been written to it."""
    stream = io.StringIO()
    secrets = [REGISTERED, "hunter2hunter2", "pw-1", 'it\'s "quoted" here']
    telemetry.configure_logging("debug", request.param, secrets, stream)
    return stream.getvalue


def fail(text: str) -> None:
    raise ValueError(text)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"Authorization: Bearer {MINTED}", MINTED),
        ("{'authorization': 'Basic dXNlcjpodW50ZXI='}", "dXNlcjpodW50ZXI="),
        (f"bearer {OKTA_TOKEN}", OKTA_TOKEN),
        (f"SSWS {OKTA_TOKEN}", OKTA_TOKEN),
        (f"the token {MINTED} was", MINTED),
        (f"client_assertion={JWT}&x=1", JWT),
        (JWT, "eyJpc3MiOiIwb2ExYjJjM2Q0In0"),
        ("postgresql+psycopg://syncd:s3cr3t%21@db:5432/syncd", "s3cr3t"),
        ("host=db user=syncd password=s3cr3t dbname=syncd", "s3cr3t"),
        ('{"api_token": "s3cr3t"}', "s3cr3t"),
        ("postgresql://syncd:s3cr/3t@db/syncd", "3t@"),
        ('{"kty": "RSA", "d": "' + JWK_EXPONENT + '"}', JWK_EXPONENT),
        ("password is pw-1", "pw-1"),
        ('it\'s "quoted" here', "quoted"),
        (PEM, "MIIEvQIBADANBg"),
        (PEM[:60], "MIIEvQIBADANBg"),
        (REGISTERED, "battery"),
        ("the password hunter2hunter2 is wrong", "hunter2hunter2"),
    ],
)
def test_a_secret_is_redacted_in_values_in_exceptions_and_in_what_libraries_log(
    lines: Lines, text: str, secret: str
) -> None:
    log = structlog.get_logger("test")
    log.info("value", text=text, nested={"list": [text]})
    log.info(text)
    logging.getLogger("library").warning("argument %s", text)
    try:
        fail(text)
    except ValueError:
        log.exception("failed")
        logging.getLogger("library").exception("failed")
    assert secret not in lines()
    assert lines().count(telemetry.REDACTED) >= 6


def test_local_variables_of_a_traceback_are_not_shown(lines: Lines) -> None:
    unregistered = "unregisteredsecret"[::-1]
    try:
        fail(str(len(unregistered)))
    except ValueError:
        structlog.get_logger("test").exception("failed")
    assert "terces" not in lines()
    assert "ValueError: 18" in lines()


def test_innocent_text_is_left_alone(lines: Lines) -> None:
    text = "GET https://example.okta.com:443/api/v1/apps/0oa1/users?limit=500 for user ada@example.com, token t1"
    structlog.get_logger("test").info("value", text=text)
    assert text in lines()


def test_a_short_secret_is_not_looked_for_inside_of_words(lines: Lines) -> None:
    structlog.get_logger("test").info("value", text="pw-12 and xpw-1")
    assert telemetry.REDACTED not in lines()


def test_what_a_client_sends_cannot_begin_a_line(lines: Lines) -> None:
    structlog.get_logger("test").info("request", path="/a\n2026 forged\r\x1b[2J\u2028\x9b")
    logging.getLogger("library").warning("path %s", "/a\nforged")
    assert lines().count("\n") == 2
    assert not {"\r", "\x1b[2J", "\u2028", "\x9b"} & set(lines())


@pytest.mark.parametrize("form", ["json", "auto"])
def test_a_line_for_machines_is_json_in_utc(form: str, lines: Lines) -> None:
    stream = io.StringIO()
    telemetry.configure_logging("info", form, (), stream)
    structlog.get_logger("syncd.web").info("request", status=200, request_id="r1")
    line = json.loads(stream.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "request", "level": "info", "logger": "syncd.web", "status": 200, "request_id": "r1"}


def test_a_level_holds_and_libraries_do_not_go_below_their_floor(lines: Lines) -> None:
    sdk = logging.getLogger("okta-sdk-python")
    sdk.setLevel(logging.DEBUG)
    sdk.debug("headers")
    logging.getLogger("urllib3.connectionpool").debug("headers")
    structlog.get_logger("test").debug("shown")
    assert "headers" not in lines()
    assert "shown" in lines()


def test_what_is_bound_to_the_request_is_in_lines_of_libraries_too(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-17"):
        logging.getLogger("library").warning("slow")
    assert "r-17" in lines()


def written(*, level: str = "info", form: str = "json", secrets: tuple[str, ...] = ()) -> io.StringIO:
    stream = io.StringIO()
    telemetry.configure_logging(level, form, secrets, stream)
    return stream


def test_a_crowd_is_written_together_and_looks_like_any_other_line() -> None:
    structlog.contextvars.clear_contextvars()
    stream = written()
    crowd = telemetry.Crowd("syncd.web", "request")
    assert crowd.add(path="/Users", status=200)
    assert crowd.add(path="/x\ny", actor=None)
    assert stream.getvalue() == ""
    crowd.flush()
    crowd.flush()
    structlog.get_logger("syncd.web").info("request", path="/Users", status=200)
    first, second, usual = map(json.loads, stream.getvalue().splitlines())
    assert first | {"timestamp": ""} == usual | {"timestamp": ""}
    assert (second["path"], second["actor"]) == ("/x\ny", None)


@pytest.mark.parametrize(
    "secret", [MINTED, f"Bearer {OKTA_TOKEN}", JWT, "hunter2hunter2", f"/a:b?password={OKTA_TOKEN}"]
)
def test_a_secret_in_a_crowd_is_redacted(secret: str) -> None:
    stream = written(secrets=("hunter2hunter2",))
    crowd = telemetry.Crowd("syncd.web", "request")
    crowd.add(path=f"/Users/{secret}", request_id="r1")
    crowd.flush()
    assert secret not in stream.getvalue()
    assert json.loads(stream.getvalue())["request_id"] == "r1"


def test_a_crowd_is_written_at_once_where_people_read_it_and_not_at_all_below_the_level() -> None:
    stream = written(form="plain")
    crowd = telemetry.Crowd("syncd.web", "request")
    assert not crowd.add(path="/Users")
    assert "/Users" in stream.getvalue()
    quiet = written(level="warning")
    assert not crowd.add(path="/Users")
    crowd.flush()
    assert quiet.getvalue() == ""


_PIECES = st.sampled_from(
    [
        *("Bearer ", "bEarer\t", "authorization", "Authorization: ", '"d": "', "'qi' :", "k:", "password=", "SECRET: "),
        *("api_token", "apitoken=", "private_key: ", "privatekey=", "postgres://a:", "http://u:", "@", "://", ":", "="),
        *(MINTED, OKTA_TOKEN, JWT, PEM, JWK_EXPONENT, "\\", '"', " ", "\n", "x", "ba\u017fic ", "to\u212aen"),
    ]
)


@given(st.lists(st.one_of(_PIECES, st.text(max_size=5)), max_size=8).map("".join))
def test_looking_first_whether_a_rule_can_apply_changes_nothing(text: str) -> None:
    slow = text
    for rule in telemetry._RULES:
        slow = rule.pattern.sub(rule.replacement, slow)
    assert telemetry.Redactor()(text) == slow
