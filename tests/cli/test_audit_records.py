"""`syncd audit prove`, `check-proof`, `export`, `history` and `erase`, as they are typed."""

import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from syncd.bootstrap.settings import load_settings
from syncd.bootstrap.stores import open_store
from syncd.cli import main
from syncd.cli.failures import ERROR, PARTIAL, USAGE, VERIFICATION_FAILED
from syncd.core.changes import Cause, Change
from syncd.signing import SigningKey
from syncd.workflows.running import ExitCode
from tests.cli.conftest import Office
from tests.conftest import SteppingClock
from tests.workflows.sealing import Sealing, sealing

APP = "crm"
Capture = pytest.CaptureFixture[str]


@dataclass
class Archive:
    """An installation with a log, and whoever seals it."""

    office: Office
    log: Sealing
    ann: str
    bob: str

    def syncd(self, *arguments: str) -> int:
        return self.office.syncd("audit", *arguments)

    @property
    def pubkey(self) -> str:
        assert self.log.notary.signer is not None
        return str(self.log.notary.signer.key)

    def write(self, account_id: str | None, **values: object) -> str:
        """Create an account, change it, or, without values, delete it; return its id."""
        with self.log.database.transaction(APP, Cause("token:4f1c", request_id="req-1")) as unit:
            stored = unit.resources.read("User", account_id) if account_id else None
            document = {**(stored.document if stored else {}), **values} if values else None
            kept = unit.record(Change("User", stored, document))
        return kept.id if kept else ""


@pytest.fixture
def archive(installed: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.chdir(tmp_path)
    with open_store(load_settings(installed.path)) as store:
        made = Archive(installed, sealing(store, SteppingClock(), tmp_path / "heads"), "", "")
        made.ann = made.write(None, userName="ann@example.com", active=True)
        made.bob = made.write(None, userName="bob@example.com", active=True)
        made.write(made.ann, active=False)
        made.log.sign()
        yield made


def test_a_record_is_proved_to_somebody_who_has_nothing_but_the_key(archive: Archive, capsys: Capture) -> None:
    assert archive.syncd("prove", "2") == 0
    path = Path(capsys.readouterr().out.strip())
    assert path.name == "entry-2.tlog-proof"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    program = (
        "import sys; from syncd.cli import main; code = main(sys.argv[1:]);"
        "print([m for m in ('sqlalchemy', 'pydantic', 'syncd.config', 'requests') if m in sys.modules]); sys.exit(code)"
    )
    command = [sys.executable, "-c", program, "audit", "check-proof", str(path.absolute()), "--pubkey", archive.pubkey]
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), "SYNCD_CONFIG": "/none"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/", env=bare)
    *told, loaded = done.stdout.splitlines()
    assert loaded == "[]"
    whole = "\n".join(told)
    for word in ("Entry 2", "example.com/syncd", "account:deactivated", "token:4f1c", "req-1", archive.ann, "active"):
        assert word in whole, word
    assert ["active", "true", "false"] in [line.split() for line in told]


def test_a_proof_is_told_as_json_and_keys_are_read_from_a_file(archive: Archive, capsys: Capture) -> None:
    assert archive.syncd("prove", "0", "--newest", "--output", "-") == 0
    Path("proof").write_text(capsys.readouterr().out, encoding="utf-8")
    other = SigningKey.new("example.com/syncd").key
    Path("keys").write_text(f"# of before\n{other}\n\n{archive.pubkey}\n", encoding="utf-8")
    assert main(["audit", "check-proof", "proof", "--pubkey", "keys", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["holds"], told["entry"], told["log"], told["size"]) == (True, 0, "example.com/syncd", 3)
    assert told["signers"] == [{"key": archive.pubkey, "seconds": None}]
    assert told["event"]["subject_id"] == archive.ann
    assert told["told"]["detail"]["after"]["userName"] == "ann@example.com"


def test_a_proof_that_does_not_hold_ends_with_8_and_the_name_of_the_fault(archive: Archive, capsys: Capture) -> None:
    assert int(ExitCode.VERIFICATION_FAILED) == VERIFICATION_FAILED
    archive.syncd("prove", "0")
    whole = Path("entry-0.tlog-proof").read_text(encoding="utf-8")
    Path("moved").write_text(whole.replace("index 0", "index 1"), encoding="utf-8")
    Path("rubbish").write_bytes(b"\xff\xfe")
    stranger = str(SigningKey.new("example.com/syncd").key)
    capsys.readouterr()
    for name, key, fault in (
        ("moved", archive.pubkey, "wrong-path"),
        ("rubbish", archive.pubkey, "not-a-proof"),
        ("keyless", archive.pubkey, "not-a-proof"),
        ("entry-0.tlog-proof", stranger, "not-signed"),
    ):
        Path("keyless").write_text("", encoding="utf-8")
        command = ["audit", "check-proof", name, "--pubkey", key]
        assert main(command) == VERIFICATION_FAILED
        assert f"DOES NOT HOLD ({fault})" in capsys.readouterr().err
        assert main([*command, "--json"]) == VERIFICATION_FAILED
        told = json.loads(capsys.readouterr().out)
        assert (told["holds"], told["fault"]) == (False, fault)


def test_what_is_no_key_is_told_and_a_proof_without_one_is_not_checked(archive: Archive, capsys: Capture) -> None:
    archive.syncd("prove", "0")
    Path("empty").write_text("# none\n", encoding="utf-8")
    damaged = archive.pubkey.replace("+", "+f", 1)
    for given in ("empty", "no-such-file", damaged, "x" * 5000, "a\0b"):
        assert main(["audit", "check-proof", "entry-0.tlog-proof", "--pubkey", given]) == USAGE, given
        assert "--pubkey" in capsys.readouterr().err
    assert main(["audit", "check-proof", "entry-0.tlog-proof"]) == USAGE


def test_all_of_a_user_is_proved_into_a_folder(archive: Archive, capsys: Capture) -> None:
    archive.write(archive.ann, displayName="Ann")
    archive.log.seal()
    archive.write(archive.ann, displayName="Anne")
    assert archive.syncd("prove", "--subject", "ann@example.com", "--output", "of/ann", "--json") == PARTIAL
    told = capsys.readouterr()
    assert [one["entry"] for one in json.loads(told.out)] == [0, 2]
    assert "1 events that wait to be sealed, and 1 entries that no checkpoint covers" in told.err
    assert sorted(path.name for path in Path("of/ann").iterdir()) == ["entry-0.tlog-proof", "entry-2.tlog-proof"]
    archive.log.sign()
    assert archive.syncd("prove", "--subject", archive.ann, "--output", "of/ann") == 0
    assert len(list(Path("of/ann").iterdir())) == 4
    for path in Path("of/ann").iterdir():
        assert main(["audit", "check-proof", str(path), "--pubkey", archive.pubkey]) == 0


def test_all_of_a_run_is_proved(archive: Archive, capsys: Capture) -> None:
    with archive.log.database.transaction(APP, Cause("reconciler", run_id="run-1")) as unit:
        stored = unit.resources.read("User", archive.bob)
        unit.record(Change("User", stored, {**stored.document, "active": False}))
    archive.log.sign()
    assert archive.syncd("prove", "--run", "run-1") == 0
    assert capsys.readouterr().out.split() == ["proofs/entry-3.tlog-proof"]


def test_what_cannot_be_proved_is_told_with_the_remedy(archive: Archive, capsys: Capture) -> None:
    archive.write(None, userName="cid@example.com", active=True)
    for arguments, code, words in (
        (["event:4"], ERROR, "wait to be sealed"),
        (["3"], ERROR, "entries are 0 to 2"),
        (["--run", "none"], ERROR, "nothing of a run"),
        (["--subject", "nobody"], ERROR, "'nobody'"),
        (["seventeen"], USAGE, "event:N"),
        (["9" * 30], USAGE, "event:N"),
        ([], USAGE, "--subject"),
        (["1", "--run", "run-1"], USAGE, "--subject"),
    ):
        assert archive.syncd("prove", *arguments) == code, arguments
        assert words in capsys.readouterr().err
    assert archive.syncd("prove", "event:1") == 0
    assert not list(Path().glob("proofs"))


def test_a_proof_never_takes_the_place_of_another_file(archive: Archive, capsys: Capture) -> None:
    assert archive.syncd("prove", "0", "--output", "mine") == 0
    assert archive.syncd("prove", "0", "--output", "mine") == 0
    before = Path("mine").read_bytes()
    capsys.readouterr()
    assert archive.syncd("prove", "1", "--output", "mine") == ERROR
    assert "not overwritten" in capsys.readouterr().err
    assert Path("mine").read_bytes() == before
    assert archive.syncd("prove", "1", "--output", "mine/below") == ERROR
    assert "in the way" in capsys.readouterr().err
    assert archive.syncd("prove", "1", "--output", "o" * 300) == ERROR
    assert "cannot be written" in capsys.readouterr().err


def test_the_log_is_exported_as_lines_and_gone_on_with(archive: Archive, capsys: Capture) -> None:
    assert archive.syncd("export", "--output", "log.ndjson") == 0
    assert "3 entries; what comes later: --from 3" in capsys.readouterr().err
    assert stat.S_IMODE(Path("log.ndjson").stat().st_mode) == 0o600
    lines = [json.loads(line) for line in Path("log.ndjson").read_text(encoding="utf-8").splitlines()]
    assert [line["event"]["action"] for line in lines] == [*["account:created"] * 2, "account:deactivated"]
    assert archive.syncd("export", "--output", "log.ndjson") == ERROR
    assert "not overwritten" in capsys.readouterr().err
    assert archive.syncd("export", "--from", "2", "--app", APP, "--without-personal") == 0
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["seq"], line["personal"], line["chain"]) == (2, None, lines[2]["chain"])
    assert archive.syncd("export", "--since", "2027-01-01") == 0
    assert capsys.readouterr().out == ""
    assert archive.syncd("export", "--app", "no-such") == ERROR
    assert archive.syncd("export", "--output", "no/such/folder") == ERROR


def test_whoever_stops_reading_an_export_ends_it_quietly(archive: Archive) -> None:
    archive.log.write()
    program = "import sys; from syncd.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "audit", "export", "--config", str(archive.office.path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (ERROR, "")


def test_a_history_is_told_of_who_is_there_and_of_who_is_gone(archive: Archive, capsys: Capture) -> None:
    archive.write(archive.ann)
    for key in ("ANN@example.com", archive.ann):
        assert archive.syncd("history", key) == 0
        told = capsys.readouterr().out
        for word in (archive.ann, "not here any more", "account:deactivated", "active: true -> false", "push", "waits"):
            assert word in told, word
    assert archive.syncd("history", "bob@example.com", "--json") == 0
    (bob,) = json.loads(capsys.readouterr().out)
    assert (bob["account"], bob["there"], bob["name"]) == (archive.bob, True, "bob@example.com")
    assert [(one["entry"], one["checkpoint"]) for one in bob["events"]] == [(1, 3)]
    assert archive.syncd("history", "nobody") == ERROR
    assert "'nobody'" in capsys.readouterr().err


def test_an_erasure_shows_what_it_does_and_is_asked_for(
    archive: Archive, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["erase", "--subject", archive.ann, "--reason", "request 4711"]
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert archive.syncd(*command) == ERROR
    told = capsys.readouterr()
    for word in ("2 events", "Not touched", "the account, which is closed", "kept plans", "snapshots", "backups"):
        assert word in told.out, word
    assert "aborted" in told.err
    assert archive.syncd("history", archive.ann) == 0
    assert "(erased)" not in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert archive.syncd(*command) == 0
    assert "Removed from 2 events" in capsys.readouterr().out
    assert archive.syncd("history", archive.ann) == 0
    told_after = capsys.readouterr().out
    assert told_after.count("(erased)") == 2
    assert "audit:erased" in told_after
    assert archive.syncd("prove", "0") == 0
    assert main(["audit", "check-proof", "entry-0.tlog-proof", "--pubkey", archive.pubkey]) == 0
    told_of_proof = capsys.readouterr().out
    assert "erased" in told_of_proof
    assert "ann@example.com" not in told_of_proof
    assert archive.syncd(*command, "--yes") == 0
    assert "There is nothing to remove." in capsys.readouterr().out


def test_an_open_account_is_not_erased(archive: Archive, capsys: Capture) -> None:
    assert archive.syncd("erase", "--subject", archive.bob, "--reason", "request", "--yes") == ERROR
    assert "Deactivate it first" in capsys.readouterr().err
    assert archive.syncd("erase", "--subject", "bob@example.com", "--reason", "request", "--yes") == ERROR
    assert "never had an account" in capsys.readouterr().err


def test_what_a_terminal_would_obey_is_not_printed_from_a_proof(archive: Archive, capsys: Capture) -> None:
    archive.write(None, userName="\x1b[2Jeve", displayName="\x1b]0;x\x07", active=True)
    archive.log.sign()
    assert archive.syncd("prove", "3") == 0
    assert main(["audit", "check-proof", "entry-3.tlog-proof", "--pubkey", archive.pubkey]) == 0
    told = capsys.readouterr().out
    assert "eve" in told
    assert "\x1b" not in told
    assert archive.syncd("history", "\x1b[2Jeve") == 0
    assert "\x1b[2J" not in capsys.readouterr().out
