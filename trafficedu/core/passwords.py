"""Hashing passwords, few at a time: one hash takes 12 MiB of memory and some 17 ms of a processor.

Anybody may post names and passwords, invented ones too, as many at once as a process has threads. Without a bound each
of them would take its memory at the same moment; so the others wait for their turn, and what a process takes for it
stays at :data:`AT_ONCE` times 12 MiB whatever comes in. Two keep two processors busy.
"""

from __future__ import annotations

import threading

import argon2

AT_ONCE = 2
"""How many hashes a process makes at the same moment."""
PASSES, MEMORY_KIB, LANES = 3, 12_288, 1
"""Argon2id as OWASP ASVS 5.0 approves it (appendix C, storage of passwords): 12 MiB read three times, in one lane.

What the library would take by itself, 64 MiB three times in four lanes, costs eleven times as much (187 ms of processor
against 17, of them 41 to have the memory): on two processors everybody at the kerb waits for each sign-in.
"""
_hasher = argon2.PasswordHasher(PASSES, MEMORY_KIB, LANES)
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


def renewed(password: str, known: str) -> str:
    """Return a new hash of the ``password`` that fits ``known`` where that was made at another price, else "".

    Waits for its turn.
    """
    return hashed(password) if _hasher.check_needs_rehash(known) else ""
