"""What the units promise: commands that exist, credentials that are read, no secret in them, and a tight sandbox."""

import inspect
import re
import subprocess
from pathlib import Path

import click
import pytest

from syncd import config
from syncd.bootstrap import settings as bootstrap_settings
from syncd.cli import COMMANDS
from syncd.cli import syncd as program
from syncd.cli.failures import CONFIGURATION
from syncd.config.model import ServerSettings
from syncd.config.wording import setting_names
from syncd.scheduler import run_scheduler
from syncd.workflows.running import ExitCode
from tests.systemd.unit_files import (
    FOLDER,
    INSTANCE,
    PROGRAM,
    SERVICES,
    analyze,
    install,
    service,
    settings_of,
    unit_file_names,
)

EXPOSURE = 1.5
SECRETS = {*bootstrap_settings.SECRETS}


def systemd_version() -> int:
    try:
        told = subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    return int(told.split()[1])


analyzed = pytest.mark.skipif(systemd_version() < 252, reason="systemd-analyze 252 or newer is not here")


@analyzed
@pytest.mark.parametrize("unit", unit_file_names())
def test_systemd_finds_nothing_wrong_with_a_unit(unit: str, tmp_path: Path) -> None:
    install(tmp_path / "units")
    found = analyze(tmp_path / "units", "verify", "--man=no", unit.replace("@.", f"@{INSTANCE}."))
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


@analyzed
@pytest.mark.parametrize("shape", SERVICES)
def test_a_service_exposes_little(shape: str, tmp_path: Path) -> None:
    install(tmp_path / "units", SERVICES[shape])
    unit = shape.partition(" ")[0].replace("@.", f"@{INSTANCE}.")
    judged = analyze(tmp_path / "units", "security", "--offline=true", f"--threshold={EXPOSURE * 10:g}", unit)
    assert judged.returncode == 0, judged.stdout
    figure = re.search(r"Overall exposure level for \S+: ([\d.]+)", judged.stdout)
    assert figure is not None
    assert float(figure.group(1)) <= EXPOSURE


@pytest.mark.parametrize("shape", SERVICES)
def test_a_service_starts_a_command_that_exists_with_options_that_it_has(
    shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCD_WITNESS_LOG", "a key")  # from the file of variables that the unit names
    (line,) = service(shape)["ExecStart"]
    executable, name, *arguments = line.split()
    assert (executable, name in COMMANDS) == (PROGRAM, True)
    command = program.get_command(click.Context(program), name)
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), arguments.pop(0))
    assert command is not None
    command.make_context(name, list(arguments))


@pytest.mark.parametrize("shape", SERVICES)
def test_a_credential_is_a_secret_that_the_configuration_reads(shape: str) -> None:
    names = [line.partition(":")[0] for line in service(shape)["LoadCredential"]]
    assert {name.replace("__", ".") for name in names} <= SECRETS & set(setting_names())


def test_a_credential_reaches_the_settings(tmp_path: Path) -> None:
    (tmp_path / "okta__api_token").write_text("00-a-token\n")
    (tmp_path / "database__url").write_text("postgresql://syncd:pw@db/syncd\n")
    settings = config.load(None, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert settings.okta.api_token is not None
    assert settings.okta.api_token.get_secret_value() == "00-a-token"
    assert settings.database.url.get_secret_value() == "postgresql://syncd:pw@db/syncd"


@pytest.mark.parametrize("shape", SERVICES)
def test_only_what_reads_okta_and_tells_people_gets_the_secrets_for_it(shape: str) -> None:
    given = {line.partition(":")[0] for line in service(shape)["LoadCredential"]}
    (command,) = service(shape)["ExecStart"]
    hook, of_log = "server.event_hook_secret", {"audit.signing_key", "audit.heads_secret"}
    own = SECRETS - ({hook} if "worker" in shape else {hook, *of_log})
    if " serve" in command:
        own = {"database.url", hook}
    if " witness " in command:
        own = {"database.url"}  # what all units are given; there is none on its host
    assert given == {name.replace(".", "__") for name in own}


@pytest.mark.parametrize("shape", SERVICES)
def test_the_environment_holds_no_secret(shape: str) -> None:
    variables = [word.partition("=") for line in service(shape)["Environment"] for word in line.split()]
    assert {name for name, _, _ in variables if not name.startswith("PYTHON")} == {"SYNCD_CONFIG"}
    assert {value for name, _, value in variables if name.startswith("PYTHON")} == {"1"}


@pytest.mark.parametrize("shape", ["syncd-scim.service", "syncd-worker.service", "syncd-witness.service"])
def test_a_service_that_stays_up_is_watched_and_not_restarted_with_a_wrong_configuration(shape: str) -> None:
    settings = service(shape)
    assert settings["Type"] == ["notify"]
    assert int(settings["WatchdogSec"][0]) >= 30
    assert settings["Restart"] == ["on-failure"]
    assert settings["RestartPreventExitStatus"] == [str(CONFIGURATION)]


def test_systemd_waits_longer_for_an_end_than_the_services_need() -> None:
    (endpoint,), (worker,) = (service(f"syncd-{name}.service")["TimeoutStopSec"] for name in ("scim", "worker"))
    assert int(endpoint) > ServerSettings().graceful_timeout + 10
    assert int(worker) > inspect.signature(run_scheduler).parameters["patience"].default + 10


def test_drift_and_a_lease_that_another_run_holds_are_no_failure_of_the_nightly_unit() -> None:
    (statuses,) = service("syncd-reconcile@.service")["SuccessExitStatus"]
    assert {int(status) for status in statuses.split()} == {ExitCode.DRIFT, ExitCode.LEASE_HELD}


def test_the_nightly_unit_changes_only_what_the_configuration_lets_it() -> None:
    (command,) = service("syncd-reconcile@.service")["ExecStart"]
    assert "--as-configured" in command
    assert "--apply" not in command


def test_the_socket_listens_where_the_settings_say_and_on_a_path_for_the_probe() -> None:
    server = ServerSettings()
    listening = settings_of(FOLDER / "syncd-scim.socket")["ListenStream"]
    assert listening == [f"{server.host}:{server.port}", "/run/syncd/scim.sock"]


def test_the_endpoint_talks_to_this_machine_only_or_to_nobody() -> None:
    assert service("syncd-scim.service")["IPAddressDeny"] == ["any"]
    assert service("syncd-scim.service")["IPAddressAllow"] == ["localhost"]
    isolated = service("syncd-scim.service without a network")
    assert (isolated["PrivateNetwork"], isolated["IPAddressAllow"]) == (["yes"], [])


def test_a_witness_reads_its_logs_from_a_file_and_talks_to_this_machine_only_until_another_is_allowed() -> None:
    witness = service("syncd-witness.service")
    assert witness["EnvironmentFile"] == ["/etc/syncd/witness.env"]
    assert (witness["IPAddressDeny"], witness["IPAddressAllow"]) == (["any"], ["localhost"])


def test_a_command_of_the_operator_runs_as_the_services_do(tmp_path: Path) -> None:
    (tmp_path / "systemd-run").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / "systemd-run").chmod(0o755)
    told = subprocess.run(
        [FOLDER / "syncd-admin", "reconcile", "--app", "a b"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "SYNCD_APPS__CRM__MAX_PERCENT": "9", "OTHER": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert told[-4:] == [PROGRAM, "reconcile", "--app", "a b"]
    variables = {line for line in told if line.startswith("--setenv=")}
    assert variables == {"--setenv=SYNCD_CONFIG", "--setenv=SYNCD_APPS__CRM__MAX_PERCENT"}
    worker = service("syncd-worker.service")
    properties = {line.removeprefix("--property=") for line in told if line.startswith("--property=")}
    assert properties <= {f"{name}={value}" for name, values in worker.items() for value in values}
    assert {f"LoadCredential={line}" for line in worker["LoadCredential"]} <= properties
