"""Personal data at rest: encrypted with AES-256-GCM, found again by a keyed hash. Keys carry ids.

The setting holds several keys, ``id:base64,id:base64``; the first encrypts, all of them decrypt, and a
look-up tries the hash of every key, so that keys can be changed while the service runs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12


def _derive(key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(key)


class Keyring:
    """The data keys of an installation.

    Parameters
    ----------
    keys
        Key id -> 32 random bytes, the encrypting key first.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys or any(len(key) != 32 for key in keys.values()):
            raise ValueError("a data key is 32 bytes, written as id:base64")
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
        """Read the setting ``id:base64,id:base64``; raise ``ValueError`` where it is malformed."""
        pairs = (part.strip().split(":", 1) for part in setting.split(",") if part.strip())
        return cls({pair[0]: base64.b64decode(pair[1], validate=True) for pair in pairs if len(pair) == 2})

    @staticmethod
    def generate() -> str:
        """Make a setting with one new random key, named ``k1``."""
        return "k1:" + base64.b64encode(os.urandom(32)).decode()

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
