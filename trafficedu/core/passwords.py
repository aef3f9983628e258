"""Hashing passwords, few at a time: one hash takes 64 MiB of memory and some ten milliseconds of a processor.

Anybody may post names and passwords, invented ones too, as many at once as a process has threads. Without a bound each
of them would take its memory at the same moment; so the others wait for their turn, and what a process takes for it
stays at :data:`AT_ONCE` times 64 MiB whatever comes in. Two keep two processors busy.
"""

from __future__ import annotations

import threading

import argon2

AT_ONCE = 2
"""How many hashes a process makes at the same moment."""
_hasher = argon2.PasswordHasher()
_turns = threading.BoundedSemaphore(AT_ONCE)


def hashed(password: str) -> str:
    """Return a salted Argon2id hash of ``password``; waits for its turn."""
    with _turns:
        return _hasher.hash(password)


def fits(password: str, known: str) -> bool:
    """Tell whether ``known`` is a hash of ``password``; waits for its turn."""
    with _turns:
        try:
            return _hasher.verify(known, password)
        except argon2.exceptions.VerificationError:
            return False
