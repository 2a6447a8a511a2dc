"""A witness as its operator sets it up: from a key to a cosignature, and what is told when something is missing."""

import stat
from pathlib import Path

import pytest
import requests

from syncd.cli import main
from syncd.cli.failures import CONFIGURATION, ERROR, USAGE
from syncd.core.notes import COSIGNATURE, VerifierKey
from syncd.core.witnessing import cosignature_in
from syncd.signing import SigningKey, is_signed, read_signing_key, write_signing_key
from tests.support.logs import ORIGIN, SampleLog
from tests.support.program import free_port, running

Capture = pytest.CaptureFixture[str]
NAME = "witness.example.com/w1"
LOG = SampleLog.named(ORIGIN)
KEY = str(LOG.signing.key)


@pytest.fixture
def files(tmp_path: Path, capsys: Capture) -> list[str]:
    """The options of a witness that is set up."""
    key, state = tmp_path / "witness.key", tmp_path / "witness.json"
    assert main(["witness", "init-key", NAME, str(key)]) == 0
    assert main(["witness", "init-state", str(state)]) == 0
    capsys.readouterr()
    return ["--key", str(key), "--state", str(state)]


def test_a_key_is_made_once_and_only_the_public_one_is_printed(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "witness.key"
    assert main(["witness", "init-key", NAME, str(path)]) == 0
    told = capsys.readouterr()
    key = VerifierKey.parse(told.out)
    assert (key.name, key.kind, stat.S_IMODE(path.stat().st_mode)) == (NAME, COSIGNATURE, 0o600)
    assert read_signing_key(path).key == key
    assert path.read_text().strip() not in told.out + told.err
    assert main(["witness", "init-key", NAME, str(path)]) == CONFIGURATION
    assert read_signing_key(path).key == key


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb"])
def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path, name: str) -> None:
    assert main(["witness", "init-key", name, str(tmp_path / "key")]) == USAGE
    assert list(tmp_path.iterdir()) == []


def test_a_memory_is_begun_once(tmp_path: Path, files: list[str], capsys: Capture) -> None:
    assert main(["witness", "init-state", files[3]]) == CONFIGURATION
    assert "never overwritten" in capsys.readouterr().err


def test_a_witness_that_is_set_up_cosigns_with_options_from_the_environment(
    tmp_path: Path, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    later, port = SigningKey.new(ORIGIN), free_port()
    monkeypatch.setenv("SYNCD_WITNESS_LOG", f"{KEY} {later.key}")
    monkeypatch.setenv("SYNCD_WITNESS_EPOCH", f"{ORIGIN}/epoch-2")
    monkeypatch.setenv("SYNCD_WITNESS_BIND", f"127.0.0.1:{port}")
    url = f"http://127.0.0.1:{port}"
    with running("witness", "serve", *files, log=tmp_path / "log", ready=f"{url}/healthz") as program:
        for log in (LOG, SampleLog(f"{ORIGIN}/epoch-2", signing=later)):
            answer = requests.post(f"{url}/add-checkpoint", data=log.body(0, 5), timeout=30)
            key = read_signing_key(Path(files[1])).key
            assert cosignature_in(answer.content.decode(), log.note(5), key, is_signed).name == NAME
        assert program.stop() == 0
    told = (tmp_path / "log").read_text()
    assert f"{NAME} cosigns at {url}" in told
    assert Path(files[1]).read_text().strip() not in told


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        (["--log", "rubbish"], USAGE, "this is no public key"),
        ([], USAGE, "--log"),
        (["--log", KEY, "--epoch", "example.com/other/epoch-2"], USAGE, "ORIGIN/epoch-2"),
        (["--log", str(SigningKey.new("w", COSIGNATURE).key)], USAGE, "signs no log"),
        (["--log", KEY, "--bind", "8181"], USAGE, "127.0.0.1:8181"),
        (["--log", KEY, "--bind", "127.0.0.1:70000"], USAGE, "127.0.0.1:8181"),
        (["--log", KEY, "--bind", "192.0.2.1:0"], ERROR, "Name another host or port"),
        (["--log", KEY, "--tls", "no.crt", "no.key"], ERROR, "no.crt"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_answered(
    files: list[str], capsys: Capture, options: list[str], code: int, word: str
) -> None:
    assert main(["witness", "serve", *files, *options]) == code
    assert word in capsys.readouterr().err


def test_a_key_or_a_memory_that_is_missing_or_not_one_is_told_with_what_makes_it(
    tmp_path: Path, files: list[str], capsys: Capture
) -> None:
    log_key, damaged = tmp_path / "log.key", tmp_path / "damaged.json"
    write_signing_key(log_key, LOG.signing)
    damaged.write_text("{}")
    for position, path, word in (
        (1, tmp_path / "no.key", "syncd witness init-key"),
        (1, log_key, "the key of a log"),
        (3, tmp_path / "no.json", "syncd witness init-state"),
        (3, damaged, "Nothing is cosigned"),
    ):
        options = [*files]
        options[position] = str(path)
        assert main(["witness", "serve", "--log", KEY, *options]) == CONFIGURATION
        assert word in capsys.readouterr().err
