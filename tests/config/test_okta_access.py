"""The endpoint starts without Okta's credential; the reconciler is told exactly what it lacks."""

from pathlib import Path

import pytest

from syncd.config import ConfigurationError, load, require_okta

ORG = "[okta]\norg_url = 'https://example.okta.com'\n"


def lacking(folder: Path, text: str) -> list[str]:
    path = folder / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        require_okta(load(path, {}))
    return [f"{problem.key} {problem.what}" for problem in caught.value.problems]


def test_an_address_and_a_credential_are_needed(tmp_path: Path) -> None:
    assert lacking(tmp_path, "") == ["okta.org_url is missing", "[okta] holds no credential"]


def test_half_a_credential_is_not_enough(tmp_path: Path) -> None:
    told = lacking(tmp_path, ORG + "client_id = '0oa1'")
    assert told == ["okta.private_key and okta.key_id must be set too"]


@pytest.mark.parametrize("name", ["api_token", "private_key"])
def test_a_file_that_cannot_be_read_is_the_reason(tmp_path: Path, name: str) -> None:
    rest = "client_id = '0oa1'\nkey_id = 'k1'\n" if name == "private_key" else ""
    (told,) = lacking(tmp_path, f"{ORG}{rest}{name}_file = '{tmp_path}/none'")
    assert told == f"okta.{name}_file names {tmp_path}/none, which cannot be read: No such file or directory"


def test_a_whole_credential_of_either_kind_suffices(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    for credential in ("api_token = 'x'", "client_id = '0oa1'\nprivate_key = 'x'\nkey_id = 'k1'"):
        path.write_text(ORG + credential)
        assert require_okta(load(path, {})).org_url == "https://example.okta.com"
