"""All settings of an installation, from the environment or ``settings.cfg`` in the instance folder.

The environment wins. The table in docs/operations.md is held against :class:`Settings` by a test.
"""

from __future__ import annotations

import configparser
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trafficedu.core.encryption import Keyring
from trafficedu.core.storage import EvidenceStore

PREFIX = "TRAFFICEDU_"


@dataclass(frozen=True)
class Settings:
    """What an installation can be told. Each field ``x`` is set by ``TRAFFICEDU_X``."""

    instance: Path
    database_url: str
    secret_key: str
    data_key: str
    replica_url: str = ""
    evidence_url: str = ""
    public_url: str = "http://127.0.0.1:8000"
    locale: str = "zh"
    max_upload_mb: int = 64
    trusted_proxies: int = 0
    secure_cookies: bool = False
    metrics_token: str = ""
    push_dry_run: bool | None = None
    push_servers: str = ""
    mail_url: str = ""
    desk_requests: int = 4
    desk_wait_seconds: int = 8
    desk_limit_seconds: int = 30
    kerb_limit_seconds: int = 10

    @property
    def keyring(self) -> Keyring:
        """The data keys, parsed."""
        return Keyring.parse(self.data_key)

    @property
    def evidence(self) -> EvidenceStore:
        """The store of evidence: ``evidence/`` in the instance folder unless told otherwise.

        Raises
        ------
        ValueError
            The address names something else than a folder.
        """
        return EvidenceStore.from_url(self.evidence_url or str(self.instance / "evidence"))


def default_instance() -> Path:
    """Return ``instance/`` of the checkout, or of the working directory for an installed wheel."""
    checkout = Path(__file__).parents[2]
    return (checkout if (checkout / "setup.cfg").exists() else Path.cwd()) / "instance"


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Gather the settings; makes the instance folder and the two keys (mode 600) where they are absent."""
    given = dict(os.environ if environment is None else environment)
    instance = Path(given.get(f"{PREFIX}INSTANCE", "") or default_instance()).resolve()
    instance.mkdir(parents=True, exist_ok=True)
    values = _read_file(instance / "settings.cfg") | {
        name.removeprefix(PREFIX).lower(): value for name, value in given.items() if name.startswith(PREFIX) and value
    }
    return Settings(
        instance=instance,
        database_url=values.get("database_url") or f"sqlite:///{instance / 'trafficedu.sqlite'}",
        secret_key=values.get("secret_key") or _kept(instance / "secret_key", secrets.token_urlsafe(48)),
        data_key=values.get("data_key") or _kept(instance / "data_key", Keyring.generate()),
        replica_url=values.get("replica_url", ""),
        evidence_url=values.get("evidence_url", ""),
        public_url=values.get("public_url", Settings.public_url).rstrip("/"),
        locale=values.get("locale", Settings.locale),
        max_upload_mb=_whole(values, "max_upload_mb", Settings.max_upload_mb),
        trusted_proxies=_whole(values, "trusted_proxies", Settings.trusted_proxies),
        secure_cookies=_flag(values.get("secure_cookies", "")),
        metrics_token=values.get("metrics_token", ""),
        push_dry_run=_flag(values["push_dry_run"]) if values.get("push_dry_run") else None,
        push_servers=values.get("push_servers", ""),
        mail_url=values.get("mail_url", ""),
        desk_requests=_whole(values, "desk_requests", Settings.desk_requests),
        desk_wait_seconds=_whole(values, "desk_wait_seconds", Settings.desk_wait_seconds),
        desk_limit_seconds=_whole(values, "desk_limit_seconds", Settings.desk_limit_seconds),
        kerb_limit_seconds=_whole(values, "kerb_limit_seconds", Settings.kerb_limit_seconds),
    )


def _whole(values: Mapping[str, str], name: str, default: int) -> int:
    text = values.get(name, str(default)).strip()
    if not text.isdecimal():
        raise ValueError(f"{PREFIX}{name.upper()}={text!r} is not a whole number")
    return int(text)


def _flag(value: str) -> bool:
    return value.strip().lower() in {"1", "true", "yes", "on"}


def _read_file(path: Path) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    if path.exists():
        parser.read_string("[trafficedu]\n" + path.read_text("utf-8"))
    section = parser["trafficedu"] if parser.has_section("trafficedu") else {}
    return {name.lower().removeprefix(PREFIX.lower()): value for name, value in section.items()}


def _kept(path: Path, fresh: str) -> str:
    """Read a generated secret, or write ``fresh`` once, readable by the owner only."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii").strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(fresh + "\n")
    return fresh
