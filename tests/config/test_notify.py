"""Whom to tell: what can be set, what is told of it when it is wrong, and that its secrets stay secret."""

from pathlib import Path

import pytest

from syncd.bootstrap.notifications import notifiers
from syncd.bootstrap.settings import configuration_origins
from syncd.config import ConfigurationError, load, require_notify
from syncd.telemetry import REDACTED, Redactor

SECRET = "a secret of the tests, long enough"
SLACK = "https://hooks.slack.com/services/T0/B0/TheSecretPart"
MAIL = "smtp_host = 'smtp.example.com'\nsmtp_from = 'syncd@example.com'\nsmtp_to = ['ada@example.com']\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(f"[notify]\n{text}", encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> list[str]:
    """Return what is wrong, at loading or at using it."""
    path = write(folder, text)
    with pytest.raises(ConfigurationError) as caught:
        require_notify(load(path, {}).notify)
    return [str(problem).removeprefix(f"{path}: ").removeprefix("configuration: ") for problem in caught.value.problems]


def ways(folder: Path, text: str) -> set[str]:
    return set(notifiers(load(write(folder, text), {}).notify))


def test_each_way_that_is_set_is_used(tmp_path: Path) -> None:
    webhook = f"webhook_url = 'https://hooks.example.com/x'\nwebhook_secret = '{SECRET}'\n"
    assert ways(tmp_path, "") == set()
    assert ways(tmp_path, webhook) == {"webhook"}
    assert ways(tmp_path, webhook + f"slack_url = '{SLACK}'\n" + MAIL) == {"webhook", "slack", "smtp"}


def test_secrets_come_from_files(tmp_path: Path) -> None:
    for name, text in (("hook", SECRET), ("slack", SLACK), ("smtp", "pass word")):
        (tmp_path / name).write_text(text + "\n")
    text = f"webhook_secret_file = '{tmp_path}/hook'\nslack_url_file = '{tmp_path}/slack'\n"
    notify = load(write(tmp_path, text + f"smtp_password_file = '{tmp_path}/smtp'"), {}).notify
    given = (notify.webhook_secret, notify.slack_url, notify.smtp_password)
    assert [secret and secret.get_secret_value() for secret in given] == [SECRET, SLACK, "pass word"]


def test_a_secret_that_this_user_may_not_read_is_a_mistake_only_for_who_needs_it(tmp_path: Path) -> None:
    text = f"webhook_url = 'https://h.example.com'\nwebhook_secret_file = '{tmp_path}/none'\n"
    load(write(tmp_path, text), {})
    (problem,) = problems(tmp_path, text)
    assert problem.startswith("notify.webhook_secret_file names ")
    assert "cannot be read: No such file or directory" in problem


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("webhook_url = 'http://hooks.example.com'", "notify.webhook_url must be https"),
        ("webhook_url = 'https://u:p@hooks.example.com'", "notify.webhook_url is no address to post to"),
        ("webhook_url = 'ftp://hooks.example.com'", "notify.webhook_url must be https"),
        ("webhook_url = 'hooks'", "notify.webhook_url is no address to post to"),
        ("slack_url = 'http://hooks.slack.com/TheSecretPart'", "notify.slack_url must be https"),
        ("webhook_secret = 'short'", "notify.webhook_secret is too short to sign with"),
        ("webhook_secret = 'whsec_c2hvcnQ='", "notify.webhook_secret is too short to sign with"),
        ("webhook_secret = 'whsec_no base64'", "notify.webhook_secret is no base64 after whsec_"),
        ("smtp_to = 'ada@example.com, eve'", "notify.smtp_to.1 is no mail address"),
        ('smtp_from = "ada@example.com\\nBcc: eve@example.com"', "notify.smtp_from is no mail address"),
        ("smtp_host = 'smtp.example.com'", "notify.smtp_host and notify.smtp_from and notify.smtp_to go together"),
        (MAIL + "smtp_tls = 'none'", "notify.smtp_tls would send names, and perhaps a password, in the clear"),
        ("webhook_url = 'https://hooks.example.com'", "notify.webhook_secret is missing"),
        (f"webhook_secret = '{SECRET}'", "notify.webhook_secret says nothing without webhook_url"),
        (MAIL + "smtp_password = 'p'", "notify.smtp_password says nothing without smtp_username"),
        ("smtp_username = 'syncd'", "notify.smtp_username says nothing without smtp_host"),
    ],
)
def test_what_is_wrong_is_told_without_the_value(tmp_path: Path, text: str, told: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert problem.startswith(told)
    assert not any(part in problem for part in ("TheSecretPart", SECRET, "hooks.example", "eve"))


def test_mail_to_this_machine_may_go_without_tls(tmp_path: Path) -> None:
    assert ways(tmp_path, MAIL.replace("smtp.example.com", "localhost") + "smtp_tls = 'none'") == {"smtp"}


def test_its_secrets_are_shown_nowhere_and_redacted_everywhere(tmp_path: Path) -> None:
    text = f"webhook_url = 'https://h.example.com'\nwebhook_secret = '{SECRET}'\nslack_url = '{SLACK}'\n{MAIL}"
    path = write(tmp_path, text + "smtp_username = 'syncd'\nsmtp_password = 'correct horse battery'\n")
    settings = load(path, {})
    redact = Redactor(settings.secrets())
    for secret in (SECRET, SLACK, "/services/T0/B0/TheSecretPart", "correct horse battery"):
        assert redact(f"x {secret} y") == f"x {REDACTED} y"
        assert secret not in repr(settings)
    shown = {name: value for name, value, _ in configuration_origins(path)[1]}
    for name in ("webhook_secret", "slack_url", "smtp_password"):
        assert shown[f"notify.{name}"] == "(secret)"
