"""T4: a token is shown once, where it is made, and nowhere afterwards."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from scim.service.routes import ENDPOINTS, ITEMS
from syncd.cli import COMMANDS, main
from tests.security.conftest import Serve
from tests.store.inspection import rows_of

JSON = ["--json"]
READING: dict[str, list[list[str]]] = {
    "config": [["config", "check"]],
    "db": [["db", "current"], ["db", "check"], ["db", "upgrade"]],
    "token": [["token", "list"], ["token", "list", *JSON], ["token", "revoke", "nobody"]],
    "drift-report": [["drift-report"], ["drift-report", "--format", "json"]],
    "reconcile": [["reconcile"]],
    "leniencies": [["leniencies"], ["leniencies", *JSON]],
    "explain": [["explain", "ann"], ["explain", "ann", *JSON]],
    "plan": [["plan", "list"], ["plan", "show"], ["plan", "show", *JSON]],
    "quarantine": [["quarantine", "list", "--all"], ["quarantine", "list", "--all", *JSON]],
    "mark": [["mark", "list"], ["mark", "add", "ann", "hold", "--reason", "because"], ["mark", "list", *JSON]],
    "waiver": [["waiver", "list"], ["waiver", "list", *JSON]],
    "undo": [["undo", "no such run"]],
    "notify": [["notify", "test"], ["notify", "list", "--all"], ["notify", "list", "--all", *JSON]],
    "audit": [
        *(["audit", "export"], ["audit", "history", "ann"], ["audit", "history", "ann", *JSON]),
        *(["audit", "seal"], ["audit", "status"], ["audit", "status", *JSON], ["audit", "verify", *JSON]),
    ],
    "evidence": [["evidence", "pack", "--from", "2026-01-01", "--to", "2026-01-02"]],
    "review": [["review", "list"], ["review", "list", *JSON], ["review", "open"]],
    "storm": [["storm", "list", "--since", "2026-01-01"], ["storm", "release"]],
}
# These make tokens, take none, or run until they are stopped; `serve` is run here as a process.
OTHERS = {"demo", "init", "serve", "up", "worker", "simulate", "witness"}


def spellings(token: str) -> Iterator[str]:
    """Yield what would give the token away: itself, its random part, and both as an encoder would write them."""
    for part in (token, token.partition("_")[2]):
        yield part
        yield part.encode().hex()
        yield base64.b64encode(part.encode()).decode().rstrip("=")[:-2]


def test_every_command_is_asked_or_known_to_hold_no_token() -> None:
    assert READING.keys() | OTHERS == COMMANDS.keys()


def test_agent_bom_3688_a_token_in_an_address_opens_nothing(serve: Serve) -> None:
    (endpoint,), token = serve(1)
    for name in ("access_token", "token", "bearer_token", "authorization", "Authorization"):
        for value in (token, f"Bearer%20{token}"):
            assert requests.get(f"{endpoint}/Users?{name}={value}", timeout=10).status_code == 401


def test_gitlab_h1_565884_a_token_is_readable_never_again(
    serve: Serve, database_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (endpoint,), token = serve(1)
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    session.post(f"{endpoint}/Users", json={"userName": "ann"}, timeout=10)
    paths = [*ENDPOINTS, *ITEMS, "/Users", "/Groups", "/nothing", f'/Users?filter=title eq "{token}"']
    answers = [session.request(method, endpoint + path, timeout=10) for path in paths for method in ("GET", "POST")]
    answers += [requests.get(endpoint + "/Users", headers={"Authorization": f"Basic {token}"}, timeout=10)]
    told = [f"{answer.headers} {answer.text}" for answer in answers]
    (config,) = tmp_path.glob("config-*.toml")
    capfd.readouterr()
    for command in (command for commands in READING.values() for command in commands):
        main([*command, "--config", str(config)])
    said = capfd.readouterr()
    logs = [path.read_text(encoding="utf-8") for path in tmp_path.glob("serve-*.log")]
    assert "/scim/v2/Users" in logs[0], "the log is not the one that was written"
    rows = {name: [[_readable(value) for value in row] for row in held] for name, held in rows_of(database_url).items()}
    assert rows["token"], "the token is not in this database"
    files = [path.read_bytes().decode("latin-1") for path in tmp_path.glob("syncd.db*")]
    everything = "\n".join([*told, said.out, said.err, *logs, json.dumps(rows, default=str), *files])
    assert not [spelling for spelling in spellings(token) if spelling in everything]


def _readable(value: object) -> object:
    return (
        f"{value.decode('latin-1')} {value.hex()} {base64.b64encode(value).decode()}"
        if isinstance(value, bytes)
        else value
    )
