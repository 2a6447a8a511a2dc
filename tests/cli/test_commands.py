"""What the commands print, and what they end with."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from scim.resource import Member, MembershipChange
from syncd import __version__
from syncd.bootstrap.settings import load_settings
from syncd.bootstrap.stores import open_store
from syncd.cli import main
from syncd.cli.failures import CONFIGURATION, ERROR, SOURCE_UNHEALTHY, USAGE
from syncd.core.changes import Cause, Change
from syncd.core.okta_events import HintKind, NewHint
from syncd.core.situations import NO_DRIFT, Situation
from syncd.ports import Place
from tests.cli.conftest import Office

Capture = pytest.CaptureFixture[str]


def test_the_version_is_told(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


def test_help_loads_neither_the_database_nor_the_sdk() -> None:
    program = "import sys; from syncd.cli import main; main(['--help']); print([m for m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1]
    assert not [name for name in ("sqlalchemy", "okta", "aiohttp", "flask", "gunicorn") if f"'{name}'" in loaded]


def test_wrong_usage_is_told_apart_from_every_finding(capsys: Capture) -> None:
    assert main(["reconcile", "--no-such-option"]) == USAGE
    assert main(["no-such-command"]) == USAGE
    assert main(["serve", "--ephemeral"]) == USAGE
    assert "--token" in capsys.readouterr().err
    for unsendable in ("", "a b", "t\u00f6ken", "a,b"):
        assert main(["serve", "--ephemeral", "--token", unsendable]) == USAGE
    assert main(["serve", "--ephemeral", "--token", "short", "--host", "192.0.2.1"]) == CONFIGURATION


def test_every_problem_of_a_configuration_is_in_one_message(office: Office, capsys: Capture) -> None:
    office.path.write_text(
        '[server]\nprot = 1\n[apps.crm]\nokta_app_id = "0oa1"\nschedule = "at night"\nmax_percent = 900\n',
        encoding="utf-8",
    )
    assert office.syncd("config", "check") == CONFIGURATION
    told = capsys.readouterr().err
    assert all(word in told for word in (str(office.path), "prot", "port", "schedule", "max_percent")), told


def test_a_configuration_is_shown_without_its_secrets(office: Office, capsys: Capture) -> None:
    assert office.syncd("config", "check") == 0
    told = capsys.readouterr().out
    assert "okta.org_url" in told
    assert "00-cli-token" not in told


def test_a_database_that_is_missing_is_told_with_the_command_that_makes_it(office: Office, capsys: Capture) -> None:
    for command in (["drift-report"], ["token", "list"], ["db", "check"], ["worker"], ["serve"]):
        assert office.syncd(*command) == CONFIGURATION, command
        assert "syncd db upgrade" in capsys.readouterr().err, command


def test_a_database_that_cannot_be_reached_is_told_in_its_own_words_without_its_password(
    office: Office, capsys: Capture
) -> None:
    office.path.write_text('[database]\nurl = "postgresql://someone:swordfish@127.0.0.1:9/none"\n', encoding="utf-8")
    assert office.syncd("db", "check") == ERROR
    told = capsys.readouterr().err
    assert "refused" in told
    assert "swordfish" not in told


def test_a_database_file_that_cannot_be_opened_is_told_with_a_remedy(installed: Office, capsys: Capture) -> None:
    lock = installed.path.parent / "syncd.db-writer"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    assert installed.syncd("plan", "list") == ERROR
    told = capsys.readouterr().err
    assert "syncd.db cannot be opened: Is a directory. Run this as the user that owns it, or put database.url" in told
    assert "bug" not in told


def test_a_database_in_a_folder_that_is_missing_is_told_with_a_remedy(office: Office, capsys: Capture) -> None:
    office.path.write_text(f'[database]\nurl = "sqlite:///{office.path.parent}/no/such.db"\n', encoding="utf-8")
    assert office.syncd("db", "upgrade") == ERROR
    told = capsys.readouterr().err
    assert "such.db cannot be opened: No such file or directory." in told
    assert "the folder has to be there" in told
    assert "bug" not in told


def test_upgrading_twice_is_harmless(installed: Office, capsys: Capture) -> None:
    assert installed.syncd("db", "upgrade") == 0
    assert installed.syncd("db", "check") == 0
    assert "is current" in capsys.readouterr().out


def test_two_tokens_live_and_a_third_is_refused(installed: Office, capsys: Capture) -> None:
    assert installed.syncd("token", "create", "--label", "first") == 0
    token = capsys.readouterr().out.strip()
    assert installed.syncd("token", "create") == 0
    capsys.readouterr()
    assert installed.syncd("token", "create") == ERROR
    assert "syncd token list" in capsys.readouterr().err
    assert installed.syncd("token", "list", "--json") == 0
    printed = capsys.readouterr().out
    first = json.loads(printed)[0]
    assert token not in printed
    assert first["label"] == "first"
    assert installed.syncd("token", "revoke", first["id"]) == 0
    assert installed.syncd("token", "revoke", first["id"]) == ERROR
    assert installed.syncd("token", "create") == 0


def test_a_token_is_made_with_scopes_and_the_list_tells_them(installed: Office, capsys: Capture) -> None:
    assert installed.syncd("token", "create", "--scope", "users:read", "--scope", "groups:read") == 0
    assert installed.syncd("token", "create") == 0
    capsys.readouterr()
    assert installed.syncd("token", "list", "--json") == 0
    assert [token["scopes"] for token in json.loads(capsys.readouterr().out)] == ["groups:read users:read", "all"]
    assert installed.syncd("token", "create", "--scope", "everything") == USAGE


def test_a_token_for_a_user_who_is_not_there_is_refused(installed: Office, capsys: Capture) -> None:
    assert installed.syncd("token", "create", "--user", "2819c223") == ERROR
    assert "no user 2819c223" in capsys.readouterr().err


def test_init_writes_what_only_its_owner_can_read_and_overwrites_nothing(tmp_path: Path, capsys: Capture) -> None:
    answers = ["--okta-org", "https://example.okta.com", "--okta-app-id", "0oa1b2c3d4E5F6G7H8i9"]
    command = ["init", "--directory", str(tmp_path / "new"), *answers, "--public-url", "https://scim.example.com"]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert "https://scim.example.com/scim/v2" in told
    assert "Bearer syncd_" in told
    written = tmp_path / "new" / "config.toml"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert main(["config", "check", "--config", str(written)]) == 0
    assert main(command) == ERROR


def test_init_leaves_nothing_behind_when_an_answer_cannot_be_right(tmp_path: Path) -> None:
    answers = [
        "--okta-org",
        "ftp://nowhere",
        "--okta-app-id",
        "0oa1b2c3d4E5F6G7H8i9",
        "--public-url",
        "https://a.example",
    ]
    assert main(["init", "--directory", str(tmp_path), *answers]) == CONFIGURATION
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("trouble", ["unreachable", "wrong token", "unknown application", "inactive application"])
def test_an_org_that_cannot_be_read_is_told_with_a_remedy(installed: Office, capsys: Capture, trouble: str) -> None:
    if trouble == "unreachable":
        installed.configure(org="http://127.0.0.1:9")
    elif trouble == "wrong token":
        installed.configure(token="00-revoked")
    elif trouble == "unknown application":
        installed.configure(app="0oasomebodyelse00001")
    else:
        installed.org.deactivate_app()
    for command in (["drift-report"], ["reconcile", "--apply"]):
        assert installed.syncd(*command) == SOURCE_UNHEALTHY
        told = capsys.readouterr().out
        assert "/api/v1/apps/" in told
        assert "00-revoked" not in told


def test_an_application_that_is_not_configured_is_told_with_those_that_are(installed: Office, capsys: Capture) -> None:
    assert installed.syncd("drift-report", "--app", "hr") == ERROR
    assert "Configured: crm" in capsys.readouterr().err


def test_a_drift_report_tells_a_person_and_a_program_the_same(installed: Office, capsys: Capture) -> None:
    person = installed.org.create_user("ada@example.com", "Ada", "Lovelace")
    installed.org.assign(person)
    assert installed.syncd("drift-report", "--quiet") == 2
    assert "ada@example.com" in capsys.readouterr().out
    assert installed.syncd("drift-report", "--format", "json", "--quiet") == 2
    report = json.loads(capsys.readouterr().out)["report"]
    assert report["counts"] == {"ghost": 1}
    assert report["findings"][0]["userName"] == "ada@example.com"


def test_a_drift_report_tells_of_groups_where_they_are_looked_at(installed: Office, capsys: Capture) -> None:
    installed.org.assign(installed.org.create_user("ada@example.com", "Ada", "Lovelace"))
    assert installed.syncd("drift-report", "--format", "json", "--quiet") == 2
    assert json.loads(capsys.readouterr().out)["report"]["groups"] is None
    installed.path.write_text(installed.path.read_text(encoding="utf-8") + "groups = true\n", encoding="utf-8")
    installed.org.push_group(installed.org.create_group("Guides"))
    assert installed.syncd("drift-report", "--quiet", "--fail-on", "group-missing") == 2
    told = capsys.readouterr().out
    assert "1 groups pushed by Okta" in told
    assert "Guides" in told
    assert installed.syncd("drift-report", "--format", "json", "--quiet") == 2
    groups = json.loads(capsys.readouterr().out)["report"]["groups"]
    assert (groups["lookedAt"], groups["counts"]) == (True, {"group-missing": 1})
    assert groups["findings"][0]["name"] == "Guides"


def test_what_to_fail_on_can_be_chosen(installed: Office) -> None:
    installed.org.assign(installed.org.create_user("ada@example.com", "Ada", "Lovelace"))
    assert installed.syncd("drift-report", "--fail-on", "orphan-gone,lapsed") == 0
    assert installed.syncd("drift-report", "--fail-on", "ghost") == 2
    assert installed.syncd("drift-report", "--fail-on", "no-such-situation") == USAGE


def test_the_help_of_fail_on_names_every_situation_that_is_no_drift(capsys: Capture) -> None:
    assert main(["drift-report", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split()).replace("- ", "-")
    default = told.partition("Default: any but ")[2].partition(".")[0]
    assert default.replace(" and ", ", ").split(", ") == [one.value for one in Situation if one in NO_DRIFT]


def test_a_stale_digest_ends_with_its_own_exit_code(installed: Office, capsys: Capture) -> None:
    installed.org.assign(installed.org.create_user("ada@example.com", "Ada", "Lovelace"))
    assert installed.syncd("reconcile", "--apply", "--expect-digest", "0" * 32, "--json", "--quiet") == 5
    assert json.loads(capsys.readouterr().out)["outcomes"] == []


def test_explaining_nobody_says_by_which_keys_one_can_ask(installed: Office, capsys: Capture) -> None:
    assert installed.syncd("explain", "nobody@example.com") == ERROR
    assert "SCIM id" in capsys.readouterr().err


def test_an_explanation_tells_a_person_and_a_program_the_same(installed: Office, capsys: Capture) -> None:
    person = installed.org.create_user("ada@example.com", "Ada", "Lovelace")
    with open_store(load_settings(installed.path)) as store, store.transaction("crm", Cause("test")) as unit:
        document = {"userName": "ada@example.com", "externalId": person, "active": True}
        made = unit.record(Change("User", None, document))
        assert made is not None
        unit.record(Change("Group", None, {"displayName": "Guides"}, MembershipChange(add=(Member(made.id),))))
        event = NewHint(person, "uuid-1", "user.lifecycle.suspend", made.created, HintKind.REVOKING, "SUCCESS", "eve")
        unit.hints.note("lifecycle", Place("cursor", made.created), [event], began_anew="first")
    assert installed.syncd("mark", "add", "ada@example.com", "hold", "--reason", "on leave") == 0
    capsys.readouterr()
    assert installed.syncd("explain", "ada@example.com", "--json") == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert {entry["source"]: entry["what"] for entry in told["timeline"]} == {
        "by hand": "account:created",
        "okta log": "user.lifecycle.suspend",
        "decision": "account:marked",
    }
    assert [(one["name"], one["here"], one["okta"]) for one in told["memberships"]] == [("Guides", True, None)]
    assert installed.syncd("explain", "ada@example.com") == 0
    shown = capsys.readouterr().out
    for said in (*(entry["what"] for entry in told["timeline"]), "Guides", "groups = false", "on leave", "eve"):
        assert said in shown


def test_somebody_without_an_account_is_explained_to_a_person_and_a_program_alike(
    installed: Office, capsys: Capture
) -> None:
    person = installed.org.create_user("ada@example.com", "Ada", "Lovelace")
    assert installed.syncd("explain", "ada@example.com") == ERROR
    assert "SCIM id" in capsys.readouterr().err
    installed.org.assign(person)
    installed.org.drain()
    assert installed.syncd("drift-report", "--quiet") == 2
    capsys.readouterr()
    assert installed.syncd("explain", "ada@example.com", "--json") == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["account"], told["person"]["oktaUserId"]) == (None, person)
    assert (told["okta"]["presence"], told["okta"]["syncState"]) == ("assigned", "ERROR")
    assert (told["situation"], told["graceHours"]) == ("ghost", 0.5)
    assert installed.syncd("explain", person) == 0
    shown = capsys.readouterr().out
    for said in (
        f"ada@example.com (Okta {person})",
        "Here:      no account",
        f"Situation: ghost: {told['reason']}",
        "Mode:      report, once it lasts for 0.5 hours",
        f"Next run:  {told['verdict']}",
        told["checks"][0]["check"],
        "Nothing that happened so far is written down.",
    ):
        assert said in shown


def test_an_error_that_nobody_foresaw_is_a_bug_and_says_so(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setitem(sys.modules, "syncd.bootstrap.settings", None)
    assert main(["db", "check"]) == ERROR
    assert "bug in syncd" in capsys.readouterr().err


def test_what_clients_needed_is_listed_with_who_needs_it_and_what_became_of_it(
    installed: Office, capsys: Capture
) -> None:
    assert installed.syncd("leniencies") == 0
    assert "No client" in capsys.readouterr().out
    with open_store(load_settings(installed.path)) as store:
        store.add_leniency_uses({("crm", "without-path"): 3, ("crm", "replace-makes-target"): 1})
    assert installed.syncd("leniencies", "--app", "crm", "--json") == 0
    made, pathless = json.loads(capsys.readouterr().out)
    assert (made["leniency"], made["uses"], made["outcome"], made["profiles"]) == (
        "replace-makes-target",
        1,
        "refused",
        ["entra"],
    )
    assert (pathless["uses"], pathless["outcome"]) == (3, "forgiven")
    assert "Okta" in pathless["who"]
    assert installed.syncd("leniencies") == 0
    assert "without-path" in capsys.readouterr().out
