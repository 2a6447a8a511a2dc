from collections.abc import Callable
from dataclasses import replace

import pytest

from syncd.okta_source.preflight import credential_digest, filter_digest
from syncd.okta_source.settings import OktaSettings
from syncd.ports import SourceFault, SourceIdentity, SourceUnhealthyError
from tests.okta_source.conftest import OpenSource, Serve
from tests.okta_source.listing_script import APP, APP_ID, Org
from tests.okta_source.scripted_okta import Response, ScriptedOkta, json_response, okta_error
from tests.support.waiting import Waiting

ServeOrg = Callable[[Org], ScriptedOkta]

SETTINGS = OktaSettings("https://acme.okta.com", APP_ID, api_token="00secretToken")


def test_an_application_that_is_there_and_active_is_named(
    open_okta: OpenSource, serve_org: ServeOrg, waiting: Waiting
) -> None:
    okta = serve_org(Org([], 3))
    identity = open_okta(okta.url, expected_label="Time sheets").preflight()
    settings = replace(SETTINGS, org_url=okta.url)
    assert identity == SourceIdentity(APP_ID, "Time sheets", credential_digest(settings), filter_digest(settings))
    assert okta.targets == [f"/api/v1/apps/{APP_ID}"]
    assert waiting.said == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "INACTIVE"}, "is INACTIVE"),
        ({"status": None}, "is None"),
        ({"id": "0oaOther"}, "about application '0oaOther'"),
        ({"label": "Payroll"}, "called 'Payroll', not 'Time sheets'"),
    ],
)
def test_another_application_or_one_that_is_off_is_refused(
    change: dict[str, object], words: str, open_okta: OpenSource, serve_org: ServeOrg
) -> None:
    source = open_okta(serve_org(Org([], 3, app={**APP, **change})).url, expected_label="Time sheets")
    with pytest.raises(SourceUnhealthyError, match=words) as caught:
        source.preflight()
    assert caught.value.fault is SourceFault.APP


@pytest.mark.parametrize(
    ("answer", "fault", "remedy"),
    [
        (okta_error(401, "E0000011", "Invalid token provided"), SourceFault.CREDENTIAL, "Make a new API token"),
        (okta_error(403, "E0000006", "You do not have permission"), SourceFault.PERMISSION, "scope okta.apps.read"),
        (okta_error(404, "E0000007", "Resource not found: 0oa (AppInstance)"), SourceFault.APP, "okta_app_id"),
        (Response(404, b"<html>").typed("text/html"), SourceFault.UNREACHABLE, "Check org_url"),
        (Response(301, headers=(("Location", "https://a.example.com"),)), SourceFault.UNREACHABLE, "redirects"),
        (Response(500), SourceFault.UNREACHABLE, "status page"),
        (json_response([]), SourceFault.LISTING, "Retry"),
        (okta_error(429, "E0000047", "too many"), SourceFault.RATE_LIMIT, "later"),
    ],
)
def test_an_application_that_cannot_be_read_is_told_with_what_to_do(
    answer: Response, fault: SourceFault, remedy: str, open_okta: OpenSource, serve: Serve
) -> None:
    with pytest.raises(SourceUnhealthyError) as caught:
        open_okta(serve(lambda _: answer).url).preflight()
    assert caught.value.fault is fault
    assert remedy in caught.value.remedy


@pytest.mark.parametrize("features", [[], None, "PUSH_NEW_USERS", ["AUTO_CONFIRM_IMPORTS"]])
def test_pushes_that_are_switched_off_are_announced(
    features: object, open_okta: OpenSource, serve_org: ServeOrg, waiting: Waiting
) -> None:
    open_okta(serve_org(Org([], 3, app={**APP, "features": features})).url).preflight()
    assert [said.partition(":")[2].strip() for said in waiting.said] == [
        "the application lacks the feature PUSH_NEW_USERS: Okta does not create users in the application",
        "the application lacks the feature PUSH_USER_DEACTIVATION: Okta does not deactivate users in the application",
    ]


@pytest.mark.parametrize(("off", "words"), [(-600.0, "600 s ahead of"), (600.0, "600 s behind"), (50.0, "")])
def test_a_clock_that_is_wrong_is_announced(
    off: float, words: str, open_okta: OpenSource, serve_org: ServeOrg, waiting: Waiting
) -> None:
    org = Org([], 3)
    okta = serve_org(org)
    org.now = lambda: waiting.seconds + off
    open_okta(okta.url).preflight()
    assert waiting.said == ([f"warning: this machine's clock is {words} Okta's"] if words else [])


@pytest.mark.parametrize(
    ("changes", "differ"),
    [
        ({}, False),
        ({"page_limit": 7}, False),
        ({"api_token": "00otherToken"}, True),
        ({"org_url": "https://other.okta.com"}, True),
        ({"api_token": None, "client_id": "0oaService", "private_key": "{}"}, True),
    ],
)
def test_the_credential_digest_differs_when_org_or_credential_do(changes: dict[str, object], differ: bool) -> None:
    changed = replace(SETTINGS, **changes)  # type: ignore[arg-type]  # the table's values have many types
    assert (credential_digest(changed) != credential_digest(SETTINGS)) is differ
    assert filter_digest(changed) == filter_digest(SETTINGS)


def test_the_filter_digest_differs_when_another_application_is_listed() -> None:
    assert filter_digest(replace(SETTINGS, okta_app_id="0oaOther")) != filter_digest(SETTINGS)
