"""Evidence packs: settings, Okta's System Log and the audit log -> a pack; a pack and a key -> whether it holds."""

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from syncd.bootstrap.auditing import signing_key
from syncd.bootstrap.okta import open_whole_log
from syncd.bootstrap.stores import open_store
from syncd.bootstrap.system import SystemClock
from syncd.config import Settings
from syncd.core.changes import Action, Cause
from syncd.core.controls import ControlsError
from syncd.core.movements import Period
from syncd.core.notes import VerifierKey
from syncd.evidence import Pack, Verified, build, verify
from syncd.evidence.access_reviews import review_supplements
from syncd.evidence.archive import MOST_BYTES, WHOLE
from syncd.evidence.drift_reports import report_supplements
from syncd.evidence.packing import Choices, shipped_controls
from syncd.evidence.problems import PackError
from syncd.okta_source.event_log import OVERLAP
from syncd.okta_source.log_file import read_log_file
from syncd.ports import Announce
from syncd.signing import KeyFileError, SigningKey, is_signed, read_signing_key
from syncd.store import SqlDatabase
from syncd.workflows.collect_evidence import Wanted, collect
from syncd.workflows.collect_reports import reports_in
from syncd.workflows.collect_reviews import reviews_in
from syncd.workflows.read_log import ReadLog, read_log


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operator asks a pack for: of an application, from when up to when, and who asks.

    `key` is the file of the log's private key where it is not the configured one, `log_file` is an exported System Log
    in place of Okta's API; `seed` and `sample` are those of the samples.
    """

    app: str
    start: datetime
    end: datetime
    cause: Cause
    key: Path | None = None
    log_file: Path | None = None
    seed: str | None = None
    sample: int | None = None


@dataclass(frozen=True, slots=True)
class Packed:
    """A pack, and what it lacks, in words; nothing where it is complete."""

    pack: Pack
    gaps: tuple[str, ...]


def pack_evidence(settings: Settings, asked: Asked, announce: Announce) -> Packed:
    """Return the pack of a period, checked as whoever gets it checks it. That it was made is an audit event.

    Raises `KeyFileError`, `ControlsError`, `LogFileError`, `ConfigurationError`, `NothingSealedError`,
    `BrokenLogError` and, where the key is not the one that signs the log, `PackError`.
    """
    signer = _signer(settings, asked.key)
    now = SystemClock().now()
    app = settings.apps[asked.app]
    wanted = Wanted(
        app=asked.app,
        okta_app_id=app.okta_app_id,
        period=Period(asked.start, min(asked.end, now)),
        now=now,
        slas=settings.evidence.slas(),
        schedule=app.schedule,
    )
    choices = _choices(settings, asked)
    with open_store(settings) as store:
        read = _read(settings, asked, wanted, announce)
        announce(f"{len(read.events)} events of the System Log; collecting what was done here")
        evidence = collect(store, store.audit_log, wanted, read)
        others = (
            *review_supplements(reviews_in(store, asked.app, wanted.period)),
            *report_supplements(reports_in(store, evidence)),
        )
        pack = build(evidence, replace(choices, supplements=others), signer)
        verify(pack.content, signer.key, (), is_signed)
        _note(store, asked, wanted, pack)
    return Packed(pack, evidence.gaps)


def verify_pack(pack: Path, key: VerifierKey, witnesses: tuple[VerifierKey, ...]) -> Verified:
    """Return what a pack is, where it holds. Raises `PackError`."""
    try:
        if pack.stat().st_size > MOST_BYTES:
            raise PackError(WHOLE, f"it has more than {MOST_BYTES} bytes")
        content = pack.read_bytes()
    except OSError as error:
        raise PackError(WHOLE, f"it cannot be read: {error}") from error
    return verify(content, key, witnesses, is_signed)


def _signer(settings: Settings, key: Path | None) -> SigningKey:
    """Return the key that signs packs: the log's own. Raises `KeyFileError` and `ConfigurationError`."""
    signer = read_signing_key(key) if key else signing_key(settings)
    if signer is None:
        raise KeyFileError(
            "there is no key that could sign the pack. Name the audit log's private key with --key, or set "
            "audit.signing_key_file; `syncd audit init-key` makes one"
        )
    return signer


def _read(settings: Settings, asked: Asked, wanted: Wanted, announce: Announce) -> ReadLog:
    """Return the events of the period, and of some time before: what began then explains what was done in it."""
    begin = asked.start - max(wanted.slas.values())
    if asked.log_file:
        return read_log_file(asked.log_file, wanted.okta_app_id).since_then(begin)
    kept = timedelta(days=settings.okta.log_retention_days)
    oldest = wanted.now - kept + 2 * OVERLAP
    since = max(begin, oldest)
    where = f"Okta's System Log, as {settings.okta.org_url} told it at {wanted.now.isoformat(timespec='seconds')}"
    with closing(open_whole_log(settings, asked.app, announce)) as log:
        read = read_log(log, since, announce, where).since_then(since)
    if asked.start < oldest:
        gap = (
            f"Okta keeps its System Log for {kept.days} days, so events before {oldest.isoformat(timespec='minutes')} "
            "are missing: use --log-file with an exported log"
        )
        read = replace(read, lacking="; ".join(filter(None, [gap, read.lacking])))
    return read


def _choices(settings: Settings, asked: Asked) -> Choices:
    own = settings.evidence.controls
    try:
        controls = own.read_bytes() if own else shipped_controls()
    except OSError as error:
        raise ControlsError([f"{own}: it cannot be read: {error}"]) from error
    return Choices(
        controls=controls,
        configuration=_configuration(settings, asked.app),
        sample=asked.sample or settings.evidence.sample_size,
        seed=asked.seed,
    )


def _configuration(settings: Settings, app: str) -> dict[str, Any]:
    chosen = settings.apps[app]
    return {
        "app": chosen.model_dump(mode="json"),
        "evidence": settings.evidence.model_dump(mode="json"),
        "policy": chosen.policy().digest(),
    }


def _note(store: SqlDatabase, asked: Asked, wanted: Wanted, pack: Pack) -> None:
    """Write down that the pack was made, before anybody has it."""
    told = {
        "from": wanted.period.start.isoformat(),
        "to": wanted.period.end.isoformat(),
        "manifest": pack.manifest_digest,
        "counts": dict(pack.counts),
    }
    with store.transaction(asked.app, asked.cause) as unit:
        unit.note(Action.EVIDENCE_PACKED, told)
