"""Replays what identity providers send, word for word, and holds the answers to what they need to hear.

A file tells one story: `says` in a sentence, `profile` by name, `needs` with the leniencies that the story is forgiven,
and `steps`. A step is a request (`method`, `target` below the endpoint, `request` as JSON, `headers` besides the usual
ones, null for one that is left out) and its answer: right when it has the `status`, carries what `body` shows (objects
may have more), and lacks what `absent` names.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from scim.blueprint import create_blueprint
from scim.exchange import MEDIA_TYPE
from scim.tolerance import PROFILES
from tests.scim.endpoint import Endpoint

TOKEN = "Bearer token"


def stories(folder: str) -> list[Path]:
    """Return the files of a folder beside this one, by name."""
    return sorted((Path(__file__).parent / folder).glob("*.json"))


def replay(story: Path, usual: Mapping[str, str]) -> None:
    """Send each request of a story to an empty endpoint, with the client's usual headers."""
    told = json.loads(story.read_text(encoding="utf-8"))
    endpoint = Endpoint(profile=PROFILES[told["profile"]])
    client, needed = _client(endpoint), set()
    for step in told["steps"]:
        _exchange(client, step, usual)
        needed |= {one.label for one in endpoint.needed}
        endpoint.needed = frozenset()
    assert sorted(needed) == told["needs"]


def _client(endpoint: Endpoint) -> FlaskClient:
    application = Flask("exchanges")
    blueprint = create_blueprint(
        lambda header: header if header == TOKEN else None,
        lambda _, request: endpoint.answer(request),
        endpoint.provider.limits,
    )
    application.register_blueprint(blueprint, url_prefix="/scim/v2")
    return application.test_client()


def _exchange(client: FlaskClient, step: Mapping[str, Any], usual: Mapping[str, str]) -> None:
    given = {**usual, **({"Content-Type": f"{MEDIA_TYPE}; charset=utf-8"} if "request" in step else {})}
    headers = {name: value for name, value in (given | step.get("headers", {})).items() if value is not None}
    body = json.dumps(step["request"]).encode() if "request" in step else None
    response = client.open(f"/scim/v2{step['target']}", method=step["method"], headers=headers, data=body)
    assert response.status_code == step["status"], response.text
    if step["status"] == 204:
        assert response.data == b""
        return
    assert response.headers["Content-Type"] == MEDIA_TYPE
    answer = json.loads(response.data)
    assert _shown(answer, step.get("body", {})) == step.get("body", {})
    assert not [name for name in step.get("absent", []) if name in answer]


def _shown(answer: Any, expected: Any) -> Any:
    """Return the part of an answer that the expectation speaks of."""
    if isinstance(answer, dict) and isinstance(expected, dict):
        return {name: _shown(answer[name], part) for name, part in expected.items() if name in answer}
    if isinstance(answer, list) and isinstance(expected, list) and len(answer) == len(expected):
        return [_shown(one, part) for one, part in zip(answer, expected, strict=True)]
    return answer
