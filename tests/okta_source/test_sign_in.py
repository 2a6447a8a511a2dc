"""API tokens, private keys and proof of possession, against a token endpoint that verifies them."""

import json
import logging
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import RSAAlgorithm

from syncd.core.subjects import Presence
from syncd.okta_source.source import OktaSource
from syncd.ports import SourceFault, SourceUnhealthyError
from tests.okta_source.conftest import OpenSource, Serve
from tests.okta_source.listing_script import Org, rows, user_id
from tests.okta_source.scripted_okta import Response, json_response, okta_error
from tests.okta_source.token_endpoint import CLIENT_ID, SecuredOrg, refused
from tests.support.waiting import Waiting

OpenSecured = Callable[..., tuple[SecuredOrg, OktaSource]]


@pytest.fixture(scope="module")
def private_key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def jwk(key: RSAPrivateKey) -> str:
    """Write the key as Okta's console shows it, with members that the SDK alone would stumble over."""
    return json.dumps(
        {**RSAAlgorithm.to_jwk(key, as_dict=True), "kid": "k1", "ext": True, "key_ops": ["sign"]}, indent=1
    )


@pytest.fixture
def open_secured(
    open_okta: OpenSource,
    serve: Serve,
    waiting: Waiting,
    private_key: RSAPrivateKey,
    monkeypatch: pytest.MonkeyPatch,
) -> OpenSecured:
    """Open a source for a secured org. Keys for proofs are smaller than the SDK's, which take seconds to make."""
    monkeypatch.setattr("okta.dpop.RSA_KEY_SIZE_BITS", 2048)

    def opened(*, key: str | None = None, dpop: bool = False, **settings: object) -> tuple[SecuredOrg, OktaSource]:
        org = Org(rows(8), 3, now=waiting.monotonic)
        secured = SecuredOrg(org, private_key.public_key(), dpop)
        org.url = serve(secured.respond).url
        credential = {"client_id": CLIENT_ID, "private_key": key or pem(private_key), "dpop": dpop}
        return secured, open_okta(org.url, page_limit=3, **credential, **settings)

    return opened


def read_all(source: OktaSource) -> list[str]:
    return [row.okta_user_id for page in source.pages() for row in page.rows]


EVERYBODY = [user_id(number) for number in range(1, 9)]


def test_an_api_token_goes_with_every_request(open_okta: OpenSource, serve: Serve) -> None:
    org = Org(rows(8), 3)
    okta = serve(org.respond)
    org.url = okta.url
    assert read_all(open_okta(okta.url, page_limit=3)) == EVERYBODY
    assert {request.headers["authorization"] for request in okta.requests} == {"SSWS 00secretToken"}
    assert all("syncd" in request.headers["user-agent"] for request in okta.requests)


def test_a_private_key_gets_one_access_token_for_all_requests(open_secured: OpenSecured) -> None:
    secured, source = open_secured(key_id="k7")
    source.preflight()
    assert read_all(source) == EVERYBODY
    assert secured.issued == ["access-token-1"]
    assert secured.key_ids == ["k7"]
    assert "authorization" not in secured.token_requests[0].headers


def test_a_private_key_may_be_a_jwk(open_secured: OpenSecured, private_key: RSAPrivateKey) -> None:
    secured, source = open_secured(key=jwk(private_key))
    assert read_all(source) == EVERYBODY
    assert secured.key_ids == ["k1"]


def test_possession_is_proved_with_the_nonces_that_okta_wants(open_secured: OpenSecured) -> None:
    secured, source = open_secured(dpop=True)
    assert read_all(source) == EVERYBODY
    assert secured.issued == ["access-token-1"]


@pytest.mark.parametrize("dpop", [False, True])
def test_a_token_that_was_revoked_in_the_middle_is_renewed_once(dpop: bool, open_secured: OpenSecured) -> None:
    secured, source = open_secured(dpop=dpop)
    pages = source.pages()
    next(pages)
    secured.revoked.add("access-token-1")
    assert [row.okta_user_id for page in pages for row in page.rows] == EVERYBODY[3:]
    assert secured.issued == ["access-token-1", "access-token-2"]


def test_a_renewed_token_that_is_refused_too_is_the_end(open_secured: OpenSecured) -> None:
    secured, source = open_secured()
    secured.revoked |= {"access-token-1", "access-token-2", "access-token-3"}
    with pytest.raises(SourceUnhealthyError) as caught:
        read_all(source)
    assert caught.value.fault is SourceFault.CREDENTIAL
    assert secured.issued == ["access-token-1", "access-token-2"]


SERVER_ERROR = okta_error(500, "E0000009", "Internal Server Error")
PASSING = {
    "503 empty": Response(503),
    "429": okta_error(429, "E0000047", "API call exceeded rate limit due to too many requests."),
    "200 with broken JSON": Response(200, b'{"access_token":'),
    "200 with a list": json_response([]),
    "dropped": Response(dropped=True),
}


@pytest.mark.parametrize("name", PASSING)
def test_a_token_endpoint_that_fails_for_a_moment_is_asked_again(name: str, open_secured: OpenSecured) -> None:
    secured, source = open_secured()
    secured.answers = [PASSING[name]]
    assert read_all(source) == EVERYBODY


@pytest.mark.parametrize("name", PASSING)
def test_a_token_endpoint_that_keeps_failing_ends_in_an_error(name: str, open_secured: OpenSecured) -> None:
    secured, source = open_secured(max_wait_total=50.0)
    secured.answers = [PASSING[name]] * 4
    with pytest.raises(SourceUnhealthyError, match="no access token"):
        read_all(source)


def test_the_rate_limit_of_the_token_endpoint_slows_down_nothing_else(
    open_secured: OpenSecured, waiting: Waiting
) -> None:
    secured, source = open_secured()
    used_up = (("X-Rate-Limit-Limit", "9"), ("X-Rate-Limit-Remaining", "0"), ("X-Rate-Limit-Reset", "1800000060"))
    secured.answers = [PASSING["503 empty"].having(("Date", formatdate(waiting.seconds, usegmt=True)), *used_up)]
    read_all(source)
    assert waiting.naps == [0.375]


def test_without_an_access_token_a_lookup_is_unknown(open_secured: OpenSecured) -> None:
    secured, source = open_secured()
    secured.answers = [refused("invalid_client", "The client is not active.")]
    assert source.look_up(user_id(1)).presence is Presence.UNKNOWN


@pytest.mark.parametrize(
    ("answer", "fault", "remedy"),
    [
        (refused("invalid_client", "The JWKS has no such key.", 401), SourceFault.CREDENTIAL, "client_id, key_id"),
        (refused("invalid_client", "The client is not active."), SourceFault.CREDENTIAL, "client_id, key_id"),
        (refused("invalid_scope", "Scopes are not granted."), SourceFault.PERMISSION, "Grant okta.apps.read"),
        (refused("invalid_dpop_proof", "The DPoP proof JWT header is missing."), SourceFault.CREDENTIAL, "dpop = true"),
        (okta_error(403, "E0000006", "You do not have permission"), SourceFault.CREDENTIAL, "client_id, key_id"),
        (Response(404, b"<html>").typed("text/html"), SourceFault.UNREACHABLE, "org_url"),
        (Response(302, headers=(("Location", "/login"),)), SourceFault.UNREACHABLE, "org_url"),
    ],
)
def test_a_token_that_is_refused_is_told_with_what_to_do(
    answer: Response, fault: SourceFault, remedy: str, open_secured: OpenSecured
) -> None:
    secured, source = open_secured()
    secured.answers = [answer]
    with pytest.raises(SourceUnhealthyError, match="no access token") as caught:
        source.preflight()
    assert caught.value.fault is fault
    assert remedy in caught.value.remedy


def test_a_token_without_the_scope_for_listings_is_refused_at_once(open_secured: OpenSecured) -> None:
    secured, source = open_secured()
    secured.scopes = "okta.users.read"
    with pytest.raises(SourceUnhealthyError, match=r"without the scope okta\.apps\.read") as caught:
        source.preflight()
    assert caught.value.fault is SourceFault.PERMISSION


def test_a_token_without_the_scope_for_users_is_announced(open_secured: OpenSecured, waiting: Waiting) -> None:
    secured, source = open_secured()
    secured.scopes = "okta.apps.read"
    source.preflight()
    assert "okta.users.read is missing" in waiting.said[0]


@pytest.mark.parametrize("key", ["/etc/hostname", "secret", "{", "{}", "-----BEGIN PRIVATE KEY-----\nsecret"])
def test_a_private_key_that_cannot_be_read_is_told_at_once_and_not_shown(key: str, open_okta: OpenSource) -> None:
    with pytest.raises(SourceUnhealthyError, match="private key cannot be read") as caught:
        open_okta("https://acme.okta.com", client_id=CLIENT_ID, private_key=key)
    assert caught.value.fault is SourceFault.CREDENTIAL
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_name_of_a_file_is_no_private_key(
    open_okta: OpenSource, private_key: RSAPrivateKey, tmp_path: Path
) -> None:
    """The SDK would open it."""
    file = tmp_path / "key.pem"
    file.write_text(pem(private_key))
    with pytest.raises(SourceUnhealthyError, match="private key cannot be read"):
        open_okta("https://acme.okta.com", client_id=CLIENT_ID, private_key=str(file))


@pytest.mark.parametrize("dpop", [False, True])
def test_no_secret_reaches_the_log_or_the_announcements(
    dpop: bool,
    open_secured: OpenSecured,
    private_key: RSAPrivateKey,
    waiting: Waiting,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    secured, source = open_secured(dpop=dpop)
    secured.answers = [SERVER_ERROR, refused("invalid_client", "Try again")]
    source.look_up(user_id(1))
    read_all(source)
    secured.revoked.add("access-token-1")
    source.look_up(user_id(1))
    told = caplog.text + "".join(waiting.said)
    secrets = [*secured.issued, *secured.assertions, *pem(private_key).splitlines()[1:-1], "eyJ"]
    assert [secret for secret in secrets if secret in told] == []
