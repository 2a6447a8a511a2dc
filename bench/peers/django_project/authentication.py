"""Who asks: django-scim2 leaves that to the project. The cheapest honest check is one comparison with a token."""

import hmac
import os
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class _Client:
    """Whoever holds the token."""

    is_authenticated = True


class _Nobody:
    """Whoever does not."""

    is_authenticated = False


class BearerTokenMiddleware:
    """Sets `request.user`, which django-scim2 asks whether it is authenticated."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._expected = f"Bearer {os.environ['BENCH_TOKEN']}"

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Say who asks, and pass the request on."""
        given = request.headers.get("Authorization", "")
        request.user = _Client() if hmac.compare_digest(given, self._expected) else _Nobody()
        return self._get_response(request)
