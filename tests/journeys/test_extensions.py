"""An operator's extension from its file to the answers of the real server, on both databases."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from syncd.bootstrap.settings import load_settings
from syncd.bootstrap.stores import create_token
from syncd.cli import main
from tests.support.program import ROOT, free_port, running

EXAMPLE = ROOT / "examples" / "badge.schema.json"
URN = json.loads(EXAMPLE.read_text())["id"]
CONFIGURATION = """\
[database]
url = "{url}"
[server]
port = {port}
[scim]
user_schemas = ["schemas/badge.schema.json"]
[apps.crm]
okta_app_id = "0oaextension00000001"
"""


class Client:
    """A client of the served application."""

    def __init__(self, port: int, token: str) -> None:
        self._base = f"http://127.0.0.1:{port}/scim/v2"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        return self._session.request(method, self._base + path, json=body, headers=headers, timeout=20)

    def total(self, condition: str) -> Any:
        return self.send("GET", f"/Users?filter={condition}").json()["totalResults"]


@pytest.fixture
def served(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    monkeypatch.chdir("/")  # paths of schemas begin where the configuration is
    port, path = free_port(), tmp_path / "config.toml"
    (tmp_path / "schemas").mkdir()
    shutil.copy(EXAMPLE, tmp_path / "schemas")
    path.write_text(CONFIGURATION.format(url=database_url, port=port), encoding="utf-8")
    assert main(["db", "check", "--config", str(path)]) != 0
    told = capsys.readouterr().err
    assert URN in told
    assert "syncd db upgrade" in told
    assert main(["db", "upgrade", "--config", str(path)]) == 0
    assert "1 extension anew" in capsys.readouterr().out
    assert main(["db", "check", "--config", str(path)]) == 0
    assert main(["config", "check", "--config", str(path)]) == 0
    token = create_token(load_settings(path), "crm", "test").token
    ready = f"http://127.0.0.1:{port}/readyz"
    with running("serve", "--config", str(path), log=tmp_path / "serve.log", ready=ready):
        yield Client(port, token)


def test_an_operators_extension_is_published_validated_patched_filtered_and_returned(served: Client) -> None:
    schema = served.send("GET", f"/Schemas/{URN}").json()
    assert [attribute["name"] for attribute in schema["attributes"]][:2] == ["number", "office"]
    assert "syncd:indexed" not in str(schema)
    assert {"schema": URN, "required": False} in served.send("GET", "/ResourceTypes/User").json()["schemaExtensions"]

    def user(name: str, **badge: Any) -> requests.Response:
        return served.send("POST", "/Users", {"schemas": [], "userName": name, URN: badge})

    assert user("zoe", number="A1").json()["scimType"] == "invalidValue"
    made = user("ann", number="A1", office="Berlin", issued="2026-01-01T00:00:00Z", pin="4711", note="n")
    assert made.status_code == 201
    shown = made.json()[URN]
    assert shown == {"number": "A1", "office": "Berlin", "issued": "2026-01-01T00:00:00.000Z"}
    taken = user("bob", number="a1", office="Paris")
    assert (taken.status_code, taken.json()["scimType"]) == (409, "uniqueness")

    path = f"/Users/{made.json()['id']}"
    add = {"op": "add", "path": f"{URN}:doors", "value": [{"value": "D7", "type": "front"}]}
    patched = served.send("PATCH", path, {"Operations": [add]}, **{"If-Match": made.headers["ETag"]})
    assert patched.json()[URN]["doors"] == [{"value": "D7", "type": "front"}]
    stale = served.send("PATCH", path, {"Operations": [add]}, **{"If-Match": made.headers["ETag"]})
    assert stale.status_code == 412
    known = served.send("GET", path, **{"If-None-Match": patched.headers["ETag"]})
    assert (known.status_code, known.content, known.headers["ETag"]) == (304, b"", patched.headers["ETag"])
    change = {"op": "replace", "path": f"{URN}:issued", "value": "2027-01-01T00:00:00Z"}
    assert served.send("PATCH", path, {"Operations": [change]}).json()["scimType"] == "mutability"
    assert served.send("GET", f"{path}?attributes={URN}:note").json()[URN] == {"note": "n"}

    counted = {
        text: served.total(text)
        for text in (f'{URN}:number eq "a1"', f'{URN}:doors[value eq "D7"]', f'{URN}:doors.value eq "d7"')
    }
    assert list(counted.values()) == [1, 1, 0]


def test_what_is_wrong_with_a_file_is_told_with_its_place_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    (tmp_path / "schemas").mkdir()
    text = EXAMPLE.read_text().replace('"dateTime"', '"date"').replace('"name": "note"', '"name": "Number"')
    (tmp_path / "schemas" / "badge.schema.json").write_text(text)
    configuration = CONFIGURATION.format(url=f"sqlite:///{tmp_path / 'syncd.db'}", port=8080)
    path.write_text(configuration.replace('json"]', 'json", "missing.json"]'))
    assert main(["config", "check", "--config", str(path)]) == 78
    words = " ".join(capsys.readouterr().err.split())
    assert "attributes[2] (issued).type is not known. Write string, boolean" in words
    assert "attributes defines 'number' 2 times" in words
    assert "missing.json: the file cannot be read" in words
