"""Settings come from a file, credentials and the environment; what is wrong with them is told all at once."""

from pathlib import Path

import pytest

from syncd.config import ConfigurationError, listening_at, load, load_with_origins, require_okta
from syncd.core.situations import Mode, Situation

APP = "[apps.crm]\nokta_app_id = '0oa1'\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str, **environ: str) -> list[str]:
    """Return the lines of the message, without the path of the file."""
    path = write(folder, text)
    with pytest.raises(ConfigurationError) as caught:
        load(path, environ)
    return [str(problem).removeprefix(f"{path}: ") for problem in caught.value.problems]


def test_without_any_source_the_defaults_hold(tmp_path: Path) -> None:
    settings = load(write(tmp_path, ""), {})
    assert settings.database.url.get_secret_value() == "sqlite:////var/lib/syncd/syncd.db"
    assert (settings.server.host, settings.server.public_url) == ("127.0.0.1", "http://127.0.0.1:8080")
    assert settings.apps == {}


def test_the_public_url_is_made_of_host_and_port_where_none_is_given(tmp_path: Path) -> None:
    assert load(write(tmp_path, "[server]\nhost = '::1'\nport = 9000"), {}).server.public_url == "http://[::1]:9000"


def test_the_environment_outweighs_credentials_and_these_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "[okta]\nkey_id = 'file'\nclient_id = 'file'\nprivate_key = 'file'\n")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "okta__client_id").write_text("credential\n")
    (credentials / "okta__private_key").write_text("credential\n")
    (credentials / "unrelated").write_text("left alone")
    environ = {"CREDENTIALS_DIRECTORY": str(credentials), "SYNCD_OKTA__PRIVATE_KEY": "environment"}
    settings, origins = load_with_origins(path, environ)
    assert settings.okta.key_id == "file"
    assert settings.okta.client_id == "credential"
    assert settings.okta.private_key is not None
    assert settings.okta.private_key.get_secret_value() == "environment"
    assert origins == {
        "okta.key_id": str(path),
        "okta.client_id": f"credential {credentials / 'okta__client_id'}",
        "okta.private_key": "environment variable SYNCD_OKTA__PRIVATE_KEY",
    }


def test_an_application_can_come_from_the_environment_alone(tmp_path: Path) -> None:
    environ = {"SYNCD_APPS__CRM__OKTA_APP_ID": "0oa1", "SYNCD_APPS__CRM__PROTECTED": "ada@example.com, 00u1"}
    app = load(write(tmp_path, ""), environ).apps["crm"]
    assert app.okta_app_id == "0oa1"
    assert app.protected == ("ada@example.com", "00u1")


def test_the_file_can_be_named_by_the_environment(tmp_path: Path) -> None:
    path = write(tmp_path, "[server]\nport = 9000")
    assert load(None, {"SYNCD_CONFIG": str(path)}).server.port == 9000


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    environ = {"SYNCD_TEST_POSTGRES_URL": "x", "SYNCD_SERVICE_HOST": "10.0.0.1", "PATH": "/bin"}
    assert load(write(tmp_path, ""), environ).server.port == 8080


def test_a_secret_can_come_from_a_file_of_its_own(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("00secret\n")
    settings = load(write(tmp_path, f"[okta]\norg_url = 'https://a.okta.com'\napi_token_file = '{secret}'"), {})
    okta = require_okta(settings)
    assert okta.api_token is not None
    assert okta.api_token.get_secret_value() == "00secret"
    assert "00secret" not in repr(settings)
    assert settings.secrets() == ("00secret",)


def test_the_password_of_the_database_is_a_secret_of_its_own(tmp_path: Path) -> None:
    settings = load(write(tmp_path, "[database]\nurl = 'postgresql://syncd:hunter2@db/syncd'"), {})
    assert settings.secrets() == ("hunter2",)


def test_an_application_carries_its_policy(tmp_path: Path) -> None:
    text = (
        APP + "protected = ['Ada@Example.com', '00uABC']\nabsence_grace_hours = 48\n[apps.crm.modes]\nghost = 'off'\n"
    )
    policy = load(write(tmp_path, text), {}).apps["crm"].policy()
    assert {"ada@example.com", "00uABC"} <= policy.protected
    assert policy.absence_grace.total_seconds() == 48 * 3600
    assert policy.mode(Situation.GHOST) is Mode.OFF
    assert policy.mode(Situation.ORPHAN_GONE) is Mode.AUTO


WRONG_IN_EVERY_SECTION = """
[server]
host = '0.0.0.0'
port = 'abc'
tls_key = 'x'
[okta]
api_tokn = 'x'
[apps.crm.modes]
unmanaged = 'auto'
"""


def test_every_problem_is_told_in_one_message(tmp_path: Path) -> None:
    told = problems(tmp_path, WRONG_IN_EVERY_SECTION)
    assert [line.split(". ")[0] for line in told] == [
        'server.port = "abc" is not a whole number',
        "okta.api_tokn is no setting",
        "apps.crm.okta_app_id is missing",
        "server.tls_certificate and server.tls_key go together, and only one is set",
        "server.host would take tokens from other machines without TLS",
        "server.public_url must be https, because tokens travel over it",
        "apps.crm.modes.unmanaged cannot be auto: there is nothing safe to do about it",
    ]


@pytest.mark.parametrize(
    ("text", "what", "instead"),
    [
        ("[sever]\nport = 1", "sever is no setting", "Did you mean server?"),
        ("port = 1", "port is no setting", "Did you mean server.port?"),
        ("[log]\ncolour = 1", "log.colour is no setting", "Known here: format, level."),
        ("server = 1", "server is not a table", "Write its settings below a line [server]."),
        ("[log]\nlevel = 'x'", 'log.level = "x" is not known', "Write 'debug', 'info', 'warning' or 'error'."),
        ("[server]\nport = 'x'", 'server.port = "x" is not a whole number', "Write one, such as 8080."),
        ("[server]\nthreads = 0", "server.threads = 0 is too small", "Write 1 or more."),
        ("[server]\nport = 70000", "server.port = 70000 is too large", "Write 65535 or less."),
        ("[server]\nbody_deadline = 0", "server.body_deadline = 0 is too small", "Write more than 0.0."),
        ("[okta]\ndpop = 'maybe'", 'okta.dpop = "maybe" is neither true nor false', "Write true or false."),
        ("[okta]\napi_token = ''", "okta.api_token is empty", "Write a value, or leave the setting out."),
        ("[okta]\nkey_id = 5", "okta.key_id is not text", "Write it in quotes."),
        ("[apps.crm]", "apps.crm.okta_app_id is missing", 'Add it, such as "0oa1b2c3d4E5F6G7H8i9".'),
        (APP + "protected = 7", "apps.crm.protected is not a list", 'Write one, such as ["admin@example.com"].'),
        (APP + "[apps.crm.modes]\nghosst = 'off'", "apps.crm.modes.ghosst is no situation", "Did you mean ghost?"),
    ],
)
def test_a_problem_names_the_setting_what_is_wrong_and_what_to_write(
    tmp_path: Path, text: str, what: str, instead: str
) -> None:
    assert problems(tmp_path, text) == [f"{what}. {instead}"]


def test_two_applications_for_one_in_okta_are_one_too_many(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, APP + "[apps.hr]\nokta_app_id = '0oa1'")
    assert told.startswith("apps.crm.okta_app_id and apps.hr.okta_app_id are the same")


def test_an_application_with_a_name_that_commands_cannot_take_is_refused(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "[apps.'C R M']\nokta_app_id = '0oa1'")
    assert told.startswith("apps.C R M is no name for an application. Use small letters")


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ("database.url", "mysql://user:hunter2@db/syncd"),
        ("server.public_url", "https://scim.example.com/"),
        ("server.public_url", "https://user:hunter2@scim.example.com"),
        ("server.public_url", "https://scim.example.com?x=hunter2"),
        ("server.public_url", "scim.example.com"),
        ("server.public_url", "http://scim.example.com"),
        ("okta.org_url", "http://example.okta.com"),
        ("okta.org_url", "https://example-admin.okta.com"),
        ("okta.org_url", "https://example.okta.com/api/v1"),
        ("okta.org_url", "https://[hunter2"),
    ],
)
def test_an_address_that_would_leak_or_fail_is_refused_without_being_repeated(
    tmp_path: Path, setting: str, wrong: str
) -> None:
    section, name = setting.split(".")
    (told,) = problems(tmp_path, f"[{section}]\n{name} = '{wrong}'")
    assert told.startswith(f"{setting} ")
    assert "hunter2" not in told


def test_an_okta_org_on_this_machine_may_be_http(tmp_path: Path) -> None:
    assert load(write(tmp_path, "[okta]\norg_url = 'http://127.0.0.1:9/'"), {}).okta.org_url == "http://127.0.0.1:9"


def test_two_kinds_of_credential_are_one_too_many(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "[okta]\napi_token='x'\nclient_id='x'\nprivate_key='x'\nkey_id='x'")
    assert told.startswith("okta.api_token and okta.client_id and okta.private_key and okta.key_id are two kinds")


def test_a_secret_and_a_file_with_it_are_one_too_many(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "[okta]\napi_token = 'x'\napi_token_file = '/x'")
    assert told.startswith("okta.api_token_file and okta.api_token are both given")


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, f"[database]\nurl_file = '{tmp_path}/none'")
    assert told.startswith(f"database.url_file names {tmp_path}/none, which cannot be read: No such file")


def test_a_variable_with_one_underscore_too_few_is_told_and_not_ignored(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "", SYNCD_DATABASE_URL="sqlite:////tmp/x.db")
    assert told == "environment: SYNCD_DATABASE_URL is no setting. Did you mean SYNCD_DATABASE__URL?"


def test_a_wrong_variable_is_named_as_the_place(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "[server]\nport = 1", SYNCD_SERVER__PORT="x")
    assert told.startswith('environment variable SYNCD_SERVER__PORT: server.port = "x"')


@pytest.mark.parametrize(("content", "told"), [(b"[server", "is no TOML"), (b"\xff", "it is not UTF-8")])
def test_a_file_that_is_no_toml_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=told):
        load(path, {})


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none.toml: the file cannot be read: No such file"):
        load(tmp_path / "none.toml", {})


def test_another_address_makes_another_public_url_unless_one_was_given(tmp_path: Path) -> None:
    made = listening_at(load(write(tmp_path, "[server]\nthreads = 3"), {}), None, 9000).server
    assert (made.port, made.public_url, made.threads) == (9000, "http://127.0.0.1:9000", 3)
    given = listening_at(load(write(tmp_path, "[server]\npublic_url = 'https://a.example'"), {}), "::1", None).server
    assert (given.host, given.port, given.public_url) == ("::1", 8080, "https://a.example")


def test_another_address_is_held_to_the_same_rules(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"server\.host would take tokens from other machines without TLS"):
        listening_at(load(write(tmp_path, ""), {}), "0.0.0.0", None)


def test_the_secret_of_the_event_hook_is_long_comes_from_a_file_and_is_shown_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "hook"
    secret.write_text("a-long-secret-of-the-hook\n")
    settings = load(write(tmp_path, f"[server]\nevent_hook_secret_file = '{secret}'"), {})
    assert settings.server.event_hook_secret is not None
    assert settings.server.event_hook_secret.get_secret_value() == "a-long-secret-of-the-hook"
    assert "a-long-secret" in settings.secrets()[0]
    assert "a-long-secret" not in repr(settings)
    for wrong in ("short", " with a space in front of it", "umlauts-are-none-\u00e4\u00f6\u00fc"):
        with pytest.raises(ConfigurationError) as caught:
            load(write(tmp_path, f"[server]\nevent_hook_secret = '{wrong}'"), {})
        assert "openssl rand -hex 32" in str(caught.value)
        assert wrong not in str(caught.value)
