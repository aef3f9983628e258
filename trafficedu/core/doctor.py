"""What is unsafe or unset in an installation, for ``trafficedu doctor`` and the administrator's first screen.

Nothing here changes anything. Must not know any feature: what the worker and the calendar say is added above.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from trafficedu.core import keys, modes
from trafficedu.core.services import services_of
from trafficedu.core.settings import USUAL_ADDRESS, Settings, is_loopback
from trafficedu.core.states import Word
from trafficedu.core.storage import FolderStore
from trafficedu.core.text import Message, message

LEAST_FREE = 1 << 30
"""Bytes of free disk below which an import or a backup may not find room."""
MEGABYTE = 1 << 20


class State(Word):
    """How something stands."""

    OK = "ok", message("in order"), "done"
    NOTE = "note", message("to be known")
    UNSAFE = "unsafe", message("unsafe"), "problem"


class Subject(Word):
    """What was looked at."""

    SETTINGS = "settings", message("settings")
    ADDRESS = "public_address", message("public address")
    HTTPS = "https", message("HTTPS")
    PROXIES = "proxies", message("proxies")
    MODES = "file_modes", message("file modes")
    DISK = "free_disk", message("free disk")
    DATABASE = "database", message("database")
    KEYS = "data_keys", message("data keys")
    EVIDENCE = "evidence", message("evidence")
    WORKER = "worker", message("worker")
    CALENDAR = "calendar", message("working-day calendar")


@dataclass(frozen=True)
class Finding:
    """What was found of one subject, and what to do about it where something is to be done."""

    subject: Subject
    state: State
    text: Message


def examine_settings(settings: Settings, *, demo: bool = False) -> list[Finding]:
    """Examine what can be seen without the database; in a demo installation papers may lead to this machine."""
    return [
        _address(settings, demo=demo),
        _https(settings),
        _proxies(settings),
        _modes(settings),
        *map(_disk, dict.fromkeys([settings.instance, *_folders(settings)])),
    ]


def examine_contents(session: Session) -> list[Finding]:
    """Examine whether keys and evidence belong to the database."""
    own, connection = services_of(session), session.connection()
    fault, lost = keys.fault(connection, own.keyring), keys.evidence_fault(connection, own.evidence)
    names = ", ".join(own.keyring.checks)
    return [
        Finding(Subject.KEYS, State.OK, message("Keys in use: %(keys)s.", keys=names))
        if fault is None
        else Finding(Subject.KEYS, State.UNSAFE, fault),
        Finding(Subject.EVIDENCE, State.OK, message("Kept in %(folder)s.", folder=own.evidence.place))
        if lost is None
        else Finding(Subject.EVIDENCE, State.UNSAFE, lost),
    ]


def _is_public(settings: Settings) -> bool:
    return bool(settings.public_url) and not is_loopback(urlsplit(settings.public_url).hostname or "")


def _address(settings: Settings, *, demo: bool) -> Finding:
    if _is_public(settings):
        return Finding(Subject.ADDRESS, State.OK, message("Papers lead to %(address)s.", address=settings.public_url))
    if settings.address is None:
        text = message(
            "The service listens on %(served)s, and the public address is not set: no paper with a code is issued. Set"
            " TRAFFICEDU_PUBLIC_URL.",
            served=settings.served_at,
        )
        return Finding(Subject.ADDRESS, State.UNSAFE, text)
    text = message(
        "Codes on papers lead to %(address)s, which no other machine can open. Set TRAFFICEDU_PUBLIC_URL before a paper"
        " leaves the house.",
        address=settings.address or USUAL_ADDRESS,
    )
    return Finding(Subject.ADDRESS, State.NOTE if demo else State.UNSAFE, text)


def _https(settings: Settings) -> Finding:
    if not _is_public(settings):
        return Finding(Subject.HTTPS, State.OK, message("Not asked for: no public address is set."))
    if urlsplit(settings.public_url).scheme != "https":
        text = message("The public address has no HTTPS: passwords and identity numbers cross the network in clear.")
        return Finding(Subject.HTTPS, State.UNSAFE, text)
    if not settings.secure_cookies:
        text = message("The public address has HTTPS, but cookies may go without. Set TRAFFICEDU_SECURE_COOKIES=true.")
        return Finding(Subject.HTTPS, State.UNSAFE, text)
    return Finding(Subject.HTTPS, State.OK, message("Cookies and browsers keep to HTTPS."))


def _proxies(settings: Settings) -> Finding:
    if settings.trusted_proxies:
        text = message("Trusted proxies in front: %(count)d.", count=settings.trusted_proxies)
        return Finding(Subject.PROXIES, State.OK, text)
    if settings.forwarded_seen.exists():
        text = message(
            "A proxy forwards requests and none is trusted: all users count as one address, so that wrong tries of one"
            " lock everybody out, and /metrics may be open to all. Set TRAFFICEDU_TRUSTED_PROXIES."
        )
        return Finding(Subject.PROXIES, State.UNSAFE, text)
    if _is_public(settings):
        text = message("No proxy is trusted. Where one stands in front, set TRAFFICEDU_TRUSTED_PROXIES.")
        return Finding(Subject.PROXIES, State.NOTE, text)
    return Finding(Subject.PROXIES, State.OK, message("None seen."))


def _modes(settings: Settings) -> Finding:
    shown = modes.open_to_others(settings.instance, settings.database_url)
    if not shown:
        text = message("Nobody else on this machine can read the instance folder.")
        return Finding(Subject.MODES, State.OK, text)
    text = message(
        "Other accounts of this machine can read or change: %(files)s. The next start of the program mends it, where"
        " the files are its own.",
        files=", ".join(map(str, shown)),
    )
    return Finding(Subject.MODES, State.UNSAFE, text)


def _folders(settings: Settings) -> list[Path]:
    """Return where evidence is written on this machine's disks, or will be."""
    store = settings.evidence
    return [_existing(store.folder)] if isinstance(store, FolderStore) else []


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    return next(each for each in (folder.absolute(), *folder.absolute().parents) if each.is_dir())


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    text = message("%(free)d MB free in %(folder)s.", free=free // MEGABYTE, folder=folder)
    return Finding(Subject.DISK, State.OK if free >= LEAST_FREE else State.UNSAFE, text)
