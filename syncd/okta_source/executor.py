"""The Okta SDK, and HTTP below it.

Of the SDK we use its `RequestExecutor`: it signs in (SSWS, private key, DPoP) and puts the headers on a request. The
rest is left off, because it has been seen to shorten listings or to leak tokens: its models, its pagination, its cache,
its retries, its configuration from files and the environment, and its HTTP client, which logs the Authorization header
at DEBUG and opens one connection per request.

`fire_request_helper` is internal to the SDK, which is why the SDK is pinned: `fire_request` parses every page twice.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import orjson
from okta.cache.no_op_cache import NoOpCache
from okta.http_client import HTTPClient
from okta.jwt import JWT
from okta.request_executor import RequestExecutor
from yarl import URL

from syncd.okta_source.answers import Answer
from syncd.okta_source.settings import OktaSettings
from syncd.ports import SourceFault, SourceUnhealthyError

CONNECT_TIMEOUT: Final = 10.0
LONGEST_HEADER: Final = 65_536  # cursors are opaque, and aiohttp's 8 KiB would be our limit on them, not Okta's
NOTHING: Final = Answer(0)

SdkResponse = tuple[aiohttp.RequestInfo | None, aiohttp.ClientResponse | None, bytes | str | None, BaseException | None]


class PooledHttp:
    """The HTTP client that the SDK calls: one connection pool, no cookies, no redirects, no logging.

    `last` is the answer to the last request that was sent. Belongs to the event loop of its first request.
    """

    def __init__(self, request_timeout: float, proxy: str | None) -> None:
        self._timeout = aiohttp.ClientTimeout(
            total=CONNECT_TIMEOUT + request_timeout, sock_connect=CONNECT_TIMEOUT, sock_read=request_timeout
        )
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None
        self.last = NOTHING

    async def send_request(self, request: Mapping[str, Any]) -> SdkResponse:
        """Send what the SDK prepared and return what it expects: request, response, body and error, or the error alone.

        The body of a success stays bytes, which orjson reads; of anything else it is text, without which the SDK does
        not recognise a DPoP nonce challenge.
        """
        if self._session is None:
            self._session = self._open_session()
        try:
            async with self._session.request(
                request["method"],
                URL(request["url"], encoded=True),  # a cursor goes back as it came
                headers=request["headers"],
                data=request["form"] or None,
                proxy=self._proxy,
                allow_redirects=False,
            ) as response:
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.last = Answer(0, failure=_told(error))
            return None, None, None, error
        self.last = Answer(response.status, _headers_of(response), body)
        readable = body if response.ok else body.decode("utf-8", "replace")
        return response.request_info, response, readable, None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._timeout,
            trust_env=False,
            max_line_size=LONGEST_HEADER,
            max_field_size=LONGEST_HEADER,
        )


class OktaExecutor:
    """GET requests to one org, signed in. Nothing here retries or waits.

    Raises `SourceUnhealthyError` at once when the private key cannot be read.
    """

    def __init__(self, settings: OktaSettings) -> None:
        self._org_url = settings.org_url
        self._http = PooledHttp(settings.request_timeout, settings.proxy)
        self._sdk = RequestExecutor({"client": _sdk_settings(settings)}, NoOpCache(), lambda _config: self._http)
        self.granted_scopes: frozenset[str] | None = None
        """What the last access token may do, as the token endpoint said; None when it said nothing."""

    async def get(self, target: str) -> Answer:
        """Return the answer to a GET of `target`, a path with its query, sent byte for byte.

        Raises nothing: an `Answer` of status 0, or one `of_token`, says what went wrong instead.
        """
        self._http.last = NOTHING
        signed_in = False
        try:
            request, error = await self._sdk.create_request("GET", self._org_url + target)
            if error is None:
                self._note_scopes()
                signed_in, self._http.last = True, NOTHING
                await self._sdk.fire_request_helper(request, 0, 0.0)
        except Exception as escaped:  # noqa: BLE001 - the SDK lets errors of its parsers escape, of every type
            error = escaped
        answer = self._http.last
        if answer is NOTHING:
            answer = Answer(0, failure=f"the SDK sent nothing ({type(error).__name__})")
        return answer if signed_in else replace(answer, of_token=True)

    def renew_token(self) -> bool:
        """Forget the access token, so that the next request fetches one; False when there is none to renew."""
        oauth = self._sdk._oauth  # noqa: SLF001 - the SDK has no public way to drop a revoked token
        if oauth is None:
            return False
        oauth.clear_access_token()
        return True

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    def _note_scopes(self) -> None:
        """Keep the scopes of a fresh access token: Okta drops those that were not granted without a word."""
        if self._http.last.status != HTTPStatus.OK:
            return
        granted = orjson.loads(self._http.last.body).get("scope")
        self.granted_scopes = frozenset(granted.split()) if isinstance(granted, str) else None


def _sdk_settings(settings: OktaSettings) -> dict[str, Any]:
    """Return every setting that the executor reads, so that none comes from a file or the environment."""
    common = {
        "orgUrl": settings.org_url,
        "userAgent": "syncd",
        "requestTimeout": 0,  # the SDK's would count waiting for a rate limit too
        "rateLimit": {"maxRetries": 0},  # the SDK's waits have no upper bound
        "raiseException": HTTPClient.raise_exception,  # set on a class for the whole process: leave it as it is
    }
    if settings.api_token:
        return {**common, "authorizationMode": "SSWS", "token": settings.api_token}
    return {
        **common,
        "authorizationMode": "PrivateKey",
        "clientId": settings.client_id,
        "privateKey": _usable_key(settings.private_key or ""),
        "kid": settings.key_id,
        "scopes": list(settings.scopes),
        "dpopEnabled": settings.dpop,
        "oauthTokenRenewalOffset": 1,  # minutes; the usual 5 would fetch a token per request where tokens live 5
    }


def _usable_key(text: str) -> str | dict[str, str]:
    """Return the private key in a form that the SDK reads, and have read once.

    A JWK goes in as its text members only: the SDK reads JSON as a Python literal, and strips every member as text.
    """
    try:
        if text.lstrip().startswith("{"):
            key: str | dict[str, str] = {
                name: value for name, value in json.loads(text).items() if isinstance(value, str)
            }
        else:
            key = _pem(text)
        JWT.get_PEM_JWK(key)
    except Exception as error:  # noqa: BLE001 - the key libraries raise errors of every type
        raise SourceUnhealthyError(
            SourceFault.CREDENTIAL,
            f"the private key cannot be read ({type(error).__name__})",
            where="private_key of the configuration",
            remedy="Give the RSA key that Okta made for the API service application, as PEM or as JWK",
        ) from None
    return key


def _pem(text: str) -> str:
    """Return PEM text. Raises ValueError for anything else, which the SDK would take for the name of a file."""
    if not text.lstrip().startswith("-----BEGIN "):
        raise ValueError("neither PEM nor JWK")
    return text


def _told(error: BaseException) -> str:
    """Return what went wrong, without a URL: that may hold a cursor, or the password of a proxy."""
    text = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _headers_of(response: aiohttp.ClientResponse) -> dict[str, tuple[str, ...]]:
    headers: dict[str, tuple[str, ...]] = {}
    for name, value in response.headers.items():
        headers[name.lower()] = (*headers.get(name.lower(), ()), value)
    return headers
