"""What Okta sends, word for word, and what it needs to hear: one story per file in `okta_exchanges`.

An answer is right when it has the status, carries what `body` shows (objects may have more), and lacks what `absent`
names.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from scim.blueprint import create_blueprint
from scim.exchange import MEDIA_TYPE
from tests.scim.endpoint import Endpoint

STORIES = sorted((Path(__file__).parent / "okta_exchanges").glob("*.json"))
HEADERS = {
    "Accept": "application/scim+json",
    "Accept-Charset": "utf-8",
    "Accept-Encoding": "gzip,deflate",
    "User-Agent": "Okta SCIM Client 1.0.0",
    "Authorization": "Bearer token",
}
CONTENT_TYPE = {"Content-Type": "application/scim+json; charset=utf-8"}


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_okta_gets_the_answers_it_needs(story: Path) -> None:
    endpoint = Endpoint()
    application = Flask("okta")
    blueprint = create_blueprint(
        lambda token: token, lambda _, request: endpoint.answer(request), endpoint.provider.limits
    )
    application.register_blueprint(blueprint, url_prefix="/scim/v2")
    client = application.test_client()
    for step in json.loads(story.read_text(encoding="utf-8"))["steps"]:
        headers = HEADERS | (CONTENT_TYPE if "request" in step else {})
        body = json.dumps(step["request"]).encode() if "request" in step else None
        response = client.open(f"/scim/v2{step['target']}", method=step["method"], headers=headers, data=body)
        assert response.status_code == step["status"], response.text
        if step["status"] == 204:
            assert response.data == b""
            continue
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
