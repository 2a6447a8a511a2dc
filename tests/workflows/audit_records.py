"""What tests of audit records have in common."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import text

from syncd.core.audit_log import canonical
from syncd.core.changes import Cause, Change
from syncd.core.proofs import Proof, Proved, check
from syncd.ports.audit import LogEntry
from syncd.signing import is_signed
from syncd.store.engine import make_engine
from syncd.workflows.history import history
from tests.workflows.sealing import APP, CAUSE, Sealing

OTHER_APP = "other"
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "audit-log.md"


def entries(log: Sealing) -> list[LogEntry]:
    with log.database.audit_log.reading_log() as reader:
        return list(reader.entries())


def checked(log: Sealing, proof: Proof) -> Proved:
    assert log.notary.signer is not None
    return check(Proof.parse(str(proof)), [log.notary.signer.key], is_signed)


def create(log: Sealing, login: str, cause: Cause = CAUSE, app: str = APP) -> str:
    with log.database.transaction(app, cause) as unit:
        stored = unit.record(Change("User", None, {"userName": login, "active": True}))
    assert stored is not None
    return stored.id


def change(log: Sealing, account_id: str, cause: Cause = CAUSE, **values: object) -> None:
    with log.database.transaction(APP, cause) as unit:
        stored = unit.resources.read("User", account_id)
        unit.record(Change("User", stored, {**stored.document, **values} if values else None))


def documented_check(lines: list[dict[str, Any]]) -> str:
    """Run the lines of the documentation on an export; return what they say, nothing where all of it holds."""
    (program,) = re.findall(r"```python\n(.*?)```", DOCUMENTATION.read_text(encoding="utf-8"), re.DOTALL)
    told = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run([sys.executable, "-c", program], input=told, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}
    assert bool(done.returncode) == bool(done.stderr)
    return done.stderr.strip()


def write_as_before(database_url: str, event: dict[str, Any], subject_id: str | None = None) -> None:
    """Write an event as versions did that had no personal part beside."""
    whole = {"app": APP, "actor": "token:1", "at": "2025-01-01T00:00:00+00:00", "request_id": None, "run_id": None}
    with make_engine(database_url).begin() as connection:
        connection.execute(
            text(
                "INSERT INTO audit_event (app, subject_id, body) SELECT pk, :subject, :body FROM app WHERE name = :app"
            ),
            {"app": APP, "subject": subject_id, "body": canonical(whole | event | {"subject_id": subject_id})},
        )


def told(log: Sealing, key: str) -> list[tuple[str, list[str]]]:
    return [(one.account_id, [event.event.action for event in one.told]) for one in history(log.database, APP, key)]
