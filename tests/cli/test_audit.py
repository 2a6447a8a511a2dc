"""`syncd audit`: from a key to a verdict, as an operator and an auditor go about it."""

import json
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from syncd.bootstrap.settings import load_settings
from syncd.bootstrap.stores import open_store
from syncd.core.changes import Cause, Change
from syncd.signing import SigningKey
from syncd.store.engine import make_engine
from tests.cli.conftest import Office

Shown = pytest.CaptureFixture[str]


def write(office: Office, *logins: str) -> None:
    with open_store(load_settings(office.path)) as store:
        for login in logins:
            with store.transaction("crm", Cause("token:t1")) as unit:
                unit.record(Change("User", None, {"userName": login, "active": True}))


def configure(office: Office, **settings: str) -> None:
    office.configure()
    lines = "".join(f'{name} = "{value}"\n' for name, value in settings.items())
    with office.path.open("a", encoding="utf-8") as file:
        file.write(f"[audit]\n{lines}")


@pytest.fixture
def signed(installed: Office, tmp_path: Path, capsys: Shown) -> Office:
    """An installation with a key, heads elsewhere, and two accounts in its log."""
    key, heads = tmp_path / "audit.key", tmp_path / "heads"
    heads.mkdir()
    configure(installed, origin="crm.example.com/syncd")
    assert installed.syncd("audit", "init-key", str(key)) == 0
    public = public_key(capsys.readouterr().out)
    (tmp_path / "audit.pub").write_text(f"{public}\n")
    names = {"signing_key_file": str(key), "public_key": public, "heads_folder": str(heads)}
    configure(installed, origin="crm.example.com/syncd", **names)
    write(installed, "ann", "bob")
    assert installed.syncd("audit", "seal") == 0
    capsys.readouterr()
    return installed


def public_key(shown: str) -> str:
    (line,) = (line for line in shown.splitlines() if line.strip().startswith("public_key"))
    return line.partition('"')[2].rstrip('"')


def vandalise(office: Office, *statements: str) -> None:
    with make_engine(f"sqlite:///{office.path.parent}/syncd.db").begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_the_key_is_its_owner_s_and_never_overwritten(signed: Office, tmp_path: Path, capsys: Shown) -> None:
    key = tmp_path / "audit.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    kept = key.read_text()
    assert signed.syncd("audit", "init-key", str(key)) == 78
    shown = capsys.readouterr()
    assert "never overwritten" in shown.err
    assert key.read_text() == kept
    assert kept.strip()[-20:] not in shown.out + shown.err


def test_a_log_that_holds_is_told_with_what_was_looked_at(signed: Office, tmp_path: Path, capsys: Shown) -> None:
    assert signed.syncd("audit", "verify") == 0
    shown = capsys.readouterr().out
    assert "The log holds." in shown
    assert "1 heads kept elsewhere" in shown
    given = ("--pubkey", str(tmp_path / "audit.pub"), "--external", str(tmp_path / "heads"))
    assert signed.syncd("audit", "verify", "--json", *given) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["holds"], told["entries"], told["signed"], told["headsElsewhere"], told["faults"]) == (
        True,
        2,
        2,
        1,
        [],
    )
    assert signed.syncd("audit", "verify", "--since", "2") == 0


def test_of_a_log_without_entries_no_number_is_told(tmp_path: Path, installed: Office, capsys: Shown) -> None:
    (tmp_path / "other.pub").write_text(f"{SigningKey.new('crm.example.com/syncd').key}\n")
    configure(installed, origin="crm.example.com/syncd")
    capsys.readouterr()
    assert installed.syncd("audit", "verify", "--pubkey", str(tmp_path / "other.pub")) == 0
    shown = capsys.readouterr().out
    assert "0 entries hashed again.\n" in shown
    assert "up to number" not in shown


def test_the_first_bad_record_is_named_first(signed: Office, capsys: Shown) -> None:
    vandalise(
        signed,
        "DROP TRIGGER audit_event_no_update",
        "UPDATE audit_event SET body = replace(body, 'token:t1', 'nobody') WHERE pk = 2",
    )
    assert signed.syncd("audit", "verify", "--json") == 8
    told = json.loads(capsys.readouterr().out)
    assert [(one["kind"], one["entry"]) for one in told["faults"]] == [("edited", 1), ("trigger", None)]
    assert signed.syncd("audit", "verify") == 8
    assert "does NOT hold" in capsys.readouterr().out


def test_a_database_that_knows_less_than_what_is_kept_elsewhere_is_told(signed: Office, capsys: Shown) -> None:
    vandalise(
        signed,
        *(f"DROP TRIGGER {name}_no_delete" for name in ("audit_log", "audit_checkpoint", "audit_event")),
        "DELETE FROM outbox",
        "DELETE FROM audit_log",
        "DELETE FROM audit_checkpoint",
        "DELETE FROM audit_event",
        "UPDATE audit_head SET size = 0, chain = zeroblob(32), peaks = zeroblob(0)",
    )
    assert signed.syncd("audit", "verify") == 8
    assert "there were 2 entries, and there are 0" in capsys.readouterr().out


def test_without_a_public_key_nothing_is_believed(installed: Office, capsys: Shown) -> None:
    assert installed.syncd("audit", "verify") == 78
    assert "--pubkey" in capsys.readouterr().err


def test_a_wrong_key_is_told_from_a_damaged_one(signed: Office, capsys: Shown) -> None:
    other = SigningKey.new("crm.example.com/syncd").key
    assert signed.syncd("audit", "verify", "--pubkey", str(other)) == 8
    assert "is signed by" in capsys.readouterr().out
    assert signed.syncd("audit", "verify", "--pubkey", f"{other}"[:-4]) == 78
    assert "public key cannot be used" in capsys.readouterr().err
    assert signed.syncd("audit", "verify", "--pubkey", "/nowhere/log.pub") == 78
    assert "/nowhere/log.pub" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_no_folder_without_heads(signed: Office, tmp_path: Path, capsys: Shown) -> None:
    assert signed.syncd("audit", "verify", "--external", str(tmp_path / "unmounted")) == 1
    assert "there is no such folder" in capsys.readouterr().err


def test_the_status_tells_what_is_sealed_and_signed(signed: Office, capsys: Shown) -> None:
    write(signed, "cid")
    assert signed.syncd("audit", "status", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["entries"], told["signed"], told["waiting"]) == (2, 2, 1)
    assert told["checkpoint"].startswith("crm.example.com/syncd\n2\n")
    assert signed.syncd("audit", "status") == 0
    assert "crm.example.com/syncd" in capsys.readouterr().out


def test_another_key_signs_from_a_rotation_on(signed: Office, tmp_path: Path, capsys: Shown) -> None:
    successor = tmp_path / "audit-2.key"
    assert signed.syncd("audit", "rotate-key", str(successor)) == 0
    shown = capsys.readouterr().out
    old = (tmp_path / "audit.pub").read_text().strip()
    configure(
        signed,
        origin="crm.example.com/syncd",
        signing_key_file=str(successor),
        public_key=public_key(shown),
        heads_folder=str(tmp_path / "heads"),
    )
    assert signed.syncd("audit", "verify") == 0
    assert signed.syncd("audit", "verify", "--pubkey", old) == 0


def test_a_key_of_another_log_is_refused(signed: Office, tmp_path: Path, capsys: Shown) -> None:
    configure(signed, origin="other.example.com/syncd", signing_key_file=str(tmp_path / "audit.key"))
    assert signed.syncd("audit", "seal") == 78
    assert "the log is other.example.com/syncd" in capsys.readouterr().err


def test_what_is_not_signed_says_why(signed: Office, tmp_path: Path, capsys: Shown) -> None:
    (tmp_path / "heads").rename(tmp_path / "elsewhere")
    vandalise(signed, "UPDATE audit_head SET holder = NULL")
    write(signed, "cid")
    with make_engine(f"sqlite:///{signed.path.parent}/syncd.db").begin() as connection:
        connection.execute(text("DROP TRIGGER audit_checkpoint_no_update"))
        connection.execute(text("UPDATE audit_checkpoint SET signed = signed - 60000000"))
    assert signed.syncd("audit", "seal") == 0
    assert "Not signed" in capsys.readouterr().out


def test_a_rotation_whose_head_does_not_get_out_is_told_with_what_to_configure(
    signed: Office, tmp_path: Path, capsys: Shown
) -> None:
    (tmp_path / "heads").rename(tmp_path / "unmounted")
    assert signed.syncd("audit", "rotate-key", str(tmp_path / "audit-2.key")) == 0
    shown = capsys.readouterr().out
    assert public_key(shown).startswith("crm.example.com/syncd+")
    assert "did not get out" in shown
    (tmp_path / "unmounted").rename(tmp_path / "heads")
    write(signed, "cid")
    vandalise(signed, "DROP TRIGGER audit_checkpoint_no_update", "UPDATE audit_checkpoint SET signed = 0")
    assert signed.syncd("audit", "seal") == 8
    assert "Put it into the configuration" in capsys.readouterr().err
