"""From a body to the bytes of a request, for one server."""

from typing import Any
from urllib.parse import quote

import orjson

from bench import bodies
from bench.wire import HOST


class Requests:
    """The requests of the measurement, encoded before the clock starts."""

    def __init__(self, port: int, base_path: str, token: str) -> None:
        self._base = base_path
        self._headers = (
            f"Host: {HOST}:{port}\r\n"
            "Accept: application/scim+json\r\n"
            "User-Agent: Okta SCIM Client 1.0.0\r\n"
            f"Authorization: Bearer {token}\r\n"
        )

    def lookup(self, name: str) -> bytes:
        """Return the search for a userName, as Okta sends it."""
        condition = quote(f'userName eq "{name}"')
        return self.get(f"/Users?filter={condition}&startIndex=1&count=100")

    def page(self, start_index: int, count: int) -> bytes:
        """Return the request for a page of users."""
        return self.get(f"/Users?startIndex={start_index}&count={count}")

    def create_user(self, number: int) -> bytes:
        """Return the request that creates a user."""
        return self.send("POST", "/Users", bodies.user(number))

    def read_user(self, user_id: str) -> bytes:
        """Return the request for one user."""
        return self.get(f"/Users/{user_id}")

    def put_user(self, number: int, user_id: str, family_name: str) -> bytes:
        """Return the request that replaces a user by one of another name."""
        return self.send("PUT", f"/Users/{user_id}", bodies.user(number, family_name, user_id))

    def patch_user(self, user_id: str, body: dict[str, Any]) -> bytes:
        """Return the request that changes a user."""
        return self.send("PATCH", f"/Users/{user_id}", body)

    def create_group(self, name: str) -> bytes:
        """Return the request that creates a group without members."""
        return self.send("POST", "/Groups", bodies.group(name))

    def read_group(self, group_id: str) -> bytes:
        """Return the request for one group, with its members."""
        return self.get(f"/Groups/{group_id}")

    def patch_group(self, group_id: str, body: dict[str, Any]) -> bytes:
        """Return the request that changes a group."""
        return self.send("PATCH", f"/Groups/{group_id}", body)

    def get(self, path: str) -> bytes:
        """Return a GET of a path below the base."""
        return f"GET {self._base}{path} HTTP/1.1\r\n{self._headers}\r\n".encode()

    def send(self, method: str, path: str, body: dict[str, Any]) -> bytes:
        """Return a request with a body."""
        encoded = orjson.dumps(body)
        head = (
            f"{method} {self._base}{path} HTTP/1.1\r\n{self._headers}"
            f"Content-Type: application/scim+json\r\nContent-Length: {len(encoded)}\r\n\r\n"
        )
        return head.encode() + encoded
