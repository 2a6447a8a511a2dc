"""A SCIM 2.0 server in memory: `SCIM_TOKEN=... python examples/memory_server.py`, then ask it with curl."""

import hmac
import os
from datetime import UTC, datetime
from threading import Lock
from uuid import uuid4

from flask import Flask

from scim.blueprint import create_blueprint
from scim.exchange import ScimRequest, ScimResponse
from scim.memory_store import MemoryStore
from scim.provider import Provider
from scim.service import respond

PORT = int(os.environ.get("PORT", "8000"))
TOKEN = os.environ["SCIM_TOKEN"].encode()
PROVIDER = Provider(f"http://127.0.0.1:{PORT}/scim/v2")
STORE = MemoryStore(new_id=lambda: str(uuid4()), now=lambda: datetime.now(UTC))
ONE_AT_A_TIME = Lock()


def authenticate(header: str | None) -> str | None:
    """Return who asks, or None to refuse."""
    scheme, _, token = (header or "").partition(" ")
    known = hmac.compare_digest(token.encode("utf-8", "surrogateescape"), TOKEN)
    return "the identity provider" if known and scheme.lower() == "bearer" else None


def handle(_principal: str, request: ScimRequest) -> ScimResponse:
    """Answer one request. A store in memory has no transactions, so requests take turns."""
    with ONE_AT_A_TIME:
        return respond(request, STORE, PROVIDER)


application = Flask(__name__)
application.register_blueprint(create_blueprint(authenticate, handle, PROVIDER.limits), url_prefix="/scim/v2")

if __name__ == "__main__":
    application.run("127.0.0.1", PORT)
