import re
from typing import Any

import pytest

from syncd.okta_source.settings import OktaSettings
from tests.okta_source.listing_script import APP_ID

ORG = "https://acme.okta.com"


def settings(**changes: Any) -> OktaSettings:
    return OktaSettings(**{"org_url": ORG, "okta_app_id": APP_ID, "api_token": "00secretToken", **changes})


@pytest.mark.parametrize(
    ("given_url", "org_url"),
    [
        (ORG, ORG),
        ("https://Acme.okta.com/", ORG),
        ("https://acme.okta.com:8443", "https://acme.okta.com:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_the_address_of_an_org_is_kept_without_a_slash(given_url: str, org_url: str) -> None:
    assert settings(org_url=given_url).org_url == org_url


@pytest.mark.parametrize(
    ("org_url", "remedy"),
    [
        ("http://acme.okta.com", "write https://acme.okta.com"),
        ("http://127.0.0.1.example.com", "not https"),
        ("https://acme-admin.okta.com", "write https://acme.okta.com"),
        ("https://acme-admin.okta.com/admin/apps", "write https://acme.okta.com"),
        ("https://{yourOktaDomain}", "names no host"),
        ("acme.okta.com", "names no host"),
        ("https://", "names no host"),
        ("https://acme.okta.com:port", "not a URL"),
        ("https://[acme", "not a URL"),
        ("https://acme.okta.com/api/v1", "write https://acme.okta.com"),
        ("https://acme.okta.com?x=1", "more than scheme, host and port"),
        ("https://me:secret@acme.okta.com", "more than scheme, host and port"),
    ],
)
def test_another_address_is_refused_with_what_to_write(org_url: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=re.escape(remedy)):
        settings(org_url=org_url)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"api_token": None}, "no credential"),
        ({"api_token": None, "client_id": "0oaService"}, "no credential"),
        ({"client_id": "0oaService", "private_key": "{}"}, "both set"),
        ({"api_token": "00secret\nToken"}, "api_token is not a token"),
        ({"api_token": None, "client_id": "0oaService", "private_key": "{}", "scopes": ()}, "scopes is empty"),
        ({"okta_app_id": "../users"}, "okta_app_id"),
        ({"okta_app_id": ""}, "okta_app_id"),
        ({"page_limit": 0}, "page_limit"),
        ({"page_limit": 501}, "page_limit"),
        ({"request_timeout": 0}, "request_timeout"),
        ({"max_wait_each": 0}, "max_wait_each"),
        ({"max_wait_total": -1}, "max_wait_total"),
        ({"proxy": "proxy.acme.com:3128"}, "proxy must be an http URL"),
        ({"proxy": "http://[x"}, "proxy must be an http URL"),
    ],
)
def test_what_cannot_be_right_is_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        settings(**changes)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ValueError, match=r"not https.*no credential.*page_limit"):
        settings(org_url="http://acme.okta.com", api_token=None, page_limit=0)


def test_no_secret_is_shown() -> None:
    shown = repr(settings(proxy="http://me:hidden@proxy:3128"))
    shown += repr(settings(api_token=None, client_id="0oaService", private_key="hidden"))
    assert "secret" not in shown
    assert "hidden" not in shown
