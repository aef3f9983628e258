"""Personal data at rest: encrypted with AES-256-GCM, found again by a keyed hash. Keys carry ids.

The setting holds several keys, ``id:base64,id:base64``; the first encrypts, all of them decrypt, and a
look-up tries the hash of every key, so that keys can be changed while the service runs. Each key has an id of its own,
and a check value that tells it from another one of that id (``core.keys``).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from trafficedu.core.errors import Refusal
from trafficedu.core.text import message

NONCE_BYTES, KEY_BYTES = 12, 32
_PART = re.compile(r"([A-Za-z0-9_-]{1,20}):([A-Za-z0-9+/=]+)")


def _derive(key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(key)


def _read(part: str, number: int) -> tuple[str, bytes]:
    """Return id and key of a part of the setting; the refusal never shows it."""
    written = _PART.fullmatch(part)
    try:
        key = base64.b64decode(written[2], validate=True) if written else b""
    except binascii.Error:
        key = b""
    if written is None or len(key) != KEY_BYTES:
        raise Refusal(
            message(
                "Part %(number)d of TRAFFICEDU_DATA_KEY is no data key. A key is written id:base64 (32 bytes), several"
                " with a comma between them.",
                number=number,
            )
        )
    return written[1], key


class Keyring:
    """The data keys of an installation.

    Parameters
    ----------
    keys
        Key id -> 32 random bytes, the encrypting key first.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self.checks = {name: _derive(key, "check").hex()[:32] for name, key in keys.items()}
        """Key id -> what tells this key from another one, and nothing of the key itself."""
        self.current = next(iter(keys))
        self._ciphers = {name: AESGCM(_derive(key, "encrypt")) for name, key in keys.items()}
        self._hash_keys = {name: _derive(key, "look-up") for name, key in keys.items()}
        self._seals = {name: AESGCM(_derive(key, "address")) for name, key in keys.items()}

    @property
    def older(self) -> list[str]:
        """The ids of the keys that only decrypt."""
        return [name for name in self._ciphers if name != self.current]

    @classmethod
    def parse(cls, setting: str) -> Keyring:
        """Read the setting ``id:base64,id:base64``.

        Raises
        ------
        Refusal
            A part of it is no key, or two keys have one id.
        """
        keys: dict[str, bytes] = {}
        parts = [part.strip() for part in setting.split(",") if part.strip()]
        for number, part in enumerate(parts or [""], 1):
            name, key = _read(part, number)
            if name in keys:
                raise Refusal(
                    message(
                        "TRAFFICEDU_DATA_KEY holds two keys with the id %(key)s. Give each key an id of its own; the"
                        " one that rows were encrypted with keeps the id it had then.",
                        key=name,
                    )
                )
            keys[name] = key
        return cls(keys)

    @staticmethod
    def generate() -> str:
        """Make a setting with one new random key, named ``k1``."""
        return "k1:" + base64.b64encode(os.urandom(KEY_BYTES)).decode()

    def encrypt(self, text: str, field: str) -> str:
        """Encrypt ``text``; it can be decrypted as the same ``field`` only. Returns ``keyid.base64``."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._ciphers[self.current].encrypt(nonce, text.encode(), field.encode())
        return f"{self.current}.{base64.b64encode(sealed).decode()}"

    def decrypt(self, token: str, field: str) -> str:
        """Decrypt what :meth:`encrypt` made.

        Raises
        ------
        KeyError
            The key it was encrypted with is no longer in the setting.
        cryptography.exceptions.InvalidTag
            It was changed, or belongs to another field.
        """
        name, _, body = token.partition(".")
        sealed = base64.b64decode(body)
        return self._ciphers[name].decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], field.encode()).decode()

    def seal(self, text: str, purpose: str) -> str:
        """Return ``text`` for an address: nobody reads or changes it, and it opens for the same ``purpose`` only."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._seals[self.current].encrypt(nonce, text.encode(), purpose.encode())
        return f"{self.current}.{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"

    def unseal(self, token: str, purpose: str) -> str:
        """Return what :meth:`seal` sealed; raises as :meth:`decrypt`, and ValueError where it is no token at all."""
        name, _, body = token.partition(".")
        sealed = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        return self._seals[name].decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode()).decode()

    def lookup_hash(self, text: str, field: str) -> str:
        """Return the keyed hash under which new rows are stored: ``keyid.hex`` of HMAC-SHA-256, 128 bits."""
        return self._hash(self.current, text, field)

    def lookup_hashes(self, text: str, field: str) -> list[str]:
        """Return the hashes under every key, for a query with ``IN``."""
        return [self._hash(name, text, field) for name in self._hash_keys]

    def _hash(self, name: str, text: str, field: str) -> str:
        digest = hmac.new(self._hash_keys[name], f"{field}\0{text}".encode(), hashlib.sha256)
        return f"{name}.{digest.hexdigest()[:32]}"
