"""All settings of an installation, from the environment or ``settings.cfg`` in the instance folder.

The environment wins. The table in docs/operations.md is held against :class:`Settings` by a test.
"""

from __future__ import annotations

import configparser
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from trafficedu.core import modes
from trafficedu.core.buckets import store_at
from trafficedu.core.connections import is_in_use
from trafficedu.core.encryption import Keyring
from trafficedu.core.errors import Refusal
from trafficedu.core.storage import EvidenceStore
from trafficedu.core.text import message

PREFIX = "TRAFFICEDU_"
USUAL_ADDRESS = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Settings:
    """What an installation can be told. Each field ``x`` is set by ``TRAFFICEDU_X``."""

    instance: Path
    database_url: str
    secret_key: str
    data_key: str
    replica_url: str = ""
    evidence_url: str = ""
    evidence_key_id: str = ""
    evidence_secret: str = ""
    public_url: str = ""
    map_url: str = "https://uri.amap.com/marker?position={longitude},{latitude}&name={name}&coordinate=wgs84"
    locale: str = "zh"
    max_upload_mb: int = 64
    trusted_proxies: int = 0
    secure_cookies: bool = False
    metrics_token: str = ""
    push_dry_run: bool | None = None
    push_servers: str = ""
    mail_url: str = ""
    sms_url: str = ""
    sms_method: str = "POST"
    sms_headers: str = ""
    sms_body: str = ""
    sms_success: str = ""
    sms_later: str = ""
    sms_secret: str = ""
    sms_sign: str = ""
    sms_algorithm: str = "hmac-sha256"
    sms_time: str = "seconds"
    wechat_url: str = ""
    desk_requests: int = 4
    desk_wait_seconds: int = 8
    desk_limit_seconds: int = 30
    kerb_limit_seconds: int = 10

    @property
    def keyring(self) -> Keyring:
        """The data keys, parsed."""
        return Keyring.parse(self.data_key)

    @property
    def address(self) -> str | None:
        """Where the public finds the pages: as set, else where ``trafficedu serve`` last listened.

        None where that is more than this machine: nobody outside knows it by the name it listens on.
        """
        served = self.public_url or self.served_at or USUAL_ADDRESS
        return served if self.public_url or is_loopback(urlsplit(served).hostname or "") else None

    @property
    def served_at(self) -> str:
        """Where ``trafficedu serve`` last listened on this instance, "" where it never did."""
        path = self.instance / "served_at"
        return path.read_text("ascii").strip() if path.is_file() else ""

    @property
    def forwarded_seen(self) -> Path:
        """The file that is there where a proxy forwarded something although none is trusted (``core.proxies``)."""
        return self.instance / "forwarded_seen"

    def note_served_at(self, host: str, port: int) -> None:
        """Keep where the pages are served, for papers that other processes make."""
        shown = f"[{host}]" if ":" in host else host
        (self.instance / "served_at").write_text(f"http://{shown}:{port}\n", "ascii")

    @property
    def evidence(self) -> EvidenceStore:
        """The store of evidence: ``evidence/`` in the instance folder unless told otherwise.

        Raises
        ------
        ValueError
            The address names neither a folder nor a bucket.
        """
        url = self.evidence_url or str(self.instance / "evidence")
        return store_at(url, self.evidence_key_id, self.evidence_secret)


def default_instance() -> Path:
    """Return ``instance/`` of the checkout, or of the working directory for an installed wheel."""
    checkout = Path(__file__).parents[2]
    return (checkout if (checkout / "setup.cfg").exists() else Path.cwd()) / "instance"


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine under a name that leads here from nowhere else."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a Unix socket has no address
        return False


def load_settings(
    environment: Mapping[str, str] | None = None, *, begin: bool = True, inspects: bool = False
) -> Settings:
    """Gather the settings.

    Parameters
    ----------
    begin
        Where there is no installation yet, begin one: makes the instance folder and the two keys. Nothing is made
        where somebody mistyped the folder of one.
    inspects
        Leave the modes of files as they are, which are else mended (``core.modes``).

    Raises
    ------
    Refusal
        The data key is not there and the database is in use: a new one would not open what it holds. Or there is no
        installation, and none is to begin.
    """
    given = dict(os.environ if environment is None else environment)
    instance = Path(given.get(f"{PREFIX}INSTANCE", "") or default_instance()).resolve()
    values = _read_file(instance / "settings.cfg") | {
        name.removeprefix(PREFIX).lower(): value for name, value in given.items() if name.startswith(PREFIX) and value
    }
    database_url = values.get("database_url") or f"sqlite:///{instance / 'trafficedu.sqlite'}"
    data_key = values.get("data_key") or _kept_data_key(instance / "data_key", database_url, begin)
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = _settings(instance, database_url, data_key or _kept(instance / "data_key", Keyring.generate()), values)
    if not inspects:
        modes.make_private(settings.instance, settings.database_url)
    return settings


def _kept_data_key(path: Path, database_url: str, begin: bool) -> str:
    """Return the data key of the instance folder, "" where a new one may be made."""
    if path.is_file():
        return path.read_text("ascii").strip()
    if is_in_use(database_url):
        raise Refusal(
            message(
                "The data key of this installation is not here, and its database is in use. Put the key back, as"
                " %(file)s or TRAFFICEDU_DATA_KEY: identity numbers and phones can only be read with it. No new key"
                " was made, and nothing was changed.",
                file=path,
            )
        )
    if not begin:
        raise Refusal(
            message(
                "There is no installation in %(folder)s. Check TRAFFICEDU_INSTANCE, or begin one with: trafficedu init",
                folder=path.parent,
            )
        )
    return ""


def _settings(instance: Path, database_url: str, data_key: str, values: Mapping[str, str]) -> Settings:
    return Settings(
        instance=instance,
        database_url=database_url,
        secret_key=values.get("secret_key") or _kept(instance / "secret_key", secrets.token_urlsafe(48)),
        data_key=data_key,
        replica_url=values.get("replica_url", ""),
        evidence_url=values.get("evidence_url", ""),
        evidence_key_id=values.get("evidence_key_id", ""),
        evidence_secret=values.get("evidence_secret", ""),
        public_url=_web_address(values, "public_url"),
        map_url=_map_address(values),
        locale=values.get("locale", Settings.locale),
        max_upload_mb=_whole(values, "max_upload_mb", Settings.max_upload_mb),
        trusted_proxies=_whole(values, "trusted_proxies", Settings.trusted_proxies),
        secure_cookies=_flag(values.get("secure_cookies", "")),
        metrics_token=values.get("metrics_token", ""),
        push_dry_run=_flag(values["push_dry_run"]) if values.get("push_dry_run") else None,
        push_servers=values.get("push_servers", ""),
        mail_url=values.get("mail_url", ""),
        sms_url=values.get("sms_url", ""),
        sms_method=values.get("sms_method", Settings.sms_method),
        sms_headers=values.get("sms_headers", ""),
        sms_body=values.get("sms_body", ""),
        sms_success=values.get("sms_success", ""),
        sms_later=values.get("sms_later", ""),
        sms_secret=values.get("sms_secret", ""),
        sms_sign=values.get("sms_sign", ""),
        sms_algorithm=values.get("sms_algorithm", Settings.sms_algorithm),
        sms_time=values.get("sms_time", Settings.sms_time),
        wechat_url=values.get("wechat_url", ""),
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


def _web_address(values: Mapping[str, str], name: str) -> str:
    text = values.get(name, "").strip().rstrip("/")
    parts = urlsplit(text)
    if text and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
        raise ValueError(f"{PREFIX}{name.upper()}={text!r} is not an address like https://jtaq.example.cn")
    return text


def _map_address(values: Mapping[str, str]) -> str:
    text = values.get("map_url", Settings.map_url).strip()
    if not text.startswith(("https://", "http://", "geo:")) or "{latitude}" not in text or "{longitude}" not in text:
        raise ValueError(f"{PREFIX}MAP_URL={text!r} is not an address with {{latitude}} and {{longitude}} in it")
    return text


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
