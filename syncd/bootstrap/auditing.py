"""The audit log: settings -> who seals it, who verifies it, and the thread that seals it in the worker."""

import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from scim.errors import Unavailable
from syncd.bootstrap.stores import open_store
from syncd.bootstrap.system import SystemClock
from syncd.config import ConfigurationError, Settings
from syncd.config.problems import Problem
from syncd.core.alarms import news_of_audit_log
from syncd.core.changes import Cause
from syncd.core.notes import NoteError, VerifierKey
from syncd.core.verification import Trust
from syncd.delivery.heads import HeadFolder
from syncd.ports import LeaseHeldError, LeaseLostError
from syncd.ports.audit import Outside, OutsideError, SignedCheckpoint
from syncd.signing import KeyFileError, SigningKey, is_signed, write_signing_key
from syncd.store import SqlDatabase
from syncd.workflows.notify import tell_news
from syncd.workflows.seal_audit import LEASE, BrokenLogError, Notary, SealResult, rotate, seal

_BUSY: Final = 0.1
_IDLE: Final = 0.25
_EXTENDED_EVERY: Final = LEASE.total_seconds() / 3
_RETRIED: Final = 1.0
"""Seconds after which is looked again whether what is wrong is over."""

_REST: Final = 5.0
"""Seconds to wait after what will not be over in a moment."""

_PATIENCE: Final = 10.0

_log = structlog.get_logger("syncd.audit")


class _Nowhere:
    """No folder is configured: heads go to the log of this process, and nowhere else."""

    def newest(self) -> str | None:
        return None

    def publish(self, note: str) -> None:
        """Do nothing: the caller logs every head."""


def outside_of(settings: Settings) -> Outside:
    """Return where heads are kept."""
    folder = settings.audit.heads_folder
    return HeadFolder(folder, settings.audit.origin) if folder else _Nowhere()


def signing_key(settings: Settings) -> SigningKey | None:
    """Return the key that signs, None where none is configured.

    Raises `ConfigurationError` where one is and cannot be used.
    """
    audit = settings.audit
    if audit.signing_key is None:
        if audit.signing_key_file is not None:
            raise _wrong("signing_key_file", f"{audit.signing_key_file} cannot be read", "Run as who may read it")
        return None
    try:
        signing = SigningKey.parse(audit.signing_key.get_secret_value())
    except NoteError as error:
        raise _wrong("signing_key", f"cannot be used: {error}", "Make one with: syncd audit init-key") from error
    if signing.key.name != audit.origin:
        instead = f'Write origin = "{signing.key.name}", or name the key of this log'
        raise _wrong("signing_key", f"is the key of {signing.key.name}, and the log is {audit.origin}", instead)
    return signing


def notary(settings: Settings, store: SqlDatabase) -> Notary:
    """Return who seals. Raises `ConfigurationError` as `signing_key` does."""
    return _notary(settings, store, signing_key(settings))


def _notary(settings: Settings, store: SqlDatabase, key: SigningKey | None) -> Notary:
    return Notary(store.audit_log, SystemClock(), settings.audit.origin, key, is_signed, outside_of(settings))


def trust(settings: Settings, public_keys: Sequence[str], epochs: Sequence[int]) -> Trust:
    """Return whom to believe: keys that are named, as text or as a file that holds one, else the configured one.

    Raises `ConfigurationError` when there is none.
    """
    keys = [public_key(text) for text in public_keys]
    if not keys and settings.audit.public_key:
        keys = [VerifierKey.parse(settings.audit.public_key)]
    if not keys and (signing := signing_key(settings)):
        keys = [signing.key]
    if not keys:
        raise _wrong("public_key", "is not set, and no key is named", "Name one with --pubkey, or set audit.public_key")
    return Trust(settings.audit.origin, keys, is_signed, epochs)


def public_key(text: str) -> VerifierKey:
    """Return a public key from its text, or from a file that holds it. Raises `KeyFileError`."""
    try:
        if "+" not in text:
            text = Path(text).read_text(encoding="utf-8")
        return VerifierKey.parse(text)
    except NoteError as error:
        raise KeyFileError(f"the public key cannot be used: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{text}: the public key cannot be read: {error}") from error


def heads_in(folder: Path, origin: str) -> list[tuple[str, str]]:
    """Return the heads that are kept in a folder, each with where it is. Raises `OutsideError`."""
    heads = list(HeadFolder(folder, origin).notes())
    return [(note, f"{folder}, head {number}") for number, note in enumerate(heads, 1)]


def _wrong(setting: str, what: str, instead: str) -> ConfigurationError:
    return ConfigurationError([Problem("configuration", f"audit.{setting}", what, instead)])


# ------------------------------------------------------------------ sealing


def seal_once(settings: Settings, store: SqlDatabase) -> list[SealResult]:
    """Seal all that waits, once, and publish what is signed: for installations without a worker.

    Raises `LeaseHeldError` while a worker seals, `BrokenLogError`, and `OutsideError`.
    """
    chosen = notary(settings, store)
    token = store.audit_log.take(holder(), LEASE)
    results: list[SealResult] = []
    try:
        while not results or results[-1].is_more:
            results.append(seal(chosen, token))
            if head := results[-1].checkpoint:
                tell_head(head)
                chosen.outside.publish(head.note)
    finally:
        store.audit_log.release(token)
    return results


class Rotated(NamedTuple):
    """The key that signs from here on, the checkpoint that both signed, and why that did not get out, if so."""

    successor: VerifierKey
    signed: SignedCheckpoint
    kept_in: str | None


def rotate_once(settings: Settings, store: SqlDatabase, file: Path) -> Rotated:
    """Let a new key sign from here on, written to `file` first.

    Raises `LeaseHeldError` while a worker seals, `KeyFileError` where the file is there or there is no key to follow,
    and as `seal` does.
    """
    chosen = notary(settings, store)
    if chosen.signer is None:
        raise KeyFileError("there is no key yet that another could follow. Run: syncd audit init-key")
    token = store.audit_log.take(holder(), LEASE)
    try:
        successor = SigningKey.new(settings.audit.origin)
        write_signing_key(file, successor)
        signed = rotate(chosen, token, successor)
    finally:
        store.audit_log.release(token)
    tell_head(signed)
    try:
        chosen.outside.publish(signed.note)
    except OutsideError as error:  # the keys have changed all the same
        return Rotated(successor.key, signed, str(error))
    return Rotated(successor.key, signed, None)


def tell_head(signed: SignedCheckpoint) -> None:
    """Let a head leave this machine with the log of this process."""
    _log.info("audit head", size=signed.size, epoch=signed.epoch, note=signed.note)


def holder() -> str:
    """Return who holds the log, for people."""
    return f"{socket.gethostname()}, process {os.getpid()}"


@contextmanager
def sealing(settings: Settings, store: SqlDatabase) -> Iterator[None]:
    """Seal the log in a thread of its own until the block ends.

    Raises `ConfigurationError` when the key cannot be used; later failures are logged and told, and tried again.
    """
    sealer = Sealer(notary(settings, store), store, sorted(settings.apps))
    if sealer.notary.signer is None:
        _log.warning("audit log unsigned", remedy="syncd audit init-key")
    with _running(sealer):
        yield


@contextmanager
def sealing_beside_a_run(settings: Settings) -> Iterator[None]:
    """Seal the log until the block ends, where no worker does: first what waits already.

    Without a key that this process can read, entries are made and nothing is signed.
    """
    with open_store(settings) as store:
        sealer = Sealer(_notary(settings, store, _key_or_none(settings)), store, sorted(settings.apps))
        while sealer.seal_once() == 0.0:
            pass
        with _running(sealer):
            yield


def _key_or_none(settings: Settings) -> SigningKey | None:
    try:
        return signing_key(settings)
    except ConfigurationError:
        return None


@contextmanager
def _running(sealer: "Sealer") -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=sealer.run, args=(stop,), name="audit log", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_PATIENCE)


@dataclass(slots=True)
class Sealer:
    """The loop: takes the log, seals what comes, lets heads out. It tells once what is wrong, and that it is over."""

    notary: Notary
    store: SqlDatabase
    apps: Sequence[str]
    token: int | None = None
    extended: float = 0.0
    unpublished: str | None = None
    told: str | None = "not known yet"

    def run(self, stop: threading.Event) -> None:
        """Seal until told to stop, then give the log back."""
        while not stop.is_set():
            stop.wait(self.seal_once())
        self.seal_once()
        if self.token is not None:
            with suppress(Unavailable):
                self.store.audit_log.release(self.token)

    def seal_once(self) -> float:
        """Seal once where there is reason to, and return how many seconds to wait. Raises nothing."""
        try:
            return self._attempt()
        except Exception:  # noqa: BLE001  # nobody else is there to tell it to, and the next round may do better
            _log.exception("sealing failed")
            return _REST

    def _attempt(self) -> float:
        try:
            return self._once()
        except LeaseHeldError:
            self.token = None
        except LeaseLostError as error:
            self.token = None
            _log.warning("audit log lost", reason=str(error))
        except BrokenLogError as error:
            self._tell("broken", str(error))
        return _REST

    def _once(self) -> float:
        log = self.store.audit_log
        if self.token is None:
            self.token = log.take(holder(), LEASE)
        elif not log.waits() and time.monotonic() - self.extended < (
            _EXTENDED_EVERY if self.told is None else _RETRIED
        ):
            return _IDLE
        result = seal(self.notary, self.token)
        self.extended = time.monotonic()
        if result.checkpoint:
            tell_head(result.checkpoint)
            self.unpublished = result.checkpoint.note
        self._conclude(result, self._publish())
        return 0.0 if result.is_more else _BUSY

    def _publish(self) -> str | None:
        """Let the newest head out, and return why it does not get there. The next round tries again."""
        try:
            if self.unpublished:
                self.notary.outside.publish(self.unpublished)
        except OutsideError as error:
            return str(error)
        self.unpublished = None
        return None

    def _conclude(self, result: SealResult, kept_in: str | None) -> None:
        if result.begun:
            message = f"epoch {result.begun} began: the database is older than what is known of it outside"
            self._tell("epoch", message)
        elif kept_in or result.why_unsigned:
            self._tell("unsigned", kept_in or result.why_unsigned or "")
        elif result.checkpoint and self.told != "epoch":
            self._tell(None, "")

    def _tell(self, about: str | None, message: str) -> None:
        if about == self.told:
            return
        if about:
            _log.error("audit log", about=about, reason=message)
        for app in self.apps[:1]:
            with self.store.transaction(app, Cause("audit log")) as unit:
                tell_news(unit, news_of_audit_log(app, about, message))
        self.told = about  # only now: what could not be written down is told again
