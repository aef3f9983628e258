"""Evidence in a store that speaks S3: object storage of a data centre, or a server of one's own.

Must not know what is kept. The library is obstore, whose clients do not survive a fork: each process has its own.
Its usual patience is three minutes for one call; here a call gives up within seconds, since somebody is waiting.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from trafficedu.core.storage import EvidenceStore, FolderStore, Kept, UnreachableEvidence
from trafficedu.core.text import message

logger = logging.getLogger("trafficedu.evidence")
CONNECT, CALL, PATIENCE = timedelta(seconds=3), timedelta(seconds=15), timedelta(seconds=8)
"""How long connecting and one call may take, and how long a call that failed is tried again, at most twice."""
OPTIONS = {"endpoint", "region", "style"}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Bucket:
    """Where a bucket is and what opens it.

    ``style`` is ``path`` (the bucket follows the server in the address) or ``virtual`` (``endpoint`` names the bucket
    itself, as some providers ask).
    """

    name: str
    folder: str
    endpoint: str
    key_id: str
    secret: str = field(repr=False)
    region: str = "us-east-1"
    style: str = "path"

    @classmethod
    def parse(cls, url: str, key_id: str, secret: str) -> Bucket:
        """Return the bucket of ``s3://bucket/folder?endpoint=https://server&region=...``, else raise ValueError."""
        parts, options = urlsplit(url), dict(parse_qsl(urlsplit(url).query))
        endpoint = urlsplit(options.get("endpoint", ""))
        if parts.username or parts.password or "@" in parts.netloc:
            raise ValueError(
                "TRAFFICEDU_EVIDENCE_URL holds a password; it belongs in TRAFFICEDU_EVIDENCE_KEY_ID and ..._SECRET"
            )
        if not parts.netloc or options.keys() - OPTIONS or options.get("style", "path") not in {"path", "virtual"}:
            raise ValueError(f"TRAFFICEDU_EVIDENCE_URL={url!r} is not like s3://bucket/folder?endpoint=https://server")
        if endpoint.scheme != "https" and not (endpoint.scheme == "http" and endpoint.hostname in LOOPBACK):
            raise ValueError(
                "TRAFFICEDU_EVIDENCE_URL: give endpoint=https://server; without HTTPS only on this machine"
            )
        if not key_id or not secret:
            raise ValueError("TRAFFICEDU_EVIDENCE_URL: a bucket needs TRAFFICEDU_EVIDENCE_KEY_ID and ..._SECRET")
        return cls(parts.netloc, parts.path.strip("/"), key_id=key_id, secret=secret, **options)


class BucketStore(EvidenceStore):
    """Evidence in a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.place = f"s3://{bucket.name}/{bucket.folder}".rstrip("/") + f" ({bucket.endpoint})"
        self._own: tuple[int, S3Store] | None = None

    def is_there(self) -> bool:
        """Tell whether the bucket can be listed."""
        try:
            for _each in self._list("00"):
                break
        except UnreachableEvidence:
            return False
        return True

    def remove(self, key: str) -> None:
        """Take a file away."""
        with self._asking():
            obstore.delete(self._client(), self._path(key))

    def _put(self, key: str, data: bytes) -> None:
        with self._asking():
            obstore.put(self._client(), self._path(key), data)

    def _get(self, key: str) -> bytes | None:
        with self._asking():
            try:
                return bytes(obstore.get(self._client(), self._path(key)).bytes())
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error):
                    raise
                return None

    def _list(self, beginning: str) -> Iterator[Kept]:
        with self._asking():
            for page in obstore.list(self._client(), beginning):
                yield from (Kept(each["path"].rsplit("/", 1)[-1], each["last_modified"]) for each in page)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Say in words of our own that the store does not answer, or refuses; why stands in the log."""
        try:
            yield
        except (BaseError, OSError) as error:
            logger.exception("the store of evidence %s does not answer", self.place)
            text = message("The store of photos and papers does not answer. Try again in a few minutes.")
            raise UnreachableEvidence(text) from error

    def _client(self) -> S3Store:
        """Return the client of this process."""
        if self._own is None or self._own[0] != os.getpid():
            self._own = os.getpid(), self._connected()
        return self._own[1]

    def _connected(self) -> S3Store:
        bucket = self.bucket
        return S3Store(
            bucket.name,
            prefix=bucket.folder or None,
            endpoint=bucket.endpoint,
            region=bucket.region,
            access_key_id=bucket.key_id,
            secret_access_key=bucket.secret,
            virtual_hosted_style_request=bucket.style == "virtual",
            client_options={
                "allow_http": bucket.endpoint.startswith("http:"),
                "connect_timeout": CONNECT,
                "timeout": CALL,
            },
            retry_config={"max_retries": 2, "retry_timeout": PATIENCE},
        )

    def _path(self, key: str) -> str:
        return f"{key[:2]}/{key}"


def store_at(url: str, key_id: str = "", secret: str = "") -> EvidenceStore:
    """Return the store at ``url``: a folder, or a bucket.

    Raises
    ------
    ValueError
        The address names neither, or a bucket without what opens it.
    """
    if urlsplit(url).scheme == "s3":
        return BucketStore(Bucket.parse(url, key_id, secret))
    return FolderStore.from_url(url)
