"""What does not leave this process, and what does not come into it."""

import logging
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from syncd.okta_source.source import OktaSource
from syncd.ports import SourceUnhealthyError
from tests.okta_source.conftest import OpenSource, Serve
from tests.okta_source.listing_script import Org, rows, user_id
from tests.okta_source.scripted_okta import okta_error
from tests.support.waiting import Waiting

SERVER_ERROR = okta_error(500, "E0000009", "Internal Server Error")
EVERYBODY = [user_id(number) for number in range(1, 9)]


def read_all(source: OktaSource) -> list[str]:
    return [row.okta_user_id for page in source.pages() for row in page.rows]


def test_no_api_token_reaches_the_log_or_the_announcements(
    open_okta: OpenSource, serve: Serve, waiting: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    source = open_okta(serve(lambda _: SERVER_ERROR).url)
    answer = source.look_up(user_id(1))
    with pytest.raises(SourceUnhealthyError) as caught:
        read_all(source)
    assert "secretToken" not in caplog.text + "".join(waiting.said) + str(answer) + str(caught.value)


def test_nothing_is_taken_from_the_environment_or_a_file(
    open_okta: OpenSource, serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The SDK's own configuration would read these, and its HTTP client would ignore NO_PROXY."""
    elsewhere = tmp_path_factory.mktemp("home")
    (elsewhere / "okta.yaml").write_text("okta:\n  client:\n    token: fromFile\n    orgUrl: http://127.0.0.1:9\n")
    monkeypatch.chdir(elsewhere)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("OKTA_CLIENT_TOKEN", "fromEnvironment")
    org = Org(rows(2), 3)
    okta = serve(org.respond)
    org.url = okta.url
    assert read_all(open_okta(okta.url)) == EVERYBODY[:2]
    assert {request.headers["authorization"] for request in okta.requests} == {"SSWS 00secretToken"}


def test_a_proxy_is_used_when_it_is_configured(open_okta: OpenSource, serve: Serve) -> None:
    org = Org(rows(2), 3, url="http://127.0.0.1:9")
    proxy = serve(lambda request: org.respond(replace(request, path=urlsplit(request.path).path)))
    assert read_all(open_okta("http://127.0.0.1:9", proxy=proxy.url)) == EVERYBODY[:2]
    assert proxy.targets[0].startswith("http://127.0.0.1:9/api/v1/apps/")


def test_cookies_are_not_kept(open_okta: OpenSource, serve: Serve) -> None:
    org = Org(rows(8), 3, every=lambda response: response.having(("Set-Cookie", "JSESSIONID=x; Path=/")))
    okta = serve(org.respond)
    org.url = okta.url.replace("127.0.0.1", "localhost")  # no client keeps the cookies of a bare address
    assert read_all(open_okta(org.url, page_limit=3)) == EVERYBODY
    assert all("cookie" not in request.headers for request in okta.requests)


def test_the_setting_that_the_sdk_keeps_for_the_whole_process_stays_as_it_is(
    open_okta: OpenSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    from okta.http_client import HTTPClient  # noqa: PLC0415 - the SDK takes most of a second to import

    monkeypatch.setattr(HTTPClient, "raise_exception", True)
    open_okta("https://acme.okta.com")
    assert HTTPClient.raise_exception is True
