"""From Okta's events over pushes and runs to a pack, and to somebody who has nothing but the pack and a public key."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.bootstrap.settings import load_settings
from syncd.bootstrap.stores import create_token, open_store, upgrade_database
from syncd.cli import main
from syncd.core.changes import Cause
from syncd.core.notes import Note
from syncd.core.reviews import Decision, Judgement, Scope
from syncd.evidence.archive import read, write
from syncd.evidence.manifest import MANIFEST, SIGNATURE, File, pretty, signed_text
from syncd.okta_source.event_log import PATH
from syncd.signing import SigningKey, read_signing_key, write_signing_key
from syncd.simulator import RequestFault, SimulatedOrg
from syncd.workflows.evidence import kept_document
from syncd.workflows.open_review import NewReview, open_review
from syncd.workflows.review_access import decide_account
from tests.support.program import free_port, running

APP_ID, TOKEN = "0oaevidence000000001", "00-evidence-token"
Capture = pytest.CaptureFixture[str]

CONFIGURATION = """\
[database]
url = "sqlite:///{folder}/syncd.db"
[server]
port = {port}
[okta]
org_url = "{org}"
api_token = "{token}"
request_timeout = 2
max_wait = 0
[audit]
origin = "scim.example.com/syncd"
signing_key_file = "{folder}/audit.key"
[apps.crm]
okta_app_id = "{app}"
min_listing_percent = 0
"""


@dataclass
class Installation:
    """A running endpoint with an org that pushes to it."""

    org: SimulatedOrg
    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "config.toml"

    def syncd(self, *arguments: str) -> int:
        return main([*arguments, "--config", str(self.path)])

    def hire(self, login: str) -> str:
        person = self.org.create_user(login, "Ada", "Lovelace")
        self.org.assign(person)
        self.org.drain()
        return person

    def pack(self, name: str, *more: str) -> tuple[int, Path]:
        """Seal, and pack today."""
        self.syncd("audit", "seal")
        out = self.folder / name
        day = datetime.now(UTC)
        span = ["--from", f"{day - timedelta(days=1):%Y-%m-%d}", "--to", f"{day:%Y-%m-%d}"]
        return self.syncd("evidence", "pack", *span, "--out", str(out), *more), out

    @property
    def key(self) -> str:
        return str(self.folder / "public.key")


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    port, path = free_port(), tmp_path / "config.toml"

    def configure(org_url: str) -> None:
        text = CONFIGURATION.format(folder=tmp_path, port=port, org=org_url, token=TOKEN, app=APP_ID)
        path.write_text(text, encoding="utf-8")

    key = SigningKey.new("scim.example.com/syncd")
    write_signing_key(tmp_path / "audit.key", key)
    (tmp_path / "public.key").write_text(f"{key.key}\n", encoding="utf-8")
    configure("http://127.0.0.1:1")
    upgrade_database(load_settings(path))
    made = create_token(load_settings(path), "crm", "the org")
    base = f"http://127.0.0.1:{port}"
    org = SimulatedOrg.start(scim_url=f"{base}/scim/v2", scim_token=made.token, api_token=TOKEN, app_id=APP_ID)
    with org:
        configure(org.url)
        with running("serve", "--config", str(path), log=tmp_path / "serve.log", ready=f"{base}/readyz"):
            yield Installation(org, tmp_path)


def table(pack: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(read(pack.read_bytes())[name].decode(), newline="")))


def resign(files: dict[str, bytes], folder: Path) -> bytes:
    """Return a pack of other files, signed by who has the key."""
    key, others = read_signing_key(folder / "audit.key"), dict(files)
    told = json.loads(others.pop(MANIFEST))
    del others[SIGNATURE]
    told["files"] = [File(name, content, "").as_json() for name, content in others.items()]
    manifest = pretty(told)
    note = Note(signed_text(manifest), (key.sign_note(signed_text(manifest)),))
    return write({MANIFEST: manifest, SIGNATURE: str(note).encode(), **others})


def movements(pack: Path) -> dict[tuple[str, str], dict[str, str]]:
    return {(row["movement"], row["oktaUserId"]): row for row in table(pack, "population.csv")}


def verified(pack: Path, key: str, capsys: Capture) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["evidence", "verify", str(pack), "--pubkey", key, "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_everybody_who_joined_moved_or_left_is_in_the_pack_with_what_was_done(
    installation: Installation, capsys: Capture
) -> None:
    org = installation.org
    stays, leaves, lost = (installation.hire(f"{name}@example.com") for name in ("stays", "leaves", "lost"))
    stranger = org.create_user("stranger@example.com", "No", "Body")
    org.update_profile(stays, lastName="Other")
    org.deactivate(leaves)
    org.deactivate(stranger)
    org.drain()
    with org.lose_pushes():
        org.unassign(lost)
    assert installation.syncd("drift-report", "--quiet") == 2
    code, pack = installation.pack("first.zip")
    assert code == 0, capsys.readouterr().err
    rows = movements(pack)
    assert {key: row["outcome"] for key, row in rows.items()} == {
        ("joiner", stays): "matched",
        ("joiner", leaves): "matched",
        ("joiner", lost): "matched",
        ("mover", stays): "matched",
        ("leaver", leaves): "matched",
        ("leaver", lost): "not-done",
    }
    left = rows["leaver", leaves]
    assert (left["source"], left["breach"], left["t0Event"]) == ("push", "no", "user.lifecycle.deactivate")
    assert left["t0"] <= left["t3"] <= left["t4"]
    assert left["t2Request"]
    assert left["t0Actor"] == "admin@example.com"
    told = verified(pack, installation.key, capsys)
    assert told["complete"] is True
    assert told["counts"]["matched"] == 5
    assert any(row["what"] == "account:created" for row in table(pack, "unmatched.csv")) is False


def test_the_drift_reports_of_the_period_are_there_as_they_were_kept(
    installation: Installation, capsys: Capture
) -> None:
    installation.hire("ann@example.com")
    assert installation.syncd("drift-report", "--quiet") == 0
    _, pack = installation.pack("reported.zip")
    (run,) = table(pack, "runs.csv")
    assert run["kind"] == "drift-report"
    files = read(pack.read_bytes())
    assert json.loads(files[f"drift-reports/{run['run']}.json"])["report"]["app"] == "crm"
    with open_store(load_settings(installation.path)) as store:
        kept = kept_document(store, "crm", run["run"])
    assert files[f"drift-reports/{run['run']}.json"] == kept
    resigned = resign(files | {f"drift-reports/{run['run']}.json": kept.replace(b"crm", b"erp")}, installation.folder)
    pack.write_bytes(resigned)
    assert main(["evidence", "verify", str(pack), "--pubkey", installation.key]) == 8
    assert "it is not the report that the audit log names" in capsys.readouterr().err


def test_whom_a_run_finds_is_told_as_found_at_night_and_the_pack_before_is_an_event(
    installation: Installation, capsys: Capture
) -> None:
    person = installation.hire("lost@example.com")
    installation.hire("stays@example.com")
    with installation.org.lose_pushes():
        installation.org.deactivate(person)
    assert installation.syncd("reconcile", "--apply", "--quiet") == 0, capsys.readouterr()
    code, before = installation.pack("before.zip")
    assert code == 0
    row = movements(before)["leaver", person]
    assert (row["outcome"], row["source"]) == ("matched", "nightly")
    assert row["run"] in {one["run"] for one in table(before, "runs.csv")}
    assert row["t2Request"] == ""
    with open_store(load_settings(installation.path)) as store, store.reading("crm") as unit:
        (packed, *_) = unit.audit_trail(limit=1)
    assert packed.action == "evidence:packed"
    assert packed.detail["counts"]["matched"] == 3


def test_what_cannot_be_read_of_okta_is_told_and_ends_with_3(installation: Installation, capsys: Capture) -> None:
    installation.hire("ann@example.com")
    installation.org.faults.on_request(RequestFault.FORBIDDEN, PATH, times=None)
    code, pack = installation.pack("short.zip")
    assert code == 3
    assert "Not complete: the events of membership could not be read" in capsys.readouterr().out
    told = verified(pack, installation.key, capsys)
    assert told["complete"] is False
    assert table(pack, "population.csv") == []
    assert [row["side"] for row in table(pack, "unmatched.csv")] == ["here"]


def test_an_exported_log_serves_where_okta_s_own_is_gone(installation: Installation, capsys: Capture) -> None:
    person = installation.hire("ann@example.com")
    exported = installation.folder / "system.ndjson"
    event = {
        "uuid": "e1",
        "eventType": "application.user_membership.add",
        "published": datetime.now(UTC).isoformat(),
        "outcome": {"result": "SUCCESS"},
        "target": [{"type": "User", "id": person}, {"type": "AppInstance", "id": APP_ID}],
    }
    exported.write_text(f"{json.dumps(event)}\n", encoding="utf-8")
    code, pack = installation.pack("exported.zip", "--log-file", str(exported), "--seed", "auditor 1")
    assert code == 0
    assert movements(pack)["joiner", person]["outcome"] == "matched"
    told = verified(pack, installation.key, capsys)
    assert "system.ndjson" in told["systemLog"]["from"]
    assert told["sample"]["seed"] == "auditor 1"
    exported.write_text("nothing\n", encoding="utf-8")
    assert installation.pack("bad.zip", "--log-file", str(exported))[0] == 1
    assert "line 1" in capsys.readouterr().err


def test_a_changed_pack_ends_with_8_and_names_the_file(installation: Installation, capsys: Capture) -> None:
    installation.hire("ann@example.com")
    code, pack = installation.pack("p.zip")
    assert code == 0
    assert pack.stat().st_mode & 0o077 == 0
    key = installation.key
    assert main(["evidence", "verify", str(pack), "--pubkey", key]) == 0
    assert "it holds" in capsys.readouterr().out
    assert main(["evidence", "verify", str(pack), "--pubkey", Path(key).read_text()]) == 0
    content = pack.read_bytes()
    pack.write_bytes(content.replace(b"ann@example.com", b"eve@example.com"))
    assert main(["evidence", "verify", str(pack), "--pubkey", key]) == 8
    assert "population.csv: it was changed" in capsys.readouterr().err
    assert installation.pack("p.zip")[0] == 1, "evidence is never overwritten"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "2026-03-02", "--to", "2026-03-01"], "begins after that"),
        (["--from", "2999-01-01", "--to", "2999-02-01"], "has not begun"),
        (["--from", "soon", "--to", "2026-03-01"], "is no moment"),
        (["--from", "2026-03-01", "--to", "2026-03-31", "--seed", "a\nb"], "a seed is one line"),
    ],
)
def test_what_cannot_be_asked_for_is_told(
    arguments: list[str], said: str, installation: Installation, capsys: Capture
) -> None:
    assert installation.syncd("evidence", "pack", *arguments) == 64
    assert said in capsys.readouterr().err


def test_an_access_review_of_the_period_is_in_the_pack_with_its_decisions(
    installation: Installation, capsys: Capture
) -> None:
    installation.hire("ann@example.com")
    installation.hire("bob@example.com")
    installation.syncd("drift-report", "--quiet")
    settings, cause, today = load_settings(installation.path), Cause("operator:test"), datetime.now(UTC).date()
    with open_store(settings) as store:
        wanted = NewReview("r-1", Scope.ALL, (today - timedelta(days=90), today), "grace@example.com")
        open_review(store, "crm", cause, settings.apps["crm"].policy(), wanted)
        rejection = Judgement("ann@example.com", Decision.REJECT, "grace@example.com", "=left()")
        decide_account(store, "crm", cause, "r-1", rejection)
    code, pack = installation.pack("reviewed.zip")
    assert code == 0
    (review,) = table(pack, "reviews.csv")
    assert (review["review"], review["accounts"], review["closed"]) == ("r-1", "2", "")
    decided = {row["userName"]: (row["decision"], row["reason"], row["done"]) for row in table(pack, "reviews/r-1.csv")}
    assert decided == {"ann@example.com": ("reject", "'=left()", "no"), "bob@example.com": ("", "", "")}
    assert {row["count"] for row in table(pack, "controls.csv") if row["record"] == "access-review"} == {"1"}
    assert verified(pack, installation.key, capsys)["complete"] is True
