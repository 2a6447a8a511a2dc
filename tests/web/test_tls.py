"""TLS without a proxy: only recent versions, renewed on SIGHUP, never plain text by accident."""

import signal
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from syncd.web.options import ServeError, TlsFiles
from tests.web.serving import Served, serving, wait_until


def write_certificate(folder: Path, name: str) -> TlsFiles:
    """Write a self-signed certificate and its key, over those that are there."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    files = TlsFiles(folder / "tls.crt", folder / "tls.key")
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    files.key.write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
    return files


def served_name(served: Served, most: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED) -> str:
    """Return the name in the certificate that the server shows."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, most
    context.set_ciphers("ALL:@SECLEVEL=0")
    with served.connect() as plain, context.wrap_socket(plain) as channel:
        shown = x509.load_der_x509_certificate(channel.getpeercert(binary_form=True) or b"")
        return str(shown.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    files = write_certificate(folder, "first")
    with serving({"tls": [str(files.certificate), str(files.key)], "silence": 1}) as server:
        yield server


def test_it_speaks_tls_1_2_and_1_3(served: Served) -> None:
    assert served.url.startswith("https://127.0.0.1:")
    assert served_name(served, ssl.TLSVersion.TLSv1_2) == served_name(served) == "first"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_it_does_not_speak_tls_1_1(served: Served) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        served_name(served, ssl.TLSVersion.TLSv1_1)


def test_it_does_not_speak_plain_text(served: Served) -> None:
    assert b"HTTP" not in served.ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")


def test_a_hangup_ignores_a_broken_certificate_and_takes_a_renewed_one(served: Served, folder: Path) -> None:
    (folder / "tls.crt").write_text("broken")
    served.process.send_signal(signal.SIGHUP)
    with pytest.raises(AssertionError, match="in vain"):
        wait_until(lambda: served_name(served) != "first", seconds=1.5)
    write_certificate(folder, "second")
    served.process.send_signal(signal.SIGHUP)
    wait_until(lambda: name_or_nothing(served) == "second")


def name_or_nothing(served: Served) -> str:
    try:
        return served_name(served)
    except OSError:
        return ""


def test_a_certificate_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match=r"none\.crt.* cannot be used: .*No such file"):
        TlsFiles(tmp_path / "none.crt", tmp_path / "none.key").context()
